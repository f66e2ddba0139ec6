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
}

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
	leastSpeech = 200 // windows of 10 ms in which somebody speaks
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
	sorted := slices.Clone(m.totals)
	slices.Sort(sorted)
	loud := sorted[len(sorted)*95/100]
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
	return r, nil
}
