// Package sample makes the input of a neural network from a picture: red, green
// and blue as numbers, at the size that the network wants.
//
// The loops are C that the compiler vectorises, twice on amd64; without cgo, and
// as the oracle of the tests, there is the same in plain Go.
package sample

import (
	"errors"
	"fmt"
	"image"
	"math"

	"paravent/media/frame"
)

// A Target says what the cells are to be.
type Target struct {
	W, H   int     // how many cells a row, and how many rows
	Stride int     // values from the start of a row to the next, at least 3·W
	Black  float32 // the value of a colour's absence
	White  float32 // and of its fullest, more than Black
}

// A Sampler scales parts of pictures. Its zero value is ready. It is used by one
// goroutine at a time.
type Sampler struct {
	cols, rows []span
	line       []float32 // one line of the sum of rows
	y, cb, cr  []float32 // the scaled planes
}

// A span says of which pixels of a line one cell is made: n of them from start
// on, the first and the last counting by their share and those between whole;
// all is multiplied by scale. As pv_span in sample.h.
type span struct {
	start, n           int32
	first, last, scale float32
}

// Sample writes the part crop of p, stretched to t.H rows of t.W cells, to dst:
// red, green and blue of each cell, t.Black to t.White, after ITU-R BT.601 with
// limited range. What lies between rows is left as it is. Cells are averages
// over their area, or lie between two pixels where crop is smaller than the
// target. Chroma is taken to lie in the middle of its 4 pixels.
//
// crop is counted from p's first pixel and must lie within p. Sample borrows p
// until it returns. Real-time: it allocates only when p is wider, or the target
// larger, than ever before.
func (s *Sampler) Sample(dst []float32, t Target, p *frame.Picture, crop image.Rectangle) error {
	if t.W < 1 || t.H < 1 || t.Stride < 3*t.W || len(dst) < 3*t.W || (len(dst)-3*t.W)/t.Stride < t.H-1 {
		return fmt.Errorf("%d×%d cells, %d apart, in %d values", t.W, t.H, t.Stride, len(dst))
	}
	if p == nil || p.Image == nil {
		return errors.New("no picture")
	}
	img := p.Image
	w, h := img.Rect.Dx(), img.Rect.Dy()
	if img.SubsampleRatio != image.YCbCrSubsampleRatio420 {
		return fmt.Errorf("chroma as %v", img.SubsampleRatio)
	}
	if crop.Empty() || !crop.In(image.Rect(0, 0, w, h)) {
		return fmt.Errorf("the part %v of a picture of %d×%d", crop, w, h)
	}
	cw, ch := (w+1)/2, (h+1)/2
	if !holds(img.Y, img.YStride, w, h) || !holds(img.Cb, img.CStride, cw, ch) || !holds(img.Cr, img.CStride, cw, ch) {
		return errors.New("planes shorter than the picture")
	}
	s.grow(t, w)
	fill(s.cols, crop.Min.X, crop.Dx(), 1, w)
	fill(s.rows, crop.Min.Y, crop.Dy(), 1, h)
	s.plane(s.y, img.Y, img.YStride)
	fill(s.cols, crop.Min.X, crop.Dx(), 2, cw)
	fill(s.rows, crop.Min.Y, crop.Dy(), 2, ch)
	s.plane(s.cb, img.Cb, img.CStride)
	s.plane(s.cr, img.Cr, img.CStride)
	s.colour(dst, t)
	return nil
}

// grow makes room for the target t and lines of w pixels.
func (s *Sampler) grow(t Target, w int) {
	if cap(s.cols) < t.W {
		s.cols = make([]span, t.W)
	}
	if cap(s.rows) < t.H {
		s.rows = make([]span, t.H)
	}
	s.cols, s.rows = s.cols[:t.W], s.rows[:t.H]
	if n := t.W * t.H; len(s.y) < n {
		s.y, s.cb, s.cr = make([]float32, n), make([]float32, n), make([]float32, n)
	}
	if len(s.line) < w {
		s.line = make([]float32, w)
	}
}

// holds reports whether plane has h lines of w bytes, stride apart.
func holds(plane []byte, stride, w, h int) bool {
	return stride >= w && (len(plane)-w)/stride >= h-1 && len(plane) >= w
}

// fill makes spans of the size pixels from pixel at on, in a plane that has one
// value for every part pixels, limit in all.
func fill(spans []span, at, size, part, limit int) {
	step := float64(size) / float64(part) / float64(len(spans))
	for i := range spans {
		a := float64(at)/float64(part) + float64(i)*step
		b := a + step
		if step < 1 { // between the two nearest
			a, b = (a+b-1)/2, (a+b+1)/2
		}
		a = max(a, 0)
		start := min(int(a), limit-1)
		end := min(max(int(math.Ceil(b-1e-6)), start+1), limit)
		s := span{start: int32(start), n: int32(end - start), first: float32(float64(start+1) - a), last: float32(b - float64(end-1))}
		if s.n == 1 {
			s.first, s.last = 1, 0
		}
		s.scale = 1 / (s.first + s.last + float32(max(s.n-2, 0)))
		spans[i] = s
	}
}
