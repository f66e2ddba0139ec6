package leak

import (
	"fmt"
	"sync/atomic"
	"time"

	"paravent/media/frame"
)

// How a Gauge saves its time: together it takes a twentieth of one core at most.
const (
	restLook   = 24              // times what a look took, until the next
	restScore  = 99              // the same of a score, in picture time
	scoreEvery = 5 * time.Second // of picture time, at least
	leastKnown = .02             // of the room's cells must have detail, or there is nothing to say
)

// A Gauge says, while pictures leave, how much of the room can be made out from
// them: what an Attacker gets that sees them before they are encoded, against the
// truth of a Room.
//
//	Before: the raw picture and the mask ─┐ copies, on a goroutine of its own
//	After: the picture that leaves ───────┴─► Room, Attacker ─► Figures, every five seconds
//
// It takes in the newest picture whenever it has the time: of 640×360 all of 30 a
// second, of larger ones fewer, so that what shows in single pictures may escape it.
// Between Before and the end of the look it holds a raw picture, and until Close
// what it learnt of the room. It is used by one goroutine at a time, except for
// Figures, and must be closed.
type Gauge struct {
	inStep bool
	begin  chan struct{}      // the look is the goroutine's
	ready  chan time.Duration // it is the caller's again, after that time
	busy   bool
	taken  bool // Before has taken a look that After has not given away
	next   time.Time
	look   look
	file   file
}

// A look is what a Gauge takes in of one picture.
type look struct {
	raw, out *frame.Picture
	mask     []byte
	w, h     int // of the mask
}

// A file is all that is known from the looks so far.
type file struct {
	room     *Room
	attacker *Attacker
	scored   time.Duration // when it was last, in picture time, or begun
	wait     time.Duration // until the next
	figures  atomic.Pointer[Figures]
}

// NewGauge returns a Gauge. In step it takes in every picture, in After.
func NewGauge(inStep bool) *Gauge {
	g := &Gauge{inStep: inStep, begin: make(chan struct{}), ready: make(chan time.Duration, 1)}
	if !inStep {
		go g.work()
	}
	return g
}

// Before takes in a picture that is not filtered yet, with the mask that the filter
// hides by: see Room.Add. It borrows both until it returns. Real-time: it allocates
// only when a size changes, and does nothing while there is no time for the picture.
func (g *Gauge) Before(raw *frame.Picture, mask []byte, maskW, maskH int) {
	if !g.free() {
		return
	}
	l := &g.look
	if l.raw == nil || l.raw.Size() != raw.Size() {
		l.wipe()
		size := raw.Size()
		l.raw, l.out = frame.NewPool(size.X, size.Y).Get(0), frame.NewPool(size.X, size.Y).Get(0)
	}
	l.raw.CopyFrom(raw)
	l.mask = append(l.mask[:0], mask...)
	l.w, l.h = maskW, maskH
	g.taken = true
}

// free reports whether there is time for a look.
func (g *Gauge) free() bool {
	if g.inStep {
		return true
	}
	if g.busy {
		select {
		case took := <-g.ready:
			g.busy, g.next = false, time.Now().Add(restLook*took)
		default:
			return false
		}
	}
	return !time.Now().Before(g.next)
}

// After takes in what became of the picture of the last Before, of the same size. It
// borrows it until it returns. Real-time.
func (g *Gauge) After(out *frame.Picture) {
	if !g.taken {
		return
	}
	g.taken = false
	g.look.out.CopyFrom(out)
	if g.inStep {
		_, _ = g.study() // without a figure then
		return
	}
	g.busy = true
	g.begin <- struct{}{}
}

// Figures returns the figures of now; ok is false while too little is known. It may
// be called by several goroutines.
func (g *Gauge) Figures() (f Figures, ok bool) {
	if p := g.file.figures.Load(); p != nil {
		return *p, true
	}
	return Figures{}, false
}

// Close forgets everything. It does not wait for a look that goes on.
func (g *Gauge) Close() {
	close(g.begin)
	if g.inStep {
		g.file.forget()
	}
	if !g.busy {
		g.look.wipe()
	}
}

// work is the goroutine. After an error it takes no more looks, and says nothing.
func (g *Gauge) work() {
	defer g.file.forget()
	for range g.begin {
		took, err := g.study()
		if err != nil {
			return
		}
		g.ready <- took
	}
}

// study learns from a look, and says how long that took.
func (g *Gauge) study() (took time.Duration, err error) {
	defer g.look.raw.Fill(frame.Black())
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("leak: %v", r)
			g.file.forget()
		}
	}()
	began := time.Now()
	if err := g.file.add(&g.look); err != nil {
		return 0, err
	}
	took = time.Since(began)
	return took, g.file.score(g.look.out.At)
}

func (l *look) wipe() {
	if l.raw != nil {
		l.raw.Fill(frame.Black())
	}
}

func (f *file) add(l *look) error {
	size, at := l.raw.Size(), l.raw.At
	if f.room == nil || f.room.w != size.X || f.room.h != size.Y || at < f.scored {
		if err := f.open(size.X, size.Y); err != nil {
			return err
		}
		f.scored, f.wait = at, scoreEvery
	}
	if err := f.room.Add(l.raw, l.mask, l.w, l.h); err != nil {
		return err
	}
	return f.attacker.Add(l.out)
}

// open begins anew.
func (f *file) open(w, h int) (err error) {
	f.forget()
	if f.room, err = NewRoom(w, h); err != nil {
		return err
	}
	f.attacker, err = New(w, h)
	return err
}

// score scores if it is time to.
func (f *file) score(at time.Duration) error {
	if at-f.scored < f.wait {
		return nil
	}
	began := time.Now()
	truth, person := f.room.Truth()
	defer truth.Fill(frame.Black())
	figures, err := f.attacker.Score(truth, person)
	if err != nil {
		return err
	}
	f.figures.Store(nil)
	if figures.Detailed >= leastKnown {
		f.figures.Store(&figures)
	}
	f.scored, f.wait = at, max(scoreEvery, restScore*time.Since(began))
	return nil
}

func (f *file) forget() {
	if f.room != nil {
		f.room.Wipe()
	}
	f.room, f.attacker = nil, nil
	f.figures.Store(nil)
}
