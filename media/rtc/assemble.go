package rtc

import (
	"time"
)

// ring is how many packets a picture track may have waiting: more than a
// second at 8 Mbit/s.
const ring = 1024

// An assembler puts the packets of a picture track in order and gives whole
// pictures. Where packets are missing it waits for them to be sent again, and
// where they do not come it goes on at the next keyframe. Its memory is
// bounded by the ring. It is used by one goroutine at a time.
type assembler struct {
	unpack unpacker
	wait   time.Duration // how long a missing packet is waited for
	slots  [ring]slot
	free   [][]byte // buffers of packets that are done

	open    bool   // pictures follow from next on; else a keyframe is waited for
	next    uint64 // the first packet of the next picture
	scanned uint64 // all packets from next to here are there and of one picture
	highest uint64
	any     bool
	gap     time.Time // since when a packet is missing; zero if none is
	frame   []byte    // what pop returned last

	strays int // packets in a row that were too old

	got, late, lost uint64 // packets
	skips           uint64 // times a keyframe had to be waited for
}

type slot struct {
	seq     uint64
	ts      uint32
	marker  bool
	used    bool
	payload []byte
	arrived time.Time
}

func newAssembler(u unpacker) *assembler {
	return &assembler{unpack: u, wait: 120 * time.Millisecond, highest: 1 << 16}
}

func (a *assembler) slot(seq uint64) *slot {
	if s := &a.slots[seq%ring]; s.used && s.seq == seq {
		return s
	}
	return nil
}

func (a *assembler) drop(s *slot) {
	if s.used {
		a.free = append(a.free, s.payload[:0])
		s.used, s.payload = false, nil
	}
}

// push takes a packet. It copies the payload. Real-time: it does not allocate
// once it has seen its share of packets.
func (a *assembler) push(p packet, now time.Time) {
	if !a.any {
		a.any, a.highest = true, 1<<16|uint64(p.seq)
	}
	seq := unwrap(a.highest, p.seq)
	switch {
	case seq+ring <= a.highest, a.open && seq < a.next:
		a.late++
		if a.strays++; a.strays < ring {
			return
		}
		// As many old ones in a row: the sender has begun anew.
		a.close()
		a.highest = unwrap(a.highest+1<<16, p.seq)
		seq = a.highest
	case a.open && seq >= a.next+ring:
		a.close()
	}
	a.strays = 0
	s := &a.slots[seq%ring]
	if s.used && s.seq == seq {
		return
	}
	a.drop(s)
	var b []byte
	if n := len(a.free); n > 0 {
		b, a.free = a.free[n-1], a.free[:n-1]
	}
	*s = slot{seq: seq, ts: p.ts, marker: p.marker, used: true, payload: append(b, p.payload...), arrived: now}
	a.got++
	if seq > a.highest {
		a.highest = seq
	}
	if !a.open && a.unpack.starts(p.payload) {
		a.start(seq)
	}
}

func (a *assembler) start(seq uint64) {
	for i := range a.slots {
		if s := &a.slots[i]; s.used && s.seq < seq {
			a.drop(s)
		}
	}
	a.open, a.next, a.scanned, a.gap = true, seq, seq, time.Time{}
}

// close gives up what is there and waits for a keyframe.
func (a *assembler) close() {
	a.open, a.gap = false, time.Time{}
	a.skips++
	for i := range a.slots {
		a.drop(&a.slots[i])
	}
}

// A picture is what pop gives.
type picture struct {
	data    []byte // good until the next pop
	ts      uint32
	arrived time.Time // of its last packet
	packets int
}

// pop returns the next whole picture, if there is one.
func (a *assembler) pop(now time.Time) (p picture, ok bool) {
	for a.open {
		end, state := a.find()
		switch state {
		case pictureWhole:
			if p, ok = a.take(end); ok {
				return p, true
			}
		case pictureUnfinished:
			return p, false
		case pictureBroken:
			if a.gap.IsZero() {
				a.gap = now
			}
			if now.Sub(a.gap) < a.wait {
				return p, false
			}
			a.skip()
		}
	}
	return p, false
}

type pictureState int

const (
	pictureUnfinished pictureState = iota // its end has not come yet
	pictureBroken                         // a packet is missing, later ones are there
	pictureWhole
)

// find looks for the end of the picture that begins at next.
func (a *assembler) find() (end uint64, state pictureState) {
	for s := a.slot(a.next); s != nil && len(s.payload) == 0; s = a.slot(a.next) { // padding
		a.drop(s)
		a.next++
		a.scanned = a.next
	}
	for q := a.scanned; ; q++ {
		s := a.slot(q)
		if s == nil {
			a.scanned = q
			if a.highest > q {
				return 0, pictureBroken
			}
			return 0, pictureUnfinished
		}
		if first := a.slot(a.next); s.ts != first.ts {
			return q, pictureWhole
		}
		if s.marker {
			return q + 1, pictureWhole
		}
	}
}

// take unpacks the picture from next to end. One that makes no sense is left
// out, and a keyframe waited for.
func (a *assembler) take(end uint64) (p picture, ok bool) {
	a.frame = a.frame[:0]
	a.unpack.begin()
	var err error
	for q := a.next; q < end; q++ {
		s := a.slot(q)
		if err == nil && len(s.payload) > 0 {
			a.frame, err = a.unpack.add(a.frame, s.payload)
		}
		if s.arrived.After(p.arrived) {
			p.arrived = s.arrived
		}
		p.ts = s.ts
		p.packets++
		a.drop(s)
	}
	a.next, a.scanned, a.gap = end, end, time.Time{}
	if err == nil {
		a.frame, err = a.unpack.end(a.frame)
	}
	if err != nil || len(a.frame) == 0 || len(a.frame) > maxFrame {
		a.close()
		return p, false
	}
	p.data = a.frame
	return p, true
}

// skip goes on at the next keyframe that has begun to arrive, or waits for one.
func (a *assembler) skip() {
	a.skips++
	for q := a.next; q <= a.highest; q++ {
		s := a.slot(q)
		if s == nil {
			a.lost++
			continue
		}
		if q > a.next && a.unpack.starts(s.payload) {
			a.start(q)
			return
		}
	}
	a.open, a.gap = false, time.Time{}
	for i := range a.slots {
		a.drop(&a.slots[i])
	}
}

// needsKeyframe reports that no picture can come until a keyframe does.
func (a *assembler) needsKeyframe() bool { return !a.open }

// deadline is when a missing packet is given up; zero if none is missing.
func (a *assembler) deadline() time.Time {
	if a.gap.IsZero() {
		return time.Time{}
	}
	return a.gap.Add(a.wait)
}
