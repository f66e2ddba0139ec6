package call

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"paravent/media/budget"
	"paravent/media/sfu"
)

// Thin is a limit of the link and what it costs.
type Thin struct {
	Limit budget.Limit

	Own    bool // own pictures are on and not sent
	Others bool // pictures of others are wanted and not asked for
	Short  bool // there is too little even for speech
}

const (
	// divideEvery is how often the link is divided anew.
	divideEvery = 500 * time.Millisecond
	// sealedSound is what encryption from end to end adds to a packet of sound, in
	// bytes, at most: an initialisation vector, a tag and their lengths.
	sealedSound = 30
	// leastWatched is what a picture of another is taken to need, in bits per second.
	leastWatched = 60_000
	// thinCamera is the bound in bits per second below which a camera is opened small.
	thinCamera = 200_000
)

// A divider divides the link while a call goes on. It belongs to one goroutine.
type divider struct {
	call  *Call
	plan  budget.Plan
	bytes uint64 // that had come
	at    time.Time
	down  backOff
	up    carried
}

// divide follows the limit until ctx is done.
func (c *Call) divide(ctx context.Context) {
	d := divider{call: c, at: time.Now()}
	every := time.NewTicker(divideEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-every.C:
			d.step(ctx, now)
		}
	}
}

// step divides the link as it is now.
func (d *divider) step(ctx context.Context, now time.Time) {
	c := d.call
	st, s := c.session.Stats(), c.State()
	n := c.need(s, st)
	n.Carried = d.up.after(now, st.Up, d.plan.Camera+d.plan.Screen > 0)
	d.plan = budget.Divide(n, d.plan)
	for _, f := range c.feeds() {
		f.keepTo(d.plan)
	}
	camera, screen := c.camera.dim(ctx, d.plan.Camera == 0), c.screen.dim(ctx, d.plan.Screen == 0)

	if since := now.Sub(d.at); since >= time.Second {
		rate := int(float64(st.BytesDown-min(d.bytes, st.BytesDown)) * 8 / since.Seconds())
		d.bytes, d.at = st.BytesDown, now
		d.down.heed(now, rate, c.settings.Limit.Down)
	}
	voices := 0
	for _, t := range s.Tracks {
		if t.Source.IsSound() && !t.Muted && t.Member != s.Self {
			voices++
		}
	}
	room, most := watched(c.settings.Limit.Down, voices)
	others := c.others.allot(room, min(most, d.down.most(now)))
	is := Thin{Limit: c.settings.Limit, Own: camera || screen, Others: others, Short: d.plan.Short}
	if is != s.Thin {
		c.change(func(s State) State { return s.withThin(is) })
	}
}

// watched is how many bits per second of pictures may come where so many voices are
// heard, and how many pictures.
func watched(down, voices int) (bits, most int) {
	bits = budget.Watched(down, voices)
	if bits == 0 {
		return 0, 0
	}
	return bits, bits/leastWatched + 1
}

// need is what the way up is to carry.
func (c *Call) need(s State, st sfu.Stats) budget.Need {
	n := budget.Need{Limit: c.settings.Limit.Up, Header: st.Header}
	wants := func(d Sending) bool { return d.Phase == On || d.Phase == Opening }
	n.Camera, n.Screen = wants(s.Own.Camera), wants(s.Own.Screen)
	if s.Encryption.On() {
		n.Sealed = sealedSound
	}
	return n
}

// A backOff lets no pictures of others come for a while after more came than may, and
// ever longer if it comes to that again.
type backOff struct {
	until time.Time
	pause time.Duration
}

const (
	firstBackOff = 15 * time.Second
	lastBackOff  = 4 * time.Minute
)

// heed takes what came in the last second, in bits.
func (b *backOff) heed(now time.Time, came, down int) {
	if down == 0 || came <= down {
		return
	}
	b.pause = min(max(2*b.pause, firstBackOff), lastBackOff)
	b.until = now.Add(b.pause)
}

// most is how many pictures may come.
func (b *backOff) most(now time.Time) int {
	if now.Before(b.until) {
		return 0
	}
	return math.MaxInt
}

// carried is what the way up seems to carry. It can be told only while there are
// pictures: speech alone does not try the way. So once they went off they are tried
// again after a while, and ever more seldom.
type carried struct {
	last  int
	until time.Time
	pause time.Duration
}

// after returns what to reckon with, in bits per second; 0 is not known.
func (c *carried) after(now time.Time, up int, pictures bool) int {
	switch {
	case pictures:
		c.last, c.until = up, time.Time{}
	case c.last == 0:
	case c.until.IsZero():
		c.pause = min(max(2*c.pause, firstBackOff), lastBackOff)
		c.until = now.Add(c.pause)
	case now.After(c.until):
		c.last = 0
	}
	return c.last
}

// withThin returns the state with what the limit costs, and says so when that changes.
func (s State) withThin(is Thin) State {
	was := s.Thin
	s.Thin = is
	off, wasOff := is.Own || is.Others, was.Own || was.Others
	switch {
	case is.Short && !was.Short:
		s = s.withNotice(Notice{What: LinkTooThin})
	case off && !wasOff:
		s = s.withNotice(Notice{What: PicturesOff})
	case wasOff && !off:
		s = s.withNotice(Notice{What: PicturesBack})
	}
	return s
}

// keepTo makes the feed keep to p from now on.
func (f *feed) keepTo(p budget.Plan) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limit(p)
}

// dim tells the room that the pictures of an open device are off, because the link has
// no room for them, or on again. It reports whether they are off for that.
func (f *feed) dim(ctx context.Context, off bool) bool {
	f.telling.Lock()
	defer f.telling.Unlock()
	f.mu.Lock()
	outlet := f.outlet
	closed := f.valve.shut.Load() || f.sentPhase() != On
	changed := f.dimmed != off && !closed
	if changed {
		f.dimmed = off
	}
	f.mu.Unlock()
	if closed || outlet == nil {
		return false
	}
	if changed {
		ctx, cancel := context.WithTimeout(ctx, muteTime)
		defer cancel()
		if err := outlet.Mute(ctx, off); err != nil {
			f.call.kit.Log.Debug("tell the room", "source", f.source, "err", err)
		}
		if !off {
			f.refresh()
		}
	}
	return off
}

// sentPhase is how far the device is.
func (f *feed) sentPhase() Phase {
	s := f.call.State()
	return f.sending(&s.Own).Phase
}

// allot lets so many pictures of others come, and so many bits per second of them all.
// It reports whether one that is wanted is not asked for.
func (r *receivers) allot(bits, most int) (without bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bits, r.most = bits, most
	r.reconcile()
	return r.without
}

// chosen are the pictures that are watched and for which there is room: screens first.
// It must be called with mu held.
func (r *receivers) chosen() []Track {
	var all []Track
	for _, t := range r.tracks {
		if _, watched := r.views[t.ID]; watched && !t.Source.IsSound() && !t.Muted && r.mayReceive(t) {
			all = append(all, t)
		}
	}
	slices.SortStableFunc(all, func(a, b Track) int { return cmp.Compare(rank(a), rank(b)) })
	r.without = len(all) > r.most
	return all[:min(len(all), r.most)]
}

// rank is the order in which pictures get room.
func rank(t Track) int {
	if t.Source == sfu.Screen {
		return 0
	}
	return 1
}

// fitted is v made so small that it takes no more than its part of the link.
func (r *receivers) fitted(v sfu.View, parts int) sfu.View {
	if r.bits == budget.Most || parts == 0 || v.Width <= 0 || v.Height <= 0 {
		return v
	}
	const bitsPerPixel, fps = 0.07, 20
	most := float64(r.bits) / float64(parts) / bitsPerPixel / fps
	if scale := math.Sqrt(most / float64(v.Width*v.Height)); scale < 1 {
		v.Width, v.Height = max(int(float64(v.Width)*scale), 16), max(int(float64(v.Height)*scale), 16)
	}
	return v
}
