package soundcard

import (
	"sync/atomic"

	"paravent/media/frame"
)

const (
	tapLen = 64 // blocks: 640 ms
	// slack is how many blocks the far end is read behind what was written, so
	// that neither thread waits for the other. It must stay below the way from
	// the speaker's buffer through the room, or the echo would come before its
	// cause.
	slack = 2
	// driftLooks is how many blocks show whether the two devices have drifted
	// apart: one second.
	driftLooks = 100
	// silentLooks is after how many blocks without a new one the speaker counts
	// as off.
	silentLooks = 10
	// fewHoles is how many of the blocks of driftLooks may be missing because the
	// speaker's thread was late. When the speaker is the slower device, every
	// second one is, until the distance is set anew.
	fewHoles = driftLooks / 4
)

// A tap hands what the speaker plays to the microphone's thread, for one writer
// and one reader, without a lock. It counts blocks, so that the n-th block of
// one and the m-th of the other keep their distance also when a thread is late:
// then there is silence in the far end, and no shift.
type tap struct {
	written atomic.Uint64
	blocks  [tapLen]frame.Block
}

// write adds a block. Real-time: it must not block or allocate.
func (t *tap) write(b *frame.Block) {
	w := t.written.Load()
	t.blocks[w%tapLen] = *b
	t.written.Store(w + 1)
}

// A tapReader is one microphone's place in a tap.
type tapReader struct {
	*tap
	on     bool
	pos    uint64 // the next block to read
	seen   uint64 // written, when it last grew
	same   int    // reads since then
	low    int    // the least distance of late
	holes  int    // reads of late that found nothing
	looks  int    // reads that low and holes are of
	shifts uint64 // how often the distance was set anew
}

// read writes to out what is to be paired with the block just heard.
// Real-time: it must not block or allocate.
func (r *tapReader) read(out *frame.Block) {
	w := r.written.Load()
	if w == r.seen {
		if r.same++; r.same > silentLooks {
			r.on = false
		}
	} else {
		r.seen, r.same = w, 0
		if !r.on && w >= slack {
			r.on = true
			r.place(w)
		}
	}
	if !r.on {
		*out = frame.Block{}
		return
	}
	level := int(int64(w) - int64(r.pos))
	r.low = min(r.low, level)
	switch {
	case level > 0 && level < tapLen-slack:
		*out = r.blocks[r.pos%tapLen]
	default:
		*out = frame.Block{}
		r.holes++
	}
	r.pos++
	if r.looks++; r.looks == driftLooks {
		// low is 1 or 2 while all is well; the device that is quicker moves it.
		if r.holes > fewHoles || r.low > slack+1 {
			r.place(w)
		}
		r.low, r.holes, r.looks = tapLen, 0, 0
	}
}

func (r *tapReader) place(w uint64) {
	r.pos, r.low, r.holes, r.looks = w-slack, tapLen, 0, 0
	r.shifts++
}
