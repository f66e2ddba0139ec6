package judge

import (
	"hash/fnv"
	"math"
	"math/rand/v2"

	"paravent/privacy/sound/judge/room"
)

// A Take is one recording of a scene, at 48 kHz. The microphone stands so that the
// user at ease has −30 to −22 dB below full scale.
type Take struct {
	Mix              []float32 // what the microphone hears, and a chain gets
	Near, Far, Noise []float32 // what that is the sum of, at the microphone
	Calibration      []float32 // six seconds of the user; nil where there is none

	// Where what can be heard. In NearOnly the user has the word, in FarOnly the
	// others, and what the user said has died away.
	NearOnly, FarOnly, Both, Quiet []Span
	Keys                           []Span // blows, where nobody speaks
	Words                          []int  // where words begin in NearOnly

	NearLevel             float64 // dB, the active level of Near in NearOnly
	NearDirect, FarDirect float64 // dB, direct to reverberant; NaN without
	Voices                []string

	alone, both heard // what the microphone hears, in NearOnly and in Both
}

// heard is how well the user is heard.
type heard struct {
	stoi, sdr float64
}

// A turn is a stretch of speech, in seconds.
type turn struct {
	near, far bool
	from, to  float64
}

const length = 26.0 // seconds of a take

// turns returns who speaks when. A bystander is quiet for .4 s at least after the
// user was heard, so that it is the bystander that is measured.
func turns(rnd *rand.Rand) []turn {
	t := []turn{
		{true, false, 1, 4.4},
		{false, true, 5, 9},
		{true, false, 9.6, 11.6},
		{false, true, 12.2, 14},
		{true, false, 14.6, 18},
		{false, true, 18.6, 20},
		{true, true, 20.6, 24.6},
	}
	for i := range t {
		t[i].from += .1 * (2*rnd.Float64() - 1)
		t[i].to += .1 * (2*rnd.Float64() - 1)
	}
	return t
}

// A pose is where a source is.
type pose struct{ at, facing room.Point }

// A stage is a room with everything in its place.
type stage struct {
	room room.Room
	mic  room.Placed
	user pose
	seed uint64
}

// Make makes the take of a seed. Seeds go through all pairs of voices.
func (s Scene) Make(of Material, seed uint64) *Take {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s.Key))
	rnd := rand.New(rand.NewPCG(seed, h.Sum64()))
	near, others := cast(of.Voices, seed, max(1, len(s.Others)), rnd)
	st, places := s.stage(rnd)
	m := &maker{scene: s, material: of, stage: st, rnd: rnd, near: near, n: int(length * rate), take: &Take{FarDirect: math.NaN()}}
	m.take.Voices = append(m.take.Voices, near.Name)
	m.turns = turns(rnd)

	user := m.user()
	for i, b := range s.Others {
		m.take.Voices = append(m.take.Voices, others[i].Name)
		m.bystander(b, i, others[i], places[i])
	}
	m.noise()
	m.finish(user)
	return m.take
}

// cast chooses who speaks. Consecutive seeds have other users, and in time all pairs.
func cast(voices []Voice, seed uint64, far int, rnd *rand.Rand) (near Voice, others []Voice) {
	n := uint64(len(voices))
	user := seed % n
	other := (user + 1 + seed/n%(n-1)) % n
	near, others = voices[user], append(others, voices[other])
	for len(others) < far {
		v := uint64(rnd.IntN(len(voices)))
		if v != user && (v != other || n == 2) {
			others = append(others, voices[v])
		}
	}
	return near, others
}

// stage builds a room in which everything has its place.
func (s Scene) stage(rnd *rand.Rand) (stage, []pose) {
	between := func(a, b float64) float64 { return a + (b-a)*rnd.Float64() }
	kind := s.Mic()
	for {
		r := room.Furnish(room.Point{between(3.2, 6), between(2.7, 5), between(2.35, 2.9)}, s.RT60, rnd)
		st := stage{room: r, seed: rnd.Uint64()}
		mic := room.Point{between(.35, r.Size[0]-.35), between(.35, r.Size[1]-.35), between(.88, 1.02)}
		angle := 2 * math.Pi * rnd.Float64()
		up := between(.12, .25)
		if kind.Worn {
			mic[2], up = between(1.1, 1.3), .01
		}
		up = min(up, .7*s.Away)
		flat := math.Sqrt(s.Away*s.Away - up*up)
		st.user.at = room.Point{mic[0] + flat*math.Cos(angle), mic[1] + flat*math.Sin(angle), mic[2] + up}
		st.user.facing = turned(st.user.at.To(mic), .3*(2*rnd.Float64()-1))
		if kind.Worn { // at the corner of the mouth
			st.user.facing = turned(st.user.at.To(mic), between(.7, 1.1))
		}
		st.mic = room.Placed{Kind: kind, At: mic, Facing: turned(mic.To(st.user.at), .3*(2*rnd.Float64()-1))}
		ok := inside(r, st.user.at, .25)
		var places []pose
		for _, b := range s.Others {
			p, found := put(r, mic, b, rnd)
			ok = ok && found && p.at.Distance(st.user.at) > .5
			places = append(places, p)
		}
		if ok {
			return st, places
		}
	}
}

// put finds a place for a bystander, who faces wherever; a loudspeaker faces the room.
func put(r room.Room, mic room.Point, b Bystander, rnd *rand.Rand) (pose, bool) {
	low, high := 1.1, 1.65
	switch b.Kind {
	case Child:
		low, high = .7, 1.1
	case Television, Music:
		low, high = .6, 1.3
	case Person:
	}
	for range 50 {
		z := low + (high-low)*rnd.Float64()
		rise := z - mic[2]
		if math.Abs(rise) > .9*b.Away {
			continue
		}
		flat := math.Sqrt(b.Away*b.Away - rise*rise)
		angle := 2 * math.Pi * rnd.Float64()
		p := room.Point{mic[0] + flat*math.Cos(angle), mic[1] + flat*math.Sin(angle), z}
		if !inside(r, p, .25) {
			continue
		}
		look := 2 * math.Pi * rnd.Float64()
		facing := room.Point{math.Cos(look), math.Sin(look), 0}
		if b.Kind == Television || b.Kind == Music {
			facing = turned(p.To(room.Point{r.Size[0] / 2, r.Size[1] / 2, z}), rnd.Float64()-.5)
		}
		return pose{p, facing}, true
	}
	return pose{}, false
}

func inside(r room.Room, p room.Point, margin float64) bool {
	for i, v := range p {
		if v < margin || v > r.Size[i]-margin {
			return false
		}
	}
	return true
}

// turned returns a direction turned around the vertical, in radians.
func turned(p room.Point, by float64) room.Point {
	s, c := math.Sincos(by)
	return room.Point{c*p[0] - s*p[1], s*p[0] + c*p[1], p[2]}
}
