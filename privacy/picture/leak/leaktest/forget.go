package leaktest

import "paravent/media/frame"

// Forget returns what a thorough blur leaves of a room: means over cells of
// 16 pixels, averaged with their neighbours twice and enlarged smoothly.
func Forget(room *frame.Picture) *frame.Picture {
	out := Copy(room)
	w, h := room.Size().X, room.Size().Y
	forget(out.Image.Y, out.Image.YStride, w, h, 16)
	forget(out.Image.Cb, out.Image.CStride, (w+1)/2, (h+1)/2, 8)
	forget(out.Image.Cr, out.Image.CStride, (w+1)/2, (h+1)/2, 8)
	return out
}

func forget(plane []byte, stride, w, h, side int) {
	cw, ch := (w+side-1)/side, (h+side-1)/side
	sum, n := make([]float64, cw*ch), make([]float64, cw*ch)
	for y := range h {
		for x := range w {
			i := y/side*cw + x/side
			sum[i] += float64(plane[y*stride+x])
			n[i]++
		}
	}
	for i := range sum {
		sum[i] /= n[i]
	}
	for range 2 {
		was := append([]float64(nil), sum...)
		for y := range ch {
			for x := range cw {
				s := 0.
				for d := range 25 {
					s += was[min(max(y+d/5-2, 0), ch-1)*cw+min(max(x+d%5-2, 0), cw-1)]
				}
				sum[y*cw+x] = s / 25
			}
		}
	}
	for y := range h {
		for x := range w {
			fx := min(max((float64(x)+.5)/float64(side)-.5, 0), float64(cw-1))
			fy := min(max((float64(y)+.5)/float64(side)-.5, 0), float64(ch-1))
			x0, y0 := int(fx), int(fy)
			x1, y1 := min(x0+1, cw-1), min(y0+1, ch-1)
			fx, fy = fx-float64(x0), fy-float64(y0)
			top := sum[y0*cw+x0]*(1-fx) + sum[y0*cw+x1]*fx
			low := sum[y1*cw+x0]*(1-fx) + sum[y1*cw+x1]*fx
			plane[y*stride+x] = byte(top*(1-fy) + low*fy + .5)
		}
	}
}
