package filter

import (
	"slices"
	"time"

	"paravent/media/frame"
	"paravent/privacy/policy"
)

// patience is how long a picture may be in the filters. Longer, and the held
// picture goes out instead.
const patience = 250 * time.Millisecond

// A PictureFilter changes a picture so that it shows less.
type PictureFilter interface {
	// Name is the word users see for the filter, such as "blur".
	Name() string

	// Apply changes p in place, and borrows it until it returns. After an
	// error p must not be shown to anyone; the chain that called Apply drops
	// it.
	Apply(p *frame.Picture) error
}

// A ClearedPicture may be shown to others: it has been through every filter of
// a chain, or is the plain colour that stands for a picture held back. The zero
// value holds nothing.
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

// A VideoChain clears pictures. It is used by one goroutine at a time, and
// must be closed.
type VideoChain struct {
	filters []PictureFilter
	cover   frame.Colour
	held    *frame.Pool // of the size of the pictures that come

	in    chan *frame.Picture // to the goroutine that runs the filters
	out   chan verdict        // its answer
	busy  bool                // an answer is still to come for a picture given up
	clock *time.Timer
}

type verdict struct {
	p      *frame.Picture
	filter string
	err    error
}

// NewVideoChain returns a chain of filters. It fails with ErrEmpty without
// filters, and with ErrMissing unless every name in required is the name of one
// of them. cover is what the others see while a picture is held back.
func NewVideoChain(required []string, cover frame.Colour, filters ...PictureFilter) (*VideoChain, error) {
	if err := checkRequired(required, filters); err != nil {
		return nil, err
	}
	c := &VideoChain{
		filters: slices.Clone(filters),
		cover:   cover,
		in:      make(chan *frame.Picture),
		out:     make(chan verdict, 1),
		clock:   time.NewTimer(patience),
	}
	go c.work()
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

// Clear takes ownership of p. What it returns may be sent in every case, and is
// owned by the caller: if a filter fails, panics or is late, that is a picture
// of the cover colour, with a *HeldError that says why. Real-time: it does not
// allocate unless it fails.
func (c *VideoChain) Clear(p *frame.Picture) (ClearedPicture, error) {
	if len(c.filters) == 0 {
		return ClearedPicture{p}, nil
	}
	cover := c.coverFor(p)
	if c.busy {
		select {
		case v := <-c.out: // of a picture that was given up
			v.p.Release()
			c.busy = false
		default:
			p.Release()
			return cover, &HeldError{Filter: c.filters[0].Name(), Err: ErrLate}
		}
	}
	c.clock.Reset(patience)
	c.in <- p
	select {
	case v := <-c.out:
		c.clock.Stop()
		if v.err != nil {
			v.p.Release()
			return cover, &HeldError{Filter: v.filter, Err: v.err}
		}
		cover.Release()
		return ClearedPicture{v.p}, nil
	case <-c.clock.C:
		c.busy = true
		return cover, &HeldError{Filter: c.filters[0].Name(), Err: ErrLate}
	}
}

// coverFor is taken before a filter sees p, so that nothing that a filter does
// to p can reach it.
func (c *VideoChain) coverFor(p *frame.Picture) ClearedPicture {
	if size := p.Size(); c.held == nil || c.held.Size() != size {
		c.held = frame.NewPool(size.X, size.Y)
	}
	cover := c.held.Get(p.At)
	cover.Fill(c.cover)
	return ClearedPicture{cover}
}

// work runs the filters on its own goroutine, so that one that hangs holds up
// only itself.
func (c *VideoChain) work() {
	for p := range c.in {
		v := verdict{p: p}
		for _, f := range c.filters {
			if v.err = guarded(func() error { return f.Apply(p) }); v.err != nil {
				v.filter = f.Name()
				break
			}
		}
		c.out <- v
	}
	close(c.out)
}

// Close ends the chain. A filter that hangs is left behind with its picture.
func (c *VideoChain) Close() {
	if c.in != nil {
		close(c.in)
		c.in = nil
	}
}
