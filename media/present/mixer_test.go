package present_test

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"

	"paravent/media/frame"
	"paravent/media/present"
)

// constant plays one value.
type constant float32

func (c constant) Pull(out *frame.Block) {
	for i := range out {
		out[i] = float32(c)
	}
}

// tone plays a sine.
type tone struct {
	hz, level float64
	n         int
}

func (s *tone) Pull(out *frame.Block) {
	for i := range out {
		out[i] = float32(s.level * math.Sin(2*math.Pi*s.hz*float64(s.n)/frame.Rate))
		s.n++
	}
}

func TestSourcesAreAddedUnchangedWhileTheyAreNotTooLoud(t *testing.T) {
	m := present.NewMixer()
	b := frame.Block{1}
	if m.Pull(&b); b != (frame.Block{}) {
		t.Error("an empty mixer is not silent")
	}
	remove := m.Add(constant(0.25), nil)
	m.Add(constant(0.5), nil)
	if m.Pull(&b); b[0] != 0.75 || b[479] != 0.75 {
		t.Error(b[0], b[479])
	}
	remove()
	remove()
	if m.Pull(&b); b[0] != 0.5 {
		t.Error(b[0])
	}
}

func TestManyLoudSourcesAreTurnedDownAndNotCut(t *testing.T) {
	m := present.NewMixer()
	var removes []func()
	for i := range 8 {
		removes = append(removes, m.Add(&tone{hz: 200 + 37*float64(i), level: 0.7}, nil))
	}
	var b frame.Block
	flat, last, before := 0, float32(0), float32(0)
	for range 200 {
		m.Pull(&b)
		for _, v := range b {
			if v > 1 || v < -1 {
				t.Fatalf("sample %v", v)
			}
			if v == last && v == before && (v > 0.9 || v < -0.9) {
				flat++
			}
			before, last = last, v
		}
	}
	if flat > frame.BlockLen/10 { // in the first millisecond there is no other way
		t.Errorf("%d samples are cut off", flat)
	}
	for _, remove := range removes[1:] {
		remove()
	}
	peak := float32(0)
	for n := range 200 {
		m.Pull(&b)
		if n > 150 {
			for _, v := range b {
				peak = max(peak, v)
			}
		}
	}
	if peak < 0.69 {
		t.Errorf("one second after the noise a voice is at %v", peak)
	}
}

func TestWhatIsNoNumberIsSilent(t *testing.T) {
	m := present.NewMixer()
	m.Add(constant(math.NaN()), nil)
	var b frame.Block
	if m.Pull(&b); b != (frame.Block{}) {
		t.Error(b[0])
	}
	m = present.NewMixer()
	m.Add(constant(math.Inf(1)), nil)
	for range 3 {
		m.Pull(&b)
		for _, v := range b {
			if v != v || v > 1 {
				t.Fatal(v)
			}
		}
	}
}

// closing fails the test if it is pulled after it was closed.
type closing struct {
	t      *testing.T
	closed atomic.Bool
}

func (c *closing) Pull(out *frame.Block) {
	*out = frame.Block{}
	if c.closed.Load() {
		c.t.Error("pulled after remove")
	}
}

func TestASourceIsNotPulledAfterRemove(t *testing.T) {
	m := present.NewMixer()
	var group sync.WaitGroup
	stop := make(chan struct{})
	group.Go(func() {
		var b frame.Block
		for {
			select {
			case <-stop:
				return
			default:
				m.Pull(&b)
			}
		}
	})
	var adders sync.WaitGroup
	for range 4 {
		adders.Go(func() {
			for range 50 {
				c := &closing{t: t}
				m.Add(c, nil)()
				c.closed.Store(true)
			}
		})
	}
	adders.Wait()
	close(stop)
	group.Wait()
}

func TestMixingDoesNotAllocate(t *testing.T) {
	m := present.NewMixer()
	for range 5 {
		m.Add(constant(0.4), nil)
	}
	var b frame.Block
	if n := testing.AllocsPerRun(100, func() { m.Pull(&b) }); n != 0 {
		t.Errorf("%v allocations a block", n)
	}
}

func BenchmarkMixer(b *testing.B) {
	m := present.NewMixer()
	for range 24 {
		m.Add(constant(0.03), nil)
	}
	var out frame.Block
	b.ReportAllocs()
	for b.Loop() {
		m.Pull(&out)
	}
}

func TestAVolumeIsReachedWithoutAClick(t *testing.T) {
	m, v := present.NewMixer(), new(present.Volume)
	m.Add(constant(0.2), v)
	var b frame.Block
	if m.Pull(&b); b[0] != 0.2 || b[479] != 0.2 {
		t.Fatalf("nobody changed the volume, and it is %v", b[0])
	}
	last := b[479]
	for _, g := range []float32{2, 0.5, 0, 1.1, -3, 7} {
		v.Set(g)
		want := 0.2 * max(0, min(g, present.MostGain))
		for range 2 {
			m.Pull(&b)
			for i, x := range b {
				if d := x - last; d > 0.2*present.MostGain/frame.BlockLen*1.01 || d < -0.2*present.MostGain/frame.BlockLen*1.01 {
					t.Fatalf("to %v: sample %d jumps by %v", g, i, d)
				}
				last = x
			}
		}
		if math.Abs(float64(last-want)) > 1e-5 || (want == 0) != (b == frame.Block{}) {
			t.Errorf("to %v: it ends at %v, want %v", g, last, want)
		}
	}
}

func TestAVolumeIsBeforeTheLimiterAndOfOneSourceOnly(t *testing.T) {
	m, v := present.NewMixer(), new(present.Volume)
	v.Set(2)
	m.Add(constant(0.9), v)
	m.Add(constant(0), nil)
	var b frame.Block
	for range 20 {
		m.Pull(&b)
	}
	for _, x := range b {
		if x > 1 || x < 0.7 {
			t.Fatalf("the sum is %v", x)
		}
	}
	quiet := new(present.Volume)
	quiet.Set(0)
	m.Add(constant(float32(math.NaN())), quiet)
	if m.Pull(&b); b[0] < 0.7 || b[479] < 0.7 {
		t.Error("who is not heard is heard")
	}
}

func TestAVolumeAllocatesNothing(t *testing.T) {
	m, v := present.NewMixer(), new(present.Volume)
	m.Add(constant(0.2), v)
	var b frame.Block
	g := float32(0)
	if n := testing.AllocsPerRun(100, func() { g += 0.01; v.Set(g); m.Pull(&b) }); n != 0 {
		t.Errorf("%v allocations a block", n)
	}
}
