package synth

import "math"

// Apart are scenes that no step was tuned on: other pairs of people, rooms, paths and
// seeds than those of Alone and Crowded. Whoever tunes must look at their figures last,
// and not at their pictures. 2026-11-25: the last choice, among three variants, was made
// by the figures of h, j, k and l.
func Apart(w, h int) ([]*Scene, error) {
	c, err := newCast()
	if err != nil {
		return nil, err
	}
	m := float64(w) / float64(h) / 2
	out := 2*m + .55
	talk := func(x, y, k float64, mirror bool) func(float64) Pose {
		return func(t float64) Pose {
			return Pose{X: x + .015*math.Sin(t*1.9+1), Y: y + .005*math.Sin(t*3.1), Height: k, Turn: .02 * math.Sin(t*1.3+2), Mirror: mirror}
		}
	}
	mirrored := func(pose func(float64) Pose) func(float64) Pose {
		return func(t float64) Pose {
			p := pose(t)
			p.Mirror = !p.Mirror
			return p
		}
	}
	rise := func(x, from, to, k float64) func(float64) Pose {
		return func(t float64) Pose {
			s := min(max((t-1.7)/1.1, 0), 1)
			return Pose{X: x, Y: from + (to-from)*s, Height: k, Gone: s == 0}
		}
	}
	tan := c.astronaut.Tinted(.5, .8, .7, .5)
	dim := c.person.Tinted(.7, .6, .8, 1.1)
	all := scenes(w, h, []*Scene{
		{Name: "a light clothes", Room: c.building, User: Actor{Cut: c.stranger, Pose: talk(m-.1, 1.03, 1.15, true)}},
		{Name: "b still", Room: c.building, User: Actor{Cut: tan, Pose: func(float64) Pose { return Pose{X: m + .05, Y: 1.02, Height: 1.1, Mirror: true} }}},
		{Name: "c small and far", Room: c.left, User: Actor{Cut: c.stranger, Pose: talk(m-.2, 1.01, .5, false)}},
		{Name: "d low light", Room: c.left, User: Actor{Cut: tan, Pose: talk(m, 1.02, 1.05, true)}, Light: .33, Noise: 6},
		{Name: "e leaning, dark", Room: c.left, User: Actor{Cut: dim, Pose: mirrored(lean(m+.1, 1.2, 1.35, 1.2, -.3))}},
		{Name: "f leaning, light", Room: c.building, User: Actor{Cut: c.stranger, Pose: lean(m, 1.15, 1.3, 1, .3)}},
		{Name: "g one walks behind", Room: c.building, User: Actor{Cut: tan, Pose: talk(m+.05, 1.02, 1.1, true)}, Others: []Actor{{Cut: c.person, Pose: walk(-.6, out, 1.4, 4.2, 1.05, .95)}}},
		{Name: "h leaning, one walks behind", Room: c.left, User: Actor{Cut: c.stranger, Pose: lean(m-.05, 1.18, 1.35, 2, -.3)}, Others: []Actor{{Cut: c.blue, Pose: walk(-.5, out, 1.5, 4.3, 1.04, .9)}}},
		{Name: "i other leaning, one walks behind", Room: c.building, User: Actor{Cut: c.astronaut, Pose: lean(m, 1.1, 1.1, 2.2, .28)}, Others: []Actor{{Cut: c.stranger, Pose: walk(out, -.6, 1.6, 4.6, 1.06, 1)}}},
		{Name: "j child", Room: c.left, User: Actor{Cut: c.stranger, Pose: talk(m-.05, 1.02, 1.2, false)}, Others: []Actor{{Cut: c.blue, Pose: walk(out, -.4, 1.5, 4.4, 1.02, .5)}}},
		{Name: "k one rises to the left", Room: c.home, User: Actor{Cut: tan, Pose: talk(m, 1.02, 1.05, false)}, Others: []Actor{{Cut: c.stranger, Pose: rise(m-.4, 1.9, 1.08, .85)}}},
		{Name: "l one rises behind the head", Room: c.building, User: Actor{Cut: dim, Pose: talk(m, 1.02, 1.15, true)}, Others: []Actor{{Cut: c.blue, Pose: rise(m+.18, 1.9, 1, 1.1)}}},
		{Name: "m fast walker", Room: c.home, User: Actor{Cut: tan, Pose: talk(m, 1.02, 1, true)}, Others: []Actor{{Cut: c.person, Pose: walk(out, -.6, 1.7, 2.8, 1.05, .95), Blur: .04}}},
		{Name: "n two cross", Room: c.home, User: Actor{Cut: c.stranger, Pose: talk(m+.05, 1.03, 1.2, false)}, Others: []Actor{{Cut: c.astronaut, Pose: walk(-.5, out, 1.4, 4.4, 1.05, .9)}, {Cut: c.blue, Pose: walk(out, -.6, 2, 4.6, 1.02, .75)}}},
	})
	for i, s := range all {
		s.Seed, s.Apart = uint64(100+7*i), true
	}
	return all, nil
}
