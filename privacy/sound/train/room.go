package main

import (
	"math"
	"math/rand/v2"

	"paravent/privacy/sound/spectrum"
)

// rate is what is trained at: the voices have nothing above 7 kHz.
const rate = 16000

const speed = 343.0 // of sound, m/s

// tones returns the middles of the parts of the spectrum that walls, air and mouths
// treat each in their own way, in Hz.
func tones() [parts]float64 { return [...]float64{250, 1000, 2500, 5500} }

const (
	parts    = 4
	impulse  = 16384 // samples of a response at most: 1 s
	mixed    = 0.05  // s after which the reflections are noise that dies away
	scatter  = 0.08  // m by which a reflection may be off, so that no room rings like a tin
	taps     = 8     // of the filter that puts an impulse between samples
	farBelow = 1e-3  // what is weaker than the direct sound at 1 m by 60 dB is left out
)

// A place is a box-shaped room with walls.
type place struct {
	size [3]float64
	rt   [parts]float64 // s until 60 dB are gone
	keep [parts]float64 // of the pressure at each reflection
}

type point = [3]float64

// newPlace makes a room in which sound of 1 kHz takes rt seconds to fall by 60 dB.
func newPlace(rnd *rand.Rand, rt float64) *place {
	p := &place{size: point{between(rnd, 2.2, 7), between(rnd, 2, 5), between(rnd, 2.2, 3.2)}}
	low, high := between(rnd, 0.75, 1.5), between(rnd, 0.5, 1.05)
	for i, f := range [parts]float64{low, 1, math.Sqrt(high), high} {
		p.rt[i] = rt * f
	}
	v := p.size[0] * p.size[1] * p.size[2]
	s := 2 * (p.size[0]*p.size[1] + p.size[0]*p.size[2] + p.size[1]*p.size[2])
	for i, t := range p.rt {
		p.keep[i] = math.Sqrt(math.Exp(-0.161 * v / (s * t))) // Eyring
	}
	return p
}

// A mouth says how sound leaves its source: the direction it looks in, and what
// is lost behind it.
type mouth struct {
	ahead point
	back  [parts]float64 // share of the pressure that goes backwards
}

// directed looks from one point to another, off by turn radians.
func directed(from, to point, turn float64) mouth {
	d := point{to[0] - from[0], to[1] - from[1], to[2] - from[2]}
	n := math.Sqrt(d[0]*d[0]+d[1]*d[1]+d[2]*d[2]) + 1e-9
	sin, cos := math.Sincos(turn)
	x, y := d[0]/n, d[1]/n
	return mouth{ahead: point{cos*x - sin*y, sin*x + cos*y, d[2] / n}, back: [parts]float64{0.75, 0.45, 0.25, 0.15}}
}

// everywhere is a loudspeaker, or anything else that looks nowhere.
func everywhere() mouth { return mouth{back: [parts]float64{1, 1, 1, 1}} }

// response is what arrives at mic of an impulse at src: image sources for the
// first reflections, noise that dies away for the rest. h has the length impulse.
func (p *place) response(rnd *rand.Rand, src, mic point, m mouth, w *workshop) []float32 {
	var h [parts][]float64
	longest := 0.0
	for i, t := range p.rt {
		h[i] = w.part[i]
		clear(h[i])
		longest = max(longest, t)
	}
	n := min(impulse-taps, int(longest*1.05*rate))
	direct := dist(src, mic)
	until := direct + mixed*speed
	var reach [3]int
	for i := range reach {
		reach[i] = int(until/(2*p.size[i])) + 1
	}
	for a := -reach[0]; a <= reach[0]; a++ {
		for b := -reach[1]; b <= reach[1]; b++ {
			for c := -reach[2]; c <= reach[2]; c++ {
				for q := range 8 {
					p.image(rnd, [3]int{a, b, c}, [3]int{q & 1, q >> 1 & 1, q >> 2 & 1}, src, mic, m, until, n, h, w)
				}
			}
		}
	}
	start := int(until / speed * rate)
	window := rate / 50
	for i := range h {
		if start >= n {
			break
		}
		e := 1e-14
		for _, v := range h[i][max(0, start-window):start] {
			e += v * v
		}
		die := math.Pow(10, -3/(p.rt[i]*rate))
		level := math.Sqrt(e/float64(window)) * math.Pow(die, float64(window)/2)
		for k := start; k < n; k++ {
			h[i][k] = level * rnd.NormFloat64()
			level *= die
		}
	}
	return w.join(h)
}

func (p *place) image(rnd *rand.Rand, m, flip [3]int, src, mic point, mo mouth, until float64, n int, h [parts][]float64, w *workshop) {
	var v, ahead point
	hits := 0
	sum := 0.0
	for i := range v {
		sign := 1.0
		if flip[i] == 1 {
			sign = -1
		}
		v[i] = mic[i] - (sign*src[i] + 2*float64(m[i])*p.size[i])
		ahead[i] = sign * mo.ahead[i]
		hits += abs(m[i]-flip[i]) + abs(m[i])
		sum += v[i] * v[i]
	}
	d := math.Sqrt(sum)
	if d > until {
		return
	}
	facing := (ahead[0]*v[0] + ahead[1]*v[1] + ahead[2]*v[2]) / (d + 1e-9)
	if hits > 0 {
		d = max(0.02, d+(rnd.Float64()-0.5)*scatter)
	}
	at := max(taps/2, d/speed*rate)
	k := int(at)
	if k+taps >= n {
		return
	}
	var gain [parts]float64
	most := 0.0
	for i := range gain {
		air := math.Pow(10, -0.004*math.Pow(tones()[i]/1000, 1.5)*d/20)
		look := mo.back[i] + (1-mo.back[i])*(1+facing)/2
		if mo.ahead == (point{}) {
			look = 1
		}
		gain[i] = look * math.Pow(p.keep[i], float64(hits)) * air / d
		most = max(most, gain[i])
	}
	if most*d < farBelow {
		return
	}
	table := &w.between[int((at-float64(k))*steps)]
	for j, s := range table {
		for i := range gain {
			h[i][k+j-taps/2+1] += gain[i] * s
		}
	}
}

// steps is how finely an impulse may lie between two samples.
const steps = 64

func sinc(x float64) float64 {
	if math.Abs(x) < 1e-9 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

func abs(x int) int { return max(x, -x) }

func dist(a, b point) float64 {
	return math.Sqrt((a[0]-b[0])*(a[0]-b[0]) + (a[1]-b[1])*(a[1]-b[1]) + (a[2]-b[2])*(a[2]-b[2]))
}

// A workshop holds what making responses and scenes needs again and again.
type workshop struct {
	part  [parts][]float64
	share [parts][]float32 // of each part in each bin
	short *spectrum.Transform
	time  []float32
	bins  []complex64
	sum   []complex64

	between [steps][taps]float64 // the filters that put an impulse between two samples

	device *device // that hears the responses

	long  *spectrum.Transform
	x, y  []complex64
	whole []float32
}

func newWorkshop(samples int) *workshop {
	whole := good(samples + impulse)
	w := &workshop{
		short: spectrum.New(impulse), time: make([]float32, impulse), bins: make([]complex64, impulse/2+1), sum: make([]complex64, impulse/2+1),
		long: spectrum.New(whole), x: make([]complex64, whole/2+1), y: make([]complex64, whole/2+1), whole: make([]float32, whole),
	}
	for f := range w.between {
		for j := range taps {
			x := float64(j-taps/2+1) - (float64(f)+0.5)/steps
			w.between[f][j] = sinc(x) * (0.5 + 0.5*math.Cos(math.Pi*x/(taps/2+0.5)))
		}
	}
	for i := range w.part {
		w.part[i] = make([]float64, impulse)
		w.share[i] = make([]float32, impulse/2+1)
	}
	for k := range w.share[0] {
		// raised cosines over the logarithm of the frequency
		o := math.Log(max(20, float64(k)*rate/impulse))
		for i := range parts - 1 {
			lo, hi := math.Log(tones()[i]), math.Log(tones()[i+1])
			switch {
			case i == 0 && o <= lo:
				w.share[0][k] = 1
			case i == parts-2 && o >= hi:
				w.share[parts-1][k] = 1
			case o >= lo && o < hi:
				u := 0.5 - 0.5*math.Cos(math.Pi*(o-lo)/(hi-lo))
				w.share[i][k], w.share[i+1][k] = float32(1-u), float32(u)
			}
		}
	}
	return w
}

// good returns a length of at least n that transforms fast.
func good(n int) int {
	for m := 1; ; m *= 2 {
		for _, f := range []int{m, m * 5 / 4, m * 3 / 2} {
			if m >= 1024 && f >= n {
				return f
			}
		}
	}
}

// join puts the parts of a response together.
func (w *workshop) join(h [parts][]float64) []float32 {
	clear(w.sum)
	for i := range h {
		for k, v := range h[i] {
			w.time[k] = float32(v)
		}
		w.short.Forward(w.bins, w.time)
		for k, s := range w.share[i] {
			w.sum[k] += complex(real(w.bins[k])*s, imag(w.bins[k])*s)
		}
	}
	sin, cos := math.Sincos(-2 * math.Pi * w.device.delay * rate / impulse)
	turn, at := complex(cos, sin), complex(w.device.table, 0)
	for k, g := range w.device.gain {
		w.sum[k] *= complex64(1+at) * complex(g, 0)
		at *= turn
	}
	out := make([]float32, impulse)
	w.short.Inverse(out, w.sum)
	return out
}

// convolve returns the first len(x) samples of x heard through h.
func (w *workshop) convolve(x, h []float32) []float32 {
	clear(w.whole)
	copy(w.whole, h)
	w.long.Forward(w.y, w.whole)
	clear(w.whole)
	copy(w.whole, x)
	w.long.Forward(w.x, w.whole)
	for k, v := range w.x {
		w.x[k] = v * w.y[k]
	}
	w.long.Inverse(w.whole, w.x)
	out := make([]float32, len(x))
	copy(out, w.whole)
	return out
}

func between(rnd *rand.Rand, low, high float64) float64 { return low + (high-low)*rnd.Float64() }
