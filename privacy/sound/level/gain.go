package level

import (
	"math"

	"paravent/media/frame"
)

// The figures of a Gain.
const (
	// target is the loudness of speech, in LUFS, that Gain steers to. It is the
	// programme level of EBU R 128. Of speech without pauses, as is measured here,
	// the peaks are then some 15 dB higher, and still below the limiter's knee.
	target   = -23.0
	least    = -12.0 // dB of gain
	most     = 15.0
	near     = 1.0  // dB from the target that are left as they are, so that nothing pumps
	up       = 0.03 // dB a block: 3 dB/s of speech
	down     = 0.12 // 12 dB/s
	speaks   = 0.5  // of speech, from which on a block is the person's
	silence  = -70  // LUFS: below this nothing is learnt; the absolute gate of BS.1770
	longest  = 200  // blocks of speech that the level is a mean of: 2 s
	offset   = -0.691
	baseline = 1e-12 // a mean square, to take the logarithm of
)

// A Gain brings the voice of one person to the level of a conversation, and lets
// no peak through that others would hear distorted.
//
// It learns only from blocks in which the room gate says that the person speaks.
// So a bystander cannot turn it up, nor can silence: what the gate left of others
// gets the gain that the person's own voice has, and no more. In all other blocks
// the gain stands still, to the last bit.
//
// The level is the loudness of ITU-R BS.1770-5: mean square behind its K weighting,
// over the last two seconds of speech. A mean of squares follows a shout at once
// and a whisper slowly, which is how it should be. Exact zeros stay exact zeros, so
// that the encoder has nothing to send.
//
// 2026-11-25: the gain stands before the limiter and learns from what comes in, so
// that it cannot chase itself, and the limiter's work is not taken for a low voice.
type Gain struct {
	speech     func() float32
	shelf, low section
	mean       float64 // mean square of speech
	blocks     int     // that mean is of, at most longest
	db         float64 // the gain that is to be reached
	gain       float32 // the same as a ratio, at the end of the last block
	limit      limiter
}

// NewGain returns a gain of 0 dB that has learnt nothing. speech is asked once a
// block, on the goroutine of Apply, how much of the block that Apply was given is
// the person speaking, from 0 to 1; it must not block or allocate.
func NewGain(speech func() float32) *Gain {
	g := &Gain{speech: speech, gain: 1, limit: limiter{gain: 1}}
	g.shelf, g.low = kWeighting()
	return g
}

// Name implements filter.SoundFilter.
func (*Gain) Name() string { return "gain" }

// Apply implements filter.SoundFilter. Real-time: it does not block or allocate.
func (g *Gain) Apply(s *frame.Sound) error {
	heard, speech := g.loudness(&s.Near), g.speech()
	if speech >= speaks && loud(heard) > silence && s.Near != (frame.Block{}) {
		g.learn(heard)
	}
	goal := float32(ratio(g.db))
	if goal != g.gain || goal != 1 {
		step := (goal - g.gain) / frame.BlockLen
		for i := range s.Near {
			s.Near[i] *= g.gain + step*float32(i+1)
		}
		g.gain = goal
	}
	g.limit.apply(&s.Near)
	return nil
}

// DB returns the gain in dB that is in force.
func (g *Gain) DB() float64 { return g.db }

// loudness returns the mean square of a block behind the weighting.
func (g *Gain) loudness(b *frame.Block) float64 {
	sum := 0.0
	for _, v := range b {
		w := g.low.next(g.shelf.next(float64(v)))
		sum += w * w
	}
	g.shelf.settle()
	g.low.settle()
	return sum / frame.BlockLen
}

// loud is the loudness in LUFS of a weighted mean square.
func loud(square float64) float64 { return offset + 10*math.Log10(square+baseline) }

// learn takes a block of the person's speech into account.
func (g *Gain) learn(square float64) {
	g.blocks = min(g.blocks+1, longest)
	g.mean += (square - g.mean) / float64(g.blocks)
	want := min(max(target-loud(g.mean), least), most)
	switch off := want - g.db; {
	case off > near, off > 0 && want == most:
		g.db += min(off, up)
	case off < -near, off < 0 && want == least:
		g.db -= min(-off, down)
	}
}

// Reset implements filter.Resetter. What was learnt of the person's voice stays, if
// it is within its range.
func (g *Gain) Reset() error {
	g.shelf.reset()
	g.low.reset()
	g.limit = limiter{gain: 1}
	if !(g.mean >= 0 && g.mean <= 4) || g.blocks < 0 || g.blocks > longest || !(g.db >= least && g.db <= most) {
		g.mean, g.blocks, g.db = 0, 0, 0
	}
	g.gain = float32(ratio(g.db))
	return nil
}
