package sound_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"paravent/assets"
	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/sound"
	"paravent/privacy/sound/gate"
	"paravent/privacy/sound/net"
)

func chain(tb testing.TB, mode gate.Mode) *filter.AudioChain {
	tb.Helper()
	model, err := sound.Load(assets.RoomGateModel())
	if err != nil {
		tb.Fatal(err)
	}
	filters, err := sound.New(sound.Options{Mode: mode, Model: model})
	if err != nil {
		tb.Fatal(err)
	}
	c, err := filter.NewAudioChain([]string{"rumble", "echo", "gate", "gain"}, filters...)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// A call is a loudspeaker that plays noise, and a microphone that hears it and hisses.
type meeting struct {
	rnd  *rand.Rand
	last float32
	s    frame.Sound
}

func (m *meeting) next() *frame.Sound {
	for i := range m.s.Far {
		m.s.Far[i] = float32(m.rnd.NormFloat64() * 0.1)
		m.s.Near[i] = 0.5*m.last + float32(m.rnd.NormFloat64()*0.001)
		m.last = m.s.Far[i]
	}
	m.s.At += frame.BlockFor
	return &m.s
}

func TestAChainTakes20MillisecondsAndWhenStrict40(t *testing.T) {
	for mode, want := range map[gate.Mode]time.Duration{gate.Near: 20 * time.Millisecond, gate.Strict: 40 * time.Millisecond} {
		if d := chain(t, mode).Delay(); d != want {
			t.Errorf("mode %d takes %v", mode, d)
		}
	}
}

func TestAModelThatIsNotWholeIsNotLoaded(t *testing.T) {
	whole, other := assets.RoomGateModel(), assets.RoomGateModel()
	other[len(other)/2] ^= 1
	for name, model := range map[string][]byte{"nothing": nil, "half": whole[:len(whole)/2], "more": append(whole, 0), "another bit": other} {
		if _, err := sound.Load(model); !errors.Is(err, net.ErrModel) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNobodyIsHeardWhereNobodySpeaks(t *testing.T) {
	c := chain(t, gate.Near)
	m := &meeting{rnd: rand.New(rand.NewPCG(1, 2))}
	for n := range 800 {
		cleared, err := c.Clear(m.next())
		if err != nil {
			t.Fatal(err)
		}
		if n > 500 && *cleared.Block() != (frame.Block{}) {
			t.Fatalf("block %d is no silence", n)
		}
	}
	if !c.Notes().Has(filter.Uncalibrated) {
		t.Error("nobody measured the person, and nobody is told")
	}
}

func TestWhatIsNoSoundIsSilenceAndDoesNotStay(t *testing.T) {
	c := chain(t, gate.Near)
	m := &meeting{rnd: rand.New(rand.NewPCG(1, 2))}
	for n := range 300 {
		s := m.next()
		if n%10 == 0 {
			s.Near[n] = float32(math.NaN())
			s.Far[n] = float32(math.Inf(1))
		}
		cleared, err := c.Clear(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range cleared.Block() {
			if !(v >= -1 && v <= 1) {
				t.Fatalf("block %d holds %v", n, v)
			}
		}
	}
}

func TestTheChainDoesNotAllocate(t *testing.T) {
	c := chain(t, gate.Near)
	m := &meeting{rnd: rand.New(rand.NewPCG(1, 2))}
	if n := testing.AllocsPerRun(200, func() {
		if _, err := c.Clear(m.next()); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a block", n)
	}
}

func BenchmarkChain(b *testing.B) {
	for name, mode := range map[string]gate.Mode{"near": gate.Near, "strict": gate.Strict} {
		b.Run(name, func(b *testing.B) {
			c := chain(b, mode)
			m := &meeting{rnd: rand.New(rand.NewPCG(1, 2))}
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				s := m.next()
				b.StartTimer()
				if _, err := c.Clear(s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
