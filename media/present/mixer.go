package present

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"paravent/media/frame"
)

const (
	// knee is where the sum of all sources begins to be pressed together; below
	// it nothing is changed.
	knee = 0.8
	// tooMuch is far above what any number of voices adds up to.
	tooMuch = 1e4
	// recovery is how much of the way back to full gain is taken in a block: the
	// gain is back after about 300 ms.
	recovery = 1.0 / 30
)

// A Mixer adds sources to one. Where the sum would be too loud it turns it
// down, at once, and up again slowly, and what is left over it rounds off, so
// that nothing is cut off.
type Mixer struct {
	lines atomic.Pointer[[]*mixed] // never changed in place

	mu sync.Mutex // guards the exchange of lines; Pull does not take it

	// What follows belongs to the goroutine that pulls.
	one  frame.Block
	gain float32
}

// A mixed is a source of a Mixer.
type mixed struct {
	src    AudioSource
	volume *Volume

	mu   sync.Mutex // held while src is pulled
	gone bool
	gain float32 // at the end of the last block
}

// MostGain is the largest gain of a Volume.
const MostGain = 2

// A Volume is how loud a source of a Mixer is heard. The zero Volume leaves it as
// it is. It may be used by several goroutines.
type Volume struct{ less atomic.Uint32 } // bits of 1 − gain, so that zero is no change

// Set makes the gain g, within 0 and MostGain. What is heard gets there within
// the next block, so without a click. Real-time.
func (v *Volume) Set(g float32) {
	v.less.Store(math.Float32bits(1 - max(0, min(g, MostGain))))
}

// Gain returns what was set. No Volume is a gain of 1.
func (v *Volume) Gain() float32 {
	if v == nil {
		return 1
	}
	return 1 - math.Float32frombits(v.less.Load())
}

// NewMixer returns a mixer of nothing, which is silent.
func NewMixer() *Mixer {
	m := &Mixer{gain: 1}
	m.lines.Store(&[]*mixed{})
	return m
}

// Add lets src be heard, as loud as v says, until remove is called; nil leaves it
// as it is. When remove returns, src is not
// pulled any more, so it may be closed then; src must not call it from Pull.
// Both may be called by several goroutines.
func (m *Mixer) Add(src AudioSource, v *Volume) (remove func()) {
	line := &mixed{src: src, volume: v, gain: v.Gain()}
	m.change(func(all []*mixed) []*mixed { return append(slices.Clone(all), line) })
	return func() {
		m.change(func(all []*mixed) []*mixed {
			return slices.DeleteFunc(slices.Clone(all), func(l *mixed) bool { return l == line })
		})
		line.mu.Lock()
		line.gone = true
		line.mu.Unlock()
	}
}

func (m *Mixer) change(to func([]*mixed) []*mixed) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := to(*m.lines.Load())
	m.lines.Store(&all)
}

// Pull implements AudioSource. It is used by one goroutine at a time.
// Real-time: it does not allocate, and it waits for nobody but a remove that
// has just begun.
func (m *Mixer) Pull(out *frame.Block) {
	*out = frame.Block{}
	for _, l := range *m.lines.Load() {
		if !l.pull(&m.one) {
			continue
		}
		for i, v := range m.one {
			out[i] += v
		}
	}
	m.limit(out)
}

func (l *mixed) pull(b *frame.Block) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone {
		return false
	}
	l.src.Pull(b)
	l.fade(b)
	return true
}

// fade applies the volume, on a straight line from where the last block ended.
func (l *mixed) fade(b *frame.Block) {
	from, to := l.gain, l.volume.Gain()
	l.gain = to
	if from == 1 && to == 1 {
		return
	}
	if from == 0 && to == 0 {
		*b = frame.Block{}
		return
	}
	step := (to - from) / frame.BlockLen
	for i := range b {
		b[i] *= from + step*float32(i+1)
	}
}

// limit keeps out within full scale.
func (m *Mixer) limit(out *frame.Block) {
	peak := float32(0)
	for i, v := range out {
		if !(v > -tooMuch && v < tooMuch) {
			out[i] = 0 // endless, or not a number: it would be heard as a bang
			continue
		}
		peak = max(peak, v, -v)
	}
	goal := float32(1)
	if peak > knee {
		goal = knee / peak
	}
	before := m.gain
	if goal < before {
		m.gain = goal
	} else {
		m.gain += (goal - before) * recovery
		if 1-m.gain < 1e-3 {
			m.gain = min(1, goal)
		}
	}
	if before == 1 && m.gain == 1 {
		return
	}
	step := (m.gain - before) / frame.BlockLen
	if m.gain < before {
		step *= 10 // within the first millisecond
	}
	g := before
	for i, v := range out {
		if g += step; (step < 0) == (g < m.gain) {
			g = m.gain
		}
		out[i] = round(v * g)
	}
}

// round presses what is above the knee below full scale.
func round(v float32) float32 {
	if v <= knee && v >= -knee {
		return v
	}
	over := (math.Abs(float64(v)) - knee) / (1 - knee)
	return float32(math.Copysign(knee+(1-knee)*math.Tanh(over), float64(v)))
}
