package filter

import (
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
type AudioChain struct {
	filters []SoundFilter
	delay   time.Duration
	notes   Notes
}

// NewAudioChain returns a chain of filters, under the rules of NewVideoChain.
func NewAudioChain(required []string, filters ...SoundFilter) (*AudioChain, error) {
	if err := checkRequired(required, filters); err != nil {
		return nil, err
	}
	c := &AudioChain{filters: slices.Clone(filters)}
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
	return &AudioChain{}, nil
}

// Clear filters s in place. What it returns may be sent in every case: if a
// filter fails or panics, that is silence, with a *HeldError that says why.
// Real-time: it does not allocate unless it fails.
func (c *AudioChain) Clear(s *frame.Sound) (ClearedSound, error) {
	c.notes = 0
	for _, f := range c.filters {
		if err := guarded(func() error { return f.Apply(s) }); err != nil {
			s.Wipe()
			return ClearedSound{s, c.delay}, &HeldError{Filter: f.Name(), Err: err}
		}
		if n, ok := f.(SoundNoter); ok {
			c.notes |= n.Notes()
		}
	}
	return ClearedSound{s, c.delay}, nil
}

// Delay returns how long all filters together keep a sound.
func (c *AudioChain) Delay() time.Duration { return c.delay }

// Notes returns what holds since the last Clear; after one that failed, what the
// filters before the failure told.
func (c *AudioChain) Notes() Notes { return c.notes }
