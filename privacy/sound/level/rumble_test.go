package level_test

import (
	"math"
	"testing"

	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/sound/level"
)

// through returns by how many dB a tone changes on its way through r.
func through(r *level.Rumble, hz float64) float64 {
	var s frame.Sound
	var in, out float64
	for n := range 200 {
		for i := range s.Near {
			s.Near[i] = float32(0.5 * math.Sin(2*math.Pi*hz*float64(n*frame.BlockLen+i)/frame.Rate))
		}
		raw := s.Near
		r.Apply(&s)
		for i := range s.Near {
			if n >= 100 {
				in += float64(raw[i]) * float64(raw[i])
				out += float64(s.Near[i]) * float64(s.Near[i])
			}
		}
	}
	return 10 * math.Log10(out/in+1e-15)
}

func TestRumbleAndHumGoAndAVoiceStays(t *testing.T) {
	for _, c := range []struct{ hz, from, to float64 }{
		{10, -200, -37}, {20, -200, -25}, {50, -200, -10}, {90, -3.2, -2.8}, {120, -2, 0}, {200, -0.3, 0.01}, {300, -0.1, 0.01}, {8000, -0.01, 0.01},
	} {
		if db := through(level.NewRumble(), c.hz); db < c.from || db > c.to {
			t.Errorf("%v Hz: %.2f dB, want %v to %v", c.hz, db, c.from, c.to)
		}
	}
}

func TestDirectCurrentFadesToExactZeros(t *testing.T) {
	r := level.NewRumble()
	var s frame.Sound
	for range 20 {
		for i := range s.Near {
			s.Near[i] = 0.3
		}
		r.Apply(&s)
	}
	for range 20 {
		s.Near = frame.Block{}
		r.Apply(&s)
	}
	if s.Near != (frame.Block{}) {
		t.Errorf("%v is left", s.Near[0])
	}
}

func TestWhatIsNoSoundBecomesSilenceAndDoesNotStay(t *testing.T) {
	for _, v := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), math.MaxFloat32, -2} {
		r := level.NewRumble()
		var s frame.Sound
		for i := range s.Near {
			s.Near[i], s.Far[i] = v, v
		}
		r.Apply(&s)
		for i := range s.Near {
			if s.Near[i] != 0 || s.Far[i] != 0 {
				t.Fatalf("of %v is left %v, at the far end %v", v, s.Near[i], s.Far[i])
			}
		}
		for range 20 {
			s.Near = frame.Block{}
			r.Apply(&s)
		}
		if s.Near != (frame.Block{}) {
			t.Errorf("after %v: %v", v, s.Near[0])
		}
	}
}

// loudVoice is a block of a voice that a microphone cut at its full scale.
func loudVoice(v *voice, b *frame.Block) {
	v.next(b)
	for i := range b {
		b[i] = max(-1, min(b[i], 32767.0/32768))
	}
}

func TestAMicrophoneThatIsSetTooLoudIsToldForTwoSeconds(t *testing.T) {
	r, v := level.NewRumble(), newVoice(150, 6, 3)
	var s frame.Sound
	for range 100 {
		loudVoice(v, &s.Near)
		r.Apply(&s)
	}
	if r.Notes() != filter.Clipping {
		t.Fatal("a voice cut at full scale is not told")
	}
	blocks := 0
	for ; r.Notes() != 0 && blocks < 1000; blocks++ {
		s.Near = frame.Block{}
		r.Apply(&s)
	}
	if blocks < 150 || blocks > 201 {
		t.Errorf("it is told for %d blocks afterwards", blocks)
	}
}

func TestALoudVoiceThatTouchesFullScaleIsNotClipped(t *testing.T) {
	r, v := level.NewRumble(), newVoice(150, -12, 3)
	var s frame.Sound
	for n := range 500 {
		v.next(&s.Near)
		peak := float32(0)
		for _, x := range s.Near {
			peak = max(peak, x, -x)
		}
		for i := range s.Near {
			if peak > 0 {
				s.Near[i] /= peak // touches it in each block, and is not cut
			}
		}
		s.Near[10], s.Near[11] = 1, -1 // and clicks
		r.Apply(&s)
		if r.Notes() != 0 {
			t.Fatalf("told at block %d", n)
		}
	}
}
