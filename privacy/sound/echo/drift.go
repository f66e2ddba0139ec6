package echo

import "math"

// The figures of the tracker.
const (
	strong    = 4   // partitions that are looked at, around the strongest
	lookEvery = 25  // blocks from one look to the next
	lowBin    = 6   // 300 Hz
	highBin   = 160 // 8 kHz
	steady    = .92 // coherence of the path with itself, above which it is believed
)

// A tracker measures how the clocks of loudspeaker and microphone drift apart: the
// path that the filter finds then turns in phase, the more the higher the
// frequency. (Pawig, Enzner and Vary 2010 take the error's phase for it; the
// path's needs no voice to be silent here.)
type tracker struct {
	old    [strong]line
	first  int   // the partition that old begins with
	blocks int   // since old was taken; 0 if there is none
	power  power // of the far end
}

// forget drops what was seen of the path, since it is to change at once.
func (t *tracker) forget() { t.blocks = 0 }

// look is called when the filter has learned from far. Once in a while it returns
// by how many samples the path came later since the last time.
func (t *tracker) look(f *kalman, far *line) (later float64, ok bool) {
	for k, a := range far {
		t.power[k] += (real(a)*real(a) + imag(a)*imag(a) - t.power[k]) / lookEvery
	}
	if t.blocks > 0 && t.blocks < lookEvery {
		t.blocks++
		return 0, false
	}
	if t.blocks > 0 {
		later, ok = t.turned(f), true
	}
	best, top := 0, float32(0)
	for i := range f.w {
		if e := strength(&f.w[i]); e > top {
			best, top = i, e
		}
	}
	t.first = min(max(0, best-1), parts-strong)
	copy(t.old[:], f.w[t.first:])
	t.blocks = 1
	return later, ok
}

// turned returns the delay that fits the turn of the phase best, each bin weighted
// by the echo's power in it.
func (t *tracker) turned(f *kalman) float64 {
	var turn, all, both float64
	for k := lowBin; k < highBin; k++ {
		var re, im, aa, bb float32
		for i := range t.old {
			a, b := f.w[t.first+i][k], t.old[i][k]
			re += real(a)*real(b) + imag(a)*imag(b)
			im += imag(a)*real(b) - real(a)*imag(b)
			aa += real(a)*real(a) + imag(a)*imag(a)
			bb += real(b)*real(b) + imag(b)*imag(b)
		}
		w := float64(t.power[k]) * float64(k)
		turn -= w * float64(im)
		all += w * float64(k) * math.Hypot(float64(re), float64(im))
		both += w * float64(k) * math.Sqrt(float64(aa)*float64(bb))
	}
	if all <= hiss {
		return 0
	}
	// A path that is still being found changes in other ways, too.
	sure := max(0, all/both-steady) / (1 - steady)
	return sure * turn / all * points / (2 * math.Pi)
}

// strength returns the power of a partition in the bins that are looked at.
func strength(w *line) float32 {
	var sum float32
	for _, v := range w[lowBin:highBin] {
		sum += real(v)*real(v) + imag(v)*imag(v)
	}
	return sum
}
