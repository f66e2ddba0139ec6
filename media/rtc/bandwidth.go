package rtc

import (
	"time"

	"paravent/media/sfu"
)

// A sound track is taken to need this much of the way up, in bits per second,
// before pictures get the rest.
const soundShare = 48_000

// watch asks the encoders for what the way up carries, until the peer closes.
func (p *Peer) watch() {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-tick.C:
			p.share(p.Up())
		}
	}
}

// Up is how many bits per second the way to the other side seems to carry; 0
// while nothing is sent.
func (p *Peer) Up() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.outlets) == 0 || p.estimator == nil {
		return 0
	}
	up := p.estimator.GetTargetBitrate()
	if p.ceiling > 0 {
		up = min(up, p.ceiling)
	}
	return up
}

// limit takes the other side's own estimate of the way.
func (p *Peer) limit(bps int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ceiling = bps
}

// share gives every size of every picture its part of up, in proportion to
// what it may take at most.
func (p *Peer) share(up int) {
	if up == 0 {
		return
	}
	p.mu.Lock()
	outlets, most := append([]*Outlet(nil), p.outlets...), make([][]int, len(p.outlets))
	for i, o := range outlets {
		most[i] = o.most
	}
	p.mu.Unlock()
	sum := 0
	for n, o := range outlets {
		if o.muted.Load() {
			continue
		}
		if o.isSound() {
			up -= soundShare
			continue
		}
		for i := range o.encodings {
			if i < len(most[n]) && !o.unwanted[i].Load() {
				sum += most[n][i]
			}
		}
	}
	for n, o := range outlets {
		if !o.isSound() && sum > 0 {
			o.allot(most[n], max(up, leastEstimate), sum)
		}
	}
}

// allot tells each size its part, where that has changed by a twentieth.
func (o *Outlet) allot(most []int, up, sum int) {
	for i, e := range o.encodings {
		if i >= len(most) || most[i] == 0 {
			continue
		}
		part := min(most[i], int(int64(up)*int64(most[i])/int64(sum)))
		e.mu.Lock()
		d := part - e.told
		changed := e.told == 0 || d*20 > e.told || -d*20 > e.told || d != 0 && part == most[i]
		if changed {
			e.told = part
		}
		e.mu.Unlock()
		if changed {
			o.asks.Put(sfu.Ask{Layer: i, Bitrate: part})
		}
	}
}
