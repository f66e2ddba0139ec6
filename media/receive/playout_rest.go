package receive

import (
	"math"

	"paravent/media/frame"
)

// A pause of a sender that says so (DTX) is not dead silence, but the low noise of
// that sender's room as libopus itself continues it: asked for a lost packet after
// such a one it gives noise of the background's level and spectrum.
//
// 2026-11-25, measured with libopus 1.3: behind a voice over noise of −65.5 and of
// −54 dBFS it continues at −68.7 and at −58 dBFS, and behind a sender whose room
// gate gives exact silence at −110, which is nothing. Before, 20 ms of noise came
// every 400 ms, with nothing in between. A block costs about as much as one that
// was sent (BenchmarkRest).
const (
	restMost = -65.0 // dBFS that the noise is turned down to at most
	restFor  = 1000  // blocks without a packet after which it is over: the line may be muted
	restFade = 100   // blocks of these in which it fades
)

// restLevel is restMost as a share of full scale.
func restLevel() float64 { return math.Pow(10, restMost/20) }

// rest fills a block of a pause. Real-time: it does not allocate.
func (p *playout) rest(out *frame.Block) {
	p.rested++
	left := restFor - p.rested
	if left <= 0 || !p.dtx || p.dec.Conceal(out[:]) != nil {
		clear(out[:])
		p.hush = 0
		return
	}
	p.lower(out[:], min(1, float32(left)/restFade))
}

// lower turns noise down to what is bearable, and by most at most.
func (p *playout) lower(x []float32, most float32) {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	to := most
	if rms := math.Sqrt(sum / float64(max(len(x), 1))); rms > p.loudest {
		to = min(to, float32(p.loudest/rms))
	}
	// On a straight line, but never louder than what is wanted now.
	from := min(p.hush, to)
	for i := range x {
		x[i] *= from + (to-from)*float32(i+1)/float32(len(x))
	}
	p.hush = to
}
