package receive

import (
	"time"

	"paravent/media/codec"
)

const (
	slotCount = 128  // packets that may wait; 1.28 s of the shortest
	slotLen   = 1500 // bytes of the longest packet
	// staleRun is how many packets in a row may be late before the sender is
	// taken to have begun anew.
	staleRun = 50
)

// A slot holds a copy of one packet.
type slot struct {
	full     bool
	seq      uint64
	at       time.Duration
	captured time.Time
	n        int
	data     [slotLen]byte
}

func (s *slot) bytes() []byte { return s.data[:s.n] }

// slots hold packets by their number, whatever the order they came in.
type slots struct {
	all   []slot
	begun bool
	want  uint64 // the number that is played next
	count int
	stale int // late packets in a row
}

// A fate is what became of a packet.
type fate int

const (
	kept fate = iota
	late
	duplicate
	tooLarge
	overflow // kept, and all others thrown away
)

func (s *slots) init() { s.all = make([]slot, slotCount) }

func (s *slots) put(p codec.Packet) fate {
	if len(p.Data) > slotLen || len(p.Data) == 0 {
		return tooLarge
	}
	out := kept
	switch {
	case !s.begun:
		s.begun, s.want = true, p.Seq
	case p.Seq < s.want:
		if s.stale++; s.stale < staleRun {
			return late
		}
		s.restart(p.Seq)
		out = overflow
	case p.Seq-s.want >= slotCount:
		s.restart(p.Seq)
		out = overflow
	}
	s.stale = 0
	e := &s.all[p.Seq%slotCount]
	if e.full {
		return duplicate
	}
	e.full, e.seq, e.at, e.captured = true, p.Seq, p.At, p.Captured
	e.n = copy(e.data[:], p.Data)
	s.count++
	return out
}

func (s *slots) restart(seq uint64) {
	for i := range s.all {
		s.all[i].full = false
	}
	s.count, s.want = 0, seq
}

// first returns the earliest packet that waits, or nil.
func (s *slots) first() *slot {
	if s.count == 0 {
		return nil
	}
	for i := range uint64(slotCount) {
		if e := &s.all[(s.want+i)%slotCount]; e.full {
			return e
		}
	}
	return nil
}

// take empties e and goes on after it.
func (s *slots) take(e *slot) {
	e.full = false
	s.count--
	s.want = e.seq + 1
}
