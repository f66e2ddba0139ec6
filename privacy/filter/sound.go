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

// A ClearedSound may be heard by others. It is good until the sound it was made
// of is used again. The zero value holds nothing.
type ClearedSound struct{ s *frame.Sound }

// Block returns the filtered 10 ms, to be read.
func (c ClearedSound) Block() *frame.Block { return &c.s.Near }

// At returns the sound's time.
func (c ClearedSound) At() time.Duration { return c.s.At }

// An AudioChain clears sound. It is used by one goroutine at a time.
type AudioChain struct{ filters []SoundFilter }

// NewAudioChain returns a chain of filters, under the rules of NewVideoChain.
func NewAudioChain(required []string, filters ...SoundFilter) (*AudioChain, error) {
	if err := checkRequired(required, filters); err != nil {
		return nil, err
	}
	return &AudioChain{filters: slices.Clone(filters)}, nil
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
	for _, f := range c.filters {
		if err := guarded(func() error { return f.Apply(s) }); err != nil {
			s.Wipe()
			return ClearedSound{s}, &HeldError{Filter: f.Name(), Err: err}
		}
	}
	return ClearedSound{s}, nil
}
