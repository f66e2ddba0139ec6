package level_test

import (
	"math"
	"testing"

	"paravent/media/frame"
	"paravent/privacy/sound/level"
)

// A stage is a gain behind a gate that is told what to say.
type stage struct {
	*level.Gain
	speech float32
	s      frame.Sound
}

func newStage() *stage {
	st := &stage{}
	st.Gain = level.NewGain(func() float32 { return st.speech })
	return st
}

// hear lets a voice speak for so many blocks; what the gate takes off it is in dB,
// and speech is what the gate says while it is heard.
func (st *stage) hear(v *voice, blocks int, gated float64, speech float32, each func(in, out *frame.Block)) {
	for range blocks {
		st.speech = 0
		if v.next(&st.s.Near) {
			st.speech = speech
		}
		for i := range st.s.Near {
			st.s.Near[i] *= float32(amplitude(gated))
		}
		in := st.s.Near
		st.Apply(&st.s)
		if each != nil {
			each(&in, &st.s.Near)
		}
	}
}

const second = 100 // blocks

func TestATwentyThreeLUFSToneIsLeftAsItIs(t *testing.T) {
	st := newStage()
	st.speech = 1
	for n := range 5 * second {
		for i := range st.s.Near { // 997 Hz at full scale is −3.01 LUFS by definition
			st.s.Near[i] = float32(amplitude(-20) * math.Sin(2*math.Pi*997*float64(n*frame.BlockLen+i)/frame.Rate))
		}
		in := st.s.Near
		st.Apply(&st.s)
		if st.s.Near != in {
			t.Fatalf("block %d is changed, by a gain of %.2f dB", n, st.DB())
		}
	}
}

func TestAVoiceIsBroughtToTheLevelOfAConversation(t *testing.T) {
	for _, in := range []float64{-34, -30, -20, -10} {
		for _, pitch := range []float64{100, 220} {
			st, v := newStage(), newVoice(pitch, in, 1)
			st.hear(v, 20*second, 0, 1, nil)
			var raw, out loudness
			st.hear(v, 20*second, 0, 1, func(in, b *frame.Block) {
				if st.speech > 0 {
					raw.add(in)
					out.add(b)
				}
			})
			if d := out.lufs() + 23; math.Abs(d) > 1.7 {
				t.Errorf("a voice of %v Hz at %.1f LUFS comes out at %.1f, with a gain of %.1f dB", pitch, raw.lufs(), out.lufs(), st.DB())
			}
		}
	}
}

func TestTheGainStaysBetweenMinus12And15DB(t *testing.T) {
	for in, want := range map[float64]float64{-60: 15, 6: -12} {
		st := newStage()
		st.hear(newVoice(120, in, 1), 60*second, 0, 1, func(_, _ *frame.Block) {
			if db := st.DB(); db < -12 || db > 15 {
				t.Fatalf("%.2f dB", db)
			}
		})
		if db := st.DB(); math.Abs(db-want) > 0.01 {
			t.Errorf("a voice at %v dB gets %.2f dB, want %v", in, db, want)
		}
	}
}

func TestItGoesUpSlowlyAndDownFaster(t *testing.T) {
	blocks := func(from, to float64) (n int) {
		st := newStage()
		v := newVoice(120, from, 1)
		st.hear(v, 60*second, 0, 1, nil)
		v.level = to
		before, most := st.DB(), 0.0
		for math.Abs(st.DB()-before) < 9 && n < 60*second {
			was := st.DB()
			st.hear(v, 1, 0, 1, nil)
			most = max(most, math.Abs(st.DB()-was))
			n++
		}
		if most > 0.13 {
			t.Errorf("from %v to %v: %.2f dB in a block", from, to, most)
		}
		return n
	}
	up, down := blocks(-20, -35), blocks(-35, -15)
	t.Logf("9 dB up in %.1f s, down in %.1f s, pauses included", float64(up)/second, float64(down)/second)
	if up < 3*second || up > 12*second || down > up/2 {
		t.Errorf("9 dB up in %d blocks, down in %d", up, down)
	}
}

func TestWhatTheGateHoldsBackNeverChangesTheGain(t *testing.T) {
	for name, speech := range map[string]float32{"nobody": 0, "hardly anybody": 0.49, "no number": float32(math.NaN())} {
		st := newStage()
		st.hear(newVoice(120, -34, 1), 20*second, 0, 1, nil)
		before := st.DB()
		for _, db := range []float64{-60, -40, -20, 0} {
			st.hear(newVoice(180, db, 2), 10*second, -30, speech, nil)
			st.hear(newVoice(180, db, 3), 10*second, 0, speech, nil)
		}
		if st.DB() != before {
			t.Errorf("%s: the gain went from %v to %v dB", name, before, st.DB())
		}
	}
}

func TestABystanderIsRaisedByThePersonsOwnGainAtMost(t *testing.T) {
	for _, own := range []float64{-38, -28, -10} {
		st := newStage()
		st.hear(newVoice(120, own, 1), 30*second, 0, 1, nil)
		db := st.DB()
		bystander := newVoice(200, -20, 5)
		worst := -200.0
		st.hear(bystander, 60*second, -30, 0.1, func(in, out *frame.Block) {
			for i := range in {
				if in[i] == 0 && out[i] != 0 {
					t.Fatal("something came out of nothing")
				}
				if x := math.Abs(float64(in[i])); x > 1e-6 {
					worst = max(worst, 20*math.Log10(math.Abs(float64(out[i]))/x))
				}
			}
		})
		t.Logf("a person at %v dB gets %.1f dB; a bystander held back by 30 dB was raised by %.2f dB at most", own, db, worst)
		if worst > db+0.01 {
			t.Errorf("a bystander was raised by %.2f dB, the person by %.2f", worst, db)
		}
	}
}

func TestOfTwoPeopleOnlyTheOneAtTheMicrophoneIsFollowed(t *testing.T) {
	alone, both := newStage(), newStage()
	near := func() *voice { return newVoice(120, -30, 1) }
	a, b, other := near(), near(), newVoice(210, -14, 7)
	for range 20 {
		alone.hear(a, 2*second, 0, 1, nil)
		both.hear(b, 2*second, 0, 1, nil)
		both.hear(other, 3*second, -30, 0.2, nil)
	}
	if d := math.Abs(alone.DB() - both.DB()); d > 0.2 {
		t.Errorf("alone %.2f dB, with another %.2f dB", alone.DB(), both.DB())
	}
}

func TestAWhisperIsRaisedAndSilenceBetweenStaysExact(t *testing.T) {
	st, v := newStage(), newVoice(120, -36, 1)
	v.whisper = true
	st.hear(v, 30*second, 0, 1, nil)
	if st.DB() < 9 {
		t.Errorf("a whisper gets %.1f dB", st.DB())
	}
	zeros := 0
	st.hear(v, 30*second, 0, 1, func(in, out *frame.Block) {
		if *in == (frame.Block{}) {
			zeros++
			if *out != (frame.Block{}) {
				t.Fatal("silence became sound")
			}
		}
	})
	if zeros < second {
		t.Fatalf("only %d silent blocks", zeros)
	}
}

func TestSilenceCalledSpeechNeverChangesTheGain(t *testing.T) {
	st := newStage()
	v := newVoice(120, -6, 1)
	for v.syllable == 0 || v.syllable > 600 { // to the loud middle of a syllable
		st.hear(v, 1, 0, 0, nil)
	}
	st.hear(newVoice(120, -6, 1), 5, 0, 0, nil)
	st.speech = 1
	for range 10 * second {
		st.s.Near = frame.Block{}
		st.Apply(&st.s)
	}
	if st.DB() != 0 {
		t.Errorf("%v dB", st.DB())
	}
}

// peak is the highest of b, between the samples as well: four times the samples, by
// a windowed sine of 32 samples, as BS.1770-5, annex 2, asks for.
func peak(out []float32) (sample, between float64) {
	for i := 16; i+16 < len(out); i++ {
		sample = max(sample, math.Abs(float64(out[i])))
		if math.Abs(float64(out[i])) < 0.5 {
			continue
		}
		for q := 1; q < 4; q++ {
			x := float64(q) / 4
			sum := 0.0
			for k := -15; k <= 16; k++ {
				d := float64(k) - x
				sum += float64(out[i+k]) * math.Sin(math.Pi*d) / (math.Pi * d) * (0.5 + 0.5*math.Cos(math.Pi*d/16.5))
			}
			between = max(between, math.Abs(sum))
		}
	}
	return sample, between
}

func TestASuddenShoutIsNeitherAboveTheCeilingNorCutOff(t *testing.T) {
	for _, db := range []float64{0, 10, 20} {
		st, v := newStage(), newVoice(120, -34, 1)
		st.hear(v, 30*second, 0, 1, nil)
		shout := newVoice(240, db, 2)
		var out, raw []float32
		st.hear(shout, 5*second, 0, 1, func(in, b *frame.Block) { out, raw = append(out, b[:]...), append(raw, in[:]...) })
		sample, between := peak(out)
		t.Logf("a shout at %v dB, with %.1f dB of gain left: peaks at %.2f dBFS, between samples %.2f", db, st.DB(), 20*math.Log10(sample), 20*math.Log10(between))
		if sample > 0.8913 || between > 0.97 {
			t.Errorf("peaks at %.3f, between samples %.3f of full scale", sample, between)
		}
		flat := 0 // samples in a row at the top
		for i := 1; i < len(out); i++ {
			if math.Abs(float64(out[i])) > 0.8 && out[i] == out[i-1] && raw[i] != raw[i-1] {
				flat++
			}
		}
		if flat > 0 {
			t.Errorf("%d samples are cut off", flat)
		}
	}
}

func TestAnyNonsenseStaysBelowFullScale(t *testing.T) {
	st := newStage()
	st.hear(newVoice(120, -50, 1), 30*second, 0, 1, nil)
	for n := range 2000 {
		for i := range st.s.Near {
			st.s.Near[i] = float32(math.Pow(-1, float64(i/(n%37+1)))) * float32(n%7)
		}
		st.Apply(&st.s)
		for i, x := range st.s.Near {
			if !(x < 0.8913 && x > -0.8913) {
				t.Fatalf("block %d, sample %d: %v", n, i, x)
			}
		}
	}
}

func TestNothingPumps(t *testing.T) {
	// Once it has settled, a voice with long pauses keeps one gain.
	st, v := newStage(), newVoice(120, -30, 1)
	st.hear(v, 30*second, 0, 1, nil)
	low, high := st.DB(), st.DB()
	for range 20 {
		st.hear(v, 3*second, 0, 1, func(_, _ *frame.Block) { low, high = min(low, st.DB()), max(high, st.DB()) })
		for range 5 * second {
			st.speech, st.s.Near = 0, frame.Block{}
			st.Apply(&st.s)
		}
	}
	t.Logf("the gain stays between %.2f and %.2f dB", low, high)
	if high-low > 1.5 {
		t.Errorf("the gain moves by %.2f dB", high-low)
	}
}

func TestAfterAResetItKeepsWhatItKnowsOfTheVoice(t *testing.T) {
	st := newStage()
	st.hear(newVoice(120, -34, 1), 30*second, 0, 1, nil)
	before := st.DB()
	if err := st.Reset(); err != nil || st.DB() != before || before < 5 {
		t.Errorf("%v dB became %v, %v", before, st.DB(), err)
	}
}
