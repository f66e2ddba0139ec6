// Package level holds the two ends of the chain of sound: what takes the rumble
// out of the microphone before anything else listens, and what brings the voice of
// the person to the level of a conversation after the room was taken away.
//
//	microphone ─► Rumble ─► echo canceller ─► room gate ─► Gain ─► Opus
//	                                              └─ speech ──┘
//
// Both work on blocks of 10 ms in place, keep no sound back and allocate nothing.
package level

import "math"

// A section is a filter of second order, in the transposed direct form II. Its
// state is wider than the samples, for the poles of deep filters are close to 1.
type section struct {
	b0, b1, b2, a1, a2 float64
	z1, z2             float64
}

// next filters one sample. Real-time: it does not block or allocate.
func (s *section) next(v float64) float64 {
	out := s.b0*v + s.z1
	s.z1 = s.b1*v - s.a1*out + s.z2
	s.z2 = s.b2*v - s.a2*out
	return out
}

// settle takes out what has faded below anything that can be heard, for numbers
// that fade out for ever are slow to count with.
func (s *section) settle() {
	const faded = 1e-15
	if math.Abs(s.z1) < faded && math.Abs(s.z2) < faded {
		s.z1, s.z2 = 0, 0
	}
}

func (s *section) reset() { s.z1, s.z2 = 0, 0 }

// highPass returns a Butterworth high-pass of second order at the given corner, in
// Hz, where it is 3 dB down; below that it falls by 12 dB an octave. It is the
// bilinear transform as in R. Bristow-Johnson's "Cookbook formulae for audio
// equalizer biquad filter coefficients", with Q = 1/√2.
func highPass(corner, rate float64) section {
	w := 2 * math.Pi * corner / rate
	cos, alpha := math.Cos(w), math.Sin(w)/math.Sqrt2
	a0 := 1 + alpha
	return section{
		b0: (1 + cos) / 2 / a0, b1: -(1 + cos) / a0, b2: (1 + cos) / 2 / a0,
		a1: -2 * cos / a0, a2: (1 - alpha) / a0,
	}
}

// kWeighting returns the two sections that weight sound as ITU-R BS.1770-5, annex
// 1, tables 1 and 2, gives them for 48 kHz: the head's shelf, and a high-pass.
func kWeighting() (shelf, low section) {
	shelf = section{
		b0: 1.53512485958697, b1: -2.69169618940638, b2: 1.19839281085285,
		a1: -1.69065929318241, a2: 0.73248077421585,
	}
	low = section{b0: 1, b1: -2, b2: 1, a1: -1.99004745483398, a2: 0.99007225036621}
	return shelf, low
}

// ratio turns dB into a ratio of amplitudes.
func ratio(db float64) float64 { return math.Pow(10, db/20) }
