package filter

import "time"

// A governor says how much may be done to each picture, so that the filters keep
// up with the camera. It is a value: after returns the next one.
//
//	full ─► a mask for every second picture ─► every third
//	     ─► pictures of half the size ─► a quarter ─► the cover colour
//
// Down one step after a second of too much work, up one after five of little;
// each time that up was too much, the next try waits twice as long. No step shows
// more than the one before.
type governor struct {
	step  step
	paced bool // a filter can use the steps of fewer masks

	last time.Duration // time of the last picture
	gap  time.Duration // between two pictures of the camera, as far as known
	load float64       // mean share of gap that the filters take
	over time.Duration // of picture time with too much work, on end
	idle time.Duration // with little

	wait  time.Duration // how long idle must last before the next step up
	since time.Duration // of picture time at this step
	rose  bool          // the last change was up
}

// A step is how much is done.
type step int8

const (
	full step = iota
	everySecond
	everyThird
	halfSize
	quarterSize
	coverOnly
)

// The governor's bounds.
const (
	tooMuch   = 0.8 // of load
	little    = 0.4
	downAfter = time.Second
	upAfter   = 5 * time.Second
	longest   = 160 * time.Second // between two tries

	// meanOver is the time over which load is a mean.
	meanOver = 300 * time.Millisecond
	// mostLoad bounds what one picture counts: one hiccup is no overload.
	mostLoad = 2
	// mostGap bounds what one gap counts: while a camera pauses nothing is
	// learnt.
	mostGap = 300 * time.Millisecond
	// forgets is how much the known gap grows with each longer one, for cameras
	// that change their rate.
	forgets = 1.05
)

// every is how many pictures share a mask.
func (g governor) every() int {
	switch {
	case !g.paced || g.step == full:
		return 1
	case g.step == everySecond:
		return 2
	}
	return 3
}

// halvings is how often both sides of the picture are halved. The cover has the
// size of the step before it: a colour needs no more, nor the encoder work.
func (g governor) halvings() int {
	switch g.step {
	case halfSize:
		return 1
	case quarterSize, coverOnly:
		return 2
	case full, everySecond, everyThird:
	}
	return 0
}

func (g governor) notes() Notes {
	var n Notes
	if g.step == coverOnly {
		return TooSlow
	}
	if g.every() > 1 {
		n |= SlowMask
	}
	if g.halvings() > 0 {
		n |= SmallPicture
	}
	return n
}

// after returns the governor after a picture of the time at, for which the
// filters took so long; late says that they were not waited for to the end.
func (g governor) after(at, took time.Duration, late bool) governor {
	if g.last == 0 || at <= g.last { // the first, or a film that begins again
		g.last = max(at, 1)
		return g
	}
	gap := at - g.last
	g.last = at
	if g.gap == 0 {
		g.gap = gap
	}
	g.gap = min(gap, time.Duration(float64(g.gap)*forgets))
	share := float64(took) / float64(g.gap)
	switch {
	case late:
		share = mostLoad
	case gap > g.gap*3/2 && share > tooMuch/2:
		share = max(share, 1) // pictures were lost in between, and not for a pause
	}
	gap = min(gap, mostGap)
	weight := min(float64(gap)/float64(meanOver), 1)
	g.load += (min(share, mostLoad) - g.load) * weight
	g.since += gap
	if g.load > tooMuch {
		g.over += gap
	} else {
		g.over = 0
	}
	if g.load < little {
		g.idle += gap
	} else {
		g.idle = 0
	}
	switch {
	case g.over >= downAfter && g.step < coverOnly:
		return g.down()
	case g.idle >= max(g.wait, upAfter) && g.step > full:
		return g.to(g.up(), true)
	}
	return g
}

// down goes one step down. If the step up was a mistake, the next one waits
// longer; if it was right for long, the next is tried soon.
func (g governor) down() governor {
	g.wait = max(g.wait, upAfter)
	switch {
	case g.rose && g.since < 2*upAfter:
		g.wait = min(2*g.wait, longest)
	case g.since > 2*g.wait:
		g.wait = upAfter
	}
	next := g.step + 1
	if !g.paced && next < halfSize {
		next = halfSize
	}
	return g.to(next, false)
}

func (g governor) up() step {
	if next := g.step - 1; g.paced || next >= halfSize {
		return next
	}
	return full
}

func (g governor) to(s step, rose bool) governor {
	g.step, g.rose = s, rose
	g.over, g.idle, g.since = 0, 0, 0
	g.load = (tooMuch + little) / 2 // nothing is known of the new step
	return g
}
