package filter_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"paravent/media/frame"
	"paravent/privacy/filter"
)

var errPlanned = errors.New("planned")

// A part is a filter of sound that does what a test says, and counts.
type part struct {
	name    string
	do      func(*frame.Sound) error
	resets  int
	applies int
	again   error // of Reset
}

func (p *part) Name() string { return p.name }

func (p *part) Apply(s *frame.Sound) error {
	p.applies++
	if p.do == nil {
		return nil
	}
	return p.do(s)
}

// A resettable is a part with Reset.
type resettable struct{ part }

func (r *resettable) Reset() error {
	r.resets++
	return r.again
}

// A source gives blocks of a raw room whose time grows as it should.
type source struct {
	at time.Duration
	s  frame.Sound
}

func (src *source) next() *frame.Sound {
	src.s.At = src.at
	src.at += frame.BlockFor
	for i := range src.s.Near {
		src.s.Near[i], src.s.Far[i] = 0.5, 0.25
	}
	return &src.s
}

func soundChainOf(t *testing.T, filters ...filter.SoundFilter) *filter.AudioChain {
	t.Helper()
	c, err := filter.NewAudioChain(nil, filters...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// silent fails the test unless got is silence, held back by name for cause.
func silent(t *testing.T, got filter.ClearedSound, err error, name string, cause error) {
	t.Helper()
	var held *filter.HeldError
	if !errors.As(err, &held) || held.Filter != name || cause != nil && !errors.Is(err, cause) {
		t.Fatalf("error = %v, want one of %s: %v", err, name, cause)
	}
	if *got.Block() != (frame.Block{}) {
		t.Fatal("the raw room passes")
	}
}

// heard fails the test unless the sound passes.
func heard(t *testing.T, got filter.ClearedSound, err error) {
	t.Helper()
	if err != nil || got.Block()[7] == 0 {
		t.Fatalf("sample %v, error %v", got.Block()[7], err)
	}
}

func TestAFilterThatFailsIsAskedAgainAtTheNextBlock(t *testing.T) {
	fail := false
	first, bad := &resettable{part{name: "echo"}}, &part{name: "gate", do: func(*frame.Sound) error {
		if fail {
			return errPlanned
		}
		return nil
	}}
	c, src := soundChainOf(t, first, bad), &source{}
	for range 3 {
		fail = true
		got, err := c.Clear(src.next())
		silent(t, got, err, "gate", errPlanned)
		fail = false
		got, err = c.Clear(src.next())
		heard(t, got, err)
	}
	if first.resets != 3 {
		t.Errorf("the filter beside it was reset %d times after 3 blocks that did not come out", first.resets)
	}
}

func TestAFilterThatPanickedStaysShutUntilItIsReset(t *testing.T) {
	bad := &resettable{part{name: "gate", do: func(*frame.Sound) error { panic("out of range") }}}
	c, src := soundChainOf(t, bad), &source{}
	got, err := c.Clear(src.next())
	silent(t, got, err, "gate", nil)
	bad.do, bad.again = nil, errPlanned
	for range 5 {
		got, err = c.Clear(src.next())
		silent(t, got, err, "gate", errPlanned)
	}
	if bad.applies != 1 || bad.resets != 5 {
		t.Errorf("it was used %d times, reset %d times", bad.applies, bad.resets)
	}
	bad.again = nil
	got, err = c.Clear(src.next())
	heard(t, got, err)
}

func TestAFilterThatPanickedAndCannotBeResetStaysShutForGood(t *testing.T) {
	bad := &part{name: "gate", do: func(*frame.Sound) error { panic("out of range") }}
	c, src := soundChainOf(t, bad), &source{}
	got, err := c.Clear(src.next())
	silent(t, got, err, "gate", nil)
	bad.do = nil
	for range 1000 {
		got, err = c.Clear(src.next())
		silent(t, got, err, "gate", filter.ErrBroken)
	}
	if bad.applies != 1 {
		t.Errorf("it was used %d times", bad.applies)
	}
}

func TestAPanicOfResetHoldsToo(t *testing.T) {
	c, src := soundChainOf(t, panicky{}), &source{}
	got, err := c.Clear(src.next())
	heard(t, got, err)
	src.at += time.Second
	for range 3 {
		got, err = c.Clear(src.next())
		silent(t, got, err, "panicky", nil)
	}
}

type panicky struct{}

func (panicky) Name() string             { return "panicky" }
func (panicky) Apply(*frame.Sound) error { return nil }
func (panicky) Reset() error             { panic("again") }

func TestWhatIsNoSoundIsHeldBack(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		leave := true
		bad := &resettable{part{name: "gate", do: func(s *frame.Sound) error {
			if leave {
				s.Near[frame.BlockLen-1] = float32(v)
			}
			return nil
		}}}
		c, src := soundChainOf(t, bad), &source{}
		got, err := c.Clear(src.next())
		silent(t, got, err, "gate", filter.ErrNoSound)
		leave = false
		got, err = c.Clear(src.next())
		heard(t, got, err)
		if bad.resets != 1 {
			t.Errorf("%v: reset %d times", v, bad.resets)
		}
	}
}

func TestAJumpOfTheSourcesTimeResetsTheFiltersOnce(t *testing.T) {
	for name, jump := range map[string]time.Duration{
		"forward": 160 * time.Millisecond, "one block": frame.BlockFor, "back": -time.Second, "twice the same": -frame.BlockFor, "a little": time.Millisecond,
	} {
		f := &resettable{part{name: "gate"}}
		c, src := soundChainOf(t, f, &part{name: "gain"}), &source{at: time.Minute}
		for range 10 {
			c.Clear(src.next())
		}
		if f.resets != 0 {
			t.Errorf("%s: reset %d times before", name, f.resets)
		}
		src.at += jump
		for range 10 {
			got, err := c.Clear(src.next())
			heard(t, got, err)
		}
		if f.resets != 1 {
			t.Errorf("%s: reset %d times", name, f.resets)
		}
	}
}

// A clock is turned by hand.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// slow is a filter that takes as long as it is told.
func slow(c *clock, takes *time.Duration) *resettable {
	return &resettable{part{name: "gate", do: func(*frame.Sound) error {
		c.at = c.at.Add(*takes)
		return nil
	}}}
}

func TestAChainThatIsUsedAgainResetsItsFiltersOnce(t *testing.T) {
	r := &resettable{part{name: "r"}}
	c := soundChainOf(t, r)
	var src source
	for i := range 3 {
		if i == 2 && !c.Again() { // the time goes on as if nothing had been
			t.Error("a sound chain is not to be used again")
		}
		for range 2 {
			if _, err := c.Clear(src.next()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if r.resets != 1 {
		t.Errorf("%d resets, want 1 after the chain was used again", r.resets)
	}
}

func TestAChainThatIsBrokenForGoodIsNotUsedAgain(t *testing.T) {
	c := soundChainOf(t, &part{name: "p", do: func(*frame.Sound) error { panic(errPlanned) }})
	var src source
	if _, err := c.Clear(src.next()); err == nil || c.Again() {
		t.Errorf("a filter that cannot be reset panicked, error %v, and the chain is to be used again", err)
	}
}

func TestAFilterThatDoesNotKeepUpIsSilencedAndTriedAgain(t *testing.T) {
	turn, takes := &clock{}, time.Millisecond
	f := slow(turn, &takes)
	c, src := soundChainOf(t, &part{name: "echo"}, f), &source{}
	filter.SetClock(c, turn.now)
	for range 100 {
		got, err := c.Clear(src.next())
		heard(t, got, err)
	}

	takes = 15 * time.Millisecond
	passed := 0
	for ; passed < 1000; passed++ {
		got, err := c.Clear(src.next())
		if err != nil {
			silent(t, got, err, "gate", filter.ErrLate)
			break
		}
	}
	if passed < 21 || passed > 60 {
		t.Errorf("%d blocks passed before it was held", passed)
	}

	// Ten seconds of sound, while it stays slow: nothing passes, and it works little.
	before := f.applies
	for range 1000 {
		got, err := c.Clear(src.next())
		silent(t, got, err, "gate", filter.ErrLate)
	}
	if worked := f.applies - before; worked > 150 || worked < 20 {
		t.Errorf("it was tried with %d of 1000 blocks", worked)
	}

	takes = time.Millisecond
	held := 0
	for ; held < 5000; held++ {
		if got, err := c.Clear(src.next()); err == nil {
			heard(t, got, err)
			break
		}
	}
	if held > 1700 {
		t.Errorf("it is held for %d more blocks", held)
	}
	if f.resets == 0 {
		t.Error("it went on without a reset, with blocks missing")
	}
}

func TestTheDelayOfAChainWithASlowFilterIsBounded(t *testing.T) {
	// The reader of a microphone falls behind by what a block takes over 10 ms.
	turn, takes := &clock{}, 12*time.Millisecond
	c, src := soundChainOf(t, slow(turn, &takes)), &source{}
	filter.SetClock(c, turn.now)
	behind, worst := time.Duration(0), time.Duration(0)
	for range 6000 {
		began := turn.at
		_, err := c.Clear(src.next())
		behind = max(0, behind+turn.at.Sub(began)-frame.BlockFor)
		if err == nil {
			worst = max(worst, behind)
		}
	}
	if worst > 160*time.Millisecond {
		t.Errorf("what was sent was up to %v late", worst)
	}
}

func TestAFilterThatFailsAndIsSlowIsHeldForOneOrTheOther(t *testing.T) {
	turn, takes := &clock{}, 30*time.Millisecond
	f := slow(turn, &takes)
	work := f.do
	f.do = func(s *frame.Sound) error { return errors.Join(work(s), errPlanned) }
	c, src := soundChainOf(t, f), &source{}
	filter.SetClock(c, turn.now)
	causes := make(map[error]int)
	for range 500 {
		got, err := c.Clear(src.next())
		silent(t, got, err, "gate", nil)
		for _, cause := range []error{errPlanned, filter.ErrLate} {
			if errors.Is(err, cause) {
				causes[cause]++
			}
		}
	}
	if causes[errPlanned] < 20 || causes[filter.ErrLate] < 200 || causes[errPlanned]+causes[filter.ErrLate] != 500 {
		t.Errorf("held because it failed, or is late: %v", causes)
	}
}

func TestAHiccupIsNoOverload(t *testing.T) {
	turn, takes := &clock{}, time.Duration(0)
	c, src := soundChainOf(t, slow(turn, &takes)), &source{}
	filter.SetClock(c, turn.now)
	for n := range 6000 {
		takes = 3 * time.Millisecond
		if n%100 == 0 {
			takes = 400 * time.Millisecond
		}
		got, err := c.Clear(src.next())
		heard(t, got, err)
	}
}

func TestClearingSoundDoesNotAllocateNorDoesHoldingForLateness(t *testing.T) {
	turn, takes := &clock{}, time.Millisecond
	c, src := soundChainOf(t, slow(turn, &takes)), &source{}
	filter.SetClock(c, turn.now)
	clearOne := func() { c.Clear(src.next()) }
	if n := testing.AllocsPerRun(200, clearOne); n != 0 {
		t.Errorf("%v allocations a block", n)
	}
	takes = time.Second
	for range 100 {
		clearOne()
	}
	if n := testing.AllocsPerRun(20, clearOne); n != 0 {
		t.Errorf("%v allocations a held block", n)
	}
}

func BenchmarkClearingSound(b *testing.B) {
	c, err := filter.NewAudioChain(nil, &part{name: "rumble"}, &part{name: "echo"}, &part{name: "gate"}, &part{name: "gain"})
	if err != nil {
		b.Fatal(err)
	}
	var s frame.Sound
	b.ReportAllocs()
	for b.Loop() {
		s.At += frame.BlockFor
		c.Clear(&s)
	}
}
