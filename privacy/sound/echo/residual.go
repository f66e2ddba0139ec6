package echo

import (
	"math"

	"paravent/privacy/sound/spectrum"
)

// The figures of the suppressor.
const (
	mostBands  = 64                        // at most so many bands
	narrow     = 2                         // bins of the lowest band
	wider      = 1.15                      // and how much wider each next one is
	over       = 4                         // what is left is taken for so many times as much
	underVoice = 8                         // and so many times more where no voice is
	voiceFrom  = 3                         // bin above which voices are: 150 Hz
	lasts      = .93                       // how much of the echo is still in the room after a block
	crosses    = .0012                     // share of a band that distortion moves to others
	settles    = .9995                     // how much of the loudest counts a block later
	upwards    = .8                        // and how it falls from band to band, up
	downwards  = .7                        // and down
	leastLeak  = -35                       // dB
	mostLeak   = 0                         // dB
	rises      = .01                       // dB a block that a leak goes up, at most
	falls      = .3                        // and down
	other      = 0                         // dB above the echo from which what is left is taken for another sound
	doubtful   = -10                       // dB, the leak of a path that is not known
	closer     = .2                        // share of a block in the coherence
	resembles  = .5                        // coherence from which what is left counts as echo
	floor      = .01                       // −40 dB, the least gain
	loudEcho   = 1e-4 * points * block / 2 // −40 dBFS, as the power of a spectrum
	long       = 150                       // blocks
)

// A residual takes away what the filter left of the echo. In each band it learns
// how much of the echo is usually left, as the power of what is left over that of
// the echo: the ratio goes up slowly and down quickly, so that a voice, which
// comes and goes, hardly moves it. Loudspeakers distort, so each band also counts
// as echo a little of what all others play. What the filter itself is unsure of is
// added, and what resembles the echo in phase. The gain is Wiener's.
type residual struct {
	tr             *spectrum.Transform
	win            [points]float32 // the root of a raised cosine
	band           [bins]int
	width          [mostBands]float32
	bands          int
	out, echo      [block]float32 // the last block
	tail           [block]float32 // what the last frame adds to the next block
	buf            [points]float32
	e, y           line
	left, held     power              // smoothed power of what is left, and of the echo, held as a room does
	ee, yy         power              // for the coherence
	ey             line               //
	gain           power              //
	leak           [mostBands]float32 // dB
	remains, heard float32            // smoothed power of what is thought to be left of the echo, and of all
	loud           int                // blocks since when much remains
	peak           float32            // power of the loudest band's bins of late
}

func newResidual(tr *spectrum.Transform) *residual {
	r := &residual{tr: tr}
	for b := range r.leak {
		r.leak[b] = leastLeak
	}
	for i := range r.win {
		r.win[i] = float32(math.Sin(math.Pi * (float64(i) + .5) / points))
	}
	b, size, have := 0, narrow*1., 0.
	for k := range r.band {
		r.band[k] = b
		r.width[b]++
		if have++; have >= size {
			b, size, have = b+1, size*wider, 0
		}
	}
	r.bands = r.band[bins-1] + 1
	for k := range r.gain {
		r.gain[k] = 1
	}
	r.doubt()
	return r
}

// doubt expects much to be left, since the path is another.
func (r *residual) doubt() {
	for b := range r.leak {
		r.leak[b] = max(r.leak[b], doubtful)
	}
}

// pass gives back the last block as it was, and keeps this one.
func (r *residual) pass(near *[block]float32) { *near, r.out = r.out, *near }

// wake goes on with apply after pass.
func (r *residual) wake() {
	for i, v := range r.out {
		r.tail[i] = v * r.win[block+i] * r.win[block+i]
	}
	r.echo = [block]float32{}
	r.rest()
	r.remains, r.loud = 0, 0
}

// much reports whether the filter has long left so much of the echo that voices
// suffer, or the others may hear themselves.
func (r *residual) much() bool { return r.loud > long }

// rest lets everything through from now on.
func (r *residual) rest() {
	for k := range r.gain {
		r.gain[k] = 1
	}
}

// keep takes a block while there is no echo.
func (r *residual) keep(near *[block]float32) { r.out = *near }

// apply takes away what is left of the echo in out, and writes the block before to
// dst.
func (r *residual) apply(dst *[block]float32) {
	for k, e := range r.e {
		r.e[k] = complex(real(e)*r.gain[k], imag(e)*r.gain[k])
	}
	r.tr.Inverse(r.buf[:], r.e[:])
	for i := range dst {
		dst[i] = r.tail[i] + r.buf[i]*r.win[i]
		r.tail[i] = r.buf[block+i] * r.win[block+i]
	}
}

// look finds the gain for the last block and out. Of unsure, the power that the filter does not know of, weight is taken for
// echo; of the echo's leaks, trust.
func (r *residual) look(echo, out *[block]float32, unsure *power, weight, trust float32) {
	r.windowed(&r.out, out, &r.e)
	r.windowed(&r.echo, echo, &r.y)
	var left, held, doubts [mostBands]float32
	for k, e := range r.e {
		y := r.y[k]
		ee := real(e)*real(e) + imag(e)*imag(e)
		yy := real(y)*real(y) + imag(y)*imag(y)
		r.left[k] += (ee - r.left[k]) / 2
		r.held[k] = max(lasts*r.held[k], (r.held[k]+yy)/2)
		r.ee[k] += (ee - r.ee[k]) * closer
		r.yy[k] += (yy - r.yy[k]) * closer
		z := r.ey[k]
		r.ey[k] = complex(
			real(z)+(real(e)*real(y)+imag(e)*imag(y)-real(z))*closer,
			imag(z)+(imag(e)*real(y)-real(e)*imag(y)-imag(z))*closer)
		b := r.band[k]
		left[b] += r.left[k]
		held[b] += r.held[k]
		unsure[k] *= weight
		doubts[b] += unsure[k]
	}
	cross := r.crossing(&held)
	var factor, share [mostBands]float32 // of the echo's power that is thought to be left, and of all that is left
	for b := range r.bands {
		power := held[b] + cross[b]*r.width[b]
		cross[b] *= trust
		factor[b] = over * trust * r.learn(b, left[b], power)
		share[b] = (factor[b]*held[b] + over*cross[b]*r.width[b] + doubts[b]) / (left[b] + hiss)
	}
	remains, heard := float32(0), float32(0)
	for k := range r.e {
		b := r.band[k]
		rest := factor[b]*r.held[k] + over*cross[b] + unsure[k]
		if k <= voiceFrom {
			rest *= underVoice
		}
		z := r.ey[k]
		if c := (real(z)*real(z) + imag(z)*imag(z)) / (r.ee[k]*r.yy[k] + hiss*hiss); c > resembles {
			rest = max(rest, trust*r.left[k]*(c-resembles)*2/(1-resembles))
		}
		// Half by bin, half by band, lest single bins ring.
		g := max(floor, 1-rest/(r.left[k]+hiss)/2-share[b]/2)
		if g < r.gain[k] {
			r.gain[k] += .7 * (g - r.gain[k])
		} else {
			r.gain[k] += .8 * (g - r.gain[k])
		}
		remains += min(rest/over, r.left[k])
		heard += r.left[k] + r.held[k]
	}
	r.remains += (remains - r.remains) / 64
	r.heard += (heard - r.heard) / 64
	if r.remains > loudEcho && r.remains > r.heard/10 {
		r.loud = min(r.loud+1, long+1)
	} else {
		r.loud = 0
	}
}

// crossing returns how much power distortion brings into a bin of each band. It is
// that of the third power of a sound, so it grows twice as fast with the level.
func (r *residual) crossing(held *[mostBands]float32) (cross [mostBands]float32) {
	r.peak *= settles
	v := float32(0)
	for b := range r.bands {
		v = max(v*upwards, held[b]/r.width[b])
		r.peak = max(r.peak, v)
		cross[b] = v
	}
	v = 0
	for b := r.bands - 1; b >= 0; b-- {
		v = max(v*downwards, held[b]/r.width[b])
		top := max(v, cross[b])
		cross[b] = crosses * top * top / (r.peak + hiss)
	}
	return cross
}

// learn returns the leak of band b, as a ratio of powers.
func (r *residual) learn(b int, left, echo float32) float32 {
	if echo > 1e-6*r.width[b] {
		// What is far above the echo is no part of it.
		switch ratio := 10 * float32(math.Log10(float64(left/echo+hiss))); {
		case ratio <= r.leak[b]:
			r.leak[b] = max(r.leak[b]-falls, leastLeak)
		case ratio < other:
			r.leak[b] = min(r.leak[b]+rises, mostLeak)
		}
	}
	return float32(math.Exp(float64(r.leak[b]) * (math.Ln10 / 10)))
}

func (r *residual) windowed(last, now *[block]float32, s *line) {
	for i := range last {
		r.buf[i] = last[i] * r.win[i]
		r.buf[block+i] = now[i] * r.win[block+i]
	}
	*last = *now
	r.tr.Forward(s[:], r.buf[:])
}
