package main

import (
	"math"
	"slices"
)

// The figures of dressing. Levels are in dB relative to full scale, or between
// levels; frames are of 10 ms.
const (
	rate      = 16000 // Hz, one channel
	frameLen  = rate / 100
	lowEdge   = 70   // Hz, of the band that is kept
	highEdge  = 7000 // Hz: what G.722 carries
	level     = -26  // dBFS, the mean square of what sounds
	soundsTo  = 25   // dB below the loud frames: counts for the level
	silence   = 35   // dB below the loud frames: silence
	noSound   = -75  // dBFS: silence, however loud the rest
	tooQuiet  = -60  // dBFS: a recording whose loud frames lie below holds nothing
	margin    = 8    // frames of silence kept on either side of sound
	ramp      = 80   // samples of fade at the ends of a clip: 5 ms
	gap       = 1600 // samples of zeros between two clips: 100 ms
	shortest  = 3200 // samples; shorter recordings are left out: 200 ms
	minKept   = 1600 // and so is a clip with less left after trimming
	loudShare = 0.95 // quantile of the frame levels that stands for the loud frames
	lowShare  = 0.03 // and for the noise between words
)

// section is a second-order section of a filter, in direct form II transposed.
type section struct{ b0, b1, b2, a1, a2, z1, z2 float64 }

func (s *section) run(x []float64) {
	s.z1, s.z2 = 0, 0
	for i, v := range x {
		y := s.b0*v + s.z1
		s.z1 = s.b1*v - s.a1*y + s.z2
		s.z2 = s.b2*v - s.a2*y
		x[i] = y
	}
}

// butterworth returns the two sections of a fourth-order Butterworth filter at
// hz, made by the bilinear transform (R. Bristow-Johnson, Cookbook formulae for
// audio equalizer biquad filter coefficients).
func butterworth(hz float64, high bool) []section {
	var all []section
	for _, q := range []float64{0.54119610, 1.30656296} { // 1/(2 cos(π/8)), 1/(2 cos(3π/8))
		w := 2 * math.Pi * hz / rate
		c, alpha := math.Cos(w), math.Sin(w)/(2*q)
		a0, b := 1+alpha, (1-c)/2
		b1 := 2 * b
		if high {
			b = (1 + c) / 2
			b1 = -2 * b
		}
		all = append(all, section{b0: b / a0, b1: b1 / a0, b2: b / a0, a1: -2 * c / a0, a2: (1 - alpha) / a0})
	}
	return all
}

// band keeps 70 to 7000 Hz, without shifting phases: every section runs forward
// and then backward.
func band(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	all := append(butterworth(lowEdge, true), butterworth(highEdge, false)...)
	for range 2 {
		for i := range all {
			all[i].run(y)
		}
		slices.Reverse(y)
	}
	return y
}

// levels returns the mean square of each whole frame, in dBFS.
func levels(x []float64) []float64 {
	e := make([]float64, len(x)/frameLen)
	for i := range e {
		sum := 0.0
		for _, v := range x[i*frameLen : (i+1)*frameLen] {
			sum += v * v
		}
		e[i] = 10 * math.Log10(sum/frameLen+1e-12)
	}
	return e
}

// quantile returns the value below which share of all lie. It returns −∞ for
// none.
func quantile(all []float64, share float64) float64 {
	if len(all) == 0 {
		return math.Inf(-1)
	}
	s := slices.Sorted(slices.Values(all))
	return s[min(int(share*float64(len(s))), len(s)-1)]
}

// trim returns which frames stay: those that sound, and margin frames on either
// side. With ends, silence goes only from the ends.
func trim(e []float64, ends bool) []bool {
	least := max(quantile(e, loudShare)-silence, noSound)
	keep := make([]bool, len(e))
	first, last := len(e), -1
	for i, v := range e {
		if v <= least {
			continue
		}
		from, to := max(i-margin, 0), min(i+margin, len(e)-1)
		first, last = min(first, from), to
		for k := from; k <= to; k++ {
			keep[k] = true
		}
	}
	for i := first; ends && i <= last; i++ {
		keep[i] = true
	}
	return keep
}

// gain returns the factor that brings what sounds to the level.
func gain(e []float64) float64 {
	least, sum, n := quantile(e, loudShare)-soundsTo, 0.0, 0
	for _, v := range e {
		if v > least {
			sum += math.Pow(10, v/10)
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return math.Sqrt(math.Pow(10, level/10.0) / (sum / float64(n)))
}

// A clip is one recording, dressed.
type clip struct {
	sound []float32
	snr   float64 // dB, loud frames over the quietest
}

// dress filters a recording to the band, takes the silence out and brings it to
// the level. With ends, only the silence at the ends goes. ok is false for what
// is too short or holds no sound.
func dress(x []float32, ends bool) (c clip, ok bool) {
	if len(x) < shortest {
		return clip{}, false
	}
	y := band(x)
	e := levels(y)
	loud := quantile(e, loudShare)
	if loud < tooQuiet {
		return clip{}, false
	}
	g := gain(e)
	c.snr = loud - quantile(e, lowShare)
	for i, stays := range trim(e, ends) {
		if !stays {
			continue
		}
		for _, v := range y[i*frameLen : (i+1)*frameLen] {
			c.sound = append(c.sound, float32(max(-1, min(1, v*g))))
		}
	}
	if len(c.sound) < minKept {
		return clip{}, false
	}
	for i := range ramp {
		w := float32(i) / ramp
		c.sound[i] *= w
		c.sound[len(c.sound)-1-i] *= w
	}
	return c, true
}

// join sets clips one after another, with a gap after each, up to most samples.
func join(all []clip, most int) []float32 {
	var out []float32
	for _, c := range all {
		if len(out)+len(c.sound)+gap > most && len(out) > 0 {
			break
		}
		out = append(out, c.sound...)
		out = append(out, make([]float32, gap)...)
	}
	return out[:min(len(out), most)]
}
