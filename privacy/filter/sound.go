package filter

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"paravent/media/frame"
	"paravent/privacy/policy"
)

// A SoundFilter changes 10 ms of sound so that it says less.
type SoundFilter interface {
	// Name is the word users see for the filter, such as "gate".
	Name() string

	// Apply changes s.Near in place, and borrows s until it returns. Real-time:
	// it must not block or allocate.
	Apply(s *frame.Sound) error
}

// A SoundNoter is a SoundFilter that has something to tell. The chain asks it after
// each Apply, on the goroutine of Apply.
type SoundNoter interface {
	// Notes says what holds now. Real-time: it must not block or allocate.
	Notes() Notes
}

// A Delayer is a SoundFilter whose Apply gives back what it took some time ago.
type Delayer interface {
	// Delay says how long ago. It is always the same, a whole number of samples.
	Delay() time.Duration
}

// A Resetter is a SoundFilter that keeps something from one block to the next. The
// chain calls Reset before a block that does not follow the last one: after a gap
// in the time of the source, after a block that was held back, and while it holds
// sound back because a filter panicked.
type Resetter interface {
	// Reset puts the filter into a state that it can go on from, whatever was in
	// it. It drops all sound that waits inside. Of what it has learnt of the room
	// and the person it keeps what it can vouch for, such as numbers within their
	// range, for a gap of 10 ms is no reason to learn a room anew. If it fails, the
	// chain holds sound back and asks again at the next block. Real-time: it must
	// not block or allocate.
	Reset() error
}

// ErrNoSound is the cause of a HeldError when a filter left samples that are no
// numbers, or endless.
var ErrNoSound = errors.New("it gave what is no sound")

// ErrBroken is the cause of a HeldError after a panic of a filter that cannot be
// reset.
var ErrBroken = errors.New("it broke, and stays off until the microphone is opened again")

// A ClearedSound may be heard by others. It is good until the sound it was made
// of is used again. The zero value holds nothing.
type ClearedSound struct {
	s     *frame.Sound
	delay time.Duration
}

// Block returns the filtered 10 ms, to be read.
func (c ClearedSound) Block() *frame.Block { return &c.s.Near }

// At returns when the sound was heard; of the first sounds of a chain that takes
// time this is before the source was opened, and negative.
func (c ClearedSound) At() time.Duration { return c.s.At - c.delay }

// An AudioChain clears sound. It is used by one goroutine at a time.
//
// A chain that holds back recovers by itself at the next good block. 2026-11-25: a
// filter that panicked may have left its state half changed, so the chain stays
// shut until the filter's Reset succeeds. One without Reset stays shut as long as
// the chain lives; a microphone that is opened again gets a new one. A filter that
// only fails has ended in order, and is asked again. A filter that never returns
// is not waited for on another goroutine, as in a VideoChain: nothing is sent then.
type AudioChain struct {
	filters []SoundFilter
	delay   time.Duration
	notes   Notes

	now   func() time.Time
	pace  pace
	took  []time.Duration // by each filter, a running mean
	late  *HeldError      // why the filters rest; set while pace holds
	begun bool            // next is known
	next  time.Duration   // At of the sound that would follow
	fresh bool            // every filter is to be reset before it is used
	dead  *HeldError      // what keeps the chain shut for good
}

// NewAudioChain returns a chain of filters, under the rules of NewVideoChain.
func NewAudioChain(required []string, filters ...SoundFilter) (*AudioChain, error) {
	if err := checkRequired(required, filters); err != nil {
		return nil, err
	}
	c := &AudioChain{filters: slices.Clone(filters), now: time.Now, took: make([]time.Duration, len(filters))}
	for _, f := range filters {
		if d, ok := f.(Delayer); ok {
			c.delay += d.Delay()
		}
	}
	return c, nil
}

// NewOpenAudioChain returns a chain that clears all sound as it is. It fails
// with ErrEmpty unless a policy gave its leave.
func NewOpenAudioChain(leave policy.Leave) (*AudioChain, error) {
	if !leave.Given() {
		return nil, ErrEmpty
	}
	return &AudioChain{now: time.Now}, nil
}

// Clear filters s in place. What it returns may be sent in every case: if a
// filter fails, panics, or leaves what is no sound, and while the filters do not
// keep up with the microphone, that is silence, with a *HeldError that says why.
// s.At must grow by frame.BlockFor from one call to the next; where it does not,
// sound is missing, and the filters are reset. Real-time: it does not allocate
// unless it fails.
func (c *AudioChain) Clear(s *frame.Sound) (ClearedSound, error) {
	c.notes = 0
	if c.begun && s.At != c.next {
		c.fresh = true
	}
	c.begun, c.next = true, s.At+frame.BlockFor
	if err := c.clear(s); err != nil {
		s.Wipe()
		return ClearedSound{s, c.delay}, err
	}
	return ClearedSound{s, c.delay}, nil
}

// clear leaves in s what may be sent, unless it fails. Its errors are *HeldErrors.
func (c *AudioChain) clear(s *frame.Sound) error {
	if c.dead != nil {
		return c.dead
	}
	if c.pace.resting() {
		c.pace, c.fresh = c.pace.rested(), true
		return c.late
	}
	if err := c.freshen(); err != nil {
		return err
	}
	began := c.now()
	from := began
	for i, f := range c.filters {
		if err := c.apply(f, s); err != nil {
			c.fresh = true
			c.count(c.now().Sub(began))
			return &HeldError{Filter: f.Name(), Err: err}
		}
		to := c.now()
		c.took[i] += (min(to.Sub(from), mostTook) - c.took[i]) / meanBlocks
		from = to
	}
	c.count(from.Sub(began))
	if c.pace.holds() {
		return c.late
	}
	return nil
}

// count takes into account what a block took, and says which filter is to blame
// when that begins to be too much.
func (c *AudioChain) count(took time.Duration) {
	held := c.pace.holds()
	c.pace = c.pace.after(took)
	if c.pace.holds() && !held {
		c.late = &HeldError{Filter: c.slowest(), Err: ErrLate}
	}
}

// freshen resets the filters if they are to be.
func (c *AudioChain) freshen() error {
	if !c.fresh {
		return nil
	}
	for _, f := range c.filters {
		r, ok := f.(Resetter)
		if !ok {
			continue
		}
		if err := guarded(r.Reset); err != nil {
			return &HeldError{Filter: f.Name(), Err: err}
		}
	}
	c.fresh = false
	return nil
}

// apply lets one filter work. After a panic of one that cannot be reset the chain
// is dead.
func (c *AudioChain) apply(f SoundFilter, s *frame.Sound) error {
	panicked := true
	err := guarded(func() error {
		err := f.Apply(s)
		if n, ok := f.(SoundNoter); ok && err == nil {
			c.notes |= n.Notes()
		}
		panicked = false
		return err
	})
	if _, ok := f.(Resetter); panicked && !ok {
		c.dead = &HeldError{Filter: f.Name(), Err: fmt.Errorf("%w: %w", ErrBroken, err)}
	}
	if err != nil {
		return err
	}
	for _, v := range s.Near {
		if v-v != 0 { // true of what is no number, and of what is endless
			return ErrNoSound
		}
	}
	return nil
}

// slowest is the name of the filter that takes the most time.
func (c *AudioChain) slowest() string {
	most := 0
	for i, d := range c.took {
		if d > c.took[most] {
			most = i
		}
	}
	return c.filters[most].Name()
}

// Again readies c for its source when that is opened anew: the filters are reset
// before the next sound, and keep what they have learnt of the room. It reports false
// if one of them is broken for good, for then only a new chain helps.
func (c *AudioChain) Again() bool {
	c.begun, c.fresh, c.pace, c.notes = false, true, pace{}, 0
	return c.dead == nil
}

// Delay returns how long all filters together keep a sound.
func (c *AudioChain) Delay() time.Duration { return c.delay }

// Notes returns what holds since the last Clear; after one that failed, what the
// filters before the failure told.
func (c *AudioChain) Notes() Notes { return c.notes }
