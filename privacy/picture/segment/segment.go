// Package segment tells a person from the room: it turns a picture into a mask.
//
// It runs one known model, MediaPipe's "selfie segmentation, landscape", and
// refuses any other, since everything that keeps the home out of the picture
// was measured with this one. The mask is raw: refining it, keeping only the
// main person and deciding what to show are not done here.
package segment

import (
	"fmt"
	"image"

	"paravent/media/frame"
	"paravent/privacy/picture/net"
	"paravent/privacy/picture/sample"
)

// The size of a mask, in cells. A crop of this ratio, 16:9, is not distorted.
const (
	Width  = 256
	Height = 144
)

// checksum is the SHA-256 of the one model that New takes.
const checksum = "4aafe6223bb8dac6fac8ca8ed56852870a33051ef3f6238822d282a109962894"

// A Segmenter makes masks. It is used by one goroutine at a time.
type Segmenter struct {
	net     *net.Net
	sampler sample.Sampler
}

// New returns a Segmenter that runs model, a TFLite file, of which it keeps
// nothing. It returns net.ErrUnknownModel unless the file has the known checksum.
func New(model []byte) (*Segmenter, error) {
	n, _, err := net.Open(model, checksum)
	if err != nil {
		return nil, fmt.Errorf("segment: %w", err)
	}
	if _, stride := n.Output(0); stride != 1 || len(n.Input()) != Width*Height*3 {
		return nil, fmt.Errorf("segment: %w", net.ErrUnknownModel)
	}
	return &Segmenter{net: n}, nil
}

// Path returns how s computes, for reports.
func (s *Segmenter) Path() string { return s.net.Path().String() }

// Mask looks at the part crop of p and writes to out how likely each cell of it
// is a person: Height rows of Width cells, 0 for surely not to 255 for surely.
// Cell (x, y) stands for the pixels of crop from x·w/Width to (x+1)·w/Width
// across, and likewise down, where w is the width of crop in pixels. crop is
// counted from p's first pixel and must lie within p; a crop that is not 16:9
// is distorted to fit.
//
// It borrows p until it returns, and does not change it. After an error out is
// not to be used. Real-time: it allocates only when p is wider than ever
// before.
func (s *Segmenter) Mask(p *frame.Picture, crop image.Rectangle, out []byte) error {
	if len(out) < Width*Height {
		return fmt.Errorf("segment: a mask of %d cells", len(out))
	}
	cells := sample.Target{W: Width, H: Height, Stride: 3 * Width, White: 1}
	if err := s.sampler.Sample(s.net.Input(), cells, p, crop); err != nil {
		return fmt.Errorf("segment: %w", err)
	}
	s.net.Run()
	person, _ := s.net.Output(0)
	for i, v := range person[:Width*Height] {
		out[i] = 0
		if v > 0 { // not where it is not a number
			out[i] = byte(min(v, 1)*255 + .5)
		}
	}
	return nil
}
