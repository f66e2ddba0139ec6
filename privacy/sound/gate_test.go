package sound_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/sound"
)

// A room makes sound of noise, hum and a voice.
type room struct {
	rnd                *rand.Rand
	noise, hum, speech float64 // levels, dBFS of the mean square
	n                  int
}

const off = -200

func newRoom() *room {
	return &room{rnd: rand.New(rand.NewPCG(3, 4)), noise: off, hum: off, speech: off}
}

func amplitude(db float64) float64 { return math.Pow(10, db/20) }

func (r *room) next(s *frame.Sound) {
	noise, hum, speech := amplitude(r.noise), amplitude(r.hum)*math.Sqrt2, amplitude(r.speech)
	for i := range s.Near {
		at, v := float64(r.n)/frame.Rate, 0.0
		if r.noise > off {
			v += noise * r.rnd.NormFloat64()
		}
		if r.hum > off {
			v += hum * math.Sin(2*math.Pi*150*at)
		}
		if r.speech > off {
			syllable := 0.55 + 0.45*math.Sin(2*math.Pi*4*at)
			v += speech * syllable * (math.Sin(2*math.Pi*140*at) + math.Sin(2*math.Pi*420*at+1) + 0.7*math.Sin(2*math.Pi*1260*at))
		}
		s.Near[i] = float32(max(-1, min(1, v)))
		r.n++
	}
}

// run lets the gate hear the room and returns how many blocks were not silent.
func run(t *testing.T, g *sound.Gate, r *room, d time.Duration) (heard int) {
	t.Helper()
	var s frame.Sound
	for range d / frame.BlockFor {
		r.next(&s)
		if err := g.Apply(&s); err != nil {
			t.Fatal(err)
		}
		if s.Near != (frame.Block{}) {
			heard++
		}
	}
	return heard
}

var modes = map[string]sound.Mode{"near": sound.Near, "strict": sound.Strict}

func TestQuietNoiseBecomesExactZeros(t *testing.T) {
	for name, mode := range modes {
		for _, level := range []float64{off, -80, -60, -50} {
			r := newRoom()
			r.noise = level
			if n := run(t, sound.NewGate(mode), r, 4*time.Second); n != 0 {
				t.Errorf("%s: noise at %v dB: %d blocks were heard", name, level, n)
			}
		}
	}
}

func TestASteadyHumAndASteadyFanStayOutside(t *testing.T) {
	for name, mode := range modes {
		for _, level := range []float64{-50, -40, -30, -20} {
			r, fan := newRoom(), newRoom()
			r.hum, fan.noise = level, level
			if n := run(t, sound.NewGate(mode), r, 4*time.Second) + run(t, sound.NewGate(mode), fan, 4*time.Second); n != 0 {
				t.Errorf("%s: at %v dB: %d blocks were heard", name, level, n)
			}
		}
	}
}

func TestAHumThatBeginsLaterIsShutOutAgain(t *testing.T) {
	r, g := newRoom(), sound.NewGate(sound.Near)
	r.noise = -70
	run(t, g, r, 3*time.Second)
	r.hum = -30
	run(t, g, r, 5*time.Second)
	if n := run(t, g, r, 3*time.Second); n != 0 {
		t.Errorf("%d blocks were heard", n)
	}
}

func TestAVoicePassesWithin15ms(t *testing.T) {
	for name, mode := range modes {
		r, g := newRoom(), sound.NewGate(mode)
		r.noise = -65
		var s frame.Sound
		worst := 0
		for range 10 {
			run(t, g, r, time.Second)
			r.speech = -14
			first := -1
			for n := range 60 {
				r.next(&s)
				raw := s.Near
				g.Apply(&s)
				for i, v := range s.Near {
					if first < 0 && v != 0 && math.Abs(float64(v-raw[i])) < 1e-6 {
						first = n*frame.BlockLen + i
					}
				}
			}
			worst = max(worst, first)
			if first < 0 {
				t.Fatalf("%s: a voice did not pass", name)
			}
			r.speech = off
		}
		t.Logf("%s: open after %.1f ms at worst", name, float64(worst)/48)
		if worst > 15*48 {
			t.Errorf("%s: a voice passes after %.1f ms", name, float64(worst)/48)
		}
	}
}

func TestAPhraseIsNotCutToPieces(t *testing.T) {
	for name, mode := range modes {
		r, g := newRoom(), sound.NewGate(mode)
		r.noise = -60
		run(t, g, r, 2*time.Second)
		r.speech = -22
		if n := run(t, g, r, 5*time.Second); n < 498 {
			t.Errorf("%s: %d of 500 blocks were heard", name, n)
		}
		r.speech = off
		if n := run(t, g, r, time.Second); n < 5 || n > 30 {
			t.Errorf("%s: it stays open for %d ms", name, 10*n)
		}
	}
}

func TestStrictShutsOutWhatNearLetsIn(t *testing.T) {
	heard := make(map[string]int)
	for name, mode := range modes {
		r, g := newRoom(), sound.NewGate(mode)
		r.noise = -60
		run(t, g, r, 2*time.Second)
		r.speech = -41
		heard[name] = run(t, g, r, 5*time.Second)
	}
	if heard["near"] < 300 || heard["strict"] != 0 {
		t.Error(heard)
	}
}

func TestItBeginsShut(t *testing.T) {
	r := newRoom()
	r.speech = -15
	if n := run(t, sound.NewGate(sound.Near), r, 90*time.Millisecond); n != 0 {
		t.Errorf("%d blocks passed before the room was known", n)
	}
}

func TestNonsenseDoesNotOpenItNorBreakIt(t *testing.T) {
	r, g := newRoom(), sound.NewGate(sound.Near)
	r.noise = -65
	run(t, g, r, 2*time.Second)
	var s frame.Sound
	for n, v := range []float32{float32(math.NaN()), float32(math.Inf(1)), 1e30, float32(math.Inf(-1))} {
		for i := range s.Near {
			s.Near[i] = v
		}
		g.Apply(&s)
		if s.Near != (frame.Block{}) {
			t.Errorf("nonsense %d passed", n)
		}
	}
	r.speech = -20
	if n := run(t, g, r, 2*time.Second); n < 190 {
		t.Errorf("afterwards %d of 200 blocks were heard", n)
	}
}

func TestTheGateIsAFilterThatDoesNotAllocate(t *testing.T) {
	c, err := filter.NewAudioChain([]string{"gate"}, sound.NewGate(sound.Near))
	if err != nil {
		t.Fatal(err)
	}
	r := newRoom()
	r.speech = -20
	var s frame.Sound
	r.next(&s)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := c.Clear(&s); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a block", n)
	}
}

func BenchmarkGate(b *testing.B) {
	g := sound.NewGate(sound.Near)
	r := newRoom()
	r.speech = -20
	var s frame.Sound
	r.next(&s)
	b.ReportAllocs()
	for b.Loop() {
		g.Apply(&s)
	}
}
