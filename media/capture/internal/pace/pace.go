// Package pace keeps a source of pictures that has no clock of its own to its
// rate.
package pace

import (
	"context"
	"os"
	"sync"
	"time"
)

// A Pace says when the next picture is due. One goroutine at a time may Wait;
// Stop may come from any.
type Pace struct {
	interval time.Duration
	start    time.Time
	slot     int64 // the next one
	timer    *time.Timer
	stopped  chan struct{}
	stop     sync.Once
}

// New returns a pace of fps pictures a second. With zero, pictures are due at
// once, always.
func New(fps float64) *Pace {
	p := &Pace{start: time.Now(), timer: time.NewTimer(0), stopped: make(chan struct{})}
	if fps > 0 {
		p.interval = time.Duration(float64(time.Second) / fps)
	}
	return p
}

// Wait returns when the next picture is due, and its time since New. Who is
// late gets the newest slot; those that were missed are left out, as a camera
// would. After Stop it returns os.ErrClosed. It does not allocate.
func (p *Pace) Wait(ctx context.Context) (time.Duration, error) {
	if err := p.over(ctx); err != nil {
		return 0, err
	}
	now := time.Since(p.start)
	if p.interval == 0 {
		return now, nil
	}
	p.slot = max(p.slot, int64(now/p.interval))
	due := time.Duration(p.slot) * p.interval
	p.slot++
	if due <= now {
		return due, nil
	}
	p.timer.Reset(due - now)
	select {
	case <-p.timer.C:
		return due, nil
	case <-p.stopped:
		return 0, os.ErrClosed
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (p *Pace) over(ctx context.Context) error {
	select {
	case <-p.stopped:
		return os.ErrClosed
	default:
		return ctx.Err()
	}
}

// Stopped is closed by Stop.
func (p *Pace) Stopped() <-chan struct{} { return p.stopped }

// Stop ends a waiting Wait and every later one.
func (p *Pace) Stop() {
	p.stop.Do(func() {
		close(p.stopped)
		p.timer.Stop()
	})
}
