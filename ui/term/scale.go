package term

import (
	"image"

	"paravent/media/frame"
)

// A raster is a picture as it is drawn: packed red, green and blue.
type raster struct {
	pix  []byte
	size image.Point // pixels
	fit  fit

	columns []span // of a picture of width from, for size.X pixels
	from    int
}

// A fit is where a picture of a certain size goes.
type fit struct {
	source image.Point     // pixels of the picture
	cells  image.Rectangle // on the screen
	size   image.Point     // pixels of the raster
	scale  int             // how often the encoder repeats a pixel, in both directions
}

// A span is where the samples of a pixel lie, in one direction.
type span struct{ first, n, step int }

// samples is how many samples of a span are read at most: more change no colour
// that can be seen, and cost time.
const samples = 4

func spanOf(i, src, dst int) span {
	first := i * src / dst
	width := max((i+1)*src/dst-first, 1)
	step := (width + samples - 1) / samples
	return span{first, (width + step - 1) / step, step}
}

func (s span) last() int { return s.first + (s.n-1)*s.step }

// scale draws p into r at r's size: every pixel is the average of a grid of
// samples from its box, in colours after ITU-R BT.601, limited range.
// Real-time: it allocates only when a size changes for a larger one.
func (r *raster) scale(p *frame.Picture) {
	src, s, d := p.Image, p.Size(), r.size
	r.divide(s.X)
	var inverse [samples*samples + 1]int // 65536/n, rounded up: exact for sums of n bytes
	for n := 1; n < len(inverse); n++ {
		inverse[n] = (65535 + n) / n
	}
	for y := range d.Y {
		rows := spanOf(y, s.Y, d.Y)
		out := r.pix[y*d.X*3 : (y+1)*d.X*3]
		top := src.Y[rows.first*src.YStride:]
		ca, cb := rows.first/2*src.CStride, rows.last()/2*src.CStride
		for x := range r.columns {
			c := &r.columns[x]
			sum := 0
			for v := range rows.n {
				at := v*rows.step*src.YStride + c.first
				for range c.n {
					sum += int(top[at])
					at += c.step
				}
			}
			// Chroma has half the resolution and changes less: two opposite
			// corners are enough.
			a, b := ca+c.first/2, cb+c.last()/2
			u, v := int(src.Cb[a])+int(src.Cb[b])-256, int(src.Cr[a])+int(src.Cr[b])-256
			l := 298*(sum*inverse[c.n*rows.n]>>16-16) + 128
			px := out[3*x : 3*x+3 : 3*x+3]
			px[0], px[1], px[2] = clamp(l+409*v/2), clamp(l-50*u-104*v), clamp(l+258*u)
		}
	}
}

func (r *raster) divide(width int) {
	if r.from == width && len(r.columns) == r.size.X {
		return
	}
	if cap(r.columns) < r.size.X {
		r.columns = make([]span, r.size.X)
	}
	r.from, r.columns = width, r.columns[:r.size.X]
	for x := range r.columns {
		r.columns[x] = spanOf(x, width, r.size.X)
	}
}

func clamp(v int) byte { return byte(min(max(v>>8, 0), 255)) }
