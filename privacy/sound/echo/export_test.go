package echo

// Offset is how many blocks late the filter begins.
func (c *Canceller) Offset() int { return c.offset }

// Drift is how much quicker the microphone's clock is, in ppm.
func (c *Canceller) Drift() float64 { return c.clock.drift * 1e6 }
