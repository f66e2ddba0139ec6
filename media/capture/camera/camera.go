// Package camera finds and reads the cameras of this machine.
//
// Looking at the list opens nothing, and Close returns when the device is
// closed: a camera's lamp is lit when a person said so, and at no other time.
// Pictures become I420 once, in the goroutine that asks for them; those that
// nobody asked for are not even decoded.
//
//	driver ─ buffers shared with the kernel ─ newest wins ─ Next: I420, from a pool that wipes
//
// 2026-11-22: V4L2 is used directly, and not through mediadevices' driver or the
// webcam module below it. The driver opens every camera to list them, in an
// init; both ignore the size, the row length and the colour range that a camera
// settled on; a picture marked as damaged passes for a good one; a waiting read
// cannot be ended; and every picture is copied and allocated anew. The layouts
// of the kernel's structures come from its own header.
package camera

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"paravent/media/capture"
	"paravent/media/capture/internal/pixels"
	"paravent/media/frame"
)

// stallAfter is how long a camera may give nothing that can be used.
const stallAfter = 5 * time.Second

// Cameras is all cameras of this machine: a capture.Finder and a
// capture.Opener. It may be used by several goroutines.
type Cameras struct {
	root string // before every path; for tests
}

// New returns the cameras of this machine. It opens none.
func New() *Cameras { return &Cameras{} }

// Wish is what is asked for who wishes nothing.
func Wish() capture.VideoWish { return capture.VideoWish{Width: 640, Height: 360, FPS: 30} }

// A buffer is a picture as the driver left it in one of its buffers.
type buffer struct {
	index, used int
	at          time.Duration // since the stream began
}

// A stream is an open device that gives buffers.
type stream interface {
	// next waits for a buffer until the deadline. One goroutine calls it.
	// After wake it returns os.ErrClosed.
	next(deadline time.Time) (buffer, error)
	wake()

	// pixels is what is in the buffer, until give hands it back.
	pixels(b buffer) []byte
	give(b buffer)

	// close is called last, after next has returned.
	close() error
}

// A camera is a capture.Camera. One goroutine at a time may call Next; Close may
// come from any.
type camera struct {
	dev    capture.Device
	stream stream
	conv   *converter
	pool   *frame.Pool
	good   time.Time // when Next last gave a picture; for Next only

	full chan buffer // one at most

	gone chan struct{} // closed when the stream is over
	err  error         // why; written before

	closing chan struct{}
	once    sync.Once
	closed  error

	mu   sync.Mutex // held while a buffer's pixels are read
	over bool
}

// start takes ownership of s and conv.
func start(dev capture.Device, s stream, conv *converter) *camera {
	size := pixels.Even(conv.format.width, conv.format.height)
	c := &camera{
		dev: dev, stream: s, conv: conv,
		pool:    frame.NewPool(size.X, size.Y),
		good:    time.Now(),
		full:    make(chan buffer, 1),
		gone:    make(chan struct{}),
		closing: make(chan struct{}),
	}
	go c.read()
	return c
}

// read keeps the newest buffer at hand and gives older ones back, so that a
// slow caller neither sees an old picture nor starves the driver.
func (c *camera) read() {
	defer close(c.gone)
	for {
		b, err := c.stream.next(time.Now().Add(stallAfter))
		if err != nil {
			c.err = c.lost(err)
			return
		}
		select {
		case old := <-c.full:
			c.stream.give(old)
		default:
		}
		c.full <- b
	}
}

func (c *camera) lost(err error) error {
	switch {
	case errors.Is(err, os.ErrClosed):
		return os.ErrClosed
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = capture.ErrStalled
	}
	return c.fault(err)
}

func (c *camera) fault(err error) error {
	return &capture.DeviceError{Kind: capture.CameraKind, ID: c.dev.ID, Err: err}
}

// Next does not allocate once its pictures come back.
func (c *camera) Next(ctx context.Context) (*frame.Picture, error) {
	for {
		select {
		case <-c.closing:
			return nil, os.ErrClosed
		default:
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		select {
		case b := <-c.full:
			p, err := c.convert(b)
			if err == nil {
				c.good = time.Now()
				return p, nil
			}
			if errors.Is(err, os.ErrClosed) {
				return nil, err
			}
			// One damaged picture is left out; cameras send some. A camera that
			// sends no other is broken.
			if time.Since(c.good) > stallAfter {
				return nil, c.fault(fmt.Errorf("%w: %w", capture.ErrStalled, err))
			}
		case <-c.gone:
			return nil, c.err
		case <-c.closing:
			return nil, os.ErrClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (c *camera) convert(b buffer) (*frame.Picture, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return nil, os.ErrClosed
	}
	p := c.pool.Get(b.at)
	err := c.conv.convert(p, c.stream.pixels(b))
	c.stream.give(b)
	if err != nil {
		p.Release()
		return nil, err
	}
	return p, nil
}

func (c *camera) Device() capture.Device { return c.dev }

// Close returns when the device is closed, for each who calls it.
func (c *camera) Close() error {
	c.once.Do(func() {
		close(c.closing)
		c.stream.wake()
		<-c.gone
		c.mu.Lock()
		defer c.mu.Unlock()
		c.over = true
		c.conv.close()
		c.closed = c.stream.close()
	})
	return c.closed
}
