package receive

import "time"

const (
	minDelay = 20 * time.Millisecond
	maxDelay = 500 * time.Millisecond

	// The histogram of how much later than the quickest packets came.
	binFor   = 5 * time.Millisecond
	binCount = int(maxDelay/binFor) + 1
	// forget is how much a new packet weighs: in ten seconds of packets of
	// 20 ms, two thirds of the old ones are forgotten.
	forget = 1.0 / 500
	// inTime is the share of packets that the delay is long enough for.
	inTime = 0.97

	// baseFor is how long the quickest packet counts; two spans are kept, so
	// that the clocks of both sides may drift apart.
	baseFor = 5 * time.Second

	// shiftFor is how long even the quickest packet must be more than shift late
	// before the way, or the sender's clock, is taken to have changed for good:
	// a machine that was too busy to record loses time and never gets it back.
	shiftFor = time.Second
	shift    = 60 * time.Millisecond
	// sameStall is how close together packets come that were held up by one
	// and the same thing.
	sameStall = 5 * time.Millisecond
)

// A delayMeter learns how long packets must be held back.
type delayMeter struct {
	begun   bool
	epoch   time.Time
	base    [2]time.Duration // the least of (arrived − at): of this span, of the one before
	changed time.Duration    // when the span began
	recent  time.Duration    // the least since lately
	lately  time.Duration
	last    time.Duration // when the packet before came
	goal    time.Duration // what target returns
	bins    [binCount]float64
	packets int
}

func (d *delayMeter) init() { *d = delayMeter{} }

// add counts a packet of media time at.
func (d *delayMeter) add(arrived time.Time, at time.Duration) {
	if !d.begun {
		d.begun, d.epoch = true, arrived
		d.base = [2]time.Duration{-at, -at}
		d.recent = -at
	}
	now := arrived.Sub(d.epoch)
	way := now - at
	d.recent = min(d.recent, way)
	if now-d.lately > shiftFor {
		if d.recent-min(d.base[0], d.base[1]) > shift {
			// What was learnt since was the change, not jitter.
			d.base = [2]time.Duration{d.recent, d.recent}
			d.bins, d.packets = [binCount]float64{}, 0
		}
		d.recent, d.lately = way, now
	}
	if now-d.changed > baseFor {
		d.base[1], d.base[0], d.changed = d.base[0], way, now
	}
	d.base[0] = min(d.base[0], way)
	behind := way - min(d.base[0], d.base[1])
	again := now-d.last < sameStall && behind > d.goal
	d.last = now
	if d.packets > 0 && again {
		return // one stall is one event, however many packets it held up
	}
	d.packets++
	weight := max(forget, 1/float64(d.packets))
	for i := range d.bins {
		d.bins[i] *= 1 - weight
	}
	d.bins[min(int(behind/binFor), binCount-1)] += weight
	d.goal = d.quantile()
}

// target returns how long to hold back, behind the quickest packets.
func (d *delayMeter) target() time.Duration { return max(d.goal, minDelay) }

func (d *delayMeter) quantile() time.Duration {
	sum, out := 0.0, minDelay
	for i, share := range d.bins {
		if sum += share; sum >= inTime {
			out = time.Duration(i+1)*binFor + minDelay/2 // the speaker asks for 10 ms at a time
			break
		}
	}
	return min(max(out, minDelay), maxDelay)
}

// behind returns how far behind the quickest packets media time at is now.
func (d *delayMeter) behind(now time.Time, at time.Duration) time.Duration {
	return now.Sub(d.epoch) - at - min(d.base[0], d.base[1])
}
