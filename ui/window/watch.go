//go:build !nowindow

package window

import (
	"context"
	"maps"
	"sync"
	"time"

	"paravent/media/present"
	"paravent/media/sfu"
	"paravent/ui/view"
)

// settleFor is how long sizes may change, as while a window is dragged, before
// the call is told.
const settleFor = 120 * time.Millisecond

// A wish is how one tile wants its track.
type wish struct {
	view sfu.View
	sink present.VideoSink
}

// A watcher tells the call which tracks are seen, and how large. It does so on
// a goroutine of its own, for a call may take its time, and drops what was
// overtaken.
type watcher struct {
	call view.Call
	bell chan struct{}

	mu    sync.Mutex // guards wants
	wants map[key]wish

	has map[key]wish // only run's goroutine
}

func newWatcher(c view.Call) *watcher {
	return &watcher{call: c, bell: make(chan struct{}, 1), has: map[key]wish{}}
}

// want replaces all that was wanted.
func (w *watcher) want(wants map[key]wish) {
	w.mu.Lock()
	same := maps.Equal(w.wants, wants)
	w.wants = wants
	w.mu.Unlock()
	if same {
		return
	}
	select {
	case w.bell <- struct{}{}:
	default:
	}
}

// run works until ctx is done, and then watches nothing any more.
func (w *watcher) run(ctx context.Context) {
	defer func() {
		w.want(nil)
		w.apply()
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.bell:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(settleFor):
		}
		w.apply()
	}
}

// apply tells the call what has changed.
func (w *watcher) apply() {
	w.mu.Lock()
	wants := w.wants
	w.mu.Unlock()
	for k, old := range w.has {
		if _, ok := wants[k]; ok {
			continue
		}
		if k.own {
			w.call.WatchSelf(k.src, nil)
		} else {
			w.call.Watch(k.track, sfu.View{}, old.sink)
		}
		delete(w.has, k)
	}
	for k, now := range wants {
		old, ok := w.has[k]
		switch {
		case ok && (old == now || k.own && old.sink == now.sink):
			continue
		case k.own:
			w.call.WatchSelf(k.src, now.sink)
		default:
			w.call.Watch(k.track, now.view, now.sink)
		}
		w.has[k] = now
	}
}
