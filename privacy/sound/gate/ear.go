package gate

import (
	"math"

	"paravent/privacy/sound/spectrum"
)

// What tells near from far in 10 ms of sound, besides the level of each band: how
// sharp the pulses of a voice are, which a room smears.
const (
	sharp  = iota // how peaked the whitened sound is
	bright        // the same above 2 kHz
	uneven        // how far its level falls between the pulses, above 2 kHz
	voiced        // how alike it is to itself one period ago
	Cues
)

// Features is what the network looks at, every 10 ms: the level of each band
// against the reference and against its own last peak, the cues, the cues
// against the reference, the whole level, the period.
const Features = 2*Bands + 2*Cues + 2

const (
	fine     = 320                     // samples of a window at 16 kHz, at which the cues are measured
	top      = 140                     // bins that are looked at: up to 7 kHz
	high     = 40                      // bins: 2 kHz
	fall     = 1.5                     // dB that a peak is believed to fall in 10 ms at most
	longest  = 240                     // samples of the lowest voice's period: 67 Hz
	shortest = 40                      // of the highest's: 400 Hz
	around   = 4                       // bins on each side whose mean is the envelope that whitening takes away
	memory   = fine/2 + fine + longest // whitened samples that are kept
	span     = 1024
)

// An Ear turns spectra into features.
type Ear struct {
	ref   Reference
	whole float32        // level of the reference, dB
	peak  [Bands]float32 // dB, falling
	power [Bands]float32 // of this window
	level [Bands]float32 // the same in dB
	cues  [Cues]float32  // of this window
	lag   float32        // period, as share of the longest

	bin    [top + 1 + around]float32 // power of each
	small  *spectrum.Transform
	bins   []complex64
	wave   []float32
	shape  []float32
	past   [memory]float32 // whitened sound, overlapping windows added
	long   *spectrum.Transform
	one    []complex64
	two    []complex64
	padded []float32
}

// NewEar returns an ear that knows what the person sounds like.
func NewEar(ref Reference) *Ear {
	e := &Ear{
		ref: ref, whole: ref.whole(), small: spectrum.New(fine),
		bins: make([]complex64, fine/2+1), wave: make([]float32, fine), shape: NewAnalysis(fine * binHz).shape,
		long: spectrum.New(span), one: make([]complex64, span/2+1), two: make([]complex64, span/2+1), padded: make([]float32, span),
	}
	e.Reset()
	return e
}

// Reset forgets what was heard.
func (e *Ear) Reset() {
	for b := range e.peak {
		e.peak[b] = -100
	}
	e.past = [memory]float32{}
}

// Hear measures a window of n samples by its spectrum x, and writes Features
// numbers to f. Real-time: it does not allocate.
func (e *Ear) Hear(x []complex64, n int, f []float32) {
	e.measure(x, n)
	sum := float32(0)
	for b, l := range e.level {
		f[b] = (l - e.ref.Levels[b]) / 20
		f[Bands+b] = (l - e.peak[b]) / 20
		e.peak[b] = max(l, e.peak[b]-fall)
		sum += e.power[b]
	}
	rest := f[2*Bands:]
	for c, v := range e.cues {
		rest[c] = v
		rest[Cues+c] = v - e.ref.Cues[c]
	}
	rest[2*Cues] = (db(sum) - e.whole) / 20
	rest[2*Cues+1] = e.lag
}

func (e *Ear) measure(x []complex64, n int) {
	Powers(x, n, &e.power)
	for b, p := range e.power {
		e.level[b] = db(p)
	}
	e.whiten(x, 1/float32(n))
	e.small.Inverse(e.wave, e.bins)
	e.cues[sharp] = peaked(e.wave[60:260])
	e.remember()
	e.cues[voiced], e.lag = e.period()
	clear(e.bins[:high])
	e.small.Inverse(e.wave, e.bins)
	e.cues[bright] = peaked(e.wave[60:260])
	e.cues[uneven] = depth(e.wave[60:260])
}

// whiten writes to bins what is left of x without its envelope.
func (e *Ear) whiten(x []complex64, scale float32) {
	for k := range e.bin {
		re, im := real(x[k])*scale, imag(x[k])*scale
		e.bin[k] = re*re + im*im
	}
	clear(e.bins)
	sum := float32(0)
	for _, p := range e.bin[:2+around] {
		sum += p
	}
	count := float32(2 + around)
	for k := 2; k < top; k++ {
		sum += e.bin[k+around]
		if k > around {
			sum -= e.bin[k-around-1]
		} else {
			count++
		}
		w := scale / float32(math.Sqrt(float64(max(sum, 0)/count)+1e-12))
		e.bins[k] = complex(real(x[k])*w, imag(x[k])*w)
	}
}

// remember adds the whitened window to what is kept.
func (e *Ear) remember() {
	const hop = fine / 2
	copy(e.past[:], e.past[hop:])
	tail := e.past[memory-fine:]
	clear(tail[hop:])
	for i, v := range e.wave {
		tail[i] += v * e.shape[i]
	}
}

// period compares the last whole 20 ms with what was before: how alike they are,
// −1 to 1, and the lag at which they are most.
func (e *Ear) period() (alike, lag float32) {
	const now = memory - fine/2 // the last half window is not whole yet
	recent, all := e.past[now-fine:now], e.past[now-fine-longest:now]
	clear(e.padded)
	copy(e.padded, all)
	e.long.Forward(e.one, e.padded)
	clear(e.padded)
	copy(e.padded, recent)
	e.long.Forward(e.two, e.padded)
	for k, v := range e.two {
		w := e.one[k]
		e.one[k] = complex(real(w)*real(v)+imag(w)*imag(v), imag(w)*real(v)-real(w)*imag(v))
	}
	e.long.Inverse(e.padded, e.one)
	// padded[longest-l] is now the product of recent with what was l before
	energy := float32(1e-6)
	for _, v := range recent {
		energy += v * v
	}
	before := energy
	best, at := float32(-1), shortest
	for l := 1; l <= longest; l++ {
		in, out := all[longest-l], recent[fine-l]
		before += in*in - out*out
		if l < shortest {
			continue
		}
		if c := e.padded[longest-l] / float32(math.Sqrt(float64(energy*max(before, 1e-6)))); c > best {
			best, at = c, l
		}
	}
	return best, float32(at) / longest
}

// peaked returns how far x is from noise: about −.3 for noise, 1 for a voice with
// clear pulses.
func peaked(x []float32) float32 {
	var m2, m4 float32
	for _, v := range x {
		q := v * v
		m2 += q
		m4 += q * q
	}
	n := float32(len(x))
	m2, m4 = m2/n, m4/n
	k := m4/(m2*m2+1e-20) - 3
	return float32(math.Log1p(math.Max(0, float64(k)+1))) - 1
}

// depth returns how far the level of x goes up and down, in tens of dB, less one.
func depth(x []float32) float32 {
	low, most := float32(math.MaxFloat32), float32(0)
	for ; len(x) >= 20; x = x[20:] {
		sum := float32(0)
		for _, v := range x[:20] {
			sum += v * v
		}
		low, most = min(low, sum), max(most, sum)
	}
	return float32(math.Log10(float64((most+1e-9)/(low+1e-9)))) - 1
}
