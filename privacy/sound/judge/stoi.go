package judge

import (
	"math"

	"paravent/privacy/sound/judge/internal/wave"
)

// A Sample is of a sound; full scale is −1 to 1.
type Sample interface{ ~float32 | ~float64 }

// The figures of STOI.
const (
	stoiRate   = 10000 // Hz
	stoiFrame  = 256
	stoiHop    = stoiFrame / 2
	stoiLength = 512 // of the transform
	stoiBands  = 15  // third octaves from 150 Hz
	stoiLowest = 150
	stoiSpan   = 30  // frames that are compared at a time: 384 ms
	stoiRange  = 40  // dB below the loudest frame, what is lower is silence
	stoiClip   = -15 // dB, the worst distortion that counts
)

// STOI returns how much of clean is understood in heard, from about 0 to 1: the
// short-time objective intelligibility measure of Taal, Hendriks, Heusdens and
// Jensen, "An Algorithm for Intelligibility Prediction of Time–Frequency Weighted
// Noisy Speech", IEEE TASLP 19, 2011. Frames in which clean is silent are taken
// out of both. The two are aligned, and at the given rate in Hz. It returns NaN
// for less than 0.4 s of speech.
func STOI[S Sample](clean, heard []S, rate int) float64 {
	n := min(len(clean), len(heard))
	x := wave.Resample(doubles(clean[:n]), rate, stoiRate)
	y := wave.Resample(doubles(heard[:n]), rate, stoiRate)
	x, y = withoutSilence(x, y)
	return correlation(thirdOctaves(x), thirdOctaves(y))
}

func doubles[S Sample](x []S) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

// hann returns the window of STOI's frames, without the zeros at its ends.
func hann() (w [stoiFrame]float64) {
	for i := range w {
		w[i] = .5 - .5*math.Cos(2*math.Pi*float64(i+1)/(stoiFrame+1))
	}
	return w
}

// withoutSilence joins the frames in which x is not silent, of both.
func withoutSilence(x, y []float64) (xs, ys []float64) {
	w := hann()
	var level []float64
	loudest := math.Inf(-1)
	for at := 0; at+stoiFrame <= len(x); at += stoiHop {
		e := 0.0
		for i, v := range x[at : at+stoiFrame] {
			e += v * w[i] * v * w[i]
		}
		level = append(level, wave.DB(e))
		loudest = max(loudest, wave.DB(e))
	}
	for f, l := range level {
		if l <= loudest-stoiRange {
			continue
		}
		if len(xs) == 0 {
			xs, ys = make([]float64, stoiHop, len(x)), make([]float64, stoiHop, len(x))
		}
		to := len(xs) - stoiHop
		xs, ys = append(xs, make([]float64, stoiHop)...), append(ys, make([]float64, stoiHop)...)
		for i := range stoiFrame {
			xs[to+i] += w[i] * x[f*stoiHop+i]
			ys[to+i] += w[i] * y[f*stoiHop+i]
		}
	}
	return xs, ys
}

// thirdOctaves returns the amplitude in every band of every frame.
func thirdOctaves(x []float64) (bands [stoiBands][]float64) {
	var edges [stoiBands + 1]int
	for j := range edges {
		hz := stoiLowest * math.Pow(2, (float64(j)-.5)/3)
		edges[j] = int(math.Round(hz * stoiLength / stoiRate))
	}
	w := hann()
	f := wave.NewFourier(stoiLength)
	buf := make([]complex128, stoiLength)
	for at := 0; at+stoiFrame <= len(x); at += stoiHop {
		clear(buf)
		for i, v := range x[at : at+stoiFrame] {
			buf[i] = complex(v*w[i], 0)
		}
		f.Forward(buf)
		for j := range bands {
			e := 0.0
			for _, v := range buf[edges[j]:edges[j+1]] {
				e += real(v)*real(v) + imag(v)*imag(v)
			}
			bands[j] = append(bands[j], math.Sqrt(e))
		}
	}
	return bands
}

// correlation returns how alike the envelopes of the bands are, on average.
func correlation(x, y [stoiBands][]float64) float64 {
	clip := 1 + math.Pow(10, -stoiClip/20.0)
	sum, count := 0.0, 0
	var b [stoiSpan]float64
	for j := range x {
		for m := stoiSpan; m <= len(x[j]); m++ {
			a, raw := x[j][m-stoiSpan:m], y[j][m-stoiSpan:m]
			scale := math.Sqrt(wave.Energy(a) / (wave.Energy(raw) + 1e-30))
			var am, bm float64
			for i, v := range raw {
				b[i] = min(v*scale, a[i]*clip)
				am += a[i] / stoiSpan
				bm += b[i] / stoiSpan
			}
			var aa, bb, ab float64
			for i, v := range a {
				aa += (v - am) * (v - am)
				bb += (b[i] - bm) * (b[i] - bm)
				ab += (v - am) * (b[i] - bm)
			}
			sum += ab / (math.Sqrt(aa*bb) + 1e-30)
			count++
		}
	}
	if count == 0 {
		return math.NaN()
	}
	return sum / float64(count)
}
