package filter

import (
	"io"
	"runtime"
	"time"

	"paravent/media/frame"
)

// A task is one picture for the filters.
type task struct {
	p     *frame.Picture
	every int // pictures that share a mask
}

// A verdict is what the filters made of it.
type verdict struct {
	p      *frame.Picture
	filter string
	err    error
	notes  Notes
	work   Work
}

// A worker runs the filters on its own goroutine, so that one that hangs holds up
// only itself.
type worker struct {
	filters  []PictureFilter
	measures bool
	every    int // what the filters were told
	stages   []StageTime
}

func (w *worker) run(in <-chan task, out chan verdict) {
	if w.measures {
		runtime.LockOSThread() // whose time is then that of the filters
		defer runtime.UnlockOSThread()
	}
	for t := range in {
		out <- w.do(t)
	}
	select {
	case v := <-out: // nobody waits for it any more
		v.p.Release()
	default:
	}
	for _, f := range w.filters {
		if c, ok := f.(io.Closer); ok {
			_ = guarded(c.Close) // there is nobody to tell
		}
	}
}

func (w *worker) do(t task) (v verdict) {
	v.p = t.p
	var began time.Time
	var cpu time.Duration
	if w.measures {
		began, cpu = time.Now(), threadTime()
	}
	for _, f := range w.filters {
		if v.err = guarded(func() error { return w.apply(f, t, &v.notes) }); v.err != nil {
			v.filter = f.Name()
			break
		}
	}
	w.every = t.every
	if w.measures {
		v.work = Work{Wall: time.Since(began), CPU: threadTime() - cpu}
		w.stages = w.stages[:0]
		for _, f := range w.filters {
			if s, ok := f.(Staged); ok {
				w.stages = append(w.stages, s.Stages()...)
			}
		}
		v.work.Stages = w.stages
	}
	return v
}

func (w *worker) apply(f PictureFilter, t task, notes *Notes) error {
	if paced, ok := f.(Paced); ok && t.every != w.every {
		paced.Pace(t.every)
	}
	err := f.Apply(t.p)
	if n, ok := f.(Noter); ok {
		*notes |= n.Notes()
	}
	return err
}
