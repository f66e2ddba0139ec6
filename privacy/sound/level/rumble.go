package level

import (
	"paravent/media/frame"
	"paravent/privacy/filter"
)

// The figures of a Rumble.
const (
	corner     = 90    // Hz: below the lowest voices, above steps, traffic and the hum of 50 Hz
	fullScale  = 0.999 // from here on a 16-bit microphone is at its end
	clippedRun = 4     // samples in a row there: a voice that touches it once is not distorted
	clipBlocks = 200   // for how long it is told: 2 s
)

// A Rumble takes out what is below a voice: rumble, hum and direct current. It is
// the first of the chain, so it also takes out what is no sound at all, from both
// ends, and sees when the microphone distorts.
type Rumble struct {
	pass    section
	run     int     // samples in a row at full scale
	at      float32 // the last of them, for its sign
	clipped int     // blocks for which it is told still
}

// NewRumble returns a high-pass of second order at 90 Hz.
func NewRumble() *Rumble { return &Rumble{pass: highPass(corner, frame.Rate)} }

// Name implements filter.SoundFilter.
func (*Rumble) Name() string { return "rumble" }

// Apply implements filter.SoundFilter. Samples that are no numbers, endless, or at
// twice full scale and more become zeros, others beyond full scale become full
// scale, in s.Far as well. Real-time: it does not block or allocate.
func (r *Rumble) Apply(s *frame.Sound) error {
	if r.clipped > 0 {
		r.clipped--
	}
	for i := range s.Near {
		v := sane(s.Near[i])
		r.watch(v)
		s.Near[i] = float32(r.pass.next(float64(v)))
		s.Far[i] = sane(s.Far[i])
	}
	r.pass.settle()
	return nil
}

// watch counts samples in a row at one end of the scale.
func (r *Rumble) watch(v float32) {
	if v < fullScale && v > -fullScale {
		r.run = 0
		return
	}
	if v*r.at < 0 {
		r.run = 0
	}
	r.run++
	r.at = v
	if r.run >= clippedRun {
		r.clipped = clipBlocks
	}
}

// Notes implements filter.SoundNoter.
func (r *Rumble) Notes() filter.Notes {
	if r.clipped > 0 {
		return filter.Clipping
	}
	return 0
}

// Reset implements filter.Resetter.
func (r *Rumble) Reset() error {
	r.pass.reset()
	r.run = 0
	return nil
}

// absurd is a sample that no microphone gives. Cut to full scale it would be a bang,
// at which a gate may open.
const absurd = 2

// sane returns v within full scale, and zero for what is no number, endless or absurd.
func sane(v float32) float32 {
	switch {
	case !(v < absurd && v > -absurd):
		return 0
	case v > 1:
		return 1
	case v < -1:
		return -1
	}
	return v
}
