package frame

import "image"

// Shrink draws src into dst at dst's size, averaging the pixels that fall
// together (a box filter), so that nothing flickers. dst must not be larger
// than src in either direction; equal sizes are copied. Real-time: it does not
// allocate.
func Shrink(dst, src *Picture) {
	dst.At = src.At
	d, s := dst.Image, src.Image
	if d.Rect.Size() == s.Rect.Size() {
		CopyPlanes(d, s)
		return
	}
	ds, ss := d.Rect.Size(), s.Rect.Size()
	shrinkPlane(d.Y, d.YStride, ds, s.Y, s.YStride, ss)
	dc, sc := image.Pt((ds.X+1)/2, (ds.Y+1)/2), image.Pt((ss.X+1)/2, (ss.Y+1)/2)
	shrinkPlane(d.Cb, d.CStride, dc, s.Cb, s.CStride, sc)
	shrinkPlane(d.Cr, d.CStride, dc, s.Cr, s.CStride, sc)
}

func shrinkPlane(dst []byte, dstStride int, d image.Point, src []byte, srcStride int, s image.Point) {
	if s.X == 2*d.X && s.Y == 2*d.Y {
		halvePlane(dst, dstStride, d, src, srcStride)
		return
	}
	for y := range d.Y {
		y0, y1 := y*s.Y/d.Y, max((y+1)*s.Y/d.Y, y*s.Y/d.Y+1)
		row := dst[y*dstStride : y*dstStride+d.X]
		for x := range row {
			x0, x1 := x*s.X/d.X, max((x+1)*s.X/d.X, x*s.X/d.X+1)
			sum := 0
			for v := y0; v < y1; v++ {
				for _, b := range src[v*srcStride+x0 : v*srcStride+x1] {
					sum += int(b)
				}
			}
			n := (y1 - y0) * (x1 - x0)
			row[x] = byte((sum + n/2) / n)
		}
	}
}

func halvePlane(dst []byte, dstStride int, d image.Point, src []byte, srcStride int) {
	for y := range d.Y {
		row := dst[y*dstStride : y*dstStride+d.X]
		a := src[2*y*srcStride : 2*y*srcStride+2*d.X]
		b := src[(2*y+1)*srcStride : (2*y+1)*srcStride+2*d.X]
		for x := range row {
			row[x] = byte((int(a[2*x]) + int(a[2*x+1]) + int(b[2*x]) + int(b[2*x+1]) + 2) / 4)
		}
	}
}
