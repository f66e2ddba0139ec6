//go:build interop

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"paravent/cmd/internal/interop/rig"
	"paravent/cmd/internal/interop/stats"
)

const (
	person  = "Paravent"
	browser = "Chromium"
	guest   = "Latecomer"
)

// figures are one program's column.
type figures struct {
	cpu     float64       // seconds a minute
	memory  uint64        // bytes, the peak
	first   time.Duration // start to first picture
	sent    float64       // pictures a second
	arrived float64       // decoded a second at the other side
	got     float64       // of the other's pictures decoded a second
	detail  float64       // of the room, as the latecomer saw it
}

// setting is what differs from call to call.
type setting struct {
	film, voice string
	codec       string
	span        time.Duration
	background  string  // the client's
	blur        rig.Way // the browser's
}

// hold measures one call of the two. At its end a latecomer joins and looks at what arrives; where nobody blurs, instead of the browser.
func hold(ctx context.Context, s setting) (p pair, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.span+3*time.Minute, errors.New("it takes too long"))
	defer cancel()
	dir, err := os.MkdirTemp("", "paravent-bench-")
	if err != nil {
		return p, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // nothing to tell
	room, err := rig.OpenRoom(ctx, person, browser, guest)
	if err != nil {
		return p, err
	}
	defer func() { _ = room.Stop(true); _, _ = room.End(ctx) }()

	b, err := rig.OpenBrowser(ctx, room.Guest(browser), rig.BrowserOptions{
		Simulcast: s.codec != "vp9", Codec: s.codec, Picture: s.film, Sound: s.voice, Blur: s.blur,
	})
	if err != nil {
		return p, err
	}
	defer leave(ctx, b)
	if _, err := b.Event(ctx, "published", "", ""); err != nil {
		return p, err
	}
	c, err := rig.OpenClient(ctx, dir, room.Guest(person).Link, "--name", person, "--camera", "file:"+s.film, "--microphone", "file:"+s.voice,
		"--speaker", "file:"+filepath.Join(dir, "heard.wav"), "--background", s.background, "--room-gate", "off", "--watch", "all", "--codec", s.codec)
	if err != nil {
		return p, err
	}
	defer func() { _ = c.Colon("leave"); _, _ = c.End(ctx) }()
	first, err := c.FiguresThat(ctx, func(l stats.Line) bool { return l.FirstPictureMs > 0 })
	if err != nil {
		return p, err
	}
	if _, err := b.Event(ctx, "first-picture", person, ""); err != nil {
		return p, err
	}
	if p, err = measure(ctx, c, b, s.span); err != nil {
		return p, err
	}
	p.ours.first = time.Duration(first.FirstPictureMs * float64(time.Millisecond))

	if s.blur == rig.NoBlur {
		leave(ctx, b)
	}
	err = p.arrive(ctx, room, s.blur != rig.NoBlur)
	return p, err
}

func leave(ctx context.Context, b *rig.Browser) {
	_ = b.Leave()
	_, _ = b.End(ctx)
}

// arrive lets a second browser join the running call. It takes the time from its start to the first picture of the client, as the client
// was measured, and how much detail of the room there is in the client's picture and, if both are there, in the first browser's.
func (p *pair) arrive(ctx context.Context, room *rig.Room, both bool) error {
	begun := time.Now()
	late, err := rig.OpenBrowser(ctx, room.Guest(guest), rig.BrowserOptions{Listen: true})
	if err != nil {
		return err
	}
	defer leave(ctx, late)
	starting, err := late.Event(ctx, "starting", "", "")
	if err != nil {
		return err
	}
	seen, err := late.Event(ctx, "first-picture", person, "")
	if err != nil {
		return err
	}
	if starting.Time().Before(begun.Add(-time.Second)) {
		return errors.New("the browser's clock is not ours")
	}
	p.theirs.first = seen.Time().Sub(starting.Time())
	if p.ours.detail, err = late.Detail(ctx, person); err != nil || !both {
		return err
	}
	if _, err := late.Event(ctx, "first-picture", browser, ""); err != nil {
		return err
	}
	p.theirs.detail, err = late.Detail(ctx, browser)
	return err
}

// reading is what both programs tell at one moment.
type reading struct {
	client  stats.Line
	browser rig.BrowserLine
}

func read(ctx context.Context, c *rig.Client, b *rig.Browser) (r reading, err error) {
	if r.browser, err = b.Figures(ctx, time.Now()); err != nil {
		return r, err
	}
	all, err := c.Figures()
	if err != nil {
		return r, err
	}
	r.client = all[len(all)-1]
	return r, nil
}

func measure(ctx context.Context, c *rig.Client, b *rig.Browser, span time.Duration) (p pair, err error) {
	own, err := newTree(c.Pid(), nil)
	if err != nil {
		return p, err
	}
	// The browser is everything below Node but Node itself.
	other, err := newTree(b.Pid(), []int{b.Pid()})
	if err != nil {
		return p, err
	}
	before, err := read(ctx, c, b)
	if err != nil {
		return p, err
	}
	_, _ = fmt.Fprintf(os.Stderr, "bench: both see each other; measuring for %s\n", span)
	own.start()
	other.start()
	from := time.Now()
	if err := rig.Ticks(ctx, 250*time.Millisecond, func() bool {
		own.sample()
		other.sample()
		return time.Since(from) >= span
	}); err != nil {
		return p, err
	}
	took := time.Since(from)
	after, err := read(ctx, c, b)
	if err != nil {
		return p, err
	}
	p.ours.cpu, p.ours.memory = own.spent().Seconds()/took.Minutes(), own.peak
	p.theirs.cpu, p.theirs.memory = other.spent().Seconds()/took.Minutes(), other.peak
	p.count(before, after)
	return p, nil
}

// count fills in the pictures a second between two readings.
func (p *pair) count(before, after reading) {
	ours, theirs := &p.ours, &p.theirs
	seconds := after.client.Seconds - before.client.Seconds
	r0, _ := before.client.From(browser, "camera")
	r1, _ := after.client.From(browser, "camera")
	ours.sent = float64(after.client.Sent["camera"].Frames-before.client.Sent["camera"].Frames) / seconds
	ours.got = float64(r1.Frames-r0.Frames) / seconds
	theirs.arrived = ours.got

	rate := func(a, b uint64) float64 {
		return float64(b-a) / after.browser.Time().Sub(before.browser.Time()).Seconds()
	}
	theirs.sent = rate(rig.Find(before.browser.Sent, "", "camera").Frames, rig.Find(after.browser.Sent, "", "camera").Frames)
	theirs.got = rate(rig.Find(before.browser.Received, person, "camera").Frames, rig.Find(after.browser.Received, person, "camera").Frames)
	ours.arrived = theirs.got
}
