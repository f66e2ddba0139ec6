package judge

import (
	"math/rand/v2"
	"slices"

	"paravent/privacy/sound/judge/internal/wave"
	"paravent/privacy/sound/judge/room"
)

// A maker makes one take. Everything is in pascals, so to say: a mean square of 1
// is 0 dB SPL.
type maker struct {
	scene    Scene
	material Material
	stage    stage
	turns    []turn
	rnd      *rand.Rand
	near     Voice
	n        int
	take     *Take

	userAt, farAt, rest []float64 // at the microphone
	dry                 []float64 // the user, as it leaves the mouth and then arrives
	calibration         []float64
	blows               []Span
}

func (m *maker) spread(r Range) float64 { return r[0] + (r[1]-r[0])*m.rnd.Float64() }

// hear adds what the microphone hears of x, said at p from sample at on.
func (m *maker) hear(out, x []float64, at int, p pose, b room.Beam) (h []float64) {
	h = m.stage.room.Response(room.Source{At: p.at, Facing: p.facing, Beam: b}, m.stage.mic, m.stage.seed)
	wave.NewResponse(h).AddTo(out, x, at-room.Lead)
	return h
}

// user lets the user speak: the calibration, facing the microphone, then every
// turn from where the user sits by then. It returns the gain that the microphone
// is set to.
func (m *maker) user() (gain float64) {
	s, st := m.scene, m.stage
	m.calibration = make([]float64, 6*rate)
	m.hear(m.calibration, m.near.say(len(m.calibration), 1, m.rnd), 0, st.user, room.Talker())
	gain = wave.Gain(-26 + m.spread(Range{-4, 4}) - ActiveLevel(m.calibration, rate))

	m.userAt, m.dry = make([]float64, m.n), make([]float64, m.n)
	direct, count := 0.0, 0.0
	for i, t := range m.turns {
		if !t.near {
			continue
		}
		p := m.sits(i)
		from := int(t.from * rate)
		x := m.near.say(int(t.to*rate)-from, 1, m.rnd)
		if s.Whispers {
			x = whisper(x, m.rnd)
			fade(x)
		}
		g := wave.Gain(m.spread(s.Louder))
		for k := range x {
			x[k] *= g
		}
		copy(m.dry[from+int(p.at.Distance(st.mic.At)/343*rate):], x)
		direct += room.Direct(m.hear(m.userAt, x, from, p, room.Talker()))
		count++
	}
	m.take.NearDirect = direct / count
	return gain
}

// sits returns where the user is in a turn: never quite in the same place. A
// headset moves along.
func (m *maker) sits(i int) pose {
	s, st := m.scene, m.stage
	p := st.user
	move := .6 * min(.1, .3*s.Away)
	turn := .6 * (2*m.rnd.Float64() - 1)
	if st.mic.Kind.Worn {
		move, turn = .004, .1*turn
	}
	later := i >= 2
	away, side := 1.9+.5*m.rnd.Float64(), float64(2*m.rnd.IntN(2)-1)
	for k := range p.at {
		p.at[k] += move * (2*m.rnd.Float64() - 1)
	}
	switch {
	case later && s.Does == turnsAway:
		turn = away * side
	case later && s.Does == standsUp:
		p.at[2] += .42
	}
	for k := range p.at {
		p.at[k] = min(st.room.Size[k]-.1, max(.1, p.at[k]))
	}
	p.facing = turned(p.facing, turn)
	return p
}

// bystander lets one of the others speak. The second begins a little later.
func (m *maker) bystander(b Bystander, i int, v Voice, p pose) {
	if m.farAt == nil {
		m.farAt = make([]float64, m.n)
	}
	beam, pitch := room.Talker(), 1.0
	switch b.Kind {
	case Child:
		if pitch = 1.22 + .1*m.rnd.Float64(); len(m.material.Children) > 0 && m.rnd.IntN(2) == 0 {
			v, pitch = m.material.Children[m.rnd.IntN(len(m.material.Children))], 1
		}
	case Television, Music:
		beam = room.Loudspeaker()
	case Person:
	}
	g := wave.Gain(m.spread(b.Louder))
	band := b.Kind == Music || b.Kind == Television && m.rnd.IntN(3) == 0
	for _, t := range m.turns {
		if !t.far {
			continue
		}
		from := int((t.from + .8*float64(i)) * rate)
		n := int(t.to*rate) - from
		if n < rate/4 {
			continue
		}
		x := v.say(n, pitch, m.rnd)
		if b.Kind == Music || b.Kind == Television {
			x = m.played(x, band)
		}
		for k := range x {
			x[k] *= g
		}
		if b.To == 0 {
			h := m.hear(m.farAt, x, from, p, beam)
			if i == 0 {
				m.take.FarDirect = room.Direct(h)
			}
			continue
		}
		m.walks(x, from, p, b, beam)
	}
}

// played mixes what a loudspeaker plays: a band alone, or speech above one.
func (m *maker) played(speech []float64, band bool) []float64 {
	x := music(len(speech), m.rnd)
	if k := m.material.Music; len(k) > 0 && m.rnd.IntN(2) == 0 {
		x = k[m.rnd.IntN(len(k))].play(len(speech), m.rnd)
	}
	toLevel(x, spoken)
	fade(x)
	if band {
		return x
	}
	for i, v := range x {
		speech[i] += .2 * v // 14 dB below
	}
	return speech
}

// walks lets a bystander come nearer in steps of one second, which fade into each other.
func (m *maker) walks(x []float64, from int, p pose, b Bystander, beam room.Beam) {
	const step, over = rate, rate / 16
	mic := m.stage.mic.At
	for at := 0; at < len(x); at += step {
		end := min(len(x), at+step+over)
		piece := append([]float64(nil), x[at:end]...)
		for i := range min(over, len(piece)) {
			share := float64(i) / over
			if at > 0 {
				piece[i] *= share
			}
			if end < len(x) {
				piece[len(piece)-1-i] *= share
			}
		}
		way := float64(from+at) / float64(m.n)
		near := (b.Away + (b.To-b.Away)*way) / b.Away
		q := p
		for k := range q.at {
			q.at[k] = mic[k] + (p.at[k]-mic[k])*near
		}
		q.at[2] = p.at[2]
		q.facing = q.at.To(mic)
		h := m.hear(m.farAt, piece, from+at, q, beam)
		m.take.FarDirect = room.Direct(h)
	}
}

// noise adds the noise of the room and of the microphone, to the calibration, too.
func (m *maker) noise() {
	s, mic := m.scene, m.stage.mic.Kind
	level := m.spread(s.Room)
	m.rest = mic.Noise(m.n, level, m.rnd)
	for i, v := range mic.Noise(len(m.calibration), level, m.rnd) {
		m.calibration[i] += v
	}
	loud := ActiveLevel(m.userAt, rate)
	if s.Fan != (Range{}) {
		g := wave.Gain(loud - m.spread(s.Fan))
		for i, v := range fan(m.n, m.rnd) {
			m.rest[i] += g * v
		}
	}
	if s.Typing {
		x := keys(m.n, m.rnd)
		if k := m.material.Keys; len(k) > 0 && m.rnd.IntN(2) == 0 {
			x = k[m.rnd.IntN(len(k))].play(m.n, m.rnd)
		}
		peak := max(slices.Max(x), -slices.Min(x))
		g := wave.Gain(loud+m.spread(Range{2, 12})) / peak
		for i, v := range x {
			m.rest[i] += g * v
		}
		m.blows = blows(x)
	}
}

// finish sets the gain, adds everything up, and says what is where.
func (m *maker) finish(gain float64) {
	t := m.take
	if m.farAt == nil {
		m.farAt = make([]float64, m.n)
	}
	t.Near, t.Far, t.Noise = floats(m.userAt, gain), floats(m.farAt, gain), floats(m.rest, gain)
	t.Mix = make([]float32, m.n)
	for i := range t.Mix {
		t.Mix[i] = min(1, max(-1, t.Near[i]+t.Far[i]+t.Noise[i]))
	}
	if !m.scene.Uncalibrated {
		t.Calibration = floats(m.calibration, gain)
	}
	m.label()
	t.NearLevel = ActiveLevel(Join(t.Near, t.NearOnly), rate)
	t.alone, t.both = t.hear(t.Mix, t.NearOnly), t.hear(t.Mix, t.Both)
}

func floats(x []float64, gain float64) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(min(1, max(-1, gain*v)))
	}
	return out
}

// label says what is where.
func (m *maker) label() {
	t := m.take
	busy := 0.0 // until when somebody is heard, or the room still rings
	quiet := func(until float64) {
		if until-busy > .3 {
			t.Quiet = append(t.Quiet, Span{int(busy * rate), int(until * rate)})
		}
	}
	for _, u := range m.turns {
		far := u.far && len(m.scene.Others) > 0
		if !far && !u.near {
			continue
		}
		s := Span{int(u.from * rate), int(u.to * rate)}
		quiet(u.from)
		busy = u.to + .4
		switch {
		case far && u.near:
			t.Both = append(t.Both, s)
		case far:
			t.FarOnly = append(t.FarOnly, s)
		default:
			t.NearOnly = append(t.NearOnly, s)
		}
	}
	quiet(length)
	for _, w := range Words(m.dry, rate) {
		for _, s := range t.NearOnly {
			if w >= s.From && w+rate/20 <= s.To && m.clear(w) {
				t.Words = append(t.Words, w)
			}
		}
	}
	for _, b := range m.blows {
		for _, s := range t.Quiet {
			if b.From >= s.From && b.To <= s.To {
				t.Keys = append(t.Keys, b)
			}
		}
	}
}

// clear reports whether the word at a sample is well above the noise.
func (m *maker) clear(at int) bool {
	end := min(m.n, at+rate/20)
	return wave.Level(m.userAt[at:end]) > wave.Level(m.rest[at:end])+6
}
