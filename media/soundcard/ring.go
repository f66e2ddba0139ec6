package soundcard

import (
	"context"
	"sync/atomic"
	"time"

	"paravent/media/frame"
)

// ringLen is how many blocks wait for a late reader: 160 ms.
const ringLen = 16

// A ring carries sounds from a device's thread to the reader of a microphone.
// Every block is either free, or full, or being copied by one of the two. When
// no block is free, the writer takes the oldest full one, so that the reader
// gets what is newest.
type ring struct {
	free, full chan *frame.Sound
	ended      chan struct{}
	why        error // set before ended is closed
	over       atomic.Bool
	dropped    atomic.Uint64
	blocks     uint64 // pushed; of the writer alone
}

func newRing() *ring {
	r := &ring{
		free:  make(chan *frame.Sound, ringLen),
		full:  make(chan *frame.Sound, ringLen),
		ended: make(chan struct{}),
	}
	for range ringLen {
		r.free <- new(frame.Sound)
	}
	return r
}

// push copies a block in. Real-time: it neither waits nor allocates.
func (r *ring) push(near, far *frame.Block) {
	var s *frame.Sound
	select {
	case s = <-r.free:
	default:
		select {
		case s = <-r.full:
			r.dropped.Add(1)
		case s = <-r.free: // the reader was quicker
		default:
			r.dropped.Add(1) // the reader holds the only block: it is preempted
			r.blocks++
			return
		}
	}
	s.Near, s.Far = *near, *far
	s.At = frame.BlockFor * time.Duration(r.blocks)
	r.blocks++
	select {
	case r.full <- s:
	default: // cannot be: there is room for all
	}
}

// next waits for a block and moves it to out. Real-time: it does not allocate.
func (r *ring) next(ctx context.Context, out *frame.Sound) error {
	if r.over.Load() {
		return r.why
	}
	select {
	case s := <-r.full:
		*out = *s
		s.Wipe()
		r.free <- s
		if r.over.Load() { // ended meanwhile: nothing of it may be used
			out.Wipe()
			return r.why
		}
		return nil
	case <-r.ended:
		return r.why
	case <-ctx.Done():
		return ctx.Err()
	}
}

// end lets every reader return why, and wipes what nobody read. The writer must
// have ended.
func (r *ring) end(why error) {
	if r.over.Load() {
		return
	}
	r.why = why
	r.over.Store(true)
	close(r.ended)
	for {
		select {
		case s := <-r.full:
			s.Wipe()
			r.free <- s
		default:
			return
		}
	}
}
