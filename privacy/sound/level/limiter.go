package level

import "paravent/media/frame"

// The figures of a limiter.
const (
	ceiling = 0.891251 // −1 dBFS, which nothing reaches
	knee    = 0.5      // −6 dBFS, below which nothing is changed
	attack  = 1.0 / 48 // of full gain, a sample: from 1 to 0 in 1 ms
	// release is the share of the way back to full gain a sample: 63 % in 80 ms.
	release = 1.0 / (0.08 * frame.Rate)
)

// A limiter keeps sound below −1 dBFS without keeping any back. Where a block has a
// peak, it goes down ahead of it within the block, by a ramp of a millisecond; a
// peak at the very beginning takes it down at once. What is above the knee is
// pressed together into what is left below the ceiling, so that no peak, however
// high, is cut off. Peaks between two samples are estimated as the middle of a cubic
// through four, which is good to 0.2 dB up to 6 kHz; a voice has little above.
type limiter struct {
	gain float32
	last [2]float32 // samples before this block, as they came
	goal frame.Block
}

// apply limits b in place. Real-time: it does not block or allocate.
func (l *limiter) apply(b *frame.Block) {
	peak := l.peaks(b)
	l.last = [2]float32{b[frame.BlockLen-2], b[frame.BlockLen-1]}
	if peak <= knee && l.gain == 1 {
		return
	}
	gain := l.gain
	for i := range b {
		goal := l.goal[i]
		if goal < gain {
			gain = goal
		} else {
			gain += (goal - gain) * release
		}
		b[i] *= gain
	}
	if gain > 1-1e-4 {
		gain = 1
	}
	l.gain = gain
}

// peaks sets goal to the gain that each sample may have, and returns the highest
// peak.
func (l *limiter) peaks(b *frame.Block) float32 {
	highest := float32(0)
	p0, p1 := l.last[0], l.last[1]
	for i, v := range b {
		l.goal[i] = max(v, -v)
		if i+1 < frame.BlockLen {
			mid := (9*(p1+v) - p0 - b[i+1]) / 16
			mid = max(mid, -mid)
			l.goal[i] = max(l.goal[i], mid)
			if i > 0 {
				l.goal[i-1] = max(l.goal[i-1], mid)
				highest = max(highest, l.goal[i-1])
			}
		}
		highest = max(highest, l.goal[i])
		p0, p1 = p1, v
	}
	if highest <= knee {
		for i := range l.goal {
			l.goal[i] = 1
		}
		return highest
	}
	ahead := float32(1)
	for i := frame.BlockLen - 1; i >= 0; i-- {
		ahead = min(pressed(l.goal[i]), ahead+attack)
		l.goal[i] = ahead
	}
	return highest
}

// pressed is the gain of a peak: 1 up to the knee, and above it such that the result
// nears the ceiling and does not reach it.
func pressed(peak float32) float32 {
	if peak <= knee {
		return 1
	}
	const room = ceiling - knee
	over := (peak - knee) / room
	return (knee + room*over/(1+over)) / peak
}
