package call

import (
	"context"
	"math"
	"time"

	"paravent/media/send"
	"paravent/media/sfu"
)

// Meters are what a rehearsal shows of the last second. What is off is zero.
type Meters struct {
	Second int // since the call began; 0 while nothing was measured

	PictureRate float64       // pictures a second that are sent
	PictureFor  time.Duration // mean time of one in the filters
	PictureUp   int           // bits per second

	// Revealed is the share of the room's detail that could be made out from the
	// pictures since the camera was opened, 0 to 1, if it is Gauged.
	Revealed float64
	Gauged   bool

	Decoded float64 // pictures a second that were decoded again

	SoundUp int     // bits per second
	Level   float64 // of the sound after the room gate, in dB of full scale; Silence if there is none
	Peak    float64 // its loudest sample, likewise
}

// of returns the meters without those of what is closed: whoever is muted is not
// measured either.
func (m Meters) of(own Own) Meters {
	if m.Second == 0 {
		return m
	}
	if own.Camera.Phase != On {
		m.PictureRate, m.PictureFor, m.PictureUp = 0, 0, 0
	}
	if own.Microphone.Phase != On {
		m.SoundUp, m.Level, m.Peak = 0, Silence, Silence
	}
	return m
}

// Silence is the level of no sound at all, in dB.
const Silence = -100.0

// measure shows the meters once a second until ctx is done.
func (c *Call) measure(ctx context.Context) {
	every := time.NewTicker(time.Second)
	defer every.Stop()
	was, last := c.reading(), time.Now()
	for second := 1; ; second++ {
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
		is, now := c.reading(), time.Now()
		m := is.since(was, now.Sub(last))
		m.Second = second
		m.Revealed, m.Gauged = c.camera.revealed()
		was, last = is, now
		c.change(func(s State) State { s.Meters = m.of(s.Own); return s })
	}
}

// A reading is all counters of one instant.
type reading struct {
	pictures, sound send.Counts
	session         map[sfu.Source]sfu.Sent
	shown           uint64  // pictures that were decoded
	peak            float32 // since the reading before
}

func (c *Call) reading() reading {
	r := reading{c.camera.meter.Counts(), c.microphone.meter.Counts(), c.session.Stats().Sent, 0, c.microphone.meter.TakePeak()}
	shown, _ := c.others.stats()
	for _, n := range shown {
		r.shown += n
	}
	return r
}

// since returns the meters of the time between two readings.
func (r reading) since(was reading, d time.Duration) Meters {
	seconds := d.Seconds()
	up := func(src sfu.Source) int {
		if r.session[src].Bytes < was.session[src].Bytes { // another outlet
			return 0
		}
		return int(float64(r.session[src].Bytes-was.session[src].Bytes) * 8 / seconds)
	}
	m := Meters{Level: Silence, Peak: Silence, PictureUp: up(sfu.Camera), SoundUp: up(sfu.Microphone)}
	if r.shown > was.shown { // or another track
		m.Decoded = float64(r.shown-was.shown) / seconds
	}
	if n := r.pictures.Pictures - was.pictures.Pictures; n > 0 {
		m.PictureRate = float64(n) / seconds
		m.PictureFor = (r.pictures.Took - was.pictures.Took) / time.Duration(n)
	}
	if n := r.sound.Blocks - was.sound.Blocks; n > 0 {
		mean := (r.sound.Energy - was.sound.Energy) / float64(n)
		m.Level = max(Silence, 10*math.Log10(max(mean, 1e-12)))
		m.Peak = max(Silence, 20*math.Log10(max(float64(r.peak), 1e-12)))
	}
	return m
}
