// Package wave holds the arithmetic that the judge of the sound rests on: the
// Fourier transform, convolution, resampling and level. It shares no code with
// the filters that are judged, so that a mistake in one cannot hide in the other.
package wave

import (
	"math"
	"math/bits"
	"math/cmplx"
	"slices"
)

// A Fourier transforms blocks of one length, a power of two.
type Fourier struct {
	turn []complex128 // exp(−2πik/n), the first half
	swap []int32      // every index with its bits reversed
}

// NewFourier returns the transform of n values; n must be a power of two.
func NewFourier(n int) *Fourier {
	if n < 2 || n&(n-1) != 0 {
		panic("wave: the length of a transform must be a power of two")
	}
	f := &Fourier{turn: make([]complex128, n/2), swap: make([]int32, n)}
	for k := range f.turn {
		f.turn[k] = cmplx.Rect(1, -2*math.Pi*float64(k)/float64(n))
	}
	shift := 64 - bits.TrailingZeros(uint(n))
	for i := range f.swap {
		f.swap[i] = int32(bits.Reverse64(uint64(i)) >> shift)
	}
	return f
}

// Len returns the length of the transform.
func (f *Fourier) Len() int { return len(f.swap) }

// Forward transforms x in place.
func (f *Fourier) Forward(x []complex128) {
	n := len(f.swap)
	x = x[:n]
	for i, j := range f.swap {
		if i < int(j) {
			x[i], x[j] = x[j], x[i]
		}
	}
	for i := 0; i < n; i += 2 {
		x[i], x[i+1] = x[i]+x[i+1], x[i]-x[i+1]
	}
	for half := 2; half < n; half *= 2 {
		step := n / (2 * half)
		for at := 0; at < n; at += 2 * half {
			low, high := x[at:at+half], x[at+half:at+2*half]
			for k := range low {
				t := high[k] * f.turn[k*step]
				low[k], high[k] = low[k]+t, low[k]-t
			}
		}
	}
}

// Inverse undoes Forward, in place.
func (f *Fourier) Inverse(x []complex128) {
	f.Forward(x)
	n := len(f.swap)
	slices.Reverse(x[1:n])
	scale := complex(1/float64(n), 0)
	for i := range x[:n] {
		x[i] *= scale
	}
}

// A Response is a finite impulse response, ready to be convolved with.
type Response struct {
	taps int
	f    *Fourier
	spec []complex128
}

// NewResponse readies h, which must not be empty.
func NewResponse(h []float64) *Response {
	n := max(1024, 1<<bits.Len(uint(2*len(h)-1)))
	r := &Response{taps: len(h), f: NewFourier(n), spec: make([]complex128, n)}
	for i, v := range h {
		r.spec[i] = complex(v, 0)
	}
	r.f.Forward(r.spec)
	return r
}

// AddTo adds the convolution of x with the response to out, from sample at on.
// What reaches beyond out is lost. Stretches of zeros in x cost next to nothing.
func (r *Response) AddTo(out, x []float64, at int) {
	n := r.f.Len()
	size := n - r.taps + 1
	block := make([]complex128, n)
	var first int // where the real half's block begins
	waiting := false
	flush := func(second int, both bool) {
		r.f.Forward(block)
		for i := range block {
			block[i] *= r.spec[i]
		}
		r.f.Inverse(block)
		for i, v := range block {
			if k := at + first + i; k >= 0 && k < len(out) {
				out[k] += real(v)
			}
			if k := at + second + i; both && k >= 0 && k < len(out) {
				out[k] += imag(v)
			}
		}
		clear(block)
	}
	for start := 0; start < len(x); start += size {
		part := x[start:min(start+size, len(x))]
		if !slices.ContainsFunc(part, func(v float64) bool { return v != 0 }) {
			continue
		}
		if !waiting { // two real blocks share one complex transform
			for i, v := range part {
				block[i] = complex(v, 0)
			}
			first, waiting = start, true
			continue
		}
		for i, v := range part {
			block[i] += complex(0, v)
		}
		flush(start, true)
		waiting = false
	}
	if waiting {
		flush(0, false)
	}
}

// Convolve returns x convolved with h, as long as x.
func Convolve(x, h []float64) []float64 {
	out := make([]float64, len(x))
	NewResponse(h).AddTo(out, x, 0)
	return out
}

// Resample returns x at another rate. It interpolates with a Kaiser-windowed sinc
// (β 8, 16 crossings a side) whose pass band ends at 0.45 of the lower rate; the
// alias is some 80 dB down. The first samples of both are of the same instant.
func Resample(x []float64, from, to int) []float64 {
	if from == to {
		return slices.Clone(x)
	}
	g := gcd(from, to)
	up, down := to/g, from/g
	const crossings = 16
	cut := 0.475 * 2 * min(1, float64(to)/float64(from)) // of the input's Nyquist frequency
	half := int(math.Ceil(crossings / cut))
	bank := make([][]float64, up)
	for phase := range bank {
		h := make([]float64, 2*half)
		sum := 0.0
		for i := range h {
			d := float64(i-half+1) - float64(phase)/float64(up)
			h[i] = Sinc(cut*d) * kaiser(d/float64(half), 8)
			sum += h[i]
		}
		for i := range h {
			h[i] /= sum
		}
		bank[phase] = h
	}
	out := make([]float64, len(x)*up/down)
	for n := range out {
		pos := n * down
		h, at := bank[pos%up], pos/up-half+1
		sum := 0.0
		if at >= 0 && at+len(h) <= len(x) {
			for i, v := range x[at : at+len(h)] {
				sum += v * h[i]
			}
		} else {
			for i, w := range h {
				if k := at + i; k >= 0 && k < len(x) {
					sum += x[k] * w
				}
			}
		}
		out[n] = sum
	}
	return out
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Sinc is sin πx / πx.
func Sinc(x float64) float64 {
	if math.Abs(x) < 1e-9 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// kaiser is the Kaiser window at x from −1 to 1.
func kaiser(x, beta float64) float64 {
	if x <= -1 || x >= 1 {
		return 0
	}
	return bessel(beta*math.Sqrt(1-x*x)) / bessel(beta)
}

// bessel is the modified Bessel function of the first kind, of order 0.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-12*sum; k++ {
		term *= x / (2 * k) * x / (2 * k)
		sum += term
	}
	return sum
}

// A Sample is of a sound; full scale is −1 to 1.
type Sample interface{ ~float32 | ~float64 }

// Energy returns the sum of the squares.
func Energy[S Sample](x []S) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return sum
}

// DB returns a ratio of powers in decibels; nothing at all is −200 dB.
func DB(power float64) float64 { return 10 * math.Log10(power+1e-20) }

// Gain returns decibels as a factor of amplitude.
func Gain(db float64) float64 { return math.Pow(10, db/20) }

// Level returns the mean square of x in dB; full scale is 1.
func Level[S Sample](x []S) float64 { return DB(Energy(x) / float64(max(1, len(x)))) }

// ActiveLevel returns the level in dB of what is said in x: the mean power of the
// blocks of 10 ms that are at most 25 dB below the loudest twentieth of all blocks
// that are not silent.
func ActiveLevel[S Sample](x []S, rate int) float64 {
	n := rate / 100
	var power []float64
	for i := 0; i+n <= len(x); i += n {
		if e := Energy(x[i:i+n]) / float64(n); e > 1e-14 {
			power = append(power, e)
		}
	}
	if len(power) == 0 {
		return DB(0)
	}
	slices.Sort(power)
	loud := power[(len(power)-1)*95/100]
	sum, count := 0.0, 0
	for _, p := range power {
		if p > loud*math.Pow(10, -2.5) {
			sum += p
			count++
		}
	}
	return DB(sum / float64(count))
}
