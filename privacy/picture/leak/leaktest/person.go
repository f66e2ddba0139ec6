package leaktest

import (
	"image"
	"image/color"
	"slices"

	"paravent/media/frame"
)

// A Person can be put anywhere before a room.
type Person struct {
	w, h    int
	colours []frame.Colour
	alpha   []byte
}

// NewPerson cuts a person out of a photograph. alpha, of the same size, says how
// much of each pixel is the person, 255 for all. The result is height pixels
// high.
func NewPerson(photo, alpha image.Image, height int) *Person {
	b := photo.Bounds()
	p := &Person{w: b.Dx() * height / b.Dy(), h: height}
	p.colours, p.alpha = make([]frame.Colour, p.w*p.h), make([]byte, p.w*p.h)
	for y := range p.h {
		for x := range p.w {
			c, a := mean(photo, b, x, y, p.w, p.h), mean(alpha, b, x, y, p.w, p.h)
			p.colours[y*p.w+x] = frame.RGB(byte(c[0]), byte(c[1]), byte(c[2]))
			p.alpha[y*p.w+x] = byte(a[0] + .5)
		}
	}
	return p
}

// mean is the colour at (x, y) of img scaled to w×h: that of the pixels that
// fall together, or, where img is enlarged, between the nearest four.
func mean(img image.Image, b image.Rectangle, x, y, w, h int) [3]float64 {
	const per = 4 // samples across and down
	var sum [3]float64
	for k := range per * per {
		fx := (float64(x) + (float64(k%per)+.5)/per) * float64(b.Dx()) / float64(w)
		fy := (float64(y) + (float64(k/per)+.5)/per) * float64(b.Dy()) / float64(h)
		c := color.NRGBAModel.Convert(img.At(b.Min.X+int(fx), b.Min.Y+int(fy))).(color.NRGBA)
		sum[0] += float64(c.R) / per / per
		sum[1] += float64(c.G) / per / per
		sum[2] += float64(c.B) / per / per
	}
	return sum
}

// Size is that of the person's photograph, in pixels.
func (p *Person) Size() image.Point { return image.Pt(p.w, p.h) }

// Before puts the person before what dst holds, with the photograph's first
// pixel at at, and writes to alpha, one byte for each pixel of dst, how much of
// it is the person.
func (p *Person) Before(dst *frame.Picture, alpha []byte, at image.Point) {
	img := dst.Image
	p.Alpha(alpha, img.Rect.Size(), at)
	r := image.Rectangle{Min: at, Max: at.Add(p.Size())}.Intersect(img.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			i := (y-at.Y)*p.w + x - at.X
			a := p.alpha[i]
			if a == 0 {
				continue
			}
			c := p.colours[i]
			img.Y[y*img.YStride+x] = blend(img.Y[y*img.YStride+x], c.Y, a)
			if k := y/2*img.CStride + x/2; y&1 == 0 && x&1 == 0 {
				img.Cb[k], img.Cr[k] = blend(img.Cb[k], c.Cb, a), blend(img.Cr[k], c.Cr, a)
			}
		}
	}
}

// Alpha writes to dst, one byte for each pixel of a picture of that size, how much
// of it is the person, with the photograph's first pixel at at.
func (p *Person) Alpha(dst []byte, size, at image.Point) {
	clear(dst)
	r := image.Rectangle{Min: at, Max: at.Add(p.Size())}.Intersect(image.Rectangle{Max: size})
	for y := r.Min.Y; y < r.Max.Y; y++ {
		i := (y-at.Y)*p.w - at.X
		copy(dst[y*size.X+r.Min.X:y*size.X+r.Max.X], p.alpha[i+r.Min.X:])
	}
}

// Widened returns a copy of p whose alpha at each pixel is the largest of p's
// within d pixels in x and in y: what a filter takes for the person whose mask is
// too wide. Its photograph keeps its size.
func (p *Person) Widened(d int) *Person {
	across, wide := make([]byte, len(p.alpha)), make([]byte, len(p.alpha))
	for y := range p.h {
		row := p.alpha[y*p.w : (y+1)*p.w]
		for x := range p.w {
			across[y*p.w+x] = slices.Max(row[max(x-d, 0):min(x+d+1, p.w)])
		}
	}
	for y := range p.h {
		row := wide[y*p.w : (y+1)*p.w]
		for v := max(y-d, 0); v <= min(y+d, p.h-1); v++ {
			for x, m := range across[v*p.w : (v+1)*p.w] {
				row[x] = max(row[x], m)
			}
		}
	}
	return &Person{w: p.w, h: p.h, colours: p.colours, alpha: wide}
}

// Mix makes out of raw where alpha shows it, and of backdrop elsewhere: the
// filter that a Compositor would be if its mask were alpha.
func Mix(out, raw, backdrop *frame.Picture, alpha []byte) {
	o, r, b := out.Image, raw.Image, backdrop.Image
	w, h := o.Rect.Dx(), o.Rect.Dy()
	for y := range h {
		for x := range w {
			o.Y[y*o.YStride+x] = blend(b.Y[y*b.YStride+x], r.Y[y*r.YStride+x], alpha[y*w+x])
		}
	}
	for y := range (h + 1) / 2 {
		for x := range (w + 1) / 2 {
			k, a := y*o.CStride+x, alpha[2*y*w+2*x]
			o.Cb[k] = blend(b.Cb[y*b.CStride+x], r.Cb[y*r.CStride+x], a)
			o.Cr[k] = blend(b.Cr[y*b.CStride+x], r.Cr[y*r.CStride+x], a)
		}
	}
}

func blend(back, front, alpha byte) byte {
	a := int(alpha)
	return byte((int(back)*(255-a) + int(front)*a + 127) / 255)
}
