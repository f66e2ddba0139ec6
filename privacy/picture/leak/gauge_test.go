package leak

import (
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/frame"
	"paravent/privacy/picture/leak/leaktest"
)

// measured lets g see six seconds of a room with a sheet, of which the filter
// hides all but the sheet in some pictures of ten. between runs after each picture.
func (s *stage) measured(g *Gauge, shown int, between func()) {
	mask, all := make([]byte, 64*36), make([]byte, sceneW*sceneH)
	s.behind.Fill(frame.Black())
	for n := range 180 {
		s.raw.CopyFrom(s.withSheet)
		s.raw.At = time.Duration(n) * time.Second / 30
		g.Before(s.raw, mask, 64, 36)
		clear(all)
		if n%10 < shown {
			for y := s.sheet.Min.Y; y < s.sheet.Max.Y; y++ {
				for x := s.sheet.Min.X; x < s.sheet.Max.X; x++ {
					all[y*sceneW+x] = 255
				}
			}
		}
		leaktest.Mix(s.out, s.raw, s.behind, all)
		s.out.At = s.raw.At
		g.After(s.out)
		between()
	}
}

func TestAGaugeSaysHowMuchOfTheRoomCanBeMadeOut(t *testing.T) {
	s := newStage(t)
	for shown, want := range map[int][2]float64{0: {0, 0}, 3: {.1, .5}, 10: {.1, .5}} {
		g := NewGauge(true)
		if _, ok := g.Figures(); ok {
			t.Error("there are figures before a picture")
		}
		s.measured(g, shown, func() {})
		f, ok := g.Figures()
		if !ok || f.Area < want[0] || f.Area > want[1] {
			t.Errorf("shown in %d of 10: %+v, %v", shown, f, ok)
		}
		g.Close()
		if _, ok := g.Figures(); ok || g.file.room != nil || g.file.attacker != nil {
			t.Error("something is left after Close")
		}
	}
}

func TestAGaugeBesideThePicturesSaysTheSameAndKeepsNothingRaw(t *testing.T) {
	s := newStage(t)
	step := NewGauge(true)
	s.measured(step, 3, func() {})
	want, _ := step.Figures()
	step.Close()
	synctest.Test(t, func(t *testing.T) {
		g := NewGauge(false)
		s.measured(g, 3, func() {
			synctest.Wait()
			if y := g.look.raw.Image.Y[0]; y != frame.Black().Y {
				t.Fatalf("a look is over, and its raw picture is still there: %d", y)
			}
		})
		if f, ok := g.Figures(); !ok || f != want {
			t.Errorf("%+v, %v, want %+v", f, ok, want)
		}
		room := g.file.room
		g.Close()
		synctest.Wait()
		for _, v := range room.y {
			if v != 0 {
				t.Fatal("the room is still in memory after Close")
			}
		}
	})
}

func TestAGaugeTakesNoPictureWhileItHasNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		g := NewGauge(false)
		defer g.Close()
		mask := make([]byte, 64*36)
		take := func(at time.Duration) {
			s.raw.At = at
			g.Before(s.raw, mask, 64, 36)
			g.After(s.raw)
			synctest.Wait()
		}
		take(0)
		<-g.ready
		g.ready <- 4 * time.Millisecond // as if it had taken so long
		for _, step := range []struct{ wait, taken time.Duration }{{0, 0}, {95 * time.Millisecond, 0}, {time.Millisecond, 96 * time.Millisecond}} {
			<-time.After(step.wait)
			take(step.taken + step.wait)
			if n := g.file.attacker.n; (n == 2) != (step.taken > 0) {
				t.Errorf("after %v more: %d pictures", step.wait, n)
			}
		}
	})
}

func TestAGaugeForgetsWhenTheSizeChanges(t *testing.T) {
	s := newStage(t)
	g := NewGauge(true)
	defer g.Close()
	s.measured(g, 10, func() {})
	small := frame.NewPool(64, 36).Get(7 * time.Second)
	g.Before(small, make([]byte, 64*36), 64, 36)
	g.After(small)
	if f, ok := g.Figures(); ok {
		t.Errorf("figures of before: %+v", f)
	}
}

func TestAPictureTooSmallToMeasureEndsTheGaugeQuietly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGauge(false)
		tiny := frame.NewPool(8, 8).Get(0)
		for range 3 {
			g.Before(tiny, make([]byte, 4), 2, 2)
			g.After(tiny)
			synctest.Wait()
		}
		if _, ok := g.Figures(); ok {
			t.Error("there are figures")
		}
		g.Close()
	})
}

func TestALookDoesNotAllocate(t *testing.T) {
	s := newStage(t)
	g := NewGauge(true)
	defer g.Close()
	mask := make([]byte, 512*288)
	allocs := testing.AllocsPerRun(20, func() {
		g.Before(s.raw, mask, 512, 288)
		g.After(s.raw)
	})
	if allocs != 0 {
		t.Errorf("%g allocations", allocs)
	}
}

// BenchmarkGauge is what the picture's own way pays, and what the goroutine.
func BenchmarkGauge(b *testing.B) {
	s := newStage(b)
	mask := make([]byte, 512*288)
	g := NewGauge(true)
	b.Run("look", func(b *testing.B) {
		for b.Loop() {
			g.Before(s.raw, mask, 512, 288)
			g.After(s.raw)
		}
	})
	b.Run("score", func(b *testing.B) {
		for b.Loop() {
			g.file.scored = -g.file.wait
			if err := g.file.score(0); err != nil {
				b.Fatal(err)
			}
		}
	})
}
