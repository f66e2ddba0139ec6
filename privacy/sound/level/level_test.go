package level_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/sound/level"
)

func TestBothAreFiltersThatDoNotAllocate(t *testing.T) {
	c, err := filter.NewAudioChain([]string{"rumble", "gain"}, level.NewRumble(), level.NewGain(func() float32 { return 1 }))
	if err != nil {
		t.Fatal(err)
	}
	v := newVoice(120, -12, 1)
	var s frame.Sound
	if n := testing.AllocsPerRun(300, func() {
		s.At += frame.BlockFor
		v.next(&s.Near)
		if _, err := c.Clear(&s); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a block", n)
	}
	if c.Delay() != 0 {
		t.Errorf("they keep sound for %v", c.Delay())
	}
}

// A voice is vowels with pauses between. It is at the given level, roughly, while it
// is heard.
type voice struct {
	rnd      *rand.Rand
	pitch    float64
	level    float64
	whisper  bool
	syllable int // samples left of a syllable, or, if negative, of a pause
	long     int
	phase    float64
	weights  [20][2]float64 // of the cosine and the sine of each harmonic
}

func newVoice(pitch, db float64, seed uint64) *voice {
	return &voice{rnd: rand.New(rand.NewPCG(seed, 9)), pitch: pitch, level: db}
}

func amplitude(db float64) float64 { return math.Pow(10, db/20) }

// next reports whether the voice is heard in the block.
func (v *voice) next(b *frame.Block) (speaks bool) {
	loud := amplitude(v.level)
	for i := range b {
		if v.syllable == 0 {
			v.begin()
		}
		if v.syllable < 0 {
			v.syllable++
			b[i] = 0
			continue
		}
		speaks = true
		at := 1 - float64(v.syllable)/float64(v.long)
		v.syllable--
		x := 0.0
		if v.whisper {
			x = v.rnd.NormFloat64() / 1.2
		} else {
			v.phase += 2 * math.Pi * v.pitch * (1.1 - 0.2*at) / frame.Rate
			sin, cos := math.Sincos(v.phase)
			re, im := 1.0, 0.0
			for _, w := range v.weights {
				re, im = re*cos-im*sin, re*sin+im*cos
				x += w[0]*re + w[1]*im
			}
		}
		b[i] = float32(x * loud * math.Sin(math.Pi*at))
	}
	return speaks
}

// begin draws the next syllable or pause.
func (v *voice) begin() {
	v.long = 4800 + v.rnd.IntN(7200)
	v.syllable = v.long
	formant := 500 * (0.5 + v.rnd.Float64())
	for n := range v.weights {
		k := float64(n + 1)
		sin, cos := math.Sincos(k * k)
		loud := 1 / (1 + math.Abs(k*v.pitch-formant)/300)
		v.weights[n] = [2]float64{loud * sin, loud * cos}
	}
	if v.rnd.IntN(4) == 0 {
		v.syllable = -9600
	}
}

// loudness is that of blocks, without a gate: BS.1770 once more, in another form.
type loudness struct {
	x, y, u, w [2]float64
	sum        float64
	n          int
}

func (l *loudness) add(b *frame.Block) {
	for _, v := range b {
		x := float64(v)
		y := 1.53512485958697*x - 2.69169618940638*l.x[0] + 1.19839281085285*l.x[1] + 1.69065929318241*l.y[0] - 0.73248077421585*l.y[1]
		l.x = [2]float64{x, l.x[0]}
		w := y - 2*l.u[0] + l.u[1] + 1.99004745483398*l.w[0] - 0.99007225036621*l.w[1]
		l.u, l.y = [2]float64{y, l.u[0]}, [2]float64{y, l.y[0]}
		l.w = [2]float64{w, l.w[0]}
		l.sum += w * w
		l.n++
	}
}

func (l *loudness) lufs() float64 { return -0.691 + 10*math.Log10(l.sum/float64(l.n)) }

func BenchmarkRumble(b *testing.B) {
	r, v := level.NewRumble(), newVoice(120, -20, 1)
	var s frame.Sound
	v.next(&s.Near)
	b.ReportAllocs()
	for b.Loop() {
		r.Apply(&s)
	}
}

func BenchmarkGain(b *testing.B) {
	for name, db := range map[string]float64{"quiet": -40, "limited": 6} {
		b.Run(name, func(b *testing.B) {
			g, v := level.NewGain(func() float32 { return 1 }), newVoice(120, db, 1)
			var in, s frame.Sound
			v.next(&in.Near)
			b.ReportAllocs()
			for b.Loop() {
				s = in
				g.Apply(&s)
			}
		})
	}
}
