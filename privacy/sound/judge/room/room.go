// Package room says how a voice sounds at a microphone in a room.
//
// It is the judge's own simulator, written apart from the one that the room gate
// was trained in. Early sound comes from image sources (Allen and Berkley, "Image
// method for efficiently simulating small-room acoustics", JASA 65, 1979), each
// with what every wall, the air, the talker's head and the microphone's own
// pattern leave of eight octave bands; late sound is noise that decays in every
// band as long as the room asks. The same arguments give the same response.
package room

import (
	"math"
	"math/bits"
	"math/rand/v2"

	"paravent/privacy/sound/judge/internal/wave"
)

const (
	// Rate of all responses, in Hz.
	Rate = 48000

	// Lead is how many samples a response begins before the sound leaves its
	// source, so that what precedes the peak of a band filter has room.
	Lead = 480

	// Bands is the number of octave bands, 125 Hz to 16 kHz.
	Bands = 8

	speed  = 343.0 // of sound at 20 °C, m/s
	mixing = 0.02  // seconds in which noise takes over from image sources
	taps   = 24    // of the fractional delay
	phases = 64    // of a sample
)

// A Band holds a figure for every octave band, from 125 Hz up.
type Band [Bands]float64

// A Point is in metres, from a lower corner; or it is a direction of length 1.
// The third number is the height.
type Point [3]float64

func (p Point) less(q Point) Point { return Point{p[0] - q[0], p[1] - q[1], p[2] - q[2]} }

func (p Point) dot(q Point) float64 { return p[0]*q[0] + p[1]*q[1] + p[2]*q[2] }

// To returns the direction from p to q.
func (p Point) To(q Point) Point {
	d := q.less(p)
	n := 1 / (math.Sqrt(d.dot(d)) + 1e-12)
	return Point{d[0] * n, d[1] * n, d[2] * n}
}

// Distance returns how far q is, in metres.
func (p Point) Distance(q Point) float64 {
	d := q.less(p)
	return math.Sqrt(d.dot(d))
}

// A Room is a box. Walls are at x=0, x=Size[0], y=0, y=Size[1], the floor, the ceiling.
type Room struct {
	Size  Point
	RT60  float64 // seconds in which the sound of 500 Hz to 1 kHz falls by 60 dB
	Walls [6]Material
}

// A Material says what share of the energy a surface swallows, between 0 and 1.
type Material Band

// Materials, after the usual tables (Kuttruff, "Room Acoustics"; Vorländer,
// "Auralization", appendix), 16 kHz carried on from 8 kHz.
func materials() (wall, floor, ceiling []Material) {
	plaster := Material{.14, .10, .06, .05, .04, .04, .05, .06}
	concrete := Material{.01, .01, .02, .02, .02, .03, .04, .05}
	window := Material{.28, .20, .11, .06, .04, .03, .02, .02}
	curtain := Material{.07, .20, .40, .55, .60, .55, .55, .55}
	shelves := Material{.25, .30, .35, .35, .30, .30, .35, .40}
	parquet := Material{.15, .12, .10, .07, .06, .07, .07, .07}
	carpet := Material{.05, .08, .20, .30, .35, .40, .45, .50}
	tiles := Material{.01, .01, .01, .02, .02, .02, .03, .03}
	boards := Material{.25, .20, .15, .12, .10, .10, .10, .12}
	return []Material{plaster, plaster, concrete, window, curtain, shelves},
		[]Material{parquet, carpet, tiles}, []Material{plaster, concrete, boards}
}

// Furnish returns a room with surfaces chosen by rnd. They set how the bands
// differ and which wall swallows most; RT60 then scales them all.
func Furnish(size Point, rt60 float64, rnd *rand.Rand) Room {
	wall, floor, ceiling := materials()
	r := Room{Size: size, RT60: rt60}
	for i := range 4 {
		r.Walls[i] = wall[rnd.IntN(len(wall))]
	}
	r.Walls[4], r.Walls[5] = floor[rnd.IntN(len(floor))], ceiling[rnd.IntN(len(ceiling))]
	return r
}

// areas returns the surface of every wall in m², and of all.
func (r Room) areas() (s [6]float64, all float64) {
	for i := range s {
		s[i] = r.Size[0] * r.Size[1] * r.Size[2] / r.Size[i/2]
		all += s[i]
	}
	return s, all
}

// air returns what a metre of air takes, in dB, at 20 °C and 50 % humidity (ISO 9613-1).
func air() Band { return Band{.0004, .0013, .0027, .0047, .0099, .0297, .105, .34} }

// Times returns how long every band takes to fall by 60 dB, in seconds. Bands
// differ as the surfaces say, by at most a half either way.
func (r Room) Times() Band {
	area, all := r.areas()
	var own Band // swallowed by the surfaces as they are, per m² (Eyring)
	for b := range own {
		for w, m := range r.Walls {
			own[b] += area[w] * m[b] / all
		}
		own[b] = -math.Log(1 - min(own[b], .95))
	}
	middle := (own[2] + own[3]) / 2
	var t Band
	for b := range t {
		t[b] = r.RT60 * min(1.5, max(.5, middle/own[b]))
	}
	return t
}

// reflects returns what share of the pressure comes back from every wall.
func (r Room) reflects() (walls [6]Band) {
	area, all := r.areas()
	volume := r.Size[0] * r.Size[1] * r.Size[2]
	times, loss := r.Times(), air()
	for b := range Bands {
		// Eyring, with the air's share taken out: 0.161 V / (S a + 4 m V)
		want := 0.161*volume/times[b] - 4*loss[b]/4.343*volume
		mean := 1 - math.Exp(-max(want, .01*all)/all)
		low, high := 0.0, 1000.0
		for range 60 { // how much more than they do must the surfaces swallow
			mid := (low + high) / 2
			sum := 0.0
			for w, m := range r.Walls {
				sum += area[w] / all * swallowed(m[b], mid)
			}
			if sum < mean {
				low = mid
			} else {
				high = mid
			}
		}
		for w, m := range r.Walls {
			walls[w][b] = math.Sqrt(1 - swallowed(m[b], low))
		}
	}
	return walls
}

// swallowed is a surface's share when it has more layers of itself.
func swallowed(share, layers float64) float64 { return 1 - math.Pow(1-share, layers) }

// A Beam says in dB how much less a source sends backwards, band by band.
type Beam Band

// Talker is a person's head (Chu and Warnock, "Detailed directivity of sound
// fields around human talkers", NRC Canada 2002, rounded).
func Talker() Beam { return Beam{2, 4, 6, 8, 12, 16, 19, 22} }

// Loudspeaker is a television or a small box.
func Loudspeaker() Beam { return Beam{0, 1, 3, 7, 12, 16, 20, 24} }

// Everywhere sends alike to all sides.
func Everywhere() Beam { return Beam{} }

// towards returns the pressure that is sent at an angle with the given cosine.
func (b Beam) towards(cos float64) (g Band) {
	back := math.Pow((1-cos)/2, 1.2)
	for i, db := range b {
		g[i] = wave.Gain(-db * back)
	}
	return g
}

// A Source of sound; at one metre in front of it, the response of open air is 1.
type Source struct {
	At, Facing Point
	Beam       Beam
}

// Response returns what the microphone makes of a click at the source, 48000
// samples a second, from Lead samples before the click. The seed chooses the
// irregularities of the room.
func (r Room) Response(s Source, m Placed, seed uint64) []float64 {
	rnd := rand.New(rand.NewPCG(seed, 0x726f6f6d))
	times := r.Times()
	longest := 0.0
	for _, t := range times {
		longest = max(longest, t)
	}
	n := Lead + int(min(1.2, 1.05*longest+r.early())*Rate)
	bands := make([][]float64, Bands)
	for b := range bands {
		bands[b] = make([]float64, n)
	}
	r.images(bands, s, m, rnd)
	r.tail(bands, times, rnd)
	return m.Kind.filter(join(bands))
}

// early returns for how many seconds there are images. A box of bare walls would
// ring longer than furniture lets a room ring, the more so the shorter that is.
func (r Room) early() float64 { return min(.1, max(.05, .18*r.RT60)) }

// images adds every image of the source that sounds within the early part.
func (r Room) images(bands [][]float64, s Source, m Placed, rnd *rand.Rand) {
	delay := delays()
	walls, loss := r.reflects(), air()
	farthest := r.early() * speed
	var reach [3]int
	for i := range reach {
		reach[i] = int(farthest/(2*r.Size[i])) + 1
	}
	powers := powersOf(walls, 2*max(reach[0], reach[1], reach[2])+2)
	var at, facing Point
	var hits [6]int
	for x := -reach[0]; x <= reach[0]; x++ {
		for y := -reach[1]; y <= reach[1]; y++ {
			for z := -reach[2]; z <= reach[2]; z++ {
				for mirror := range 8 {
					order := 0
					for i, k := range [3]int{x, y, z} {
						flip := mirror >> i & 1
						at[i], facing[i] = s.At[i]+2*float64(k)*r.Size[i], s.Facing[i]
						if flip == 1 {
							at[i], facing[i] = 2*float64(k)*r.Size[i]-s.At[i], -s.Facing[i]
						}
						hits[2*i], hits[2*i+1] = max(k-flip, flip-k), max(k, -k)
						order += hits[2*i] + hits[2*i+1]
					}
					distance := at.Distance(m.At)
					if order > 0 {
						distance = max(.02, distance+(rnd.Float64()-.5)*.08) // no wall is that even
					}
					if distance > farthest {
						continue
					}
					from := m.At.To(at)
					g := s.Beam.towards(-facing.dot(from))
					hears := m.Kind.towards(m.Facing.dot(from))
					for b := range g {
						g[b] *= hears[b] * wave.Gain(-loss[b]*distance) / distance
						for w, h := range hits {
							g[b] *= powers[w][h][b]
						}
					}
					place(bands, delay, distance, g)
					for _, f := range m.Kind.Surfaces {
						if up := f.Normal.dot(from); up > 0 {
							e := g
							for b := range e {
								e[b] *= f.Reflects[b]
							}
							place(bands, delay, distance+2*f.Distance*up, e)
						}
					}
				}
			}
		}
	}
}

func powersOf(walls [6]Band, most int) (p [6][]Band) {
	for w := range p {
		p[w] = make([]Band, most)
		for k := range p[w] {
			for b := range Bands {
				p[w][k][b] = math.Pow(walls[w][b], float64(k))
			}
		}
	}
	return p
}

// delays returns windowed sincs for every fraction of a sample.
func delays() *[phases + 1][taps]float64 {
	var d [phases + 1][taps]float64
	for p := range d {
		for i := range taps {
			x := float64(i-taps/2+1) - float64(p)/phases
			d[p][i] = wave.Sinc(x) * (.5 + .5*math.Cos(math.Pi*x/(taps/2+.5)))
		}
	}
	return &d
}

// place adds a click that has come from so far.
func place(bands [][]float64, delay *[phases + 1][taps]float64, distance float64, g Band) {
	t := Lead + distance/speed*Rate
	whole := int(t)
	d := &delay[int((t-float64(whole))*phases+.5)]
	first := whole - taps/2 + 1
	if first < 0 || first+taps > len(bands[0]) {
		return
	}
	for b, h := range bands {
		for i, w := range d {
			h[first+i] += g[b] * w
		}
	}
}

// tail lets noise take over from the images: in each band as loud as they are
// just before, and falling as long as the room asks.
func (r Room) tail(bands [][]float64, times Band, rnd *rand.Rand) {
	n := len(bands[0])
	end := Lead + int(r.early()*Rate)
	span := int(mixing * Rate)
	noise := make([]float64, n)
	for i := end - span; i < n; i++ {
		noise[i] = rnd.NormFloat64()
	}
	for b, h := range bands {
		fall := math.Pow(10, -3/(times[b]*Rate)) // of the pressure, a sample
		level := math.Sqrt(wave.Energy(h[end-2*span:end-span])/float64(span)) * math.Pow(fall, float64(span)/2)
		for i := end - span; i < n; i++ {
			mix := min(1, float64(i-end+span)/float64(span))
			h[i] = h[i]*math.Sqrt(1-mix) + level*math.Sqrt(mix)*noise[i]
			level *= fall
		}
	}
}

// join filters every band to itself and adds them up. The filters are squared
// cosines over the octave, without phase, and add up to one.
func join(bands [][]float64) []float64 {
	n := len(bands[0])
	size := 1 << bits.Len(uint(n+Rate/100))
	f := wave.NewFourier(size)
	sum, pair := make([]complex128, size), make([]complex128, size)
	for b := 0; b < Bands; b += 2 {
		clear(pair)
		for i := range n {
			pair[i] = complex(bands[b][i], bands[b+1][i]) // two real signals in one transform
		}
		f.Forward(pair)
		for k := 0; k <= size/2; k++ {
			p, q := pair[k], pair[(size-k)%size]
			q = complex(real(q), -imag(q))
			one, two := (p+q)/2, (p-q)/complex(0, 2)
			hz := float64(k) * Rate / float64(size)
			sum[k] += one*complex(share(b, hz), 0) + two*complex(share(b+1, hz), 0)
		}
	}
	for k := 1; k < size/2; k++ {
		sum[size-k] = complex(real(sum[k]), -imag(sum[k]))
	}
	f.Inverse(sum)
	out := make([]float64, n)
	for i := range out {
		out[i] = real(sum[i])
	}
	return out
}

// share says how much of a frequency belongs to band b.
func share(b int, hz float64) float64 {
	octave := math.Log2(max(hz, 1) / 125)
	octave = min(Bands-1, max(0, octave)) - float64(b)
	if octave <= -1 || octave >= 1 {
		return 0
	}
	c := math.Cos(math.Pi / 2 * octave)
	return c * c
}
