package camera

import (
	"fmt"

	"paravent/media/capture"
	"paravent/media/capture/internal/pixels"
	"paravent/media/capture/mjpeg"
	"paravent/media/frame"
)

// A fourcc names a pixel format the way V4L2 does.
type fourcc uint32

// The formats that can be read. The values are the kernel's.
const (
	i420 fourcc = 'Y' | 'U'<<8 | '1'<<16 | '2'<<24
	nv12 fourcc = 'N' | 'V'<<8 | '1'<<16 | '2'<<24
	nv21 fourcc = 'N' | 'V'<<8 | '2'<<16 | '1'<<24
	yuyv fourcc = 'Y' | 'U'<<8 | 'Y'<<16 | 'V'<<24
	uyvy fourcc = 'U' | 'Y'<<8 | 'V'<<16 | 'Y'<<24
	mjpg fourcc = 'M' | 'J'<<8 | 'P'<<16 | 'G'<<24
	jpeg fourcc = 'J' | 'P'<<8 | 'E'<<16 | 'G'<<24
)

// price orders the formats by what a picture costs here. Unknown ones cost 0.
func (f fourcc) price() int {
	switch f {
	case i420:
		return 1
	case nv12, nv21:
		return 2
	case yuyv, uyvy:
		return 3
	case mjpg, jpeg:
		return 4
	}
	return 0
}

// A mode is one way in which a camera can send.
type mode struct {
	fourcc        fourcc
	width, height int
	fps           float64 // the highest; 0 if the camera does not say
}

// enough is the rate below which a picture no longer seems to move, so that a
// smaller one is better.
const enough = 15

func (m mode) reaches(fps float64) bool { return m.fps == 0 || m.fps > fps-0.1 }

func (m mode) covers(w capture.VideoWish) bool { return m.width >= w.Width && m.height >= w.Height }

// choose returns the best mode for a wish, all of whose fields are set: one
// that moves, then the smallest that covers the wished size or else the largest,
// then one that reaches the wished rate, then the cheapest to read. So a camera
// sends plain pixels as long as its cable carries them at the wished rate, and
// JPEG beyond.
func choose(modes []mode, w capture.VideoWish) (best mode, ok bool) {
	for _, m := range modes {
		if m.fourcc.price() == 0 || m.width < 2 || m.height < 2 || m.width > pixels.MaxSide || m.height > pixels.MaxSide {
			continue
		}
		if !ok || better(m, best, w) {
			best, ok = m, true
		}
	}
	return best, ok
}

func better(a, b mode, w capture.VideoWish) bool {
	moves := min(w.FPS, enough)
	if x, y := a.reaches(moves), b.reaches(moves); x != y {
		return x
	}
	if x, y := a.covers(w), b.covers(w); x != y {
		return x
	}
	if x, y := a.width*a.height, b.width*b.height; x != y {
		return (x < y) == a.covers(w)
	}
	if x, y := a.reaches(w.FPS), b.reaches(w.FPS); x != y {
		return x
	}
	return a.fourcc.price() < b.fourcc.price()
}

// A format is what a camera settled on.
type format struct {
	fourcc        fourcc
	width, height int
	stride        int // bytes from row to row; 0 for JPEG
	full          bool
}

// bytes is the least that a picture needs, or 0 for JPEG.
func (f format) bytes() int {
	size := pixels.Even(f.width, f.height)
	switch f.fourcc {
	case yuyv, uyvy:
		return f.stride*(size.Y-1) + 2*size.X
	case nv12, nv21:
		return f.stride*f.height + f.stride*(size.Y/2-1) + size.X
	case i420:
		return f.stride*f.height + f.stride/2*((f.height+1)/2) + f.stride/2*(size.Y/2-1) + size.X/2
	case mjpg, jpeg:
	}
	return 0
}

// row is the length of a row without a gap.
func (f format) row() int {
	switch f.fourcc {
	case yuyv, uyvy:
		return 2 * (f.width + f.width&1)
	case nv12, nv21, i420:
		return f.width + f.width&1
	case mjpg, jpeg:
	}
	return 0
}

// A converter turns the pictures of one format into I420.
type converter struct {
	format format
	jpeg   *mjpeg.Decoder
}

// newConverter checks what the driver says. An error wraps capture.ErrFormat.
func newConverter(f format) (*converter, error) {
	if f.stride == 0 {
		f.stride = f.row()
	}
	if f.fourcc.price() == 0 || f.width < 2 || f.height < 2 || f.width > pixels.MaxSide || f.height > pixels.MaxSide ||
		f.stride < f.row() || f.stride > 16*pixels.MaxSide {
		return nil, fmt.Errorf("%w: the camera sends %d×%d in format %08x", capture.ErrFormat, f.width, f.height, uint32(f.fourcc))
	}
	c := &converter{format: f}
	if f.fourcc == mjpg || f.fourcc == jpeg {
		var err error
		if c.jpeg, err = mjpeg.NewDecoder(f.width, f.height); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// convert writes a picture. It does not allocate after the first.
func (c *converter) convert(p *frame.Picture, raw []byte) error {
	if c.jpeg != nil {
		return c.jpeg.Decode(p, raw)
	}
	f := c.format
	if len(raw) < f.bytes() {
		return fmt.Errorf("%w: a picture of %d bytes, not %d", capture.ErrFormat, len(raw), f.bytes())
	}
	switch f.fourcc {
	case yuyv:
		pixels.YUYV(p.Image, raw, f.stride)
	case uyvy:
		pixels.UYVY(p.Image, raw, f.stride)
	case nv12:
		pixels.NV12(p.Image, raw, f.stride, f.height)
	case nv21:
		pixels.NV21(p.Image, raw, f.stride, f.height)
	case i420:
		pixels.I420(p.Image, raw, f.stride, f.height)
	case mjpg, jpeg: // above
	}
	if f.full {
		pixels.Limit(p.Image)
	}
	return nil
}

func (c *converter) close() {
	if c.jpeg != nil {
		c.jpeg.Close()
	}
}

// within returns the size of low, low+step, … high that is the next to covering
// wish.
func within(wish, low, high, step int) int {
	if wish <= low || high <= low {
		return low
	}
	step = max(step, 1)
	return min(low+(wish-low+step-1)/step*step, low+(high-low)/step*step)
}
