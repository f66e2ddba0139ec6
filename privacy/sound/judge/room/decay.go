package room

import (
	"math"
	"slices"

	"paravent/privacy/sound/judge/internal/wave"
)

// Direct returns the ratio, in dB, of the sound that comes straight from the
// source, up to 2.5 ms after the peak of the response h, to all that follows; of
// 250 Hz to 4 kHz, where speech is.
func Direct(h []float64) float64 {
	peak := 0
	for i, v := range h {
		if math.Abs(v) > math.Abs(h[peak]) {
			peak = i
		}
	}
	h = slices.Clone(h)
	highPass(250).run(h)
	lowPass(4000).run(h)
	end := min(len(h), peak+Rate/400)
	return wave.DB(wave.Energy(h[:end]) / (wave.Energy(h[end:]) + 1e-20))
}

// Decay returns the reverberation time of the response h in seconds: by
// Schroeder's backward integration, from −5 to −25 dB, times three (ISO 3382-1, T20).
func Decay(h []float64) float64 {
	left := make([]float64, len(h))
	sum := 0.0
	for i := len(h) - 1; i >= 0; i-- {
		sum += h[i] * h[i]
		left[i] = sum
	}
	var n, sx, sy, sxx, sxy float64
	for i, e := range left {
		db := wave.DB(e / (sum + 1e-30))
		if db > -5 {
			continue
		}
		if db < -25 {
			break
		}
		x := float64(i) / Rate
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+db, sxx+x*x, sxy+x*db
	}
	return -60 / ((n*sxy - sx*sy) / (n*sxx - sx*sx))
}
