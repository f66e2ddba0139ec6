package receive

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/codec"
	"paravent/media/codec/opus"
	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/policy"
)

// A hisser is a double whose decoder goes on with noise of one level.
type hisser struct {
	double
	level float32
	state uint32
}

func (h *hisser) Conceal(out []float32) error {
	for i := range out {
		h.state = h.state*1664525 + 1013904223
		out[i] = h.level * math.Sqrt2 * 1.2247 * (float32(h.state>>8)/(1<<23) - 1)
	}
	return nil
}

func level(b []float32) float64 {
	sum := 0.0
	for _, v := range b {
		sum += float64(v) * float64(v)
	}
	return 10 * math.Log10(sum/float64(len(b))+1e-20)
}

// pause lets a line speak for a second and then rest for so many blocks, and
// returns the level of each of these. The sender says that silence follows, or
// just stops.
func pause(t *testing.T, level0 float32, says bool, blocks int) (levels []float64) {
	t.Helper()
	l := NewSoundLine(nil, &hisser{level: level0})
	begin, seq := time.Now(), uint64(0)
	var b frame.Block
	data := make([]byte, 8)
	for n := range 100 + blocks {
		<-time.After(time.Until(begin.Add(time.Duration(n) * frame.BlockFor)))
		at := time.Duration(n) * frame.BlockFor
		if n < 100 && n%2 == 0 {
			l.push(packet(seq, at, data))
			seq++
		}
		if n == 100 && says {
			l.push(codec.Packet{Data: []byte{1}, Seq: seq, At: at})
		}
		if l.Pull(&b); n >= 100 {
			levels = append(levels, level(b[:]))
		}
	}
	return levels
}

func TestAPauseGoesOnWithTheNoiseOfTheRoomAndEndsSoftly(t *testing.T) {
	for _, c := range []struct{ db, least, most float64 }{
		{-75, -76, -74},   // as it is
		{-40, -66, -64.5}, // turned down
		{-110, -112, -108},
	} {
		synctest.Test(t, func(t *testing.T) {
			got := pause(t, float32(math.Pow(10, c.db/20)), true, 1200)
			for n, db := range got[20:880] {
				if db < c.least || db > c.most {
					t.Fatalf("noise of %v dB: block %d of the pause is of %.1f dB", c.db, n+20, db)
				}
			}
			for n := 900; n < 1000; n += 20 {
				if got[n+20] > got[n]+0.5 {
					t.Errorf("noise of %v dB: it grows again at its end: %.1f, %.1f", c.db, got[n], got[n+20])
				}
			}
			for n, db := range got[1050:] {
				if db > -190 {
					t.Fatalf("noise of %v dB: block %d is not silent", c.db, n+1050)
				}
			}
		})
	}
}

func TestALineThatJustStopsIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for n, db := range pause(t, 0.0003, false, 100)[20:] {
			if db > -190 {
				t.Fatalf("block %d is of %.1f dB", n+20, db)
			}
		}
	})
}

func TestARestAllocatesNothing(t *testing.T) {
	var p playout
	p.init(&hisser{level: 0.01})
	p.dtx = true
	var b frame.Block
	if n := testing.AllocsPerRun(100, func() { p.rest(&b) }); n != 0 {
		t.Errorf("%v allocations a block", n)
	}
}

// TestOpusGoesOnWithTheNoiseItHeard keeps what rest is made on: it is libopus that
// knows the background.
func TestOpusGoesOnWithTheNoiseItHeard(t *testing.T) {
	leave, err := policy.Default().RawSound()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ noise, least, most float64 }{{0, -200, -100}, {0.00087, -73, -64}} {
		chain, err := filter.NewOpenAudioChain(leave)
		if err != nil {
			t.Fatal(err)
		}
		enc, err := opus.NewEncoder(codec.SoundSettings{Bitrate: 32_000, Complexity: 5, DTX: true})
		if err != nil {
			t.Fatal(err)
		}
		dec, err := opus.NewDecoder()
		if err != nil {
			t.Fatal(err)
		}
		var s frame.Sound
		state, out, rested := uint32(1), make([]float32, codec.MaxSound), false
		for n := range 200 {
			s.At = time.Duration(n) * frame.BlockFor
			for i := range s.Near {
				state = state*1664525 + 1013904223
				s.Near[i] = float32(c.noise) * (float32(state>>8)/(1<<23) - 1)
			}
			if n < 100 {
				for i := range s.Near { // four syllables a second
					at := float64(n*frame.BlockLen+i) / frame.Rate
					tones := 0.2*math.Sin(2*math.Pi*150*at) + 0.1*math.Sin(2*math.Pi*900*at)
					s.Near[i] += float32(tones * (0.5 + 0.5*math.Sin(2*math.Pi*4*at)))
				}
			}
			cleared, err := chain.Clear(&s)
			if err != nil {
				t.Fatal(err)
			}
			pkt, err := enc.Encode(cleared)
			if err != nil {
				t.Fatal(err)
			}
			if len(pkt.Data) == 0 || rested {
				continue
			}
			if _, err := dec.Decode(pkt.Data, out); err != nil {
				t.Fatal(err)
			}
			if len(pkt.Data) > dtxLen {
				continue
			}
			rested = true
			for range 50 {
				if err := dec.Conceal(out[:frame.BlockLen]); err != nil {
					t.Fatal(err)
				}
				if db := level(out[:frame.BlockLen]); db < c.least || db > c.most {
					t.Errorf("noise of %v: it goes on at %.1f dB", c.noise, db)
				}
			}
		}
		if !rested {
			t.Errorf("noise of %v: the encoder never rests", c.noise)
		}
		if err := enc.Close(); err != nil {
			t.Error(err)
		}
		if err := dec.Close(); err != nil {
			t.Error(err)
		}
	}
}

func BenchmarkRest(b *testing.B) {
	dec, err := opus.NewDecoder()
	if err != nil {
		b.Fatal(err)
	}
	var p playout
	p.init(dec)
	p.dtx = true
	var out frame.Block
	for b.Loop() {
		p.rested = 0
		p.rest(&out)
	}
}
