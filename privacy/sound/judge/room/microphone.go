package room

import (
	"math"
	"math/rand/v2"

	"paravent/privacy/sound/judge/internal/wave"
)

// A Microphone is a kind of device. All figures are typical ones.
type Microphone struct {
	Name string
	Worn bool // on the head, and moves with it

	// Ahead is, band by band, how much of the pattern is a figure of eight: 0
	// hears to all sides, .5 is a cardioid.
	Ahead Band

	Surfaces []Surface
	Shape    []Bell
	Lowest   float64 // Hz, below which a second-order filter takes sound away
	Highest  float64 // Hz, above which one does
	Hiss     float64 // its own noise, as dB SPL
}

// A Surface near the microphone reflects what comes from above it.
type Surface struct {
	Normal   Point
	Distance float64 // metres
	Reflects Band    // of the pressure
}

// A Bell raises or lowers the response around a frequency.
type Bell struct{ Hz, DB, Q float64 }

// Placed is a microphone in a room.
type Placed struct {
	Kind       Microphone
	At, Facing Point
}

func table(below, strength float64) Surface {
	s := Surface{Normal: Point{0, 0, 1}, Distance: below}
	for b, v := range (Band{.5, .6, .7, .8, .8, .75, .65, .6}) {
		s.Reflects[b] = strength * v
	}
	return s
}

// Laptop is a pair of small holes in the rim of a screen: a table below, and the
// resonance of the hole.
func Laptop() Microphone {
	return Microphone{
		Name:     "laptop",
		Ahead:    Band{0, 0, 0, .03, .08, .15, .22, .28},
		Surfaces: []Surface{table(.2, .9)},
		Shape:    []Bell{{350, -2, .8}, {3200, 3, 1.5}, {11000, 7, 2}},
		Lowest:   110, Highest: 18000, Hiss: 27,
	}
}

// USB is a cardioid on the table.
func USB() Microphone {
	return Microphone{
		Name:     "USB microphone",
		Ahead:    Band{.35, .42, .46, .48, .48, .45, .45, .45},
		Surfaces: []Surface{table(.14, .7)},
		Shape:    []Bell{{180, 2, .7}, {6000, 2.5, 1}},
		Lowest:   60, Highest: 20000, Hiss: 18,
	}
}

// Headset is a boom at the corner of the mouth.
func Headset() Microphone {
	return Microphone{
		Name:   "headset",
		Worn:   true,
		Ahead:  Band{.3, .3, .3, .3, .3, .3, .3, .3},
		Shape:  []Bell{{250, -3, .7}, {2500, 4, 1}, {5500, -4, 2}},
		Lowest: 180, Highest: 11000, Hiss: 33,
	}
}

// Webcam is a cheap one on top of a screen.
func Webcam() Microphone {
	return Microphone{
		Name:     "webcam",
		Ahead:    Band{0, 0, 0, .02, .05, .1, .2, .25},
		Surfaces: []Surface{table(.45, .5)},
		Shape:    []Bell{{700, 4, 1.2}, {2400, -5, 2}, {4800, 8, 2.5}},
		Lowest:   220, Highest: 7500, Hiss: 38,
	}
}

// towards returns the pressure that is heard from a direction, by its cosine with
// where the microphone faces.
func (m Microphone) towards(cos float64) (g Band) {
	for b, a := range m.Ahead {
		g[b] = math.Abs(1 - a + a*cos)
	}
	return g
}

// filter gives h the response of the microphone, in place, and returns it.
func (m Microphone) filter(h []float64) []float64 {
	highPass(m.Lowest).run(h)
	for _, b := range m.Shape {
		b.filter().run(h)
	}
	lowPass(m.Highest).run(h)
	return h
}

// Noise returns n samples of what the microphone gives in a room whose noise has
// a level in dB SPL: the room's, falling 5 dB an octave as ventilation and streets
// do, behind the response, and its own. A mean square of 1 is 0 dB SPL.
func (m Microphone) Noise(n int, room float64, rnd *rand.Rand) []float64 {
	x := make([]float64, n)
	var a, b, c float64
	for i := range x { // three poles approximate the slope (Kellet's pink filter, darker)
		w := rnd.NormFloat64()
		a = .998*a + .06*w
		b = .98*b + .12*w
		c = .8*c + .12*w
		x[i] = a + b + c
	}
	m.filter(x)
	level(x, room)
	own := make([]float64, n)
	for i := range own {
		own[i] = rnd.NormFloat64()
	}
	level(own, m.Hiss)
	for i, v := range own {
		x[i] += v
	}
	return x
}

func level(x []float64, db float64) {
	g := wave.Gain(db - wave.Level(x))
	for i := range x {
		x[i] *= g
	}
}

// A biquad is a filter of the second order (Bristow-Johnson, "Cookbook formulae
// for audio EQ biquad filter coefficients").
type biquad struct{ b0, b1, b2, a1, a2 float64 }

func (q biquad) run(x []float64) {
	var s1, s2 float64
	for i, v := range x {
		y := q.b0*v + s1
		s1 = q.b1*v - q.a1*y + s2
		s2 = q.b2*v - q.a2*y
		x[i] = y
	}
}

func highPass(hz float64) biquad {
	w := 2 * math.Pi * hz / Rate
	c, alpha := math.Cos(w), math.Sin(w)/math.Sqrt2
	a := 1 + alpha
	return biquad{(1 + c) / 2 / a, -(1 + c) / a, (1 + c) / 2 / a, -2 * c / a, (1 - alpha) / a}
}

func lowPass(hz float64) biquad {
	w := 2 * math.Pi * hz / Rate
	c, alpha := math.Cos(w), math.Sin(w)/math.Sqrt2
	a := 1 + alpha
	return biquad{(1 - c) / 2 / a, (1 - c) / a, (1 - c) / 2 / a, -2 * c / a, (1 - alpha) / a}
}

func (b Bell) filter() biquad {
	w := 2 * math.Pi * b.Hz / Rate
	c, alpha := math.Cos(w), math.Sin(w)/(2*b.Q)
	g := math.Pow(10, b.DB/40)
	a := 1 + alpha/g
	return biquad{(1 + alpha*g) / a, -2 * c / a, (1 - alpha*g) / a, -2 * c / a, (1 - alpha/g) / a}
}
