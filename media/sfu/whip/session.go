package whip

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"paravent/media/codec"
	"paravent/media/rtc"
	"paravent/media/sfu"
)

// A session is one stay in a room, over one way after another.
type session struct {
	kit      sfu.Kit
	door     door
	watch    bool
	loopback bool
	stream   string       // our MediaStream's name
	pictures []codec.Name // that we can send, the preferred first
	hosts    *sfu.Hosts
	events   *sfu.Queue
	self     sfu.Member
	done     chan struct{}   // closed when the session is over
	gone     chan struct{}   // closed when nothing of it is left
	bell     chan struct{}   // rung when there is another way to look after
	life     context.Context //nolint:containedctx // ends with done, for what verbs begin
	kill     context.CancelFunc
	working  sync.WaitGroup

	turn sync.Mutex // held while the way is replaced or mended; before mu

	mu      sync.Mutex // guards everything that follows
	way     *way       // nil while there is none, because nothing is sent
	voice   *slot
	picture *slot
	tracks  map[sfu.TrackID]track
	inlets  map[sfu.TrackID]*inlet
	caps    sfu.Caps
	link    sfu.Link
	past    map[sfu.Source]sfu.Sent
	bytes   [2]uint64 // up and down, of ways that are no more
	ended   bool
}

var _ sfu.Session = (*session)(nil)

// The members that stand for those who are not named.
const (
	audience  sfu.MemberID = "audience"
	broadcast sfu.MemberID = "broadcast"
)

// begin tells what there is and starts the session's goroutines. All end when
// done is closed.
func (s *session) begin(w *way) {
	s.bell = make(chan struct{}, 1)
	s.life, s.kill = context.WithCancel(context.Background())
	if s.watch {
		s.events.Put(sfu.MemberJoined{Member: sfu.Member{ID: broadcast, Name: "broadcast", Role: sfu.Broadcast}})
	} else {
		s.events.Put(sfu.MemberJoined{Member: sfu.Member{ID: audience, Name: "audience", Role: sfu.Audience}})
	}
	s.mu.Lock()
	s.adopt(w)
	s.caps = s.capsOf(w)
	s.mu.Unlock()
	s.events.Put(sfu.Settled{})
	s.working.Go(func() { s.follow(s.life) })
	s.working.Go(func() { s.kit.Moved(s.life, s.moved) })
	go func() {
		<-s.done
		s.kill()
		s.turn.Lock()
		s.mu.Lock()
		last := s.way
		s.way = nil
		for _, in := range s.inlets {
			in.media.End(nil)
		}
		s.mu.Unlock()
		if last != nil {
			last.close(context.Background())
		}
		s.turn.Unlock()
		s.working.Wait()
		close(s.gone)
	}()
}

// capsOf reads what the server takes, or gives.
func (s *session) capsOf(w *way) sfu.Caps {
	if s.watch {
		return sfu.Caps{Publish: map[sfu.Source]bool{}, Watch: true}
	}
	c := sfu.Caps{Publish: map[sfu.Source]bool{}}
	if _, ok := w.taken(w.voice); ok {
		c.Publish[sfu.Microphone] = true
	}
	if name, ok := w.taken(w.picture); ok {
		c.Publish[sfu.Camera], c.Publish[sfu.Screen] = true, true
		c.Pictures = []codec.Name{name}
	}
	return c
}

// taken returns in which codec the server takes what an outlet sends; false if it
// does not.
func (w *way) taken(o *rtc.Outlet) (codec.Name, bool) {
	for _, x := range w.sections {
		if x.mid == o.Mid() && x.takes() {
			return o.Codec()
		}
	}
	return "", false
}

// adopt makes w the session's way. It must be called with mu held.
func (s *session) adopt(w *way) {
	s.way = w
	s.voice.move(w.voice)
	s.picture.move(w.picture)
	if s.watch {
		s.takeTracks(w)
	}
	s.ring()
}

func (s *session) ring() {
	select {
	case s.bell <- struct{}{}:
	default:
	}
}

// drop takes the way away and returns it. It must be called with mu held.
func (s *session) drop() *way {
	w := s.way
	if w == nil {
		return nil
	}
	s.way = nil
	s.voice.move(nil)
	s.picture.move(nil)
	up, down := w.peer.Bytes()
	s.bytes[0] += up
	s.bytes[1] += down
	return w
}

// follow looks after the way until the session is over.
func (s *session) follow(ctx context.Context) {
	for {
		s.mu.Lock()
		w := s.way
		s.mu.Unlock()
		var trouble chan struct{}
		if w != nil {
			trouble = w.trouble
		}
		select {
		case <-s.done:
			return
		case <-s.bell:
		case <-trouble:
			s.heal(ctx, w)
		}
	}
}

// moved takes that this machine is connected in another way now.
func (s *session) moved() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.way != nil {
		s.way.peer.Doubt(sfu.ProofTime)
	}
}

// heal mends a way that was cut, or ends the session.
func (s *session) heal(ctx context.Context, w *way) {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.mu.Lock()
	stale := s.way != w || s.ended || w.how() == rtc.Connected
	s.mu.Unlock()
	if stale {
		return
	}
	if s.idle() && s.mend(ctx, w) == nil {
		return // nobody has noticed
	}
	s.tellLink(sfu.LinkResuming)
	if err := sfu.Mend(ctx, s.kit.Network, func(ctx context.Context) error { return s.mend(ctx, w) }); err != nil {
		s.end(s.lost(err))
		return
	}
	s.tellLink(sfu.LinkUp)
}

// idle reports whether nothing is sent that could be missed.
func (s *session) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.watch && !s.voice.sending() && !s.picture.sending()
}

// mend brings the way back: by itself, by new candidates, or by another session.
// Servers do not keep a way on which nothing comes, so while nothing is sent none
// is made. It must be called with turn held.
func (s *session) mend(ctx context.Context, w *way) error {
	switch w.how() {
	case rtc.Connected:
		return nil
	case rtc.Shaky:
		err := w.restart(ctx)
		if err == nil {
			err = w.await(ctx, restartTime)
		}
		if !errors.Is(err, errGone) && !errors.Is(err, errCannot) && !isProblem(err, sfu.NoMedia) {
			return err
		}
	case rtc.Connecting, rtc.Failed, rtc.Closed:
	}
	if s.idle() {
		s.mu.Lock()
		old := s.drop()
		s.mu.Unlock()
		if old != nil {
			old.close(ctx)
		}
		return nil
	}
	err := s.replace(ctx)
	if s.watch && isProblem(err, sfu.NoSuchRoom) {
		return errNothing // whoever sends may be coming back as well
	}
	return err
}

func isProblem(err error, why sfu.JoinProblem) bool {
	no := (*sfu.JoinError)(nil)
	return errors.As(err, &no) && no.Why == why
}

// errNothing is of a stream that nobody sends at the moment.
var errNothing = errors.New("nothing is sent there at the moment")

// replace makes a new way in place of the old one, if there is any. It must be
// called with turn held. One server in two takes only one session at a time, so
// the old one ends first.
func (s *session) replace(ctx context.Context) error {
	s.mu.Lock()
	old := s.drop()
	s.mu.Unlock()
	if old != nil {
		old.close(ctx)
	}
	w, err := s.open(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		s.working.Go(func() { w.close(context.Background()) })
		return sfu.ErrEnded
	}
	s.adopt(w)
	return nil
}

// lost says why the session ended when mending failed.
func (s *session) lost(err error) sfu.Ended {
	if errors.Is(err, errNothing) {
		return sfu.Ended{Why: sfu.Closed}
	}
	return sfu.EndUnsaid(err)
}

func (s *session) tellLink(l sfu.Link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link != l && !s.ended {
		s.link = l
		s.events.Put(sfu.LinkChanged{Link: l})
	}
}

// end ends the session for the given reason; only the first counts.
func (s *session) end(e sfu.Ended) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.ended = true
	s.voice.mute()
	s.picture.mute()
	s.events.Put(e)
	close(s.done)
}

func (s *session) debug(what string, err error) {
	if s.kit.Log != nil {
		s.kit.Log.Debug(what, "err", err)
	}
}

// Self is this person's own entry in the roster.
func (s *session) Self() sfu.Member { return s.self }

// RoomName is a word, for the server names none.
func (s *session) RoomName() sfu.Foreign { return "stream" }

// Caps says what this server takes, or gives.
func (s *session) Caps() sfu.Caps {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.caps
}

// Events gives what happens.
func (s *session) Events() <-chan sfu.Event { return s.events.Events() }

// Say returns sfu.ErrUnsupported: there is no chat.
func (s *session) Say(context.Context, string) error { return s.unsupported() }

// SetHand returns sfu.ErrUnsupported: there are no hands.
func (s *session) SetHand(context.Context, bool) error { return s.unsupported() }

func (s *session) unsupported() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return sfu.ErrEnded
	}
	return sfu.ErrUnsupported
}

// Stats returns the counters of now.
func (s *session) Stats() sfu.Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := sfu.Stats{Sent: maps.Clone(s.past), Got: make(map[sfu.TrackID]sfu.Got), BytesUp: s.bytes[0], BytesDown: s.bytes[1]}
	for _, l := range []*slot{s.voice, s.picture} {
		if o := l.owner; o != nil {
			st.Sent[o.offer.Source] = st.Sent[o.offer.Source].Plus(l.sent())
		}
	}
	for id, in := range s.inlets {
		st.Got[id] = sfu.Got(in.media.Stats())
	}
	if w := s.way; w != nil {
		st.RTT = w.peer.RTT()
		if !s.watch {
			st.Up, st.Header = w.peer.Up(), w.peer.Header()
		}
		up, down := w.peer.Bytes()
		st.BytesUp += up
		st.BytesDown += down
	}
	return st
}

// Leave ends the session and returns when nothing of it is left.
func (s *session) Leave(ctx context.Context) error {
	s.end(sfu.Ended{Why: sfu.Left})
	select {
	case <-s.gone:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("leave: %w", ctx.Err())
	}
}

// late reports whether a way is too old to begin a track on: some servers have
// settled by then which tracks there are.
func (w *way) late() bool { return time.Since(w.born) > time.Second }
