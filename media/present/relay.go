package present

import (
	"sync/atomic"

	"paravent/media/frame"
)

// A Relay is a sink that passes pictures on to another, which may be changed at
// any time, or be none. It counts what passed. The zero Relay has no sink.
type Relay struct {
	to    atomic.Pointer[VideoSink]
	shown atomic.Uint64
}

// To makes sink the one that pictures go to; nil stops them.
func (r *Relay) To(sink VideoSink) {
	if sink == nil {
		r.to.Store(nil)
		return
	}
	r.to.Store(&sink)
}

// Show passes p on.
func (r *Relay) Show(p *frame.Picture) {
	if to := r.to.Load(); to != nil {
		(*to).Show(p)
		r.shown.Add(1)
	}
}

// Shown is how many pictures were passed on.
func (r *Relay) Shown() uint64 { return r.shown.Load() }
