package gate

import (
	"errors"
	"math"
	"slices"
)

// A Reference is how the person sounds at a device and a place: the level of each
// band while they speak, in dB, and the mean of the cues. It is no voice print:
// it tells how near and how loud somebody is, not who.
type Reference struct {
	Levels [Bands]float32
	Cues   [Cues]float32

	// Fall is by how many dB the voice falls within 60 ms where it falls quickly, which
	// it cannot do where the room rings; 0 if that was not measured.
	Fall float32
}

// live is the Fall below which near and far sound alike. Over 400 simulated rooms
// it is 9.5 ± 0.9 where the room is louder than the voice itself by 4 dB, and
// 14.4 ± 2.9 where it is 4 to 8 dB below (2026-11-25).
const live = 10.5

// TooLive reports whether the room rings so much, at this distance, that near and
// far can hardly be told apart.
func (r Reference) TooLive() bool { return r.Fall > 0 && r.Fall < live }

// whole returns the level of all bands together, in dB.
func (r Reference) whole() float32 {
	sum := 0.0
	for _, l := range r.Levels {
		sum += math.Pow(10, float64(l)/10)
	}
	return float32(10 * math.Log10(sum))
}

// The errors of a Meter.
var (
	ErrShort = errors.New("too little speech")
	ErrQuiet = errors.New("too quiet")
)

const (
	leastSpeech = 100 // windows of 10 ms in which somebody speaks
	mostWindows = 6000
	within      = 25 // dB below the loudest that still count as speech
	leastLevel  = -70
)

// A Meter listens to the person alone and makes a Reference of it.
type Meter struct {
	ear    *Ear
	level  [][Bands]float32
	cues   [][Cues]float32
	totals []float32
}

// NewMeter returns a meter that has heard nothing.
func NewMeter() *Meter { return &Meter{ear: NewEar(Reference{})} }

// Hear takes one more window of n samples by its spectrum. After a minute it
// hears no more.
func (m *Meter) Hear(x []complex64, n int) {
	if len(m.totals) == mostWindows {
		return
	}
	m.ear.measure(x, n)
	sum := float32(0)
	for _, p := range m.ear.power {
		sum += p
	}
	m.level = append(m.level, m.ear.level)
	m.cues = append(m.cues, m.ear.cues)
	m.totals = append(m.totals, db(sum))
}

// Reference returns what was heard as a reference. The error wraps ErrShort or
// ErrQuiet.
func (m *Meter) Reference() (Reference, error) {
	if len(m.totals) < leastSpeech {
		return Reference{}, ErrShort
	}
	loud := share(m.totals, 95)
	if loud < leastLevel {
		return Reference{}, ErrQuiet
	}
	var r Reference
	count := 0
	for i, t := range m.totals {
		if t < loud-within {
			continue
		}
		count++
		for b, l := range m.level[i] {
			r.Levels[b] += l
		}
		for c, v := range m.cues[i] {
			r.Cues[c] += v
		}
	}
	if count < leastSpeech {
		return Reference{}, ErrShort
	}
	for b := range r.Levels {
		r.Levels[b] /= float32(count)
	}
	for c := range r.Cues {
		r.Cues[c] /= float32(count)
	}
	r.Fall = m.fall()
	return r, nil
}

// fall measures the quickest falls of what was heard, in groups of bands from 400 Hz
// to 5 kHz.
func (m *Meter) fall() float32 {
	const (
		group  = 6  // bands
		apart  = 6  // windows: 60 ms
		before = 12 // dB below the loudest from which a fall counts
	)
	var falls []float32
	for first := group; first+group <= Bands; first += group {
		levels := make([]float32, len(m.level))
		for i, l := range m.level {
			sum := 0.0
			for _, v := range l[first : first+group] {
				sum += math.Pow(10, float64(v)/10)
			}
			levels[i] = db(float32(sum))
		}
		loud := share(levels, 95)
		for i, l := range levels[:max(0, len(levels)-apart)] {
			if l > loud-before {
				falls = append(falls, l-levels[i+apart])
			}
		}
	}
	return max(0.1, share(falls, 97))
}

// share returns what the given per cent of x do not exceed.
func share(x []float32, percent int) float32 {
	sorted := slices.Clone(x)
	slices.Sort(sorted)
	return sorted[len(sorted)*percent/100]
}
