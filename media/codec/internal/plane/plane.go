// Package plane takes pictures across the border between Go and the C
// libraries: it checks those that go out and copies those that come in.
package plane

import (
	"errors"
	"fmt"
	"image"
	"time"
	"unsafe"

	"paravent/media/codec"
	"paravent/media/frame"
	"paravent/privacy/filter"
)

// The errors of Of.
var (
	ErrEmpty = errors.New("no picture to encode")
	ErrSize  = errors.New("picture does not have the size of the settings")
)

// Of returns the pixels of c, which are borrowed from it, after making sure that
// C code that is told the size in s finds every byte of every plane.
func Of(c filter.ClearedPicture, s codec.VideoSettings) (*image.YCbCr, error) {
	p := c.Picture()
	if p == nil || p.Image == nil {
		return nil, ErrEmpty
	}
	img := p.Image
	if size := img.Rect.Size(); size.X != s.Width || size.Y != s.Height {
		return nil, fmt.Errorf("%w: %d×%d instead of %d×%d", ErrSize, size.X, size.Y, s.Width, s.Height)
	}
	cw, ch := (s.Width+1)/2, (s.Height+1)/2
	if img.SubsampleRatio != image.YCbCrSubsampleRatio420 ||
		!holds(img.Y, img.YStride, s.Width, s.Height) ||
		!holds(img.Cb, img.CStride, cw, ch) || !holds(img.Cr, img.CStride, cw, ch) {
		return nil, codec.ErrFormat
	}
	return img, nil
}

func holds(plane []byte, stride, w, h int) bool {
	return stride >= w && len(plane) >= (h-1)*stride+w
}

// A Foreign picture lies in the memory of a C library.
type Foreign struct {
	Y, Cb, Cr        unsafe.Pointer
	YStride, CStride int // bytes
	Size             image.Point
}

// A Copier makes pictures of foreign ones, in memory that it reuses as long as
// the size stays the same. Its zero value is ready.
type Copier struct{ pool *frame.Pool }

// Copy returns a picture that the caller owns. Real-time: it does not allocate
// while the size stays the same and earlier pictures are released.
func (c *Copier) Copy(f Foreign, at time.Duration) (*frame.Picture, error) {
	switch {
	case !codec.Fits(f.Size):
		return nil, codec.ErrTooLarge
	case f.Y == nil || f.Cb == nil || f.Cr == nil,
		f.YStride < f.Size.X || f.CStride < (f.Size.X+1)/2:
		return nil, codec.ErrFormat
	}
	if c.pool == nil || c.pool.Size() != f.Size {
		c.pool = frame.NewPool(f.Size.X, f.Size.Y)
	}
	p := c.pool.Get(at)
	cw, ch := (f.Size.X+1)/2, (f.Size.Y+1)/2
	src := image.YCbCr{
		Y:              view(f.Y, f.YStride, f.Size.X, f.Size.Y),
		Cb:             view(f.Cb, f.CStride, cw, ch),
		Cr:             view(f.Cr, f.CStride, cw, ch),
		YStride:        f.YStride,
		CStride:        f.CStride,
		SubsampleRatio: image.YCbCrSubsampleRatio420,
		Rect:           p.Image.Rect,
	}
	frame.CopyPlanes(p.Image, &src)
	return p, nil
}

func view(p unsafe.Pointer, stride, w, h int) []byte {
	return unsafe.Slice((*byte)(p), (h-1)*stride+w)
}

// A Clock turns the times of pictures into ones that always grow, which is what
// encoders ask for, also when a source begins anew. Its zero value is ready.
type Clock struct {
	now, last time.Duration
	running   bool
}

// longest is how far apart two pictures are believed to be.
const longest = 10 * time.Second

// Next returns the time of a picture taken at at, from a source that gives at
// most fps pictures a second.
func (c *Clock) Next(at time.Duration, fps float64) time.Duration {
	if !c.running {
		c.running, c.last = true, at
		return c.now
	}
	step := at - c.last
	if step < time.Millisecond || step > longest {
		step = time.Duration(float64(time.Second) / fps)
	}
	c.last = at
	c.now += step
	return c.now
}
