package whip

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"paravent/media/codec"
	"paravent/media/rtc"
	"paravent/media/sfu"
)

const (
	// mediaTime bounds how long it takes until pictures and sound get through.
	mediaTime = 12 * time.Second
	// restartTime bounds the same after new ways were agreed on.
	restartTime = 4 * time.Second
	// gatherTime is how long candidates are waited for before they are told: those
	// of this machine are there at once.
	gatherTime = 100 * time.Millisecond
	closeTime  = 1500 * time.Millisecond
)

// A way is one session at the server, with its media connection.
type way struct {
	door     door
	log      func(what string, err error)
	peer     *rtc.Peer
	voice    *rtc.Outlet // of WHIP
	picture  *rtc.Outlet // of WHIP
	session  string
	sections []section // as the server has them
	born     time.Time

	trouble chan struct{} // rung when the way is not connected any more
	working sync.WaitGroup
	stop    context.CancelFunc

	turn   sync.Mutex // held while a fragment is told
	tag    string     // guarded by turn
	mute   bool       // guarded by turn: the server takes no fragments
	offer  string     // guarded by turn: ours, as sent
	answer string     // guarded by turn: the server's, as it would be now

	mu      sync.Mutex // guards everything that follows
	is      rtc.State
	changed chan struct{} // closed when that changes
	found   []string      // candidates that are not told yet
	told    int           // how many were
	all     bool          // there are no more
	rung    chan struct{}
	remotes []*rtc.Remote
}

// keep remembers a stream, and waiting returns those that came.
func (w *way) keep(r *rtc.Remote) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.remotes = append(w.remotes, r)
}

func (w *way) waiting() []*rtc.Remote {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.remotes
}

// handlers are what the media connection tells the way.
func (w *way) handlers(hosts *sfu.Hosts, remote func(*way, *rtc.Remote)) rtc.Handlers {
	return rtc.Handlers{
		Candidate: w.candidate,
		State:     w.state,
		Remote:    func(r *rtc.Remote) { remote(w, r) },
		Open:      func(string) {},
		Data:      func(string, []byte) {},
		Host:      hosts.Ask,
	}
}

// open makes a session at the server and waits until media gets through. On an
// error nothing is left of it.
func (s *session) open(ctx context.Context) (_ *way, err error) {
	w := &way{
		door: s.door, log: s.debug, trouble: make(chan struct{}, 1), changed: make(chan struct{}), is: rtc.Connecting, rung: make(chan struct{}, 1), stop: func() {},
	}
	if w.peer, err = s.newPeer(w); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			w.close(context.WithoutCancel(ctx))
		}
	}()
	if err := s.describe(w); err != nil {
		return nil, err
	}
	draft, err := w.peer.Draft()
	if err != nil {
		return nil, err
	}
	w.offer = strict(draft)
	a, err := w.door.post(ctx, w.offer)
	if err != nil {
		return nil, err
	}
	w.session, w.tag = a.session, a.tag
	if a.counter { // what we have said of ourselves does not fit the server's offer
		old := w.peer
		if w.peer, err = s.newPeer(w); err != nil {
			w.peer = old
			return nil, err
		}
		w.shut(ctx, old)
	}
	if err := w.settle(ctx, draft, a); err != nil {
		return nil, err
	}
	if err := s.check(w); err != nil {
		return nil, err
	}
	telling, stop := context.WithCancel(context.WithoutCancel(ctx))
	w.stop = stop
	w.working.Go(func() { w.trickle(telling) })
	if err := w.await(ctx, mediaTime); err != nil {
		return nil, err
	}
	w.born = time.Now()
	return w, nil
}

func (s *session) newPeer(w *way) (*rtc.Peer, error) {
	set := rtc.Settings{Lane: s.kit.Media, RelayOnly: s.kit.RelayOnly, NoHost: s.kit.NoHostCandidates, Loopback: s.loopback, Phone: s.watch, Log: s.kit.Log}
	return rtc.NewPeer(set, w.handlers(s.hosts, s.remote))
}

// describe adds what the session sends or receives.
func (s *session) describe(w *way) (err error) {
	if s.watch {
		return w.peer.ExpectTracks(1, 1)
	}
	// One stream, with one track of a kind (RFC 9725, section 4.4.2). Nothing is
	// sent on either before somebody publishes.
	w.voice, err = w.peer.Publish(rtc.Offer{ID: "voice", Stream: s.stream, Codec: codec.Opus, Maybe: true}, s.voice.asks)
	if err != nil {
		return err
	}
	w.voice.Mute(true)
	w.picture, err = w.peer.Publish(rtc.Offer{ID: "picture", Stream: s.stream, Codec: s.pictures[0], Or: s.pictures[1:], Maybe: true}, s.picture.asks)
	if err != nil {
		return err
	}
	w.picture.Mute(true)
	return nil
}

// settle takes what the server made of our draft.
func (w *way) settle(ctx context.Context, draft string, a accepted) error {
	broken := func(err error) error {
		w.log("description", err)
		return &sfu.JoinError{Why: sfu.BadProtocol}
	}
	if err := w.peer.UseRelays(a.relays); err != nil {
		return broken(err)
	}
	w.sections = sections(a.description)
	if !a.counter {
		if err := w.peer.Keep(draft); err != nil {
			return broken(err)
		}
		if err := w.peer.Accept(a.description); err != nil {
			return broken(err)
		}
		w.answer = a.description
		// All share one way, so candidates count wherever they are: some servers put
		// them into a section that they refuse.
		f, _ := readFragment(a.description)
		for _, c := range f.candidates {
			if err := w.peer.AddCandidate(rtc.Candidate{Line: c}); err != nil {
				return broken(err)
			}
		}
		return nil
	}
	answer, err := w.peer.Answer(a.description)
	if err != nil {
		return broken(err)
	}
	w.offer = strict(answer)
	w.answer = a.description
	r, err := w.door.patch(ctx, w.session, "", typeSDP, w.offer)
	switch {
	case errors.Is(err, errCannot):
		return &sfu.JoinError{Why: sfu.OfferRefused, Detail: sfu.Hide(words(r), w.door.hidden...)}
	case errors.Is(err, errGone):
		return &sfu.JoinError{Why: sfu.BadProtocol}
	}
	return err
}

// check refuses what the server has left nothing of.
func (s *session) check(w *way) error {
	if slices.ContainsFunc(w.sections, func(x section) bool {
		return s.watch && x.sends() && x.codec != "" || !s.watch && x.takes() && x.codec != ""
	}) {
		return nil
	}
	return &sfu.JoinError{Why: sfu.OfferRefused}
}

// state takes how the media connection is. What is over stays so.
func (w *way) state(st rtc.State) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if st == rtc.Connecting || st == w.is || w.is == rtc.Failed || w.is == rtc.Closed {
		return
	}
	w.is = st
	close(w.changed)
	w.changed = make(chan struct{})
	if st != rtc.Connected {
		select {
		case w.trouble <- struct{}{}:
		default:
		}
	}
}

// how is the media connection's state.
func (w *way) how() rtc.State {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.is
}

// await waits until media gets through.
func (w *way) await(ctx context.Context, most time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for {
		w.mu.Lock()
		is, changed := w.is, w.changed
		w.mu.Unlock()
		switch is {
		case rtc.Connected:
			return nil
		case rtc.Failed, rtc.Closed:
			return &sfu.JoinError{Why: sfu.NoMedia}
		case rtc.Connecting, rtc.Shaky:
		}
		select {
		case <-changed:
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return &sfu.JoinError{Why: sfu.NoMedia}
		}
	}
}

// close ends the way, at the server as well. Nothing is left of it when it
// returns.
func (w *way) close(ctx context.Context) {
	w.stop()
	for _, o := range []*rtc.Outlet{w.voice, w.picture} {
		if o != nil {
			o.Mute(true)
		}
	}
	if w.session != "" {
		w.door.end(ctx, w.session)
	}
	w.shut(ctx, w.peer)
	w.working.Wait()
}

// shut ends a media connection.
func (w *way) shut(ctx context.Context, p *rtc.Peer) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	if err := p.Close(ctx); err != nil {
		w.log("close media", err)
	}
}
