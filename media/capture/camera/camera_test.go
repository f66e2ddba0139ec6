package camera

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"paravent/media/capture"
	"paravent/media/frame"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A fake is a stream with four buffers, which the test fills.
type fake struct {
	t     *testing.T
	fill  chan byte // the brightness of the next picture, or 0 for a damaged one
	fails chan error
	waked chan struct{}
	free  chan int

	mu     sync.Mutex // guards everything that follows
	mem    [4][]byte
	closed bool
}

func newFake(t *testing.T) *fake {
	f := &fake{t: t, fill: make(chan byte), fails: make(chan error, 1), waked: make(chan struct{}), free: make(chan int, 4)}
	for i := range f.mem {
		f.mem[i] = make([]byte, 64)
		f.free <- i
	}
	return f
}

func (f *fake) next(deadline time.Time) (buffer, error) {
	late := time.NewTimer(time.Until(deadline))
	defer late.Stop()
	select {
	case v := <-f.fill:
		i := <-f.free
		f.mu.Lock()
		defer f.mu.Unlock()
		for k := range f.mem[i] {
			f.mem[i][k] = v
		}
		if v == 0 {
			return buffer{index: i, used: 3}, nil
		}
		return buffer{index: i, used: 64}, nil
	case err := <-f.fails:
		return buffer{}, err
	case <-f.waked:
		return buffer{}, os.ErrClosed
	case <-late.C:
		return buffer{}, os.ErrDeadlineExceeded
	}
}

func (f *fake) wake() { close(f.waked) }

func (f *fake) pixels(b buffer) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		f.t.Error("read after close")
	}
	return f.mem[b.index][:b.used]
}

func (f *fake) give(b buffer) { f.free <- b.index }

func (f *fake) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		f.t.Error("closed twice")
	}
	f.closed = true
	return nil
}

func open(t *testing.T) (*camera, *fake) {
	t.Helper()
	f := newFake(t)
	conv, err := newConverter(format{fourcc: yuyv, width: 8, height: 4})
	if err != nil {
		t.Fatal(err)
	}
	return start(capture.Device{ID: "c1", Kind: capture.CameraKind, Label: "Camera"}, f, conv), f
}

func brightness(t *testing.T, c *camera) byte {
	t.Helper()
	p, err := c.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	return p.Image.Y[0]
}

func wantFault(t *testing.T, err, want error) {
	t.Helper()
	var de *capture.DeviceError
	if !errors.As(err, &de) || !errors.Is(err, want) || de.ID != "c1" || de.Kind != capture.CameraKind {
		t.Errorf("got %v, want %v", err, want)
	}
}

func TestNextGivesTheNewestPictureAndLosesNoBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := open(t)
		defer c.Close()
		for range 3 {
			for v := range byte(50) {
				f.fill <- v + 100
			}
			synctest.Wait()
			if got := brightness(t, c); got != 149 {
				t.Errorf("got picture %d", got)
			}
		}
		synctest.Wait()
		if n := len(f.free); n != 4 {
			t.Errorf("%d of 4 buffers came back", n)
		}
	})
}

func TestADamagedPictureIsLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := open(t)
		defer c.Close()
		go func() {
			for _, v := range []byte{0, 0, 77} {
				f.fill <- v
				synctest.Wait()
			}
		}()
		if got := brightness(t, c); got != 77 {
			t.Errorf("got picture %d", got)
		}
	})
}

func TestACameraThatGivesNothingHasStalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := open(t)
		defer c.Close()
		start := time.Now()
		_, err := c.Next(t.Context())
		wantFault(t, err, capture.ErrStalled)
		if d := time.Since(start); d != 5*time.Second {
			t.Errorf("after %v", d)
		}
		_, err = c.Next(t.Context())
		wantFault(t, err, capture.ErrStalled)
	})
}

func TestACameraThatGivesOnlyDamagedPicturesHasStalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := open(t)
		defer c.Close()
		done := make(chan struct{})
		go func() {
			for tick := time.NewTicker(time.Second / 4); ; {
				select {
				case <-tick.C:
					f.fill <- 0
				case <-done:
					return
				}
			}
		}()
		_, err := c.Next(t.Context())
		wantFault(t, err, capture.ErrStalled)
		if !errors.Is(err, capture.ErrFormat) {
			t.Errorf("does not say why: %v", err)
		}
		close(done)
	})
}

func TestUnpluggingEndsAWaitingNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := open(t)
		defer c.Close()
		time.AfterFunc(time.Second, func() { f.fails <- capture.ErrUnplugged })
		_, err := c.Next(t.Context())
		wantFault(t, err, capture.ErrUnplugged)
	})
}

func TestCloseEndsAWaitingNextAndReturnsWhenTheDeviceIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := open(t)
		ended := make(chan error)
		go func() {
			_, err := c.Next(context.Background())
			ended <- err
		}()
		synctest.Wait()
		for range 2 {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
		if !f.closed {
			t.Error("Close returned before the device was closed")
		}
		if err := <-ended; !errors.Is(err, os.ErrClosed) {
			t.Errorf("got %v", err)
		}
		if _, err := c.Next(t.Context()); !errors.Is(err, os.ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
}

func TestNextObeysItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := open(t)
		defer c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		f.fill <- 99
		if got := brightness(t, c); got != 99 {
			t.Errorf("afterwards got %d", got)
		}
	})
}

func TestCloseWhilePicturesAreRead(t *testing.T) {
	for range 50 {
		c, f := open(t)
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				select {
				case f.fill <- 99:
				case <-stop:
					return
				}
			}
		})
		first := make(chan struct{})
		seen := sync.OnceFunc(func() { close(first) })
		wg.Go(func() {
			for {
				p, err := c.Next(context.Background())
				if err != nil {
					if !errors.Is(err, os.ErrClosed) {
						t.Error(err)
					}
					return
				}
				p.Release()
				seen()
			}
		})
		<-first
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		close(stop)
		wg.Wait()
	}
}

func TestNextDoesNotAllocate(t *testing.T) {
	c, f := open(t)
	defer c.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var p *frame.Picture
	if n := testing.AllocsPerRun(100, func() {
		c.full <- buffer{index: <-f.free, used: 64}
		var err error
		if p, err = c.Next(ctx); err != nil {
			t.Fatal(err)
		}
		p.Release()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
