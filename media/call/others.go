package call

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"paravent/media/codec"
	"paravent/media/present"
	"paravent/media/receive"
	"paravent/media/sfu"
	"paravent/privacy/seal"
)

// receivers are the lines of what others send: every sound, and the pictures
// that a face watches.
type receivers struct {
	call    *Call
	ctx     context.Context //nolint:containedctx // the life of the lines, which verbs must not end
	cancel  context.CancelFunc
	running sync.WaitGroup
	selves  map[sfu.Source]*present.Relay

	mu         sync.Mutex // guards everything that follows
	tracks     []Track
	lines      map[sfu.TrackID]*receiving
	views      map[sfu.TrackID]sfu.View // not zero
	relays     map[sfu.TrackID]*present.Relay
	bits, most int                     // per second of pictures, and how many of them, that may come
	parts      int                     // pictures that come
	without    bool                    // one that is watched may not come
	wishes     map[sfu.MemberID]Volume // for the whole call, also of who has left
}

// receiving is one line.
type receiving struct {
	cancel    context.CancelFunc
	member    sfu.MemberID
	encrypted bool
	volume    present.Volume

	mu    sync.Mutex // guards everything that follows
	inlet sfu.Inlet
	sound *receive.SoundLine
	view  sfu.View // as the server was told last
}

func newReceivers(c *Call) *receivers {
	r := &receivers{
		call:   c,
		selves: map[sfu.Source]*present.Relay{sfu.Camera: {}, sfu.Screen: {}},
		lines:  make(map[sfu.TrackID]*receiving),
		views:  make(map[sfu.TrackID]sfu.View),
		relays: make(map[sfu.TrackID]*present.Relay),
		wishes: make(map[sfu.MemberID]Volume),
	}
	r.bits, r.most = watched(c.settings.Limit.Down, 1)
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

func (r *receivers) self(src sfu.Source) *present.Relay { return r.selves[src] }

// follow starts and ends lines so that they fit tracks.
func (r *receivers) follow(tracks []Track) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tracks = tracks
	r.reconcile()
}

func (r *receivers) watch(id sfu.TrackID, v sfu.View, sink present.VideoSink) {
	r.mu.Lock()
	defer r.mu.Unlock()
	relay := r.relays[id]
	if relay == nil {
		relay = new(present.Relay)
		r.relays[id] = relay
	}
	if v == (sfu.View{}) {
		relay.To(nil)
		delete(r.views, id)
	} else {
		relay.To(sink)
		r.views[id] = v
	}
	r.reconcile()
}

// mayReceive reports whether a track of another may be asked for. It must be called
// with mu held.
func (r *receivers) mayReceive(t Track) bool {
	return r.call.barred(t) == 0 && t.Member != r.call.session.Self().ID
}

// reconcile must be called with mu held.
func (r *receivers) reconcile() {
	wanted := make(map[sfu.TrackID]Track)
	for _, t := range r.tracks {
		_, watched := r.views[t.ID]
		if r.mayReceive(t) && (t.Source.IsSound() || watched && r.most > 0) {
			wanted[t.ID] = t
		}
	}
	pictures := r.chosen()
	if r.without {
		maps.DeleteFunc(wanted, func(id sfu.TrackID, t Track) bool {
			return !t.Source.IsSound() && !slices.ContainsFunc(pictures, func(c Track) bool { return c.ID == id })
		})
	}
	for id, line := range r.lines {
		if t, ok := wanted[id]; !ok || t.Encrypted != line.encrypted {
			line.cancel()
			delete(r.lines, id)
		}
	}
	r.parts = len(pictures)
	for id, t := range wanted {
		switch line := r.lines[id]; {
		case line == nil && r.ctx.Err() == nil:
			r.start(t)
		case line != nil && !t.Source.IsSound():
			line.want(r.fitted(r.views[id], r.parts), r.call)
		}
	}
	maps.DeleteFunc(r.relays, func(id sfu.TrackID, _ *present.Relay) bool {
		return r.lines[id] == nil && r.views[id] == sfu.View{}
	})
}

// barred says why a track is not even asked for; 0 is that it is.
func (c *Call) barred(t Track) seal.WhyError {
	return Encryption{Grade: c.session.Grade(), Required: c.session.Required()}.bars(t)
}

// start must be called with mu held.
func (r *receivers) start(t Track) {
	ctx, cancel := context.WithCancel(r.ctx)
	line := &receiving{cancel: cancel, member: t.Member, encrypted: t.Encrypted}
	if v, ok := r.wishes[t.Member]; ok {
		line.volume.Set(v.gain())
	}
	r.lines[t.ID] = line
	relay := r.relays[t.ID]
	r.running.Go(func() {
		defer cancel()
		r.keep(ctx, t, line, relay)
	})
}

// A line that fails is tried again, ever more seldom.
const (
	firstPause = 500 * time.Millisecond
	lastPause  = 8 * time.Second
)

func (r *receivers) keep(ctx context.Context, t Track, line *receiving, relay *present.Relay) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := r.run(ctx, t, line, relay)
		if ctx.Err() != nil || isOver(err) {
			return
		}
		r.call.kit.Log.Debug("line failed", "source", t.Source, "err", err)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

func (r *receivers) run(ctx context.Context, t Track, line *receiving, relay *present.Relay) (err error) {
	inlet, err := r.call.session.Subscribe(ctx, sfu.Track{ID: t.ID, Member: t.Member, Source: t.Source, Encrypted: t.Encrypted}, func(why seal.WhyError) {
		r.call.change(func(s State) State { return s.withTrouble(t.ID, why) })
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inlet.Close()) }()
	if t.Source.IsSound() {
		return r.hear(ctx, line, inlet)
	}
	r.mu.Lock()
	view := r.fitted(r.views[t.ID], r.parts)
	line.set(inlet, nil)
	line.saw(view)
	r.mu.Unlock()
	defer line.set(nil, nil)
	if err := inlet.Want(view); err != nil {
		return err
	}
	v := receive.VideoLine{Inlet: inlet, NewDecoder: r.newDecoder, Sink: relay, First: r.call.firstPicture}
	v.Heard = func() (time.Time, bool) { return r.heard(t) }
	return v.Run(ctx)
}

func (r *receivers) newDecoder(name codec.Name) (codec.VideoDecoder, error) {
	c, ok := r.call.kit.Codecs.Find(name)
	if !ok {
		return nil, sfu.ErrUnsupported
	}
	return c.NewDecoder()
}

func (r *receivers) hear(ctx context.Context, line *receiving, inlet sfu.Inlet) (err error) {
	dec, err := r.call.kit.Codecs.NewSoundDecoder()
	if err != nil {
		return err
	}
	sound := receive.NewSoundLine(inlet, dec)
	line.set(inlet, sound)
	defer line.set(nil, nil)
	defer func() { err = errors.Join(err, sound.Close()) }() // when nobody pulls from it any more
	remove := r.call.kit.Play(sound, &line.volume)
	defer remove()
	return sound.Run(ctx)
}

// heard returns which instant of the sound that belongs to t is heard now.
func (r *receivers) heard(t Track) (time.Time, bool) {
	want := sfu.Microphone
	if t.Source == sfu.Screen {
		want = sfu.ScreenSound
	}
	r.mu.Lock()
	var line *receiving
	for _, o := range r.tracks {
		if o.Member == t.Member && o.Source == want && !o.Muted {
			line = r.lines[o.ID]
		}
	}
	r.mu.Unlock()
	if line == nil {
		return time.Time{}, false
	}
	line.mu.Lock()
	defer line.mu.Unlock()
	if line.sound == nil {
		return time.Time{}, false
	}
	return line.sound.PlayingAt()
}

func (r *receivers) stats() (map[sfu.TrackID]uint64, map[sfu.TrackID]Heard) {
	r.mu.Lock()
	defer r.mu.Unlock()
	shown, heard := make(map[sfu.TrackID]uint64), make(map[sfu.TrackID]Heard)
	for id, relay := range r.relays {
		shown[id] = relay.Shown()
	}
	for id, line := range r.lines {
		line.mu.Lock()
		if line.sound != nil {
			s := line.sound.Stats()
			heard[id] = Heard{Played: s.Played, Concealed: s.Concealed, Delay: s.Delay}
		}
		line.mu.Unlock()
	}
	return shown, heard
}

// close ends every line and returns when they have.
func (r *receivers) close() {
	r.cancel()
	r.running.Wait()
}

func (l *receiving) set(in sfu.Inlet, sound *receive.SoundLine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inlet, l.sound = in, sound
}

func (l *receiving) saw(v sfu.View) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.view = v
}

func (l *receiving) want(v sfu.View, c *Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inlet == nil || l.view == v {
		return
	}
	l.view = v
	if err := l.inlet.Want(v); err != nil {
		c.kit.Log.Debug("view", "err", err)
	}
}

func (c *Call) firstPicture() {
	c.first.CompareAndSwap(0, int64(time.Since(c.settings.Began)))
}
