package synth

import (
	"image"
	"math"
)

// A cast is what the scenes are made of.
type cast struct {
	astronaut, person, stranger, blue, torso *Cut
	home, left, building                     *Photo
}

func newCast() (c cast, err error) {
	for _, r := range []struct {
		to   **Photo
		name string
	}{{&c.home, "home"}, {&c.left, "left"}, {&c.building, "building"}} {
		if *r.to, err = Room(r.name); err != nil {
			return c, err
		}
	}
	if c.astronaut, err = Astronaut(); err != nil {
		return c, err
	}
	if c.person, err = Person(); err != nil {
		return c, err
	}
	c.blue = c.astronaut.Tinted(.56, .35, .9, 2.4)
	c.stranger = c.person.Tinted(.72, 3.2, 2.2, 1.8)
	c.torso = c.astronaut.Part(image.Rect(0, 140, 512, 330))
	return c, nil
}

// sway is somebody who sits and talks.
func sway(x, y, h float64) func(float64) Pose {
	return func(t float64) Pose {
		return Pose{X: x + .012*math.Sin(t*2.3), Y: y + .004*math.Sin(t*3.7), Height: h, Turn: .015 * math.Sin(t*1.7)}
	}
}

// brisk is somebody who moves a lot.
func brisk(x, y, h float64) func(float64) Pose {
	return func(t float64) Pose {
		return Pose{X: x + .12*math.Sin(t*1.9), Y: y + .03*math.Sin(t*2.7), Height: h, Turn: .1 * math.Sin(t*2.3)}
	}
}

// walk goes from x0 at time t0 to x1 at t1, bobbing.
func walk(x0, x1, t0, t1, y, h float64) func(float64) Pose {
	return func(t float64) Pose {
		k := (t - t0) / (t1 - t0)
		return Pose{X: x0 + (x1-x0)*k, Y: y + .01*math.Sin(t*12), Height: h, Mirror: x1 < x0, Gone: k < 0 || k > 1}
	}
}

// lean tilts to one side, stays, and comes back, from t0 on.
func lean(x, y, h, t0, by float64) func(float64) Pose {
	return func(t float64) Pose {
		k := min(max((t-t0)/.5, 0), 1) * min(max((t0+2.5-t)/.5, 0), 1)
		k = k * k * (3 - 2*k)
		return Pose{X: x + .35*by*k + .01*math.Sin(t*2.3), Y: y + .02*k, Height: h * (1 + .12*math.Abs(by)*k), Turn: by * k}
	}
}

// Alone are scenes in which the user is the only person.
func Alone(w, h int) ([]*Scene, error) {
	c, err := newCast()
	if err != nil {
		return nil, err
	}
	m := float64(w) / float64(h) / 2
	still := func(x, y, k float64) func(float64) Pose {
		return func(float64) Pose { return Pose{X: x, Y: y, Height: k} }
	}
	hand := func(x float64) Actor {
		return Actor{Cut: Hand(), Pose: func(t float64) Pose {
			k := min(max((t-1.5)/.4, 0), 1) * min(max((3.5-t)/.4, 0), 1)
			return Pose{X: x, Y: 1.75 - .6*k, Height: .62, Turn: .1 * math.Sin(t*6) * k, Gone: k == 0}
		}}
	}
	return scenes(w, h, []*Scene{
		{Name: "webcam", Room: c.home, User: Actor{Cut: c.person, Pose: sway(m, 1.02, 1.25)}, Noise: 3},
		{Name: "still", Room: c.home, User: Actor{Cut: c.person, Pose: still(m, 1.02, 1.25)}, Noise: 3},
		{Name: "half length", Room: c.left, User: Actor{Cut: c.astronaut, Pose: sway(m, 1.01, .95)}, Noise: 3},
		{Name: "brisk", Room: c.left, User: Actor{Cut: c.astronaut, Pose: brisk(m, 1.12, 1.05)}, Noise: 3},
		{Name: "small and far", Room: c.building, User: Actor{Cut: c.astronaut, Pose: sway(m+.1, 1.01, .48)}, Noise: 3},
		{Name: "low light", Room: c.home, User: Actor{Cut: c.person, Pose: sway(m, 1.02, 1.2)}, Light: .3, Noise: 6},
		{Name: "leaning", Room: c.left, User: Actor{Cut: c.person, Pose: lean(m, 1.2, 1.4, 1, .35)}, Noise: 3},
		{Name: "leaning out", Room: c.home, User: Actor{Cut: c.astronaut, Pose: lean(m, 1.12, 1.1, 1, -.35)}, Noise: 3},
		{Name: "hand", Room: c.home, User: Actor{Cut: c.person, Pose: sway(m, 1.02, 1.1)}, Props: []Actor{hand(m + .48)}, Noise: 3},
		{Name: "15 a second", Room: c.left, User: Actor{Cut: c.astronaut, Pose: brisk(m, 1.12, 1.05)}, Noise: 3, FPS: 15},
	}), nil
}

// Crowded are scenes in which somebody else comes into the picture.
func Crowded(w, h int) ([]*Scene, error) {
	c, err := newCast()
	if err != nil {
		return nil, err
	}
	m := float64(w) / float64(h) / 2
	out := 2*m + .55 // beyond the edge
	return scenes(w, h, []*Scene{
		{Name: "A close user, one walks behind", Room: c.home, User: Actor{Cut: c.person, Pose: sway(m-.1, 1.02, 1.6)}, Others: []Actor{{Cut: c.blue, Pose: walk(-.5, out, 1.5, 4.5, 1.1, 1)}}},
		{Name: "B other user, from the right", Room: c.home, User: Actor{Cut: c.astronaut, Pose: sway(m, 1.01, 1)}, Others: []Actor{{Cut: c.stranger, Pose: walk(out, -.6, 1.5, 4.5, 1.05, .95)}}},
		{Name: "C in front of a house", Room: c.building, User: Actor{Cut: c.person, Pose: sway(m, 1.02, 1.3)}, Others: []Actor{{Cut: c.astronaut, Pose: walk(-.6, out, 1.5, 4.2, 1.02, .9)}}},
		{Name: "D somebody without a head", Room: c.left, User: Actor{Cut: c.astronaut, Pose: sway(m, 1.01, .9)}, Others: []Actor{{Cut: c.torso.Tinted(0, .4, .9, 1.6), Pose: walk(-.6, out, 1.5, 4.5, 1.02, .8)}}},
		{Name: "E small user", Room: c.left, User: Actor{Cut: c.astronaut, Pose: sway(m, 1.01, .55)}, Others: []Actor{{Cut: c.stranger, Pose: walk(out, -.6, 1.5, 4.5, 1.05, 1)}}},
		{Name: "F fast walker", Room: c.left, User: Actor{Cut: c.person, Pose: sway(m, 1.02, 1.2)}, Others: []Actor{{Cut: c.blue, Pose: walk(-.5, out, 1.6, 2.6, 1.05, .95), Blur: .04}}},
		{Name: "G child", Room: c.home, User: Actor{Cut: c.astronaut, Pose: sway(m+.1, 1.01, 1)}, Others: []Actor{{Cut: c.person, Pose: walk(-.4, out, 1.5, 4.5, 1.01, .5)}}},
		{Name: "H leaning, one walks behind", Room: c.home, User: Actor{Cut: c.person, Pose: lean(m, 1.2, 1.4, 2, .3)}, Others: []Actor{{Cut: c.blue, Pose: walk(out, -.5, 1.5, 4.5, 1.05, .95)}}},
		{Name: "I two walk behind", Room: c.left, User: Actor{Cut: c.person, Pose: sway(m, 1.02, 1.2)}, Others: []Actor{{Cut: c.blue, Pose: walk(-.5, out, 1.5, 4.5, 1.05, .9)}, {Cut: c.stranger, Pose: walk(out, -.6, 1.8, 4.8, 1.05, .8)}}},
		{Name: "J one comes and stays beside", Room: c.home, User: Actor{Cut: c.astronaut, Pose: sway(m-.2, 1.01, 1)}, Others: []Actor{{Cut: c.stranger, Pose: func(t float64) Pose {
			p := walk(out, m+.35, 1.5, 2.7, 1.05, .9)(min(t, 2.7))
			p.X += .01 * math.Sin(t*3)
			return p
		}}}},
		{Name: "K one rises behind", Room: c.left, User: Actor{Cut: c.person, Pose: sway(m, 1.02, 1.1)}, Others: []Actor{{Cut: c.blue, Pose: func(t float64) Pose {
			k := min(max((t-1.5)/.8, 0), 1)
			return Pose{X: m + .4, Y: 1.95 - .85*k, Height: .85, Gone: k == 0}
		}}}},
		{Name: "L low light, one walks", Room: c.home, User: Actor{Cut: c.person, Pose: sway(m, 1.02, 1.2)}, Others: []Actor{{Cut: c.astronaut, Pose: walk(-.5, out, 1.5, 4.5, 1.05, .95)}}, Light: .35, Noise: 5},
	}), nil
}

// scenes fills in what is alike.
func scenes(w, h int, all []*Scene) []*Scene {
	for i, s := range all {
		s.W, s.H, s.Seed, s.Warm = w, h, uint64(i+1), 15
		if s.FPS == 0 {
			s.FPS = 30
		}
		if s.Noise == 0 {
			s.Noise = 3
		}
		s.Frames = int(5 * s.FPS)
	}
	return all
}
