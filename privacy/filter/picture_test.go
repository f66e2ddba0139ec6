package filter_test

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/frame"
	"paravent/privacy/filter"
)

const person = 99 // the luma of what a working filter shows

// A moody filter shows the person, or fails, hangs or panics on command. It can
// do all that a filter may.
type moody struct {
	mood  func(p *frame.Picture) error // nil is well
	kept  *frame.Picture               // what it was given last
	every []int
	notes filter.Notes
	shown atomic.Int64
	shut  chan struct{}
}

func newMoody() *moody { return &moody{shut: make(chan struct{})} }

func (m *moody) Name() string { return "blur" }
func (m *moody) Apply(p *frame.Picture) error {
	m.kept = p
	if m.mood != nil {
		return m.mood(p)
	}
	p.Fill(frame.Colour{Y: person, Cb: 128, Cr: 128})
	return nil
}
func (m *moody) Notes() filter.Notes    { return m.notes }
func (m *moody) Pace(every int)         { m.every = append(m.every, every) }
func (m *moody) Reveal(d time.Duration) { m.shown.Store(int64(d)) }
func (m *moody) Close() error           { close(m.shut); return nil }
func (m *moody) Stages() []filter.StageTime {
	return []filter.StageTime{{Name: "fill", Took: time.Millisecond}}
}

func chainOf(t *testing.T, o filter.VideoOptions, f filter.PictureFilter) *filter.VideoChain {
	t.Helper()
	o.Cover = frame.Colour{Y: cover, Cb: 128, Cr: 128}
	c, err := filter.NewVideoChain(o, f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// clearAt clears a picture of "the room" and returns the luma that comes out,
// which must be one, at the picture's time.
func clearAt(t *testing.T, c *filter.VideoChain, pool *frame.Pool, at time.Duration) (byte, error) {
	t.Helper()
	p := pool.Get(at)
	p.Fill(frame.Colour{Y: raw, Cb: 1, Cr: 2})
	got, err := c.Clear(p)
	defer got.Release()
	if got.Picture().At != at {
		t.Errorf("a picture of %v came out at %v", at, got.Picture().At)
	}
	luma := got.Picture().Image.Y[0]
	for _, y := range got.Picture().Image.Y {
		if y == raw || y != luma {
			t.Fatalf("a pixel of %d among those of %d", y, luma)
		}
	}
	return luma, err
}

func TestTheLastSafePictureStandsInForASecondAndThenTheCover(t *testing.T) {
	bad := errors.New("no memory")
	for name, mood := range map[string]func(p *frame.Picture) error{
		"error": func(*frame.Picture) error { return bad },
		"panic": func(*frame.Picture) error { panic("out of range") },
	} {
		t.Run(name, func(t *testing.T) {
			m, pool := newMoody(), frame.NewPool(32, 18)
			c := chainOf(t, filter.VideoOptions{}, m)
			if luma, err := clearAt(t, c, pool, time.Second); luma != person || err != nil {
				t.Fatalf("well: luma %d, %v", luma, err)
			}
			m.mood = mood
			for _, step := range []struct {
				at   time.Duration
				want byte
			}{{1500 * time.Millisecond, person}, {2 * time.Second, person}, {2001 * time.Millisecond, cover}, {5 * time.Second, cover}} {
				var held *filter.HeldError
				if luma, err := clearAt(t, c, pool, step.at); luma != step.want || !errors.As(err, &held) {
					t.Errorf("at %v: luma %d, %v, want %d", step.at, luma, err, step.want)
				}
			}
			m.mood = nil
			if luma, err := clearAt(t, c, pool, 6*time.Second); luma != person || err != nil {
				t.Errorf("well again: luma %d, %v", luma, err)
			}
		})
	}
}

func TestNothingOfBeforeIsShownAfterAChangeOfSize(t *testing.T) {
	m := newMoody()
	c := chainOf(t, filter.VideoOptions{}, m)
	wide, high := frame.NewPool(32, 18), frame.NewPool(18, 32)
	if luma, _ := clearAt(t, c, wide, 1); luma != person {
		t.Fatal("the filter does not work")
	}
	m.mood = func(*frame.Picture) error { return errors.New("no") }
	if luma, _ := clearAt(t, c, high, 2); luma != cover {
		t.Errorf("another size: luma %d, want the cover", luma)
	}
	if luma, _ := clearAt(t, c, wide, 3); luma != cover {
		t.Errorf("the first size again: luma %d, want the cover", luma)
	}
}

func TestWhatAFilterDoesAfterwardsDoesNotReachTheSafePicture(t *testing.T) {
	m, pool := newMoody(), frame.NewPool(32, 18)
	c := chainOf(t, filter.VideoOptions{}, m)
	for at := range time.Duration(5) {
		m.mood = nil
		if luma, _ := clearAt(t, c, pool, 2*at); luma != person {
			t.Fatal("the filter does not work")
		}
		m.mood = func(p *frame.Picture) error {
			m.kept.Fill(frame.Colour{Y: raw, Cb: 1, Cr: 2})
			p.Fill(frame.Colour{Y: raw, Cb: 1, Cr: 2})
			return errors.New("no")
		}
		if luma, _ := clearAt(t, c, pool, 2*at+1); luma != person {
			t.Errorf("luma %d, want the safe picture", luma)
		}
	}
}

func TestALatePictureIsNotWaitedForAndMayStandInOnceItIsCleared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, pool := newMoody(), frame.NewPool(32, 18)
		c := chainOf(t, filter.VideoOptions{}, m)
		defer c.Close()
		hang := make(chan struct{})
		m.mood = func(p *frame.Picture) error {
			<-hang
			p.Fill(frame.Colour{Y: person, Cb: 128, Cr: 128})
			return nil
		}
		began := time.Now()
		if luma, err := clearAt(t, c, pool, 1); luma != cover || !errors.Is(err, filter.ErrLate) {
			t.Errorf("late: luma %d, %v", luma, err)
		}
		if d := time.Since(began); d != 250*time.Millisecond {
			t.Errorf("it was waited for %v", d)
		}
		close(hang)
		synctest.Wait()
		m.mood = func(*frame.Picture) error { return errors.New("no") }
		if luma, _ := clearAt(t, c, pool, 2); luma != person {
			t.Errorf("luma %d, want the late picture, which is cleared", luma)
		}
	})
}

func TestAChainInStepWaitsAndSaysWhatItTook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, pool := newMoody(), frame.NewPool(32, 18)
		c := chainOf(t, filter.VideoOptions{InStep: true}, m)
		defer c.Close()
		m.mood = func(p *frame.Picture) error {
			<-time.After(9 * time.Second)
			p.Fill(frame.Colour{Y: person, Cb: 128, Cr: 128})
			return nil
		}
		for i := range 20 {
			if luma, err := clearAt(t, c, pool, time.Duration(i)*time.Second/30); luma != person || err != nil {
				t.Fatalf("picture %d: luma %d, %v", i, luma, err)
			}
		}
		w := c.Worked()
		if w.Wall != 9*time.Second || len(w.Stages) != 1 || w.Stages[0].Name != "fill" || c.Notes() != 0 {
			t.Errorf("worked %+v, notes %v", w, c.Notes())
		}
		if len(m.every) != 1 || m.every[0] != 1 {
			t.Errorf("paced %v: in step there is a mask for every picture", m.every)
		}
	})
}

func TestASlowFilterGetsLessToDoUntilTheOthersSeeAColour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, pool := newMoody(), frame.NewPool(640, 360)
		c := chainOf(t, filter.VideoOptions{}, m)
		defer c.Close()
		m.mood = func(p *frame.Picture) error {
			<-time.After(40 * time.Millisecond)
			p.Fill(frame.Colour{Y: person, Cb: 128, Cr: 128})
			return nil
		}
		var seen []filter.Notes
		for at := time.Duration(0); at < 8*time.Second; at += 33 * time.Millisecond {
			p := pool.Get(at)
			p.Fill(frame.Colour{Y: raw, Cb: 1, Cr: 2})
			got, _ := c.Clear(p)
			for _, y := range got.Picture().Image.Y {
				if y != person && y != cover {
					t.Fatalf("a pixel of %d", y)
				}
			}
			if n := c.Notes(); len(seen) == 0 || seen[len(seen)-1] != n {
				seen = append(seen, n)
			}
			got.Release()
		}
		want := []filter.Notes{0, filter.SlowMask, filter.SlowMask | filter.SmallPicture, filter.TooSlow}
		if !slices.Equal(seen, want) {
			t.Errorf("notes %v, want %v", seen, want)
		}
		if luma, err := clearAt(t, c, pool, 8*time.Second); luma != cover || !errors.Is(err, filter.ErrLate) {
			t.Errorf("too slow: luma %d, %v", luma, err)
		}
		if len(m.every) != 3 || m.every[2] != 3 {
			t.Errorf("paced %v, want 1, 2, 3", m.every)
		}
	})
}

func TestNotesAreThoseOfTheFilters(t *testing.T) {
	m, pool := newMoody(), frame.NewPool(32, 18)
	c := chainOf(t, filter.VideoOptions{}, m)
	m.notes = filter.Away | filter.Readable
	if _, err := clearAt(t, c, pool, 1); err != nil || c.Notes() != filter.Away|filter.Readable {
		t.Errorf("notes %v, %v", c.Notes(), err)
	}
	if s := c.Notes().String(); s != "away,readable" {
		t.Errorf("in words: %q", s)
	}
	if b, err := c.Notes().MarshalJSON(); string(b) != `["away","readable"]` || err != nil {
		t.Errorf("as JSON: %s, %v", b, err)
	}
	if b, _ := filter.Notes(0).MarshalJSON(); string(b) != "[]" {
		t.Errorf("no notes as JSON: %s", b)
	}
	words := map[string]bool{}
	for _, w := range (^filter.Notes(0)).Codes() {
		words[w] = true
	}
	if len(words) != 15 || words[""] {
		t.Errorf("the codes are %v", words)
	}
}

func TestOfSeveralFiltersTheOneThatRevealsMostCounts(t *testing.T) {
	for _, c := range []struct {
		filters []filter.PictureFilter
		share   float64
		ok      bool
	}{
		{[]filter.PictureFilter{newMoody()}, 0, false},
		{[]filter.PictureFilter{gauged{newMoody(), .2}, newMoody(), gauged{newMoody(), .1}, gauged{newMoody(), -1}}, .2, true},
	} {
		chain, err := filter.NewVideoChain(filter.VideoOptions{}, c.filters...)
		if err != nil {
			t.Fatal(err)
		}
		if share, ok := chain.Revealed(); share != c.share || ok != c.ok {
			t.Errorf("%g, %v, want %g, %v", share, ok, c.share, c.ok)
		}
		chain.Close()
	}
}

// A gauged filter measures; less than nothing is not known.
type gauged struct {
	*moody
	share float64
}

func (g gauged) Revealed() (float64, bool) { return g.share, g.share >= 0 }

func TestRevealReachesTheFilterAndCloseClosesIt(t *testing.T) {
	m := newMoody()
	c := chainOf(t, filter.VideoOptions{}, m)
	if can := c.Reveal(10 * time.Second); !can || time.Duration(m.shown.Load()) != 10*time.Second {
		t.Errorf("revealed %v for %v", can, time.Duration(m.shown.Load()))
	}
	if other := newChain(t, func(*frame.Picture) error { return nil }); other.Reveal(time.Second) {
		t.Error("a filter that cannot reveal anything is said to")
	}
	c.Close()
	<-m.shut
}

func TestAPictureThatWasGivenUpIsWipedWhenTheChainIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, pool := newMoody(), frame.NewPool(32, 18)
		c := chainOf(t, filter.VideoOptions{}, m)
		hang := make(chan struct{})
		m.mood = func(*frame.Picture) error { <-hang; return nil }
		if luma, _ := clearAt(t, c, pool, 1); luma != cover {
			t.Errorf("luma %d, want the cover", luma)
		}
		c.Close()
		close(hang)
		<-m.shut
		if y := m.kept.Image.Y[0]; y != frame.Black().Y {
			t.Errorf("the room is still in memory: %d", y)
		}
	})
}

func BenchmarkClear360p(b *testing.B) {
	pool := frame.NewPool(640, 360)
	c, err := filter.NewVideoChain(filter.VideoOptions{}, fake{"blur", func(*frame.Picture) error { return nil }})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	b.ReportAllocs()
	for b.Loop() {
		got, _ := c.Clear(pool.Get(0))
		got.Release()
	}
}
