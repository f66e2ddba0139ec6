// Package sound holds the filters of the microphone's sound.
//
// They work on one block of 10 ms at a time, in place, without the network,
// without files and without memory beyond their own: nothing of the room is
// kept.
package sound

import (
	"math"

	"paravent/media/frame"
)

// A Mode says how much a gate lets through.
type Mode int

// The modes.
const (
	Near   Mode = iota // a voice at the microphone, also a low one
	Strict             // only a clear voice; words may lose their ends
)

// The figures of the gate. It looks at parts of 2.5 ms.
const (
	part      = frame.BlockLen / 4
	attack    = 2 * part // samples from shut to open: 5 ms
	release   = 8 * part // samples from open to shut: 20 ms
	sureParts = 2        // parts that must be loud before it opens: 5 ms
	holdParts = 80       // parts that it stays open after the last loud one: 200 ms
	lowerBy   = 4        // what keeps it open may be lower than what opens it: 6 dB, as power
	spanParts = 200      // the floor is the least level of the last
	spans     = 6        // six spans of half a second
	fresh     = 1.0 / 4  // share of a part in the fast envelope
	steady    = 1.0 / 16 // and in the slow one, whose least is the floor
	rumble    = 0.988    // pole of the high-pass, below 90 Hz, that is measured behind
	nothing   = math.MaxFloat32
	tiny      = 1e-9 // −180 dBFS
)

// A Gate gives exact zeros unless somebody speaks near the microphone. It goes
// by level alone: loud enough, and well above the noise of the room, which it
// learns from the quietest moment of the last three seconds. So it does not
// open for what hums steadily, and does open for whoever is loud. It begins
// shut, and stays shut until it knows the room.
//
// It stands in for a gate that knows near from far.
type Gate struct {
	least float32 // mean square that opens, at least
	above float32 // and this many times the floor

	gain  float32
	sure  int // loud parts in a row
	hold  int // parts left until it closes
	fast  float32
	slow  float32
	lows  [spans]float32 // the least of slow in each span
	parts int            // of the current span
	warm  int            // parts until the floor is believed
	in    float32        // the last sample
	out   float32        // the same, behind the high-pass
}

// NewGate returns a gate that is shut.
func NewGate(m Mode) *Gate {
	g := &Gate{least: power(-45), above: power(9), warm: spanParts / 5, slow: 1}
	if m == Strict {
		g.least, g.above = power(-36), power(15)
	}
	for i := range g.lows {
		g.lows[i] = nothing
	}
	return g
}

// power turns dB into a ratio of powers.
func power(db float64) float32 { return float32(math.Pow(10, db/10)) }

// Name implements filter.SoundFilter.
func (*Gate) Name() string { return "gate" }

// Apply implements filter.SoundFilter. Real-time: it does not allocate.
func (g *Gate) Apply(s *frame.Sound) error {
	for i := 0; i < frame.BlockLen; i += part {
		g.fade(s.Near[i:i+part], g.hears(s.Near[i:i+part]))
	}
	return nil
}

// hears measures a part, and reports whether the gate is to be open for it.
func (g *Gate) hears(x []float32) bool {
	sum, in, out := float32(0), g.in, g.out
	for i, v := range x {
		if !(v >= -1 && v <= 1) {
			v = 0
			x[i] = 0 // not a number, or out of scale: no sound that can be judged
		}
		out = v - in + rumble*out
		in = v
		if out < tiny && out > -tiny {
			out = 0 // what fades out for ever is slow to count with
		}
		sum += out * out
	}
	g.in, g.out = in, out
	level := sum / part
	g.fast = max(g.fast+(level-g.fast)*fresh, tiny*tiny)
	g.slow = max(g.slow+(level-g.slow)*steady, tiny*tiny)
	floor := g.learn()
	if g.warm > 0 {
		g.warm--
		return false
	}

	open := max(g.least, floor*g.above)
	now := min(level, 4*g.fast) // a single sample's click is no voice
	if now > open {
		g.sure++
	} else {
		g.sure = 0
	}
	switch {
	case g.sure >= sureParts, g.hold > 0 && g.fast > open/lowerBy:
		g.hold = holdParts
	case g.hold > 0:
		g.hold--
	}
	return g.hold > 0
}

// learn returns the noise floor, as mean square.
func (g *Gate) learn() float32 {
	if g.parts++; g.parts > spanParts {
		g.parts = 1
		copy(g.lows[1:], g.lows[:])
		g.lows[0] = nothing
	}
	if g.warm <= spanParts/10 { // the slow envelope has arrived by now
		g.lows[0] = min(g.lows[0], g.slow)
	}
	floor := float32(nothing)
	for _, l := range g.lows {
		floor = min(floor, l)
	}
	return floor
}

// fade moves the gain to where it belongs, and applies it.
func (g *Gate) fade(x []float32, open bool) {
	step := float32(-1.0 / release)
	if open {
		step = 1.0 / attack
	}
	gain := g.gain
	for i := range x {
		switch gain += step; {
		case gain >= 1:
			gain = 1
		case gain <= 0:
			gain = 0
			x[i] = 0 // exactly, so that the encoder has nothing to send
		default:
			x[i] *= gain
		}
	}
	g.gain = gain
}
