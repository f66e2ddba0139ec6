package filter_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/policy"
)

const (
	raw   = 200 // the luma of "the room"
	cover = 77
)

type fake struct {
	name string
	do   func(*frame.Picture) error
}

func (f fake) Name() string                 { return f.name }
func (f fake) Apply(p *frame.Picture) error { return f.do(p) }

func room(pool *frame.Pool) *frame.Picture {
	p := pool.Get(5)
	p.Fill(frame.Colour{Y: raw, Cb: 1, Cr: 2})
	return p
}

func newChain(t *testing.T, do func(*frame.Picture) error) *filter.VideoChain {
	t.Helper()
	c, err := filter.NewVideoChain(filter.VideoOptions{Required: []string{"blur"}, Cover: frame.Colour{Y: cover, Cb: 128, Cr: 128}}, fake{"blur", do})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func showsNothing(t *testing.T, c filter.ClearedPicture) {
	t.Helper()
	for _, y := range c.Picture().Image.Y {
		if y != cover {
			t.Fatalf("a pixel of the room got through: %d", y)
		}
	}
}

func TestClearSendsTheCoverWhenAFilterFails(t *testing.T) {
	bad := errors.New("model not loaded")
	for name, do := range map[string]func(*frame.Picture) error{
		"error": func(*frame.Picture) error { return bad },
		"panic": func(*frame.Picture) error { panic("out of range") },
	} {
		t.Run(name, func(t *testing.T) {
			got, err := newChain(t, do).Clear(room(frame.NewPool(4, 4)))
			var held *filter.HeldError
			if !errors.As(err, &held) || held.Filter != "blur" {
				t.Errorf("error = %v, want a HeldError from blur", err)
			}
			showsNothing(t, got)
			if got.Picture().At != 5 {
				t.Error("the cover has another time than the picture")
			}
		})
	}
}

func TestClearSendsTheCoverWhileAFilterHangsAndRecoversAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := frame.NewPool(4, 4)
		hang := make(chan struct{})
		chain := newChain(t, func(p *frame.Picture) error {
			<-hang
			p.Fill(frame.Black())
			return nil
		})
		began := time.Now()
		for i := range 3 {
			got, err := chain.Clear(room(pool))
			if !errors.Is(err, filter.ErrLate) {
				t.Fatalf("picture %d: error = %v, want ErrLate", i, err)
			}
			showsNothing(t, got)
			got.Release()
		}
		if d := time.Since(began); d > time.Second {
			t.Errorf("three pictures were waited for %v", d)
		}
		close(hang)
		synctest.Wait()
		got, err := chain.Clear(room(pool))
		if err != nil || got.Picture().Image.Y[0] != frame.Black().Y {
			t.Errorf("after the filter came back: %v", err)
		}
		chain.Close()
	})
}

func TestClearFollowsAChangeOfSizeWhileHolding(t *testing.T) {
	chain := newChain(t, func(*frame.Picture) error { return errors.New("no") })
	for _, w := range []int{4, 8, 6} {
		got, _ := chain.Clear(room(frame.NewPool(w, 4)))
		if got.Picture().Size().X != w {
			t.Errorf("the cover is %v, want width %d", got.Picture().Size(), w)
		}
		showsNothing(t, got)
	}
}

func TestAChainWantsEveryRequiredFilter(t *testing.T) {
	if _, err := filter.NewVideoChain(filter.VideoOptions{Required: []string{"blur"}}, fake{name: "crop"}); !errors.Is(err, filter.ErrMissing) {
		t.Errorf("error = %v, want ErrMissing", err)
	}
	if _, err := filter.NewVideoChain(filter.VideoOptions{}); !errors.Is(err, filter.ErrEmpty) {
		t.Errorf("error = %v, want ErrEmpty", err)
	}
	if _, err := filter.NewAudioChain(nil); !errors.Is(err, filter.ErrEmpty) {
		t.Errorf("error = %v, want ErrEmpty", err)
	}
}

func TestAnOpenChainNeedsAPolicysLeave(t *testing.T) {
	if _, err := filter.NewOpenVideoChain(policy.Leave{}); !errors.Is(err, filter.ErrEmpty) {
		t.Errorf("pictures: error = %v, want ErrEmpty", err)
	}
	if _, err := filter.NewOpenAudioChain(policy.Leave{}); !errors.Is(err, filter.ErrEmpty) {
		t.Errorf("sound: error = %v, want ErrEmpty", err)
	}
	leave, err := policy.Default().RawPicture()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := filter.NewOpenVideoChain(leave); err != nil {
		t.Errorf("with leave: %v", err)
	}
}

type fakeSound func(*frame.Sound) error

func (fakeSound) Name() string                 { return "gate" }
func (f fakeSound) Apply(s *frame.Sound) error { return f(s) }

func TestClearGivesSilenceWhenASoundFilterFails(t *testing.T) {
	for name, do := range map[string]fakeSound{
		"error": func(*frame.Sound) error { return errors.New("no") },
		"panic": func(s *frame.Sound) error { panic(s) },
	} {
		t.Run(name, func(t *testing.T) {
			chain, err := filter.NewAudioChain([]string{"gate"}, do)
			if err != nil {
				t.Fatal(err)
			}
			s := &frame.Sound{At: 7}
			for i := range s.Near {
				s.Near[i] = 0.5
			}
			got, err := chain.Clear(s)
			var held *filter.HeldError
			if !errors.As(err, &held) || *got.Block() != (frame.Block{}) || got.At() != 7 {
				t.Errorf("Clear = %v at %v, %v", got.Block()[0], got.At(), err)
			}
		})
	}
}

func TestClearingDoesNotAllocate(t *testing.T) {
	pool := frame.NewPool(32, 18)
	chain := newChain(t, func(*frame.Picture) error { return nil })
	clearOne := func() {
		c, err := chain.Clear(pool.Get(0))
		if err != nil {
			t.Fatal(err)
		}
		c.Release()
	}
	clearOne()
	if n := testing.AllocsPerRun(100, clearOne); n != 0 {
		t.Errorf("%v allocations a picture", n)
	}
}

// late is a filter that keeps sound, and tells of it.
type late struct{ by time.Duration }

func (late) Name() string             { return "late" }
func (late) Apply(*frame.Sound) error { return nil }
func (l late) Delay() time.Duration   { return l.by }
func (late) Notes() filter.Notes      { return filter.HeldBack }

func TestAChainKeepsSoundAsLongAsItsFiltersTogether(t *testing.T) {
	c, err := filter.NewAudioChain(nil, late{5 * time.Millisecond}, late{15 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	s := frame.Sound{At: 30 * time.Millisecond}
	cleared, err := c.Clear(&s)
	if err != nil || cleared.At() != 10*time.Millisecond || c.Delay() != 20*time.Millisecond {
		t.Error(cleared.At(), c.Delay(), err)
	}
	if c.Notes() != filter.HeldBack {
		t.Error(c.Notes())
	}
}
