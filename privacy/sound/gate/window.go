package gate

import (
	"math"

	"paravent/privacy/sound/spectrum"
)

// An Analysis turns sound into spectra: windows of 20 ms, every 10 ms. The window
// is the power-complementary one of Vorbis, so that analysis and synthesis with
// it give back what went in.
type Analysis struct {
	n      int // samples of a window
	shape  []float32
	fft    *spectrum.Transform
	last   []float32 // the hop before
	both   []float32
	Bins   []complex64 // of the last window; n/2+1
	behind []float32   // second half of the window that was put together last
}

// NewAnalysis returns an analysis of silence so far, for a rate that is a multiple of
// 100 samples a second.
func NewAnalysis(rate int) *Analysis {
	n := rate / binHz
	a := &Analysis{
		n: n, shape: make([]float32, n), fft: spectrum.New(n),
		last: make([]float32, n/2), both: make([]float32, n), Bins: make([]complex64, n/2+1), behind: make([]float32, n/2),
	}
	for i := range a.shape {
		s := math.Sin(math.Pi * (float64(i) + 0.5) / float64(n))
		a.shape[i] = float32(math.Sin(math.Pi / 2 * s * s))
	}
	return a
}

// Len returns how many samples a window has.
func (a *Analysis) Len() int { return a.n }

// Take makes Bins the spectrum of the last hop and this one, of Len/2 samples.
func (a *Analysis) Take(hop []float32) {
	half := a.n / 2
	for i, v := range a.last {
		a.both[i] = v * a.shape[i]
	}
	for i, v := range hop[:half] {
		a.both[half+i] = v * a.shape[half+i]
	}
	copy(a.last, hop)
	a.fft.Forward(a.Bins, a.both)
}

// give puts a spectrum back into sound: out is the hop before the last one of it.
func (a *Analysis) give(bins []complex64, out []float32) {
	a.fft.Inverse(a.both, bins)
	half := a.n / 2
	for i := range half {
		out[i] = a.behind[i] + a.both[i]*a.shape[i]
		a.behind[i] = a.both[half+i] * a.shape[half+i]
	}
}

func (a *Analysis) reset() {
	clear(a.last)
	clear(a.behind)
}
