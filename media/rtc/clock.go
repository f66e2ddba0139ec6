package rtc

import (
	"time"
)

// A clock turns the timestamps of RTP packets into time.
type clock struct {
	rate int64 // Hz

	begun bool
	last  uint32
	ticks int64         // of last, since the first packet
	base  time.Duration // At of the first packet

	reported   bool
	reportTick int64     // the instant of the last sender report
	reportTime time.Time // and the same on the sender's wall clock
}

// tick unwraps ts, also if it is a little older than the last one.
func (c *clock) tick(ts uint32) int64 {
	if !c.begun {
		c.begun, c.last = true, ts
		return 0
	}
	t := c.ticks + int64(int32(ts-c.last))
	if t > c.ticks {
		c.ticks, c.last = t, ts
	}
	return t
}

func (c *clock) span(ticks int64) time.Duration {
	// In two steps, so that years do not overflow.
	return time.Duration(ticks/c.rate)*time.Second + time.Duration(ticks%c.rate)*time.Second/time.Duration(c.rate)
}

// at is when ts was, in media time since the track began.
func (c *clock) at(tick int64) time.Duration { return c.base + c.span(tick) }

// captured is when tick was on the sender's wall clock; zero while unknown.
func (c *clock) captured(tick int64) time.Time {
	if !c.reported {
		return time.Time{}
	}
	return c.reportTime.Add(c.span(tick - c.reportTick))
}

// report takes a sender report: ts and ntp are one instant (RFC 3550, section
// 6.4.1).
func (c *clock) report(ts uint32, ntp uint64) {
	if !c.begun || ntp == 0 {
		return
	}
	c.reported = true
	c.reportTick = c.ticks + int64(int32(ts-c.last))
	c.reportTime = fromNTP(ntp)
}

// restart begins a new stream of the same track, so much later.
func (c *clock) restart(rate int64, after time.Duration) {
	base := c.base
	if c.begun {
		base = c.at(c.ticks) + after
	}
	*c = clock{rate: rate, base: base}
}

// fromNTP reads the 64-bit format of RFC 5905, section 6, of the era that
// began in 1900.
func fromNTP(ntp uint64) time.Time {
	const unixOf1900 = -2208988800
	nanos := (ntp & 0xffffffff) * uint64(time.Second) >> 32
	return time.Unix(int64(ntp>>32)+unixOf1900, int64(nanos))
}

// unwrap returns the sequence number seq as one that grows without end, next
// to the highest so far.
func unwrap(highest uint64, seq uint16) uint64 {
	return highest + uint64(int64(int16(seq-uint16(highest))))
}
