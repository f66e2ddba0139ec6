package send

import "time"

const (
	// enough is the share of its bitrate, in percent, from which on a larger size is
	// worth sending.
	enough = 50
	// Pictures are sent no seldomer than that, a second: faces, and what is shown to
	// be read, which keeps its detail instead.
	leastFPS       = 3.0
	leastScreenFPS = 0.5
)

// Limit bounds what the pictures take from the next one on, in bits per second and all
// sizes together; 0 sends none. The largest sizes are left out first, then there are
// fewer pictures a second. It may be called by several goroutines.
func (v *VideoLine) Limit(bps int) { v.bound.Store(int64(max(bps, 0)) + 1) }

// fit makes the encoders keep to the bound and to what was asked of them. Real-time:
// it does not allocate.
func (v *VideoLine) fit() {
	bound := v.bound.Load()
	if bound == v.bounded {
		return
	}
	v.bounded = bound
	if bound == 0 {
		for i, e := range v.encoders {
			v.give(i, min(v.most(i), v.Layers[i].Bitrate), e.unwanted)
		}
		return
	}
	largest := -1 // that somebody wants
	for i, e := range v.encoders {
		if !e.unwanted {
			largest = i
		}
	}
	top, sum := 0, 0 // the largest that there is room for beside the wanted below it
	for i := 0; i <= largest; i++ {
		if i > 0 && sum+v.most(i)*enough/100 > int(bound-1) {
			break
		}
		top = i
		if !v.encoders[i].unwanted {
			sum += v.most(i)
		}
	}
	left := int(bound - 1)
	for i, e := range v.encoders {
		// Where nobody looks at it, the top stands for a larger one.
		send := i <= top && largest >= 0 && (!e.unwanted || i == top) && left > 0
		part := min(v.most(i), left)
		if send {
			left -= part
		}
		v.give(i, part, !send)
	}
}

// most is what a size takes at most, in bits per second.
func (v *VideoLine) most(i int) int {
	if asked := v.encoders[i].asked; asked > 0 {
		return min(asked, v.Layers[i].Bitrate)
	}
	return v.Layers[i].Bitrate
}

// give lets a size take so much, or bars it.
func (v *VideoLine) give(i, bitrate int, barred bool) {
	e, l := v.encoders[i], v.Layers[i]
	if e.barred && !barred {
		e.ForceKeyframe()
	}
	e.barred = barred
	if barred {
		return
	}
	fps := l.FPS
	if v.bounded > 0 {
		least := leastFPS
		if v.Screen {
			least = leastScreenFPS
		}
		fps = min(l.FPS, max(l.FPS*float64(bitrate)/float64(l.Bitrate), least))
	}
	e.gap = time.Duration(float64(time.Second) / fps)
	e.SetBitrate(bitrate)
}
