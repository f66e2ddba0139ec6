package send

import (
	"math"
	"sync/atomic"
	"time"

	"paravent/media/frame"
)

// A Meter counts what lines do. One line writes to it at a time; it may be read by
// several goroutines at any time. The zero Meter is at zero, and nil counts
// nothing. Real-time: it neither blocks nor allocates.
type Meter struct {
	pictures atomic.Uint64
	took     atomic.Int64
	blocks   atomic.Uint64
	energy   atomic.Uint64 // bits of a float64
	peak     atomic.Uint32 // bits of a float32 that is not negative
}

// Counts is what a Meter counted up to now.
type Counts struct {
	Pictures uint64        // cleared
	Took     time.Duration // in the filters, all together
	Blocks   uint64        // of 10 ms of sound, cleared
	Energy   float64       // the mean squares of the blocks, all together; full scale is 1
}

func (m *Meter) picture(took time.Duration) {
	if m != nil {
		m.pictures.Add(1)
		m.took.Add(int64(took))
	}
}

func (m *Meter) sound(b *frame.Block) {
	if m == nil {
		return
	}
	sum, peak := 0.0, float32(0)
	for _, v := range b {
		sum += float64(v) * float64(v)
		peak = max(peak, v, -v)
	}
	for old := m.peak.Load(); peak > math.Float32frombits(old); old = m.peak.Load() {
		if m.peak.CompareAndSwap(old, math.Float32bits(peak)) {
			break
		}
	}
	m.blocks.Add(1)
	m.energy.Store(math.Float64bits(math.Float64frombits(m.energy.Load()) + sum/frame.BlockLen))
}

// Counts returns what was counted.
func (m *Meter) Counts() Counts {
	return Counts{
		Pictures: m.pictures.Load(), Took: time.Duration(m.took.Load()),
		Blocks: m.blocks.Load(), Energy: math.Float64frombits(m.energy.Load()),
	}
}

// TakePeak returns the largest sample since it was asked last; full scale is 1.
func (m *Meter) TakePeak() float32 { return math.Float32frombits(m.peak.Swap(0)) }
