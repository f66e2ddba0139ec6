package filter

import "time"

// SetClock lets a test say what time it is.
func SetClock(c *AudioChain, now func() time.Time) { c.now = now }
