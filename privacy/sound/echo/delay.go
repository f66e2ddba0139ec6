package echo

import (
	"math"
	"math/bits"
)

// The figures of the search for the delay.
const (
	most   = 52       // blocks of delay that are looked for
	ahead  = 3        // blocks before the strongest sound where the filter begins
	within = 8        // how many blocks after its beginning the strongest sound may lie
	digits = 32       // bands
	lowest = 5        // bin where the bands begin: 250 Hz
	wide   = 3        // bins a band: 150 Hz, so up to 5 kHz
	slowly = 1.0 / 50 // share of a new block in the mean of a band
	memory = 1.0 / 60 // and in the mean distance at a delay
	fewest = 4        // bands above their mean, for a block to say something
	valley = .08      // how much less than the mean the least distance must be
	often  = 8        // and for how many blocks
)

// A seeker finds how late the microphone hears the loudspeaker. A spectrum is made
// one bit a band, above its mean or not; the delay at which the bits of both
// differ least is the one. That needs no levels, and bears distortion and many
// rooms (binary spectra, as in WebRTC's delay estimator).
type seeker struct {
	farMean, nearMean [digits]float32
	far               [most]uint32 // the newest first, in a ring at at
	at                int
	apart             [most]float32 // the mean share of bits that differ
	best, votes       int
	found             bool
}

func newSeeker() *seeker {
	s := &seeker{}
	for i := range s.apart {
		s.apart[i] = .5
	}
	return s
}

// play takes a block of the far end.
func (s *seeker) play(x *line) {
	s.at = (s.at + most - 1) % most
	s.far[s.at] = digest(&s.farMean, x)
}

// hear takes a block of the microphone, and returns the delay in blocks; ok says
// whether it is sure of it.
func (s *seeker) hear(x *line) (delay int, ok bool) {
	word := digest(&s.nearMean, x)
	best, sum := 0, float32(0)
	for i := range s.apart {
		// A pause of the far end says nothing.
		if far := s.far[(s.at+i)%most]; bits.OnesCount32(far) >= fewest {
			d := float32(bits.OnesCount32(far^word)) / digits
			s.apart[i] += (d - s.apart[i]) * memory
		}
		sum += s.apart[i]
		if s.apart[i] < s.apart[best] {
			best = i
		}
	}
	if best == s.best {
		s.votes++
	} else {
		s.best, s.votes = best, 0
	}
	ok = s.votes >= often && s.apart[best] < sum/most-valley
	s.found = s.found || ok
	return best, ok
}

// digest returns which bands of a spectrum are above their mean.
func digest(mean *[digits]float32, x *line) uint32 {
	var word uint32
	k := lowest
	for b := range mean {
		var sum float32
		for range wide {
			v := x[k]
			sum += real(v)*real(v) + imag(v)*imag(v)
			k++
		}
		sum = float32(math.Sqrt(float64(sum)))
		if sum > mean[b] {
			word |= 1 << b
		}
		mean[b] += (sum - mean[b]) * slowly
	}
	return word
}
