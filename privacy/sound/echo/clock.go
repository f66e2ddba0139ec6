package echo

import "math"

// The figures of the clock.
const (
	reach    = 16                  // points on each side of one that lies between
	soonest  = reach               // samples, the least lag
	first    = soonest + 4         // the lag at first
	latest   = soonest + block*3/2 // and the most, at which a block is skipped
	kept     = 4 * block           // points that are kept
	quickest = 200e-6              // the most that two clocks differ
	slowest  = 4e-6                // and the least that matters
	adopts   = .2                  // share of a measured drift that is adopted at once
)

// A clock reads the far end as quickly as the microphone's clock runs, which need
// not be the loudspeaker's: it takes points between those that it was given, by a
// windowed sinc. It gives blocks of its own: mostly one for one, and now and then
// two or none.
type clock struct {
	past    [kept]float32 // the newest last
	lag     float64       // samples that it reads behind the newest
	drift   float64       // by how much the lag grows, per sample
	weights [2][2 * reach]float32
}

func newClock() *clock { return &clock{lag: first} }

// take adds a block, and returns how many are to be read: none, one or two.
func (c *clock) take(x *[block]float32) int {
	copy(c.past[:], c.past[block:])
	copy(c.past[kept-block:], x[:])
	switch next := c.lag + c.grows(); {
	case next < soonest:
		c.lag += block
		return 0
	case next >= latest:
		c.lag -= block // after the first of two
		return 2
	}
	return 1
}

// adopt is told by how many samples the path came later in so many blocks.
func (c *clock) adopt(later float64, blocks int) {
	d := c.drift + adopts*max(-1, min(1, later))/float64(blocks*block)
	c.drift = max(-quickest, min(quickest, d))
}

// grows returns by how much the lag grows in a block.
func (c *clock) grows() float64 {
	if math.Abs(c.drift) < slowest {
		return 0
	}
	return c.drift * block
}

// read writes a block that lies so many samples further back.
func (c *clock) read(out *[block]float32, back int) {
	from := c.lag
	if back == 0 {
		c.lag += c.grows()
	}
	whole := int(from)
	start := kept - block - whole - back
	if c.lag == from && from == float64(whole) {
		copy(out[:], c.past[start:])
		return
	}
	// The lag grows by so little in a block that what is read with it at the end is
	// mixed into what is read with it at the beginning.
	a, b := &c.weights[0], &c.weights[1]
	between(a, from-float64(whole))
	between(b, c.lag-float64(whole))
	for j := range b {
		b[j] = (b[j] - a[j]) / block
	}
	for i := range out {
		x := (*[2 * reach]float32)(c.past[start+i-reach:])
		var at, slope float32
		for j, v := range x {
			at += v * a[j]
			slope += v * b[j]
		}
		out[i] = at + slope*float32(i)
	}
}

// between sets the weights of the 32 points around a place, which lies so many
// samples before the one in the middle, w[16]: a sinc below a raised cosine.
func between(w *[2 * reach]float32, share float64) {
	sin := math.Sin(math.Pi * share)
	for j := range w {
		d := float64(j-reach) + share
		switch {
		case math.Abs(d) < 1e-6:
			w[j] = 1
		case math.Abs(d) >= reach:
			w[j] = 0
		default:
			s := sin / (math.Pi * d) * (.5 + .5*math.Cos(math.Pi*d/reach))
			if j%2 != 0 {
				s = -s
			}
			w[j] = float32(s)
		}
	}
}
