package picture

import (
	"flag"
	"image"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/picture/person"
	"paravent/privacy/picture/synth"
)

// A drawn room says how bright a cell is at a time.
type drawn func(x, y int, at float64) float64

// in puts what is inside a box into a room of even light, with a person in the middle
// of the grid.
func in(box image.Rectangle, inside drawn) drawn {
	return func(x, y int, at float64) float64 {
		if image.Pt(x, y).In(box) {
			return inside(x, y, at)
		}
		return 110 + 20*math.Sin(float64(x)/9)
	}
}

// glows reports in how many of the looks of 20 seconds there is a screen.
func glows(room drawn) int {
	var g glow
	var c grid
	r := rand.New(rand.NewPCG(3, 4))
	n := 0
	for i := range 200 {
		at := float64(i) / 10
		for k := range c.y {
			x, y := k%person.W, k/person.W
			c.y[k] = byte(min(max(room(x, y, at)+.7*r.NormFloat64(), 16), 235))
			c.people[k], c.keep[k] = 0, 0
			if x > 50 && x < 80 && y > 30 {
				c.people[k], c.keep[k] = 255, 255
				c.y[k] = byte(90 + 60*math.Sin(3*at)) // moves
			}
		}
		if g.look(&c, .1) {
			n++
		}
	}
	return n
}

// shots are the shots of a film: each has its light, and its own pattern.
func shots(x, y int, at float64) float64 {
	shot := math.Floor(at / 2.3)
	return 120 + 60*math.Sin(7*shot) + 15*math.Sin(float64(x+y)/3+shot)
}

func TestAScreenWithoutTextIsFoundByItsFlicker(t *testing.T) {
	tv := image.Rect(10, 12, 42, 30)
	for name, room := range map[string]drawn{
		"a film":                       in(tv, shots),
		"a film, partly hidden":        in(image.Rect(40, 20, 72, 38), shots),
		"a small monitor that flashes": in(image.Rect(100, 40, 112, 48), func(_, _ int, at float64) float64 { return 60 + 120*math.Mod(math.Floor(at), 2) }),
		"while the light changes": func(x, y int, at float64) float64 {
			return in(tv, shots)(x, y, at) + 10*math.Sin(at)
		},
	} {
		if n := glows(room); n < 60 {
			t.Errorf("%s: in %d looks", name, n)
		}
	}
}

func TestWhatIsNoScreenDoesNotGlow(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	leaf := make([]float64, cells)
	for i := range leaf {
		leaf[i] = 6.3 * r.Float64()
	}
	window := image.Rect(8, 5, 48, 40)
	sky := func(int, int, float64) float64 { return 225 }
	for name, room := range map[string]drawn{
		"nothing":             in(window, func(int, int, float64) float64 { return 110 }),
		"a window with a sky": in(window, sky),
		"a sky with clouds": in(window, func(x, y int, at float64) float64 {
			return 190 + 35*math.Sin(float64(x)/11+at/2) + 10*math.Sin(float64(y)/7+at/3)
		}),
		"the sun goes and comes": in(window, func(_, _ int, at float64) float64 { return 170 + 50*math.Sin(at/2) }),
		"leaves before a window": in(window, func(x, y int, at float64) float64 {
			return 150 + 70*math.Sin(leaf[y*person.W+x]+4*at)
		}),
		"a lamp that is lit once": in(window, func(_, _ int, at float64) float64 { return 100 + 90*math.Floor(at/11) }),
		"the exposure hunts": func(x, y int, at float64) float64 {
			return in(window, sky)(x, y, at) - 40*math.Mod(math.Floor(at), 2)
		},
		"somebody walks by": func(x, y int, at float64) float64 {
			u := float64(x) - 8*at
			if u > 0 && u < 14 && y > 20+int(math.Abs(u-7)) {
				return 200
			}
			return 110
		},
		"a curtain in the wind": func(x, y int, at float64) float64 {
			if x < 30+int(4*math.Sin(2*at+float64(y)/10)) {
				return 180 + 20*math.Sin(float64(x)/2+3*at)
			}
			return 100
		},
		"a dark corner that flickers": in(image.Rect(2, 2, 20, 14), func(_, _ int, at float64) float64 { return 30 + 30*math.Mod(math.Floor(at), 2) }),
	} {
		if n := glows(room); n > 0 {
			t.Errorf("%s: a screen in %d looks", name, n)
		}
	}
}

func TestAScreenIsToldOfAFilmAndNotOfRoomsWithASky(t *testing.T) {
	watch := func(s *synth.Scene, seconds float64, draw func(p *frame.Picture, user []byte, at float64)) int {
		b, told := newBackground(t), 0
		p := frame.NewPool(s.W, s.H).Get(0)
		for n := range int(seconds * s.FPS) {
			truth := s.Draw(n, p)
			p.At = s.At(n)
			if draw != nil {
				draw(p, truth.User, p.At.Seconds())
			}
			if err := b.Apply(p); err != nil {
				t.Fatal(err)
			}
			if b.Notes().Has(filter.Readable) {
				told++
			}
		}
		return told
	}
	alone, err := synth.Alone(320, 180)
	if err != nil {
		t.Fatal(err)
	}
	crowd, err := synth.Crowded(320, 180)
	if err != nil {
		t.Fatal(err)
	}
	tv := image.Rect(16, 20, 84, 62)
	alone[2].FPS = 10
	n := watch(alone[2], 8, func(p *frame.Picture, user []byte, at float64) {
		for y := tv.Min.Y; y < tv.Max.Y; y++ {
			for x := tv.Min.X; x < tv.Max.X; x++ {
				if i := y*p.Image.YStride + x; user[y*320+x] == 0 {
					p.Image.Y[i] = byte(shots(x/3, y/3, 2*at))
				}
			}
		}
	})
	if n < 10 {
		t.Errorf("a screen behind %s is told in %d pictures", alone[2].Name, n)
	}
	for _, s := range append(alone, crowd...) {
		if every := flag.Lookup("films").Value.String() == "true"; !every && s.Name != "brisk" && s.Name[0] != 'I' {
			continue
		}
		s.FPS = 10
		if n := watch(s, 5, nil); n > 0 {
			t.Errorf("%s: readable in %d pictures", s.Name, n)
		}
	}
}

func TestALookForScreensDoesNotAllocate(t *testing.T) {
	var g glow
	c, at := new(grid), time.Duration(0)
	if n := testing.AllocsPerRun(20, func() {
		at += time.Second
		for i := range c.y {
			c.y[i] = byte(100 + 100*(int(at/time.Second)&1)*(i/person.W/36))
		}
		g.look(c, .2)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkGlow(b *testing.B) {
	var g glow
	c, n := new(grid), 0
	for b.Loop() {
		n++
		for i := range c.y {
			if i%person.W < 40 && i/person.W < 30 {
				c.y[i] = byte(100 + 100*(n&1))
			}
		}
		g.look(c, lookEvery)
	}
}
