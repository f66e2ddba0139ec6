package judge

import (
	"math"
	"math/rand/v2"
	"slices"

	"paravent/privacy/sound/judge/internal/wave"
)

// All of these are at one metre, or at the microphone, at a level of 0 dB.

// music returns n samples of a small band: chords, a bass, a tune and a drum.
func music(n int, rnd *rand.Rand) []float64 {
	x := make([]float64, n)
	beat := int(rate * (.4 + .3*rnd.Float64()))
	key := 48 + rnd.IntN(12) // MIDI
	scale := [7]int{0, 2, 4, 5, 7, 9, 11}
	steps := [4]int{0, 5, 3, 4}
	bright := .4 + .4*rnd.Float64()
	degree := 7
	hz := func(step, octave int) float64 {
		return 440 * math.Pow(2, float64(key+scale[step%7]+12*(step/7+octave)-69)/12)
	}
	for b := 0; b*beat < n; b++ {
		at, root := b*beat, steps[b/4%4]
		if b%4 == 0 {
			for k := range 3 {
				note(x, at, 4*beat, hz(root+2*k, 0), .12, bright, 1.5)
			}
		}
		note(x, at, beat, hz(root, -1), .3, .3, .5)
		for half := range 2 {
			if rnd.Float64() < .7 {
				degree = min(14, max(4, degree+rnd.IntN(5)-2))
				note(x, at+half*beat/2, beat, hz(degree, 1), .25, bright, .35)
			}
			hit(x, at+half*beat/2, rate/20, .06, rnd)
		}
		if b%2 == 1 {
			hit(x, at, rate/8, .25, rnd)
		}
	}
	return toLevel(x, 0)
}

// note plays a string: harmonics, of which the high ones die first.
func note(x []float64, at, n int, hz, loud, bright, ring float64) {
	n = min(n, len(x)-at)
	for k := 1.0; k <= 12 && k*hz < 16000; k++ {
		amp := loud * math.Pow(bright, k-1)
		turn := complex(math.Cos(2*math.Pi*k*hz/rate), math.Sin(2*math.Pi*k*hz/rate))
		turn *= complex(math.Exp(-(.5+.5*k)/(ring*rate)), 0)
		z := complex(amp, 0)
		for i := range max(0, n) {
			x[at+i] += imag(z) * min(1, float64(i)/240) * min(1, float64(n-i)/480)
			z *= turn
		}
	}
}

// hit beats a drum.
func hit(x []float64, at, n int, loud float64, rnd *rand.Rand) {
	for i := range min(n, len(x)-at) {
		x[at+i] += loud * rnd.NormFloat64() * math.Exp(-6*float64(i)/float64(n))
	}
}

// fan returns n samples of a fan: air, and the blades.
func fan(n int, rnd *rand.Rand) []float64 {
	x := make([]float64, n)
	dark := .85 + .12*rnd.Float64()
	blades := 90 + 80*rnd.Float64()
	var low float64
	for i := range x {
		w := rnd.NormFloat64()
		low = dark*low + (1-dark)*w
		x[i] = low + .03*w
	}
	hum := .5 * math.Sqrt(wave.Energy(x)/float64(n))
	for k := 1.0; k <= 4; k++ {
		phase := 2 * math.Pi * rnd.Float64()
		for i := range x {
			x[i] += hum / k * math.Sin(2*math.Pi*k*blades/rate*float64(i)+phase)
		}
	}
	return toLevel(x, 0)
}

// blows returns where in x somebody strikes a key: what is less than 35 dB below
// the peak of it all, in blocks of 10 ms.
func blows(x []float64) (all []Span) {
	const n = rate / 100
	peak := 0.0
	for _, v := range x {
		peak = max(peak, math.Abs(v))
	}
	for i := 0; i+n <= len(x); i += n {
		if !slices.ContainsFunc(x[i:i+n], func(v float64) bool { return math.Abs(v) > peak*.0178 }) {
			continue
		}
		if last := len(all) - 1; last >= 0 && all[last].To == i {
			all[last].To = i + n
		} else {
			all = append(all, Span{i, i + n})
		}
	}
	return all
}

// keys returns n samples of somebody who types, some six keys a second, in bursts.
func keys(n int, rnd *rand.Rand) []float64 {
	x := make([]float64, n)
	for at := rate / 10; at < n-rate/4; {
		loud := .4 + .6*rnd.Float64()
		down := rate/16 + rnd.IntN(rate/16)
		strike(x, at, loud, rnd)
		strike(x, at+down, .35*loud, rnd) // the key comes up again
		at += down + rate/20 + rnd.IntN(rate/8)
		if rnd.IntN(12) == 0 {
			at += rate / 2
		}
	}
	return x
}

// strike is one blow: a burst, two resonances of the cap, and the table.
func strike(x []float64, at int, loud float64, rnd *rand.Rand) {
	f1, f2, table := 1500+1500*rnd.Float64(), 3500+2500*rnd.Float64(), 120+150*rnd.Float64()
	for i := range min(rate/20, len(x)-at) {
		t := float64(i) / rate
		x[at+i] += loud * (.35*rnd.NormFloat64()*math.Exp(-t/.002) +
			.4*math.Sin(2*math.Pi*f1*t)*math.Exp(-t/.006) +
			.3*math.Sin(2*math.Pi*f2*t)*math.Exp(-t/.004) +
			.25*math.Sin(2*math.Pi*table*t)*math.Exp(-t/.015))
	}
}

// toLevel brings x to a level in dB, in place, and returns it.
func toLevel(x []float64, db float64) []float64 {
	g := wave.Gain(db - wave.Level(x))
	for i := range x {
		x[i] *= g
	}
	return x
}
