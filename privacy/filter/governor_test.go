package filter

import (
	"testing"
	"time"
)

const gap = time.Second / 30

// play feeds a governor pictures of 30 a second for d, and returns how often it
// changed its step. cost says what a picture takes.
func play(g *governor, d time.Duration, cost func(g governor, i int) time.Duration) (changes int) {
	from := g.last
	for i := 1; time.Duration(i)*gap <= d; i++ {
		was := g.step
		*g = g.after(from+time.Duration(i)*gap, cost(*g, i), false)
		if g.step != was {
			changes++
		}
	}
	return changes
}

func always(d time.Duration) func(governor, int) time.Duration {
	return func(governor, int) time.Duration { return d }
}

func TestTheGovernorGoesDownStepByStepAfterASecondEach(t *testing.T) {
	g := governor{paced: true}
	play(&g, 900*time.Millisecond, always(40*time.Millisecond))
	if g.step != full {
		t.Errorf("step %d after 0.9 s", g.step)
	}
	for want := everySecond; want <= coverOnly; want++ {
		play(&g, 1500*time.Millisecond, func(governor, int) time.Duration {
			if g.step == want {
				return 20 * time.Millisecond // neither too much nor little
			}
			return 40 * time.Millisecond
		})
		if g.step != want {
			t.Errorf("step %d, want %d", g.step, want)
		}
	}
	if g.notes() != TooSlow {
		t.Errorf("notes %v", g.notes())
	}
}

func TestWithoutAPacedFilterTheGovernorMakesThePictureSmallerAtOnce(t *testing.T) {
	g := governor{}
	play(&g, 1500*time.Millisecond, always(40*time.Millisecond))
	if g.step != halfSize || g.every() != 1 || g.notes() != SmallPicture {
		t.Errorf("step %d, every %d, notes %v", g.step, g.every(), g.notes())
	}
	play(&g, 6*time.Second, always(time.Millisecond))
	if g.step != full {
		t.Errorf("step %d after 6 s of nothing to do", g.step)
	}
}

func TestTheGovernorGoesUpOneStepAfterFiveSecondsOfLittle(t *testing.T) {
	g := governor{paced: true, step: quarterSize}
	play(&g, 4900*time.Millisecond, always(time.Millisecond))
	if g.step != quarterSize {
		t.Errorf("step %d after 4.9 s", g.step)
	}
	play(&g, time.Second, always(time.Millisecond))
	if g.step != halfSize {
		t.Errorf("step %d after 5.9 s", g.step)
	}
	play(&g, time.Minute, always(time.Millisecond))
	if g.step != full || g.notes() != 0 {
		t.Errorf("step %d after a minute", g.step)
	}
}

func TestTheGovernorTriesLessAndLessOftenWhatWasTooMuch(t *testing.T) {
	g := governor{}
	cost := func(g governor, _ int) time.Duration { // too much in full, little at half the size
		if g.step == full {
			return 40 * time.Millisecond
		}
		return 10 * time.Millisecond
	}
	first := play(&g, time.Minute, cost)
	play(&g, 5*time.Minute, cost)
	last := play(&g, 5*time.Minute, cost)
	if first > 9 || last > 6 {
		t.Errorf("%d changes in the first minute, %d in five later ones", first, last)
	}
}

func TestOneHiccupIsNoOverload(t *testing.T) {
	g := governor{paced: true}
	if n := play(&g, time.Minute, func(_ governor, i int) time.Duration {
		if i%60 == 0 {
			return 250 * time.Millisecond
		}
		return 12 * time.Millisecond
	}); n != 0 {
		t.Errorf("%d changes", n)
	}
}

func TestAMaskForEverySecondPictureIsMeasuredOverBoth(t *testing.T) {
	g := governor{paced: true}
	play(&g, time.Minute, func(g governor, i int) time.Duration {
		if i%g.every() == 0 {
			return 36 * time.Millisecond
		}
		return 4 * time.Millisecond
	})
	if g.step != everySecond {
		t.Errorf("step %d, want a mask for every second picture", g.step)
	}
}

func TestPicturesThatAreLostOrGivenUpAreOverload(t *testing.T) {
	lost := governor{}
	for i, at := 0, time.Duration(1); i < 60; i++ { // 33 ms and 67 ms in turn: the camera gives 30 a second
		lost = lost.after(at, 20*time.Millisecond, false)
		at += gap * time.Duration(1+i%2)
	}
	if lost.step == full {
		t.Error("lost pictures were not noticed")
	}
	late := governor{}
	for i := range 8 {
		late = late.after(1+time.Duration(i)*gap*8, 0, true)
	}
	if late.step == full {
		t.Error("pictures that were given up were not noticed")
	}
}

func TestAPauseOrASlowerCameraIsNoOverload(t *testing.T) {
	g := governor{}
	play(&g, time.Second, always(10*time.Millisecond))
	g = g.after(g.last+time.Minute, 10*time.Millisecond, false)
	from := g.last
	for i := range 100 { // in the dark the camera goes down to 15 a second
		g = g.after(from+time.Duration(2*i+2)*gap, 10*time.Millisecond, false)
	}
	if g.step != full {
		t.Errorf("step %d", g.step)
	}
}

func TestAFilmThatBeginsAgainIsNoOverload(t *testing.T) {
	g := governor{}
	for range 10 {
		for i := range 30 {
			g = g.after(time.Duration(i)*gap, 10*time.Millisecond, false)
		}
	}
	if g.step != full {
		t.Errorf("step %d", g.step)
	}
}
