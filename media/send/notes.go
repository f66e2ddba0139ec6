package send

import (
	"math/bits"
	"time"

	"paravent/privacy/filter"
)

// settleFor is how long a note must hold, or be gone, before it is told: what
// flickers from one picture or sound to the next only disturbs. In their time.
const settleFor = 300 * time.Millisecond

// A steady set of notes changes only when a note has settled.
type steady struct {
	told  filter.Notes
	since [32]time.Duration // of each note that is other than told
	other filter.Notes      // those that are
}

// after takes the notes of a picture or a sound of the time at, and reports whether told is
// another now. It does not allocate.
func (s *steady) after(at time.Duration, n filter.Notes) bool {
	was := s.told
	now := n ^ s.told
	for left := now; left != 0; left &= left - 1 {
		bit := left & -left
		i := bits.TrailingZeros32(uint32(bit))
		switch {
		case s.other&bit == 0 || at < s.since[i]:
			s.since[i] = at
		case at-s.since[i] >= settleFor:
			s.told ^= bit
			now &^= bit
		}
	}
	s.other = now
	return s.told != was
}
