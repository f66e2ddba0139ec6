// Package screen captures a whole screen or a single window.
//
// A window is read from memory of its own, which the X server keeps for it
// (Composite): what lies above it on the screen is never in the picture. Where
// the server cannot do that, windows are not captured at all.
//
// 2026-11-22: The pixels come through shared memory, so they do not cross the
// socket; yet each picture costs xgb's few small requests, about 4 kB of
// garbage. Next has a goroutine to do them, because a program that holds the
// server (an open menu, a screen lock) makes everyone wait, and Next obeys its
// context. The connection goes to a display of this machine only: capture has
// no way to the network. The mouse pointer is not in the pictures.
package screen

import (
	"context"
	"fmt"
	"image"
	"os"
	"time"

	"paravent/media/capture"
	"paravent/media/capture/internal/pace"
	"paravent/media/capture/internal/pixels"
	"paravent/media/frame"
)

// What a person types before the number of a screen or of a window.
const (
	ScreenPrefix = "screen:"
	WindowPrefix = "window:"
)

const (
	rate    = 10 // pictures a second, for who wishes nothing
	maxRate = 60
)

// Screens is all screens and windows of one X display: a capture.Finder and a
// capture.Opener. It may be used by several goroutines.
type Screens struct {
	display string
	plain   bool // without shared memory; for tests
}

// New returns the screens of a display, which is named as in $DISPLAY. It does
// not connect. An empty name has no screens.
func New(display string) *Screens { return &Screens{display: display} }

// A shot is the pixels of a moment, four bytes each, blue first.
type shot struct {
	pix    []byte // valid until the next shot
	stride int
	size   image.Point
}

// A grabber takes shots of one screen or window.
type grabber interface {
	// grab returns no pixels while there are none, as of a minimised window.
	grab() (shot, error)

	// close gives all back to the server.
	close()
}

// A result is what became of a request for a picture.
type result struct {
	picture *frame.Picture // or nil: try again
	err     error
}

// A camera is a capture.Camera.
type camera struct {
	dev   capture.Device
	pace  *pace.Pace
	ask   chan time.Duration
	got   chan result
	done  chan struct{} // closed when the grabber is
	asked bool          // by Next, which one goroutine at a time calls
	err   error         // of Next, for ever
}

// start takes ownership of g.
func start(dev capture.Device, g grabber, w capture.VideoWish) *camera {
	fps := w.FPS
	if !(fps > 0) {
		fps = rate
	}
	c := &camera{
		dev:  dev,
		pace: pace.New(min(fps, maxRate)),
		ask:  make(chan time.Duration, 1),
		got:  make(chan result, 1),
		done: make(chan struct{}),
	}
	go c.run(&painter{from: g, limit: image.Pt(w.Width, w.Height)})
	return c
}

func (c *camera) run(p *painter) {
	defer close(c.done)
	defer p.from.close()
	for {
		select {
		case at := <-c.ask:
			pic, err := p.paint(at)
			c.got <- result{pic, err}
		case <-c.pace.Stopped():
			select {
			case r := <-c.got:
				r.picture.Release()
			default:
			}
			return
		}
	}
}

func (c *camera) Next(ctx context.Context) (*frame.Picture, error) {
	for c.err == nil {
		at, err := c.pace.Wait(ctx)
		if err != nil {
			return nil, err
		}
		if !c.asked {
			c.ask <- at
			c.asked = true
		}
		select {
		case r := <-c.got:
			c.asked = false
			if r.err != nil {
				c.err = &capture.DeviceError{Kind: c.dev.Kind, ID: c.dev.ID, Err: r.err}
			} else if r.picture != nil {
				return r.picture, nil
			}
		case <-c.pace.Stopped():
			return nil, os.ErrClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return nil, c.err
}

func (c *camera) Device() capture.Device { return c.dev }

// Close returns when the capture has ended and its memory is given back. While
// another program holds the server, that is when it lets go; Next ends at once.
func (c *camera) Close() error {
	c.pace.Stop()
	<-c.done
	return nil
}

// A painter turns shots into pictures of a size that fits.
type painter struct {
	from  grabber
	limit image.Point // or empty
	whole *frame.Pool
	small *frame.Pool
}

func (p *painter) paint(at time.Duration) (*frame.Picture, error) {
	s, err := p.from.grab()
	if err != nil || s.pix == nil {
		return nil, err
	}
	size := pixels.Even(s.size.X, s.size.Y)
	if size.X == 0 || size.Y == 0 {
		return nil, nil //nolint:nilnil // no picture, and no fault
	}
	if size.X > pixels.MaxSide || size.Y > pixels.MaxSide {
		return nil, fmt.Errorf("%w: %d×%d pixels", capture.ErrFormat, size.X, size.Y)
	}
	if p.whole == nil || p.whole.Size() != size {
		fitting := fit(size, p.limit)
		p.whole, p.small = frame.NewPool(size.X, size.Y), frame.NewPool(fitting.X, fitting.Y)
	}
	pic := p.whole.Get(at)
	pixels.BGRA(pic.Image, s.pix, s.stride)
	if p.small.Size() == size {
		return pic, nil
	}
	small := p.small.Get(at)
	frame.Shrink(small, pic)
	pic.Release()
	return small, nil
}

// fit returns the size of a picture within limit, in the shape of size, even.
func fit(size, limit image.Point) image.Point {
	if limit.X <= 0 || limit.Y <= 0 || size.X <= limit.X && size.Y <= limit.Y {
		return size
	}
	if size.X*limit.Y > limit.X*size.Y {
		limit.Y = size.Y * limit.X / size.X
	} else {
		limit.X = size.X * limit.Y / size.Y
	}
	return image.Pt(max(limit.X&^1, 2), max(limit.Y&^1, 2))
}
