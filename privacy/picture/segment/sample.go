package segment

import (
	"errors"
	"fmt"
	"image"
	"math"

	"paravent/media/frame"
)

// A span says of which pixels of a line one cell is made: n of them from start
// on, the first and the last counting by their share and those between whole;
// all is multiplied by scale. As pv_span in sample.h.
type span struct {
	start, n           int32
	first, last, scale float32
}

// A sampler scales a part of a picture to the model's input.
type sampler struct {
	cols [Width]span
	rows [Height]span
	line []float32 // one line of the sum of rows
	cb   [Width * Height]float32
	cr   [Width * Height]float32
	y    [Width * Height]float32
}

// sample writes the part crop of p to dst: Height rows of Width cells of red,
// green and blue, each 0 to 1, after ITU-R BT.601 with limited range. Cells are
// averages over their area, or lie between two pixels where crop is smaller
// than Width or Height. Chroma is taken to lie in the middle of its 4 pixels.
func (s *sampler) sample(dst []float32, p *frame.Picture, crop image.Rectangle) error {
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
	if len(s.line) < w {
		s.line = make([]float32, w)
	}
	fill(s.cols[:], crop.Min.X, crop.Dx(), 1, w)
	fill(s.rows[:], crop.Min.Y, crop.Dy(), 1, h)
	s.plane(s.y[:], img.Y, img.YStride)
	fill(s.cols[:], crop.Min.X, crop.Dx(), 2, cw)
	fill(s.rows[:], crop.Min.Y, crop.Dy(), 2, ch)
	s.plane(s.cb[:], img.Cb, img.CStride)
	s.plane(s.cr[:], img.Cr, img.CStride)
	s.colour(dst[:Width*Height*3])
	return nil
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
