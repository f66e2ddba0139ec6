package soundcard

import (
	"errors"
	"fmt"
	"time"

	"paravent/media/capture"
)

const (
	lookEvery = time.Second
	// stillLooks is how many looks in a row a device may do nothing at before
	// it counts as gone. PulseAudio ends a stream without telling miniaudio; but
	// some microphones, such as those of headsets without a wire, begin slowly.
	stillLooks = 5
)

// watch looks at the devices, now and then, until Close. The caller holds mu.
func (c *Card) watch() {
	if c.watching || c.closed {
		return
	}
	c.watching = true
	c.group.Go(func() {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-c.done:
				return
			case <-tick.C:
			case <-c.nudge:
			}
			c.look()
		}
	})
}

// look lists the devices without holding mu, so that a slow sound system does
// not hold up a mute.
func (c *Card) look() {
	c.mu.Lock()
	sys := c.sys
	used := c.speaker.stream != nil || c.speaker.lost || c.mic.stream != nil || c.mic.lost
	c.mu.Unlock()
	if !used {
		return
	}
	var list []found
	var err error
	fresh := sys == nil
	if fresh {
		if sys, err = c.start(); err != nil {
			return // still without a sound system
		}
	}
	list, err = sys.list()

	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case fresh && (c.closed || err != nil || c.sys != nil):
		sys.close()
		return
	case c.closed:
		return
	case fresh:
		c.sys = sys
	case err != nil:
		c.loseAll(err)
		return
	}
	c.compare(list)
}

// loseAll is called when the sound system itself is gone. The caller holds mu.
func (c *Card) loseAll(err error) {
	c.lose(&c.mic, err)
	c.lose(&c.speaker, err)
	c.sys.close()
	c.sys = nil
}

// compare acts on what has come and gone. The caller holds mu.
func (c *Card) compare(list []found) {
	for _, s := range []*side{&c.mic, &c.speaker} {
		if s.isStill() || !in(list, s.dev) {
			c.lose(s, capture.ErrUnplugged)
		}
	}
	if c.mic.lost && in(list, c.mic.dev) {
		c.tell(Change{Device: c.mic.dev.Device}) // and no more: it is not ours to open
		c.mic = side{}
	}
	if next, ok := c.nextSpeaker(list); ok {
		c.speaker.shut()
		before := c.speaker.dev
		if err := c.openSpeaker(next); err == nil {
			c.tell(Change{Device: next.Device})
		} else if !c.speaker.lost {
			c.speaker.lost = true // the next look tries again
			c.note()
			c.tell(Change{Device: before.Device, Lost: true, Err: err})
		}
	}
}

// nextSpeaker returns the speaker to play on from now on, if it is another one
// than now, or one that has come back.
func (c *Card) nextSpeaker(list []found) (found, bool) {
	if c.speaker.stream == nil && !c.speaker.lost {
		return found{}, false
	}
	if c.wish.Speaker != "" {
		return c.speaker.dev, c.speaker.lost && in(list, c.speaker.dev)
	}
	def, err := chooseDefault(list, capture.SpeakerKind)
	return def, err == nil && (c.speaker.lost || def.ID != c.speaker.dev.ID)
}

// lose closes a side whose device is gone, and says so. The caller holds mu.
func (c *Card) lose(s *side, why error) {
	if s.stream == nil {
		return
	}
	s.shut()
	s.lost = true
	c.note()
	if !errors.Is(why, capture.ErrUnplugged) {
		why = fmt.Errorf("%w: %w", capture.ErrUnplugged, why)
	}
	err := &capture.DeviceError{Kind: s.dev.Kind, ID: s.dev.Label, Err: why}
	if s == &c.mic {
		c.ears.ring.end(err)
		c.ears = nil
	}
	c.tell(Change{Device: s.dev.Device, Lost: true, Err: err})
}

// isStill reports whether the open device has not moved for several looks.
func (s *side) isStill() bool {
	if s.stream == nil {
		return false
	}
	if calls := s.engine.called(); calls != s.calls {
		s.calls, s.still = calls, 0
		return false
	}
	s.still++
	return s.still >= stillLooks
}

func in(list []found, d found) bool {
	for _, l := range list {
		if l.Kind == d.Kind && l.ID == d.ID {
			return true
		}
	}
	return false
}
