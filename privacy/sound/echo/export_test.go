package echo

import (
	"fmt"
	"math"
)

// Offset is how many blocks late the filter begins.
func (c *Canceller) Offset() int { return c.offset }

// Drift is how much quicker the microphone's clock is, in ppm.
func (c *Canceller) Drift() float64 { return c.clock.drift * 1e6 }

func (c *Canceller) Dbg() string {
	d := func(x float32) float64 { return 10*math.Log10(float64(x)+1e-12) - 53 }
	var l, h, u float32
	for k := range c.rest.left {
		l += c.rest.left[k]
		h += c.rest.held[k]
		u += c.filter.left[k]
	}
	return fmt.Sprintf("echo %.0f lin %.0f left %.0f held %.0f unsure %.0f leaks %.0f off %d sure %v like %.2f drift %.0f", d(energy(&c.echo)*480), d(energy(&c.out)*480), d(l), d(h), d(u), c.rest.leak[:12], c.offset, c.watch.sure, c.watch.like/(c.watch.power+1e-9), c.Drift())
}
