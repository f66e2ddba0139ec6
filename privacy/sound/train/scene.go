package main

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"slices"

	"paravent/privacy/sound/gate"
)

const (
	hop     = rate / 100
	windows = 600 // of 10 ms in a scene
	samples = windows * hop
	outputs = gate.Bands + 2 // what the network is to say of a window
	row     = gate.Features + outputs
)

// A speaker is a recorded voice, or anything else that can be heard.
type speaker struct {
	name string
	wave []float32
}

// around returns about 0, within most, usually within by.
func around(rnd *rand.Rand, by, most float64) float64 {
	return max(-most, min(most, by*rnd.NormFloat64()))
}

// take returns six seconds from somewhere in the recording, played pitch times as fast.
func (s *speaker) take(rnd *rand.Rand, pitch float64) []float32 {
	out := make([]float32, samples)
	size := len(s.wave)
	at := float64(rnd.IntN(size))
	for i := range out {
		k := int(at)
		f := float32(at - float64(k))
		a, b, c, d := s.wave[(k+size-1)%size], s.wave[k%size], s.wave[(k+1)%size], s.wave[(k+2)%size]
		out[i] = b + 0.5*f*(c-a+f*(2*a-5*b+4*c-d+f*(3*(b-c)+d-a)))
		if at += pitch; at >= float64(size) {
			at -= float64(size)
		}
	}
	return out
}

// blows cuts a recording of keys at the silence between them.
func (s *speaker) blows() (all []*speaker) {
	const gap = rate / 40
	from, still := 0, 0
	for i, v := range s.wave {
		if v > 1e-4 || v < -1e-4 {
			if still >= gap {
				from = i
			}
			still = 0
			continue
		}
		if still++; still == gap && i-gap-from > rate/200 {
			all = append(all, &speaker{name: s.name, wave: s.wave[from : i-gap]})
		}
	}
	return all
}

// A library is everything that scenes are made of.
type library struct{ voices, children, music, noises, keys []*speaker }

func pick(rnd *rand.Rand, from []*speaker) *speaker { return from[rnd.IntN(len(from))] }

// A device is how a microphone colours what it hears.
type device struct {
	gain         []float32 // of each bin of a response
	table, delay float64   // a reflection off what it stands on: its share, and how much later, in s
}

func newDevice(rnd *rand.Rand, onTable bool) *device {
	d := &device{gain: make([]float32, impulse/2+1)}
	nodes := [...]float64{80, 160, 320, 640, 1280, 2560, 4000, 5500, 8000}
	var db [len(nodes)]float64
	tilt := between(rnd, -1, 1)
	for i := range db {
		db[i] = 2.5*rnd.NormFloat64() + tilt*float64(i-4)
	}
	low := between(rnd, 60, 220)
	cut := 20000.0
	if rnd.Float64() < 0.1 {
		cut = between(rnd, 3300, 6500)
	}
	for k := range d.gain {
		f := max(40, float64(k)*rate/impulse)
		i := 0
		for i < len(nodes)-2 && f > nodes[i+1] {
			i++
		}
		u := min(1, max(0, math.Log(f/nodes[i])/math.Log(nodes[i+1]/nodes[i])))
		g := math.Pow(10, (db[i]+(db[i+1]-db[i])*u)/20)
		q := (low / f) * (low / f)
		g /= math.Sqrt(1 + q*q)
		q = f / cut
		g /= math.Sqrt(1 + math.Pow(q, 8))
		d.gain[k] = float32(g)
	}
	if onTable && rnd.Float64() < 0.7 {
		d.table, d.delay = between(rnd, 0.2, 0.8), between(rnd, 0.0001, 0.0015)
	}
	return d
}

// A kind says what somebody far away is.
type kind int

const (
	talker kind = iota
	child
	television
	music
)

// of returns how d colours the voice of somebody whose mouth is not like the one that
// was recorded.
func (d *device) of(rnd *rand.Rand) *device {
	nodes := [...]float64{100, 250, 500, 1000, 2000, 3000, 4500, 7000}
	var db [len(nodes)]float64
	for i := range db {
		db[i] = 2.5 * rnd.NormFloat64()
	}
	mine := *d
	mine.gain = make([]float32, len(d.gain))
	for k, g := range d.gain {
		f := max(nodes[0], float64(k)*rate/impulse)
		i := 0
		for i < len(nodes)-2 && f > nodes[i+1] {
			i++
		}
		u := min(1, math.Log(f/nodes[i])/math.Log(nodes[i+1]/nodes[i]))
		mine.gain[k] = g * float32(math.Pow(10, (db[i]+(db[i+1]-db[i])*u)/20))
	}
	return &mine
}

type source struct {
	kind kind
	h    []float32
	gain float64 // dB, against the person
}

// A home is a room, a microphone in it, the person and everybody else.
type home struct {
	person *speaker
	pitch  float64
	seats  [3][]float32 // responses from where the person may be
	desk   []float32    // from the keyboard
	others []source
	level  float64 // what the person's voice is turned up by
	ref    gate.Reference
	noise  float64
	gain   float64 // dB of full scale that the person's voice had
}

func place3(rnd *rand.Rand, p *place, mic point, d, low, high float64) (point, bool) {
	for range 100 {
		z := between(rnd, low, high)
		dz := z - mic[2]
		if math.Abs(dz) > d {
			dz = d * 0.5 * (rnd.Float64()*2 - 1)
		}
		a := rnd.Float64() * 2 * math.Pi
		h := math.Sqrt(d*d - dz*dz)
		at := point{mic[0] + h*math.Cos(a), mic[1] + h*math.Sin(a), mic[2] + dz}
		inside := true
		for i, v := range at {
			inside = inside && v > 0.15 && v < p.size[i]-0.15
		}
		if inside {
			return at, true
		}
	}
	return mic, false
}

// newHome makes a home. usual is the reference of those who did not calibrate; nil
// makes everybody calibrate.
func newHome(rnd *rand.Rand, lib *library, usual *gate.Reference, w *workshop) *home {
	near := between(rnd, 0.35, 0.75)
	switch x := rnd.Float64(); {
	case x < 0.2:
		near = between(rnd, 0.03, 0.1)
	case x < 0.42:
		near = between(rnd, 0.12, 0.35)
	}
	var p *place
	var mic, seat point
	var far []point
	for {
		p = newPlace(rnd, between(rnd, 0.15, 0.8))
		mic = point{between(rnd, 0.35, p.size[0]-0.35), between(rnd, 0.35, p.size[1]-0.35), between(rnd, 0.75, 1.2)}
		var ok bool
		seat, ok = place3(rnd, p, mic, near, 1.0, 1.4)
		far = far[:0]
		for range 4 {
			at, good := place3(rnd, p, mic, max(2.2*near, between(rnd, 1.1, 5)), 0.7, 1.8)
			if good {
				far = append(far, at)
			}
		}
		if ok && len(far) > 1 {
			break
		}
	}
	h := &home{person: pick(rnd, lib.voices), pitch: between(rnd, 0.78, 1.28), noise: between(rnd, 6, 60)}
	if len(lib.children) > 0 && rnd.Float64() < 0.04 {
		h.person = pick(rnd, lib.children)
	}
	dev := newDevice(rnd, near > 0.12)
	w.device = dev.of(rnd)
	first := p.response(rnd, seat, mic, directed(seat, mic, between(rnd, -0.3, 0.3)), w)
	for i := range h.seats {
		at := seat
		for k := range at {
			at[k] = min(p.size[k]-0.1, max(0.1, at[k]+(rnd.Float64()*2-1)*min(0.12, 0.3*near)))
		}
		h.seats[i] = p.response(rnd, at, mic, directed(at, mic, between(rnd, -0.9, 0.9)), w)
	}
	w.device = dev
	desk, _ := place3(rnd, p, mic, between(rnd, 0.1, 0.5), 0.7, 0.8)
	h.desk = p.response(rnd, desk, mic, everywhere(), w)
	for _, at := range far {
		s := source{gain: around(rnd, 3.5, 8)}
		m := directed(at, mic, between(rnd, -math.Pi, math.Pi))
		switch x := rnd.Float64(); {
		case x < 0.12 && len(lib.children) > 0:
			s.kind = child
		case x < 0.27:
			s.kind, m = television, everywhere()
			s.gain = between(rnd, -4, 8)
		case x < 0.36 && len(lib.music) > 0:
			s.kind, m = music, everywhere()
			s.gain = between(rnd, -4, 8)
		}
		w.device = dev.of(rnd)
		s.h = p.response(rnd, at, mic, m, w)
		h.others = append(h.others, s)
	}
	h.calibrate(rnd, first, usual, w)
	return h
}

// calibrate lets the person speak for six seconds, and sets the gain of the
// microphone.
func (h *home) calibrate(rnd *rand.Rand, response []float32, usual *gate.Reference, w *workshop) {
	level := between(rnd, -40, -20)
	var ref gate.Reference
	for err := gate.ErrShort; err != nil; { // some recordings are mostly pauses
		voice := w.convolve(h.person.take(rnd, h.pitch), response)
		h.level = level - active(voice)
		scale(voice, h.level)
		add(voice, noise(rnd, len(voice), between(rnd, 0, 0.97)), level-max(h.noise, 12))
		meter, a := gate.NewMeter(), gate.NewAnalysis(rate)
		for i := 0; i < samples; i += hop {
			a.Take(voice[i : i+hop])
			meter.Hear(a.Bins, a.Len())
		}
		ref, err = meter.Reference()
	}
	h.ref, h.gain = ref, level
	if usual != nil && rnd.Float64() < 0.15 {
		h.ref = *usual
		h.level += usualLevel + between(rnd, -7, 7) - level
	}
}

// usualLevel is the level, in dB of full scale, that a voice has if nobody knows it.
const usualLevel = -26

// A scene is six seconds at home.
type scene struct{ near, far, noise []float32 }

// scene makes one of h.
func (h *home) scene(rnd *rand.Rand, lib *library, w *workshop) scene {
	gain := h.level + around(rnd, 2.5, 7)
	if rnd.Float64() < 0.08 {
		gain = h.level - between(rnd, 6, 12)
	}
	on, off := windowsOf(rnd)
	dry := h.person.take(rnd, h.pitch)
	for i := range dry {
		dry[i] *= on[i]
	}
	s := scene{near: w.convolve(dry, h.seats[0]), far: make([]float32, samples)}
	if rnd.Float64() < 0.5 { // moves
		there := w.convolve(dry, h.seats[1+rnd.IntN(2)])
		from, over := rnd.IntN(samples), float32(between(rnd, 0.3, 2)*rate)
		for i := range there {
			u := min(1, max(0, float32(i-from)/over))
			s.near[i] += u * (there[i] - s.near[i])
		}
	}
	scale(s.near, gain)
	count := 1
	if rnd.Float64() < 0.25 {
		count = 2
	}
	for range count {
		o := h.others[rnd.IntN(len(h.others))]
		wave := o.wave(rnd, lib, h.person)
		for i := range wave {
			wave[i] *= off[i]
		}
		// the microphone's gain stays; how loud the person is today does not matter
		heard := w.convolve(wave, o.h)
		scale(heard, h.level+o.gain+between(rnd, -2, 2))
		for i, v := range heard {
			s.far[i] += v
		}
	}
	s.noise = h.noises(rnd, lib, w)
	return s
}

// wave is what a source says, at the level of a voice.
func (o source) wave(rnd *rand.Rand, lib *library, not *speaker) []float32 {
	other := func(from []*speaker) *speaker {
		for {
			if v := pick(rnd, from); v != not || len(from) == 1 {
				return v
			}
		}
	}
	switch o.kind {
	case child:
		if len(lib.children) > 0 && rnd.Float64() < 0.7 {
			return other(lib.children).take(rnd, between(rnd, 0.95, 1.15))
		}
		return other(lib.voices).take(rnd, between(rnd, 1.2, 1.4))
	case music:
		return level(pick(rnd, lib.music).take(rnd, between(rnd, 0.9, 1.1)))
	case television:
		wave := other(lib.voices).take(rnd, between(rnd, 0.78, 1.28))
		if len(lib.music) > 0 && rnd.Float64() < 0.7 {
			add(wave, level(pick(rnd, lib.music).take(rnd, 1)), between(rnd, -18, -2))
		}
		return wave
	case talker:
	}
	return other(lib.voices).take(rnd, between(rnd, 0.78, 1.28))
}

// noises is everything that nobody says.
func (h *home) noises(rnd *rand.Rand, lib *library, w *workshop) []float32 {
	person := h.level + voiceLevel // about; the room takes some
	z := make([]float32, samples)
	floor := noise(rnd, samples, between(rnd, 0, 0.97))
	if rnd.Float64() < 0.3 { // swells
		at, by := rnd.Float64()*6, between(rnd, 0, 0.8)
		f := between(rnd, 0.1, 0.5)
		for i := range floor {
			floor[i] *= float32(1 + by*math.Sin(2*math.Pi*(f*float64(i)/rate+at)))
		}
	}
	add(z, floor, person-h.noise+between(rnd, -4, 4))
	if rnd.Float64() < 0.2 {
		add(z, hum(rnd), person-between(rnd, 0, 45))
	}
	if rnd.Float64() < 0.3 {
		keys := w.convolve(h.clicks(rnd, lib), h.desk)
		peak := float32(1e-9)
		for _, v := range keys {
			peak = max(peak, v, -v)
		}
		g := float32(math.Pow(10, (person+between(rnd, -8, 22))/20)) / peak
		for i, v := range keys {
			z[i] += v * g
		}
	}
	if len(lib.noises) > 0 && rnd.Float64() < 0.15 {
		n := level(w.convolve(pick(rnd, lib.noises).take(rnd, between(rnd, 0.8, 1.2)), h.others[0].h))
		add(z, n, person-between(rnd, 3, 30))
	}
	return z
}

// hum is a transformer, an alarm, a fridge: tones that stay, at a level of 0 dB.
func hum(rnd *rand.Rand) []float32 {
	base, falls := 50.0, between(rnd, 0, 1)
	if rnd.Float64() < 0.6 {
		base = between(rnd, 60, 900)
	}
	lines := 1 + rnd.IntN(40)
	z := make([]float32, samples)
	sum := 0.0
	for n := 1; n <= lines && float64(n)*base < 7000; n++ {
		a := math.Pow(float64(n), -falls)
		if rnd.Float64() < 0.2 {
			a = 0
		}
		sum += a * a / 2
		// a tone is a turning pointer
		sin, cos := math.Sincos(2 * math.Pi * base * float64(n) / rate)
		turn, at := complex(cos, sin), complex(a, 0)*cmplx.Rect(1, 2*math.Pi*rnd.Float64())
		for i := range z {
			z[i] += float32(real(at))
			at *= turn
		}
	}
	scale(z, -10*math.Log10(sum+1e-9))
	if rnd.Float64() < 0.4 { // goes on and off
		for i, on := range speaks(rnd, true) {
			z[i] *= on
		}
	}
	return z
}

// voiceLevel is the level that voices of the library have.
const voiceLevel = -26

// clicks types.
func (h *home) clicks(rnd *rand.Rand, lib *library) []float32 {
	z := make([]float32, samples)
	every := between(rnd, 0.08, 0.5) * rate
	synthetic := len(lib.keys) == 0 || rnd.Float64() < 0.3
	var board *speaker
	if !synthetic {
		board = pick(rnd, lib.keys)
	}
	for at := rnd.Float64() * every * 4; int(at) < samples; at += every * between(rnd, 0.4, 2) {
		loud := float32(math.Pow(10, between(rnd, -10, 0)/20))
		if board != nil {
			board = pick(rnd, lib.keys)
			for i, v := range board.wave[:min(len(board.wave), rate/4, samples-int(at))] {
				z[int(at)+i] += loud * v
			}
			continue
		}
		f, die := between(rnd, 0.05, 0.42), between(rnd, 30, 110)
		for i := 0; i < 900 && int(at)+i < samples; i++ {
			e := math.Exp(-float64(i) / die)
			z[int(at)+i] += loud * float32(e*(0.6*rnd.NormFloat64()+math.Sin(2*math.Pi*f*float64(i))))
		}
	}
	return z
}

// windowsOf says when the person speaks, and when the others do.
func windowsOf(rnd *rand.Rand) (on, off []float32) {
	all, none := make([]float32, samples), make([]float32, samples)
	for i := range all {
		all[i] = 1
	}
	switch x := rnd.Float64(); {
	case x < 0.10:
		return all, none
	case x < 0.28:
		return none, all
	case x < 0.40:
		return all, all
	case x < 0.60:
		return speaks(rnd, rnd.IntN(2) == 0), speaks(rnd, rnd.IntN(2) == 0)
	}
	first := rnd.IntN(2) == 0
	on = speaks(rnd, first)
	off = slices.Clone(on)
	for i, v := range off {
		off[i] = 1 - v
	}
	return on, off
}

// speaks goes on and off every half second to three.
func speaks(rnd *rand.Rand, now bool) []float32 {
	out := make([]float32, samples)
	const ramp = rate / 100
	g := float32(0)
	if now {
		g = 1
	}
	for i := 0; i < samples; now = !now {
		for end := i + int(between(rnd, 0.4, 2.6)*rate); i < end && i < samples; i++ {
			if now {
				g = min(1, g+1.0/ramp)
			} else {
				g = max(0, g-1.0/ramp)
			}
			out[i] = g
		}
	}
	return out
}

// rows makes of a scene what the network learns from: for each window row
// numbers, the features of the sum, and the outputs that are wanted.
func (s scene) rows(ref gate.Reference) []float32 {
	near, rest, sum := gate.NewAnalysis(rate), gate.NewAnalysis(rate), gate.NewAnalysis(rate)
	ear := gate.NewEar(ref)
	out := make([]float32, windows*row)
	var a, b, mix [hop]float32
	var pn, pr [gate.Bands]float32
	whole := 0.0
	for _, l := range ref.Levels {
		whole += math.Pow(10, float64(l)/10)
	}
	for t := range windows {
		at := t * hop
		for i := range mix {
			a[i], b[i] = s.near[at+i], s.far[at+i]+s.noise[at+i]
			mix[i] = max(-1, min(1, a[i]+b[i]))
		}
		near.Take(a[:])
		rest.Take(b[:])
		sum.Take(mix[:])
		r := out[t*row : (t+1)*row]
		ear.Hear(sum.Bins, sum.Len(), r)
		gate.Powers(near.Bins, near.Len(), &pn)
		gate.Powers(rest.Bins, rest.Len(), &pr)
		want := r[gate.Features:]
		tn, tr := 0.0, 0.0
		for k := range pn {
			want[k] = float32(math.Sqrt(float64(pn[k]+1e-14) / float64(pn[k]+pr[k]+2e-14)))
			tn += float64(pn[k])
			tr += float64(pr[k])
		}
		if tn > whole*5e-4 {
			want[gate.Bands] = 1
		}
		if tr > whole*1e-4 {
			want[gate.Bands+1] = 1
		}
	}
	return out
}

func scale(x []float32, db float64) {
	g := float32(math.Pow(10, db/20))
	for i := range x {
		x[i] *= g
	}
}

// add adds y, whose level is 0 dB, at db.
func add(x, y []float32, db float64) {
	g := float32(math.Pow(10, db/20))
	for i, v := range y {
		x[i] += g * v
	}
}

// level brings x to the level of voices.
func level(x []float32) []float32 {
	scale(x, voiceLevel-mean(x))
	return x
}

func mean(x []float32) float64 {
	sum := 1e-12
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return 10 * math.Log10(sum/float64(len(x)))
}

// active returns the level while there is something to be heard.
func active(x []float32) float64 {
	var all []float64
	for i := 0; i+hop <= len(x); i += hop {
		all = append(all, mean(x[i:i+hop]))
	}
	sorted := slices.Clone(all)
	slices.Sort(sorted)
	loud := sorted[len(sorted)*95/100]
	sum, n := 0.0, 0.0
	for _, l := range all {
		if l > loud-25 {
			sum += math.Pow(10, l/10)
			n++
		}
	}
	return 10 * math.Log10(sum/n)
}

// noise hisses at a level of 0 dB; tilt takes its treble away.
func noise(rnd *rand.Rand, n int, tilt float64) []float32 {
	z := make([]float32, n)
	y, sum := 0.0, 0.0
	for i := range z {
		v := rnd.NormFloat64()
		y = tilt*y + (1-tilt)*v
		u := y + 0.05*v
		z[i] = float32(u)
		sum += u * u
	}
	scale(z, -10*math.Log10(sum/float64(n)))
	return z
}
