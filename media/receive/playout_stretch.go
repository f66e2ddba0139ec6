package receive

import (
	"math"
	"time"

	"paravent/media/frame"
)

const (
	minLag = frame.Rate / 400 // 2.5 ms: the shortest period of a voice that is looked for
	maxLag = frame.Rate / 80  // 12.5 ms: the longest
	coarse = 8                // the search begins on every eighth sample: 6 kHz

	// Between these the delay is let be: one period, or one pull, is no reason.
	tooLate  = 20 * time.Millisecond
	tooEarly = -8 * time.Millisecond

	// alike is how well two periods must fit to be made one, or to be followed
	// by a copy (NetEQ's accelerate asks for 0.9).
	alike = 0.85
	// silent is the mean square below which anything fits: −60 dB.
	silent = 1e-6
)

// adjust plays faster or slower while the delay is off its target.
func (p *playout) adjust(l *SoundLine, now time.Time) {
	if p.quiet {
		return
	}
	l.mu.Lock()
	is, target := l.delay.behind(now, p.head()), l.delay.target()
	more := l.slots.count > 0
	l.mu.Unlock()
	if p.known {
		p.delay += (is - p.delay) / 8
	} else {
		p.delay, p.known = is, true
	}
	off := p.delay - target
	if p.idle < rest && off < 10*frame.BlockFor {
		return
	}
	if off < tooLate && off > tooEarly {
		return
	}
	if p.n < 2*maxLag && more {
		p.more(l, now)
	}
	before := p.n
	switch {
	case off > 0 && !more: // what is late has not come yet: haste would run dry
	case off > 0:
		p.n -= shorten(p.pcm[:p.n])
		p.counts.Faster += uint64(before - p.n)
	case p.n+maxLag <= len(p.pcm):
		p.n += lengthen(p.pcm[:], p.n)
		p.counts.Slower += uint64(p.n - before)
	}
	if p.n != before {
		p.idle = 0
		p.delay -= duration(before - p.n)
	}
}

// shorten makes the first two periods of x one, moves the rest up, and returns
// by how many samples x is shorter now; 0 if it has no two alike. Pure, apart
// from x.
func shorten(x []float32) int {
	lag := period(x)
	if lag == 0 {
		return 0
	}
	fade(x[:lag], x[:lag], x[lag:2*lag])
	copy(x[lag:], x[2*lag:])
	return lag
}

// lengthen repeats the first period of the n samples in x, whose room must be
// at least maxLag more, and returns by how many samples they are longer now.
// Pure, apart from x.
func lengthen(x []float32, n int) int {
	lag := period(x[:n])
	if lag == 0 {
		return 0
	}
	// a b c… becomes a, b fading into a, b c…
	copy(x[2*lag:n+lag], x[lag:n])
	for i := range lag {
		w := float32(i+1) / float32(lag+1)
		x[lag+i] = x[2*lag+i]*(1-w) + x[i]*w
	}
	return lag
}

// fade writes to out what begins as a and ends as b.
func fade(out, a, b []float32) {
	for i := range out {
		w := float32(i+1) / float32(len(out)+1)
		out[i] = a[i]*(1-w) + b[i]*w
	}
}

// period returns the distance at which the beginning of x repeats itself best,
// in samples, or 0. x needs twice that many samples.
func period(x []float32) int {
	longest := min(maxLag, len(x)/2)
	if longest < minLag {
		return 0
	}
	best, lag := -1.0, 0
	for l := minLag; l <= longest; l += coarse {
		if c := likeness(x, l, coarse); c > best {
			best, lag = c, l
		}
	}
	best = -1
	for l := max(minLag, lag-coarse+1); l <= min(longest, lag+coarse-1); l++ {
		if c := likeness(x, l, 2); c > best {
			best, lag = c, l
		}
	}
	if best < alike {
		return 0
	}
	return lag
}

// likeness returns the normalised correlation of x[:lag] with x[lag:2*lag], of
// every step-th sample. It is 1 for silence.
func likeness(x []float32, lag, step int) float64 {
	var ab, aa, bb float32
	for i := 0; i < lag; i += step {
		a, b := x[i], x[i+lag]
		ab += a * b
		aa += a * a
		bb += b * b
	}
	if n := float32(lag/step + 1); aa < silent*n && bb < silent*n {
		return 1
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return float64(ab) / math.Sqrt(float64(aa)*float64(bb))
}
