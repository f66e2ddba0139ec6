package ocr

import (
	"image"

	"paravent/media/frame"
)

func crop(p *frame.Picture, part image.Rectangle) *image.Gray {
	r := part.Intersect(p.Image.Rect)
	g := image.NewGray(image.Rectangle{Max: r.Size()})
	for y := range r.Dy() {
		copy(g.Pix[y*g.Stride:][:r.Dx()], p.Image.Y[(r.Min.Y+y)*p.Image.YStride+r.Min.X:])
	}
	return g
}

// enlarge scales g up, between its pixels bilinearly.
func enlarge(g *image.Gray, by int) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	out := image.NewGray(image.Rect(0, 0, w*by, h*by))
	place := func(i, n int) (at, next, weight int) { // weight of next in 1/(2·by)
		f := max(2*i+1-by, 0)
		at = f / (2 * by)
		return at, min(at+1, n-1), f % (2 * by)
	}
	for y := range h * by {
		y0, y1, wy := place(y, h)
		for x := range w * by {
			x0, x1, wx := place(x, w)
			top := int(g.Pix[y0*g.Stride+x0])*(2*by-wx) + int(g.Pix[y0*g.Stride+x1])*wx
			low := int(g.Pix[y1*g.Stride+x0])*(2*by-wx) + int(g.Pix[y1*g.Stride+x1])*wx
			out.Pix[y*out.Stride+x] = byte((top*(2*by-wy) + low*wy) / (4 * by * by))
		}
	}
	return out
}

// each returns g with every level replaced.
func each(g *image.Gray, to func(byte) byte) *image.Gray {
	out := image.NewGray(g.Rect)
	for i, v := range g.Pix {
		out.Pix[i] = to(v)
	}
	return out
}

// stretch makes black of the darkest, and white of the brightest fiftieth.
func stretch(g *image.Gray) *image.Gray {
	h := histogram(g)
	level := func(share int) int {
		n := len(g.Pix) * share / 50
		for v, k := range h {
			if n -= k; n < 0 {
				return v
			}
		}
		return len(h) - 1
	}
	low, high := level(1), level(49)
	return each(g, func(v byte) byte {
		return byte(min(max((int(v)-low)*255/max(high-low, 1), 0), 255))
	})
}

func histogram(g *image.Gray) (h [256]int) {
	for _, v := range g.Pix {
		h[v]++
	}
	return h
}

// threshold makes g black and white, after Otsu: "A Threshold Selection Method
// from Gray-Level Histograms", 1979.
func threshold(g *image.Gray) *image.Gray {
	h := histogram(g)
	total, sum := float64(len(g.Pix)), 0.
	for v, k := range h {
		sum += float64(v * k)
	}
	at, best, n, part := 0, -1., 0., 0.
	for v, k := range h {
		n += float64(k)
		part += float64(v * k)
		if n == 0 || n == total {
			continue
		}
		d := part/n - (sum-part)/(total-n)
		if between := n * (total - n) * d * d; between > best {
			at, best = v, between
		}
	}
	return each(g, func(v byte) byte {
		if int(v) > at {
			return 255
		}
		return 0
	})
}

// local makes g black where it is darker than its surroundings by a few levels.
func local(g *image.Gray) *image.Gray {
	const reach, darker = 30, 6
	w, h := g.Rect.Dx(), g.Rect.Dy()
	sums := make([]int, (w+1)*(h+1))
	for y := range h {
		run := 0
		for x := range w {
			run += int(g.Pix[y*g.Stride+x])
			sums[(y+1)*(w+1)+x+1] = sums[y*(w+1)+x+1] + run
		}
	}
	out := image.NewGray(g.Rect)
	for y := range h {
		y0, y1 := max(y-reach, 0), min(y+reach+1, h)
		for x := range w {
			x0, x1 := max(x-reach, 0), min(x+reach+1, w)
			s := sums[y1*(w+1)+x1] - sums[y0*(w+1)+x1] - sums[y1*(w+1)+x0] + sums[y0*(w+1)+x0]
			if (int(g.Pix[y*g.Stride+x])+darker)*(y1-y0)*(x1-x0) > s {
				out.Pix[y*out.Stride+x] = 255
			}
		}
	}
	return out
}
