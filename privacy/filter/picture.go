package filter

import (
	"image"
	"slices"
	"time"

	"paravent/media/frame"
	"paravent/privacy/policy"
)

const (
	// patience is how long a picture may be in the filters. Longer, and another
	// goes out instead.
	patience = 250 * time.Millisecond

	// patienceInStep is that of a chain over a file, where nobody waits.
	patienceInStep = 10 * time.Second

	// safeFor is how long the last safe picture stands in for one that is held
	// back, in the time of the pictures.
	safeFor = time.Second

	// smallest is the side in pixels below which a picture is not made smaller.
	smallest = 16
)

// A PictureFilter changes a picture so that it shows less. It may offer more: be
// a Noter, Paced, a Revealer, Gauged, Staged; and an io.Closer, which is closed when the
// chain is and nothing of the filter runs any more.
type PictureFilter interface {
	// Name is the word users see for the filter, such as "blur".
	Name() string

	// Apply changes p in place, and borrows it until it returns. After an
	// error p must not be shown to anyone; the chain that called Apply drops
	// it.
	Apply(p *frame.Picture) error
}

// A ClearedPicture may be shown to others: it has been through every filter of
// a chain, or stands for a picture that is held back. The zero value holds
// nothing.
type ClearedPicture struct{ p *frame.Picture }

// Picture returns the filtered picture, to be read. It stays owned by c.
func (c ClearedPicture) Picture() *frame.Picture { return c.p }

// Release gives the pixels back. It must be called once.
func (c ClearedPicture) Release() { c.p.Release() }

// Shrunk returns a smaller copy from pool, which the caller owns beside c.
func (c ClearedPicture) Shrunk(pool *frame.Pool) ClearedPicture {
	small := pool.Get(c.p.At)
	frame.Shrink(small, c.p)
	return ClearedPicture{small}
}

// A VideoChain clears pictures.
//
//	Clear ─► [smaller] ─► filters, on a goroutine of their own ─► cleared ─► copy kept
//	                          │ fails, panics, late
//	                          └─► the copy, for a second; then the cover colour
//
// It is used by one goroutine at a time, but for Reveal and Revealed, and must be
// closed.
//
// 2026-11-25: it is the copy that stands in first, so that one bad picture is not
// a flash of colour for the others. The copy is taken when the filters have
// returned, into memory that no filter ever sees; and it is never older than a
// second, because what was fit to be seen then may not be now.
type VideoChain struct {
	filters []PictureFilter
	options VideoOptions
	tooSlow *HeldError

	size   image.Point // of the camera's pictures
	pool   *frame.Pool // of the size of the pictures that come out
	safe   *frame.Picture
	isSafe bool          // safe holds a cleared picture
	small  []*frame.Pool // of pictures made smaller, by halves

	in       chan task    // to the goroutine that runs the filters
	out      chan verdict // its answer
	busy     bool         // an answer is still to come for a picture given up
	patience time.Duration
	clock    *time.Timer
	governor governor
	last     verdict // the last answer, without its picture
}

// VideoOptions are how a chain works.
type VideoOptions struct {
	// Required are the names of filters that must be in the chain.
	Required []string

	// Cover is what the others see when there is no safe picture for them.
	Cover frame.Colour

	// InStep is for pictures from a file: each gets the same work, however long
	// it takes, and the chain says what it took.
	InStep bool
}

// NewVideoChain returns a chain of filters, which it takes ownership of. It fails
// with ErrEmpty without filters, and with ErrMissing unless every name that is
// required is the name of one of them.
func NewVideoChain(o VideoOptions, filters ...PictureFilter) (*VideoChain, error) {
	if err := checkRequired(o.Required, filters); err != nil {
		return nil, err
	}
	c := &VideoChain{
		filters:  slices.Clone(filters),
		options:  o,
		tooSlow:  &HeldError{Filter: filters[0].Name(), Err: ErrLate},
		in:       make(chan task),
		out:      make(chan verdict, 1),
		patience: patience,
		clock:    time.NewTimer(patience),
	}
	if o.InStep {
		c.patience = patienceInStep
	}
	for _, f := range filters {
		_, paced := f.(Paced)
		c.governor.paced = c.governor.paced || paced
	}
	w := worker{filters: c.filters, measures: o.InStep}
	go w.run(c.in, c.out)
	return c, nil
}

// NewOpenVideoChain returns a chain that clears every picture as it is. It
// fails with ErrEmpty unless a policy gave its leave.
func NewOpenVideoChain(leave policy.Leave) (*VideoChain, error) {
	if !leave.Given() {
		return nil, ErrEmpty
	}
	return &VideoChain{}, nil
}

// Clear takes ownership of p. What it returns may be sent in every case, has p's
// time, and is owned by the caller: if a filter fails, panics or is late, it is
// the last safe picture, if that is of the same size and at most a second old, or
// else one of the cover colour, with a *HeldError that says why. It may be smaller
// than p if the filters do not keep up. Real-time: it does not allocate unless a
// filter fails or the size changes.
func (c *VideoChain) Clear(p *frame.Picture) (ClearedPicture, error) {
	if len(c.filters) == 0 {
		return ClearedPicture{p}, nil
	}
	at, began := p.At, time.Now()
	c.fit(p.Size())
	if c.governor.step == coverOnly {
		p.Release()
		c.collect()
		c.isSafe = false
		c.governor = c.governor.after(at, 0, false)
		return c.standIn(at), c.tooSlow
	}
	cleared, late, err := c.filtered(c.smaller(p))
	if !c.options.InStep {
		c.governor = c.governor.after(at, time.Since(began), late)
	}
	return cleared, err
}

// filtered takes ownership of p.
func (c *VideoChain) filtered(p *frame.Picture) (out ClearedPicture, late bool, err error) {
	at := p.At
	if c.busy && !c.collect() {
		p.Release()
		return c.standIn(at), true, c.tooSlow
	}
	c.clock.Reset(c.patience)
	c.in <- task{p, c.governor.every()}
	select {
	case v := <-c.out:
		c.clock.Stop()
		c.take(v)
		if v.err != nil {
			v.p.Release()
			return c.standIn(at), false, &HeldError{Filter: v.filter, Err: v.err}
		}
		c.safe.CopyFrom(v.p)
		c.isSafe = true
		return ClearedPicture{v.p}, false, nil
	case <-c.clock.C:
		c.busy = true
		return c.standIn(at), true, c.tooSlow
	}
}

// collect takes the answer for a picture that was given up, if it is there, and
// reports whether none is to come any more. Late as it is, a picture that all
// filters have cleared may stand in for others.
func (c *VideoChain) collect() bool {
	select {
	case v := <-c.out:
		c.take(v)
		if v.err == nil && v.p.Size() == c.safe.Size() && v.p.At > c.safe.At {
			c.safe.CopyFrom(v.p)
			c.isSafe = true
		}
		v.p.Release()
		c.busy = false
	default:
	}
	return !c.busy
}

// take keeps what an answer says beside its picture.
func (c *VideoChain) take(v verdict) {
	v.p = nil
	c.last = v
}

// fit makes ready what stands in for pictures that come in the given size. What
// was kept of another is forgotten.
func (c *VideoChain) fit(size image.Point) {
	to, halvings := size, 0
	for halvings < c.governor.halvings() && min(to.X, to.Y)/2 >= smallest {
		to = image.Pt(to.X/2&^1, to.Y/2&^1)
		halvings++
	}
	if c.size == size && c.pool.Size() == to {
		return
	}
	c.safe.Release()
	c.pool = frame.NewPool(to.X, to.Y)
	c.safe, c.isSafe = c.pool.Get(0), false
	c.size, c.small = size, nil
	for range halvings { // by halves, which is the fastest
		size = image.Pt(size.X/2&^1, size.Y/2&^1)
		c.small = append(c.small, frame.NewPool(size.X, size.Y))
	}
}

// smaller takes ownership of p, and returns it in the size that the filters get.
func (c *VideoChain) smaller(p *frame.Picture) *frame.Picture {
	for _, pool := range c.small {
		small := pool.Get(p.At)
		frame.Shrink(small, p)
		p.Release()
		p = small
	}
	return p
}

// standIn returns what goes out in place of a picture of the time at.
func (c *VideoChain) standIn(at time.Duration) ClearedPicture {
	p := c.pool.Get(at)
	if age := at - c.safe.At; c.isSafe && age >= 0 && age <= safeFor {
		frame.CopyPlanes(p.Image, c.safe.Image)
	} else {
		p.Fill(c.options.Cover)
	}
	return ClearedPicture{p}
}

// Notes says what held of the last picture, as far as the filters tell, and
// whether they keep up.
func (c *VideoChain) Notes() Notes {
	if c.governor.step == coverOnly {
		return TooSlow
	}
	return c.last.notes | c.governor.notes()
}

// Worked says what the filters did for the last picture, in a chain in step.
func (c *VideoChain) Worked() Work { return c.last.work }

// Reveal asks the filters to show what the person holds in their hands, for d
// from now on; 0 ends it. It reports whether there is one that can. It may be
// called by several goroutines.
func (c *VideoChain) Reveal(d time.Duration) (can bool) {
	for _, f := range c.filters {
		if r, ok := f.(Revealer); ok {
			r.Reveal(d)
			can = true
		}
	}
	return can
}

// Revealed is what the filters measure of what can be made out of the room: see
// Gauged; of several, the most. It may be called by several goroutines.
func (c *VideoChain) Revealed() (share float64, ok bool) {
	for _, f := range c.filters {
		if g, is := f.(Gauged); is {
			if s, known := g.Revealed(); known {
				share, ok = max(share, s), true
			}
		}
	}
	return share, ok
}

// Close ends the chain, and soon after it the filters. A filter that hangs is
// left behind with its picture.
func (c *VideoChain) Close() {
	if c.in == nil {
		return
	}
	close(c.in)
	c.in = nil
	c.safe.Release()
	c.isSafe = false
}
