//go:build !nowindow

package window

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"paravent/media/sfu"
	"paravent/ui/say"
	"paravent/ui/view"
)

// A host carries news between the call and the face: the call's to the drawing
// goroutine, the person's to the call.
type host struct {
	call    view.Call
	face    *face // only the drawing goroutine
	desk    *desk
	watcher *watcher
	bell    chan struct{} // a tile has news
	quit    func()        // closes the window
	leaving bool          // only the drawing goroutine
	tasks   sync.WaitGroup
	gone    <-chan struct{} // closed when Run ends

	draw   func(func()) // runs a function on the drawing goroutine, soon
	closed atomic.Bool
}

func newHost(c view.Call, draw func(func()), gone <-chan struct{}) *host {
	h := &host{call: c, watcher: newWatcher(c), bell: make(chan struct{}, 1), gone: gone, draw: draw}
	h.desk = newDesk(c, func(err error) { h.do(func() { h.face.fail(err) }) })
	return h
}

// do runs fn on the drawing goroutine, unless the window is closed.
func (h *host) do(fn func()) {
	if h.closed.Load() {
		return
	}
	h.draw(func() {
		if !h.closed.Load() {
			fn()
		}
	})
}

// shut keeps everything from the window from now on; it reports whether that
// was so already.
func (h *host) shut() bool { return h.closed.Swap(true) }

// done runs fn on the drawing goroutine and waits for it.
func (h *host) done(fn func()) {
	ready := make(chan struct{})
	h.do(func() {
		defer close(ready)
		fn()
	})
	select {
	case <-ready:
	case <-h.gone:
	}
}

// ring may be called by several goroutines. Real-time.
func (h *host) ring() {
	select {
	case h.bell <- struct{}{}:
	default:
	}
}

// close closes the window for good. It belongs to the drawing goroutine.
func (h *host) close() {
	if !h.shut() {
		h.quit()
	}
}

// leave is the person closing the window: once to leave, twice not to wait for
// the server.
func (h *host) leave() {
	if h.leaving || h.face.over {
		h.close()
		return
	}
	h.leaving = true
	h.face.window.SetTitle(say.EnglishWindow().Leaving)
	h.desk.run(leaveVerb)
	time.AfterFunc(leaveFor, func() { h.do(h.close) })
}

// start starts what carries the news, until inner is done. person is done when
// the program is told to end.
func (h *host) start(inner, person context.Context) {
	interrupted := func(inner context.Context) { h.interrupted(inner, person) }
	for _, task := range []func(context.Context){h.watcher.run, h.desk.work, h.follow, h.pace, h.clock, interrupted} {
		h.tasks.Go(func() { task(inner) })
	}
}

// follow shows every change of the call.
func (h *host) follow(ctx context.Context) {
	for {
		s := h.call.State()
		h.done(func() {
			h.face.update(s)
			if s.Ended == nil {
				return
			}
			if s.Ended.Why == sfu.Left && !h.face.over {
				h.close()
				return
			}
			h.over(view.Ending(s))
		})
		if s.Ended != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-h.call.Changed():
		}
	}
}

// over shows how the call ended, for a while.
func (h *host) over(p say.Problem) {
	h.face.end(p)
	time.AfterFunc(ackFor, func() { h.do(h.close) })
}

// interrupted leaves when the program is told to end, and says so.
func (h *host) interrupted(inner, person context.Context) {
	select {
	case <-inner.Done():
		return
	case <-person.Done():
	}
	h.desk.run(leaveVerb)
	h.done(func() { h.over(say.Of(person.Err())) })
}

// clock tells the face that time goes by.
func (h *host) clock(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			h.done(func() { h.face.tick() })
		}
	}
}

// pace repaints the tiles that have news, at most maxFPS times a second and
// never faster than the window can paint.
func (h *host) pace(ctx context.Context) {
	t := time.NewTicker(time.Second / maxFPS)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.bell:
		}
		h.done(func() { h.face.repaint() })
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}
