package galene

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"
	"unicode/utf8"

	"paravent/media/rtc"
	"paravent/media/sfu"
)

// A session is one stay in one group, also over cut connections.
type session struct {
	kit      sfu.Kit
	door     *door
	loopback bool
	events   *sfu.Queue
	hosts    *sfu.Hosts
	desk     *desk
	done     chan struct{} // closed when the session is over
	gone     chan struct{} // closed when nothing of it is left
	bell     chan struct{} // rung when the outbox has something
	working  sync.WaitGroup

	mu       sync.Mutex // guards everything that follows
	self     sfu.Member // its ID is the first number
	settled  bool
	number   string          // ours in the group, now
	ghosts   map[string]bool // numbers of ours that the server may not have missed yet
	username string          // as the server calls us
	group    string
	room     sfu.Foreign
	locked   bool
	rights   []string
	caps     sfu.Caps
	relays   []rtc.Relay
	people   map[sfu.MemberID]sfu.Member
	record   bool
	outlets  map[*outlet]bool
	ways     map[string]*way  // by the stream's id
	downs    map[string]*down // by the stream's id
	count    int              // of streams that others began
	tracks   map[sfu.TrackID]*track
	seen     *seen
	replies  int // to files that were offered
	outbox   []says
	line     *line // nil while cut
	pings    pings
	link     sfu.Link
	stale    time.Time // until when streams may come again after a cut; zero if none are waited for
	again    time.Time // when all is requested once more; zero if it is not
	returns  []time.Time
	farewell sfu.Ended
	told     bool // farewell is the server's word
	ended    bool
	past     map[sfu.Source]sfu.Sent
	bytes    [2]uint64 // up and down, of ways that are no more
}

var _ sfu.Session = (*session)(nil)

// begin tells what there is and starts the session's goroutines. All end when done
// is closed.
func (s *session) begin(l *line, in *entry) {
	ctx, cancel := context.WithCancel(context.Background())
	s.mu.Lock()
	s.link = sfu.LinkUp
	s.mu.Unlock()
	later := s.arrive(in)
	s.put(sfu.Settled{})
	s.mu.Lock()
	s.settled = true
	s.mu.Unlock()
	s.handleAll(later)
	s.working.Go(func() { s.desk.run(s.done) })
	s.working.Go(func() { s.follow(ctx, l) })
	s.working.Go(func() { s.kit.Moved(ctx, s.moved) })
	go func() {
		<-s.done
		s.sayGoodbye()
		cancel()
		s.closeAll()
		s.working.Wait()
		close(s.gone)
	}()
}

// closeTime bounds how long leaving takes.
const closeTime = 1500 * time.Millisecond

// sayGoodbye tells the server that we go, so that the others know at once.
func (s *session) sayGoodbye() {
	s.mu.Lock()
	l, left, group := s.line, s.farewell.Why == sfu.Left, s.group
	s.mu.Unlock()
	if l == nil || !left {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_ = l.say(ctx, says{"type": "join", "kind": "leave", "group": group}, true) // good manners only
}

// closeAll ends all that the session holds.
func (s *session) closeAll() {
	s.mu.Lock()
	l := s.line
	for _, t := range s.tracks {
		t.end()
	}
	for _, w := range s.ways {
		s.shut(w)
	}
	s.mu.Unlock()
	if l != nil {
		l.close()
	}
}

// end ends the session for the given reason; only the first counts.
func (s *session) end(e sfu.Ended) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.ended, s.farewell = true, e
	for o := range s.outlets {
		o.hush(true)
	}
	s.put(e)
	close(s.done)
}

func (s *session) over() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// put adds an event.
func (s *session) put(e sfu.Event) { s.events.Put(e) }

func (s *session) debug(what string, err error) {
	if s.kit.Log != nil && err != nil {
		s.kit.Log.Debug(what, "err", err)
	}
}

// Self is this person's own entry in the roster.
func (s *session) Self() sfu.Member {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.self
}

// RoomName is what the server calls the group.
func (s *session) RoomName() sfu.Foreign {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.room
}

// Caps says what this server, and this pass, allow.
func (s *session) Caps() sfu.Caps {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.caps
}

// Events gives what happens.
func (s *session) Events() <-chan sfu.Event { return s.events.Events() }

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

// Say sends a chat message to all. It arrives here as well, when the server has
// passed it on.
func (s *session) Say(_ context.Context, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended:
		return sfu.ErrEnded
	case !s.caps.Chat:
		return fmt.Errorf("chat: %w", sfu.ErrUnsupported)
	case text == "" || len(text) > maxText || !utf8.ValidString(text):
		return errors.New("chat: the message is empty, or too long")
	}
	return s.queue(says{"type": "chat", "source": s.number, "username": s.username, "value": text})
}

// SetHand raises or lowers this person's hand, where Galene's own pages look for
// it.
func (s *session) SetHand(_ context.Context, up bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return sfu.ErrEnded
	}
	var value any // null takes it away
	if up {
		value = true
	}
	return s.queue(says{
		"type": "useraction", "kind": "setdata", "source": s.number, "username": s.username, "dest": s.number,
		"value": map[string]any{handData: value},
	})
}

var _ sfu.Keeper = (*session)(nil)

// Remove sends a member away.
func (s *session) Remove(_ context.Context, id sfu.MemberID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended:
		return sfu.ErrEnded
	case !s.caps.Remove:
		return fmt.Errorf("remove: %w", sfu.ErrUnsupported)
	case s.people[id].ID == "":
		return errors.New("remove: there is no such member")
	}
	return s.queue(says{"type": "useraction", "kind": "kick", "source": s.number, "username": s.username, "dest": string(id)})
}

// Lock lets nobody else in, or people in again.
func (s *session) Lock(_ context.Context, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended:
		return sfu.ErrEnded
	case !s.caps.Lock:
		return fmt.Errorf("lock: %w", sfu.ErrUnsupported)
	}
	kind := map[bool]string{true: "lock", false: "unlock"}[on]
	return s.queue(says{"type": "groupaction", "kind": kind, "source": s.number, "username": s.username})
}

// Stats returns the counters of now.
func (s *session) Stats() sfu.Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := sfu.Stats{Sent: maps.Clone(s.past), Got: make(map[sfu.TrackID]sfu.Got), BytesUp: s.bytes[0], BytesDown: s.bytes[1], RTT: s.pings.rtt}
	for o := range s.outlets {
		st.Sent[o.offer.Source] = st.Sent[o.offer.Source].Plus(o.sent())
	}
	for id, t := range s.tracks {
		if t.inlet != nil {
			st.Got[id] = sfu.Got(t.inlet.media.Stats())
		}
	}
	for _, w := range s.ways {
		if d := w.peer.RTT(); d > 0 {
			st.RTT = d
		}
		if w.out != nil {
			st.Up += w.peer.Up()
			st.Header = max(st.Header, w.peer.Header())
		}
		up, down := w.peer.Bytes()
		st.BytesUp += up
		st.BytesDown += down
	}
	return st
}

// maxOutbox bounds what waits to be sent.
const maxOutbox = 1024

// queue puts a message on its way. What waits while the connection is cut is worth
// nothing on the next one. It must be called with mu held.
func (s *session) queue(m says) error {
	if len(s.outbox) >= maxOutbox {
		return errors.New("signalling: too much is waiting")
	}
	s.outbox = append(s.outbox, m)
	s.ring()
	return nil
}

// say is queue for what may be lost: the server then does not know it, and the way
// in question is mended.
func (s *session) say(m says) { s.debug("signalling", s.queue(m)) }

func (s *session) ring() {
	select {
	case s.bell <- struct{}{}:
	default:
	}
}
