package janus

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/coder/websocket"

	"paravent/media/rtc"
	"paravent/media/sfu"
	"paravent/privacy/secret"
)

// A session is one stay in one room, also over cut connections.
type session struct {
	kit      sfu.Kit
	dialer   dialer
	name     string // ours, as shown to the others
	events   *sfu.Queue
	hosts    *sfu.Hosts
	done     chan struct{}   // closed when the session is over
	gone     chan struct{}   // closed when nothing of it is left
	life     context.Context //nolint:containedctx // ends when the session does, for what goes on by itself
	kill     context.CancelFunc
	working  sync.WaitGroup
	sender   *sender
	receiver *receiver

	mu        sync.Mutex    // guards everything that follows, and what sender and receiver say it does
	token     secret.Secret // of servers that want one with every request
	number    uint64        // of the session at the server
	handle    uint64        // that is in the room
	id        ident         // ours
	privateID uint64
	self      sfu.Member
	room      ident
	title     sfu.Foreign
	roster    bool // those who send nothing are told of as well
	people    map[sfu.MemberID]*person
	tracks    map[sfu.TrackID]*remoteTrack
	places    map[place]sfu.TrackID    // where they are sent
	serial    int                      // of tracks; no two have the same name
	heard     map[sfu.MemberID]float64 // who speaks, decibels below full scale
	inlets    map[sfu.TrackID]*inlet
	line      *line // nil while cut
	forgotten bool  // the server knows us no more
	orderly   bool  // the last connection was closed, not cut
	link      sfu.Link
	past      map[sfu.Source]sfu.Sent
	bytes     [2]uint64 // up and down, of media connections that are no more
	ended     bool
	farewell  sfu.Ended
}

var _ sfu.Session = (*session)(nil)

// begin starts the session's goroutines. All end when done is closed.
func (s *session) begin(l *line) {
	s.working.Go(func() { s.follow(l) })
	s.working.Go(func() { s.kit.Moved(s.life, s.moved) })
	s.working.Go(s.sender.run)
	s.working.Go(s.receiver.run)
	go func() {
		<-s.done
		s.sayGoodbye()
		s.kill()
		s.closeAll()
		s.working.Wait()
		close(s.gone)
	}()
}

const (
	// goodbyeTime bounds the wait for the server's word when we go: a connection that
	// is closed before may take our own word with it.
	goodbyeTime = time.Second
	// apartTime is how long a room takes to be taken apart, as a rule.
	apartTime = 500 * time.Millisecond
	// closeTime bounds how long a media connection takes to end.
	closeTime = 1500 * time.Millisecond
)

// sayGoodbye tells the server that we go, so that the others know at once.
func (s *session) sayGoodbye() {
	s.mu.Lock()
	l, closed := s.line, s.farewell.Why == sfu.Closed
	s.mu.Unlock()
	if l == nil {
		return
	}
	if closed { // 2026-11: Janus 1.1.2 may crash when people leave a room that it is just taking apart
		t := time.NewTimer(apartTime)
		defer t.Stop()
		<-t.C
	}
	ctx, cancel := context.WithTimeout(context.Background(), goodbyeTime)
	defer cancel()
	_, _ = l.ask(ctx, s.request("destroy", 0, nil, nil), false) // good manners only
}

// closeAll ends all that the session holds.
func (s *session) closeAll() {
	s.mu.Lock()
	l := s.line
	peers := []*rtc.Peer{s.sender.peer, s.receiver.peer}
	for _, in := range s.inlets {
		in.media.End(nil)
	}
	s.mu.Unlock()
	for _, p := range peers {
		s.closePeer(p)
	}
	if l != nil {
		l.close()
	}
}

func (s *session) closePeer(p *rtc.Peer) {
	if p == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	s.debug("close media", p.Close(ctx))
}

// abandon ends a session that did not come about.
func (s *session) abandon() {
	s.end(sfu.Ended{Why: sfu.Left})
	s.kill()
	s.working.Wait()
	for range s.events.Events() { // nobody reads them
		continue
	}
}

// end ends the session for the given reason; only the first counts.
func (s *session) end(e sfu.Ended) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endLocked(e)
}

// endLocked must be called with mu held.
func (s *session) endLocked(e sfu.Ended) {
	if s.ended {
		return
	}
	s.ended, s.farewell = true, e
	for _, o := range s.sender.outlets {
		o.hush(true)
	}
	s.events.Put(e)
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

// broken ends a session whose server does not keep to the protocol.
func (s *session) broken(err error) {
	if !s.over() {
		s.debug("protocol broken", err)
		s.end(sfu.Ended{Why: sfu.Broken})
	}
}

func (s *session) debug(what string, err error) {
	if err != nil && s.kit.Log != nil {
		s.kit.Log.Debug(what, "err", err)
	}
}

// Self is this person's own entry in the roster.
func (s *session) Self() sfu.Member {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.self
}

// RoomName is what the server calls the room.
func (s *session) RoomName() sfu.Foreign {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.title
}

// Caps says what the server has.
func (s *session) Caps() sfu.Caps {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sfu.Caps{
		Publish: map[sfu.Source]bool{sfu.Camera: true, sfu.Microphone: true, sfu.Screen: true, sfu.ScreenSound: true},
		Roster:  s.roster, Watch: true, Tracks: true, Mute: true, Layers: true,
	}
}

// Events gives what happens.
func (s *session) Events() <-chan sfu.Event { return s.events.Events() }

// Say returns sfu.ErrUnsupported: there is no chat.
func (s *session) Say(context.Context, string) error { return s.unsupported() }

// SetHand returns sfu.ErrUnsupported: there are no hands.
func (s *session) SetHand(context.Context, bool) error { return s.unsupported() }

func (s *session) unsupported() error {
	if s.over() {
		return sfu.ErrEnded
	}
	return sfu.ErrUnsupported
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

// Stats returns the counters of now.
func (s *session) Stats() sfu.Stats {
	s.mu.Lock()
	st := sfu.Stats{Sent: maps.Clone(s.past), Got: make(map[sfu.TrackID]sfu.Got), BytesUp: s.bytes[0], BytesDown: s.bytes[1]}
	for _, o := range s.sender.outlets {
		st.Sent[o.offer.Source] = st.Sent[o.offer.Source].Plus(o.sent())
	}
	for id, in := range s.inlets {
		st.Got[id] = sfu.Got(in.media.Stats())
	}
	up, down := s.sender.peer, s.receiver.peer
	s.mu.Unlock()
	for _, p := range []*rtc.Peer{up, down} {
		if p == nil {
			continue
		}
		if st.RTT == 0 {
			st.RTT = p.RTT()
		}
		u, d := p.Bytes()
		st.BytesUp += u
		st.BytesDown += d
	}
	if up != nil {
		st.Up, st.Header = up.Up(), up.Header()
	}
	return st
}

// retire counts what went over a media connection that is being replaced. It must be
// called with mu held.
func (s *session) retire(p *rtc.Peer) {
	if p != nil {
		up, down := p.Bytes()
		s.bytes[0] += up
		s.bytes[1] += down
	}
}

// tellLink must be called with mu held.
func (s *session) tellLink() {
	now := sfu.LinkUp
	if s.line == nil || s.sender.trouble || s.receiver.trouble {
		now = sfu.LinkResuming
	}
	if s.link != now && !s.ended {
		s.link = now
		s.events.Put(sfu.LinkChanged{Link: now})
	}
}

const (
	// keepEvery is how often the server hears from us, which forgets us after a
	// minute, and is heard from.
	keepEvery = 5 * time.Second
	// patience is how long the server may say nothing.
	patience = 12 * time.Second
	// doubtTime is how soon a server must answer from which no media comes.
	doubtTime = 3 * time.Second
	// lookEvery is how often it is seen whether the server was silent for too long.
	lookEvery = 500 * time.Millisecond
)

// moved takes that this machine is connected in another way now.
func (s *session) moved() {
	s.mu.Lock()
	l, trouble := s.line, s.link == sfu.LinkResuming
	for _, d := range []*side{&s.sender.side, &s.receiver.side} {
		if d.peer != nil {
			d.peer.Doubt(sfu.ProofTime)
		}
		d.restart = d.restart || d.trouble && d.up // one that is new finds its way, or is replaced
		ring(d.bell)
	}
	s.mu.Unlock()
	switch {
	case l == nil:
	case trouble && s.kit.Online():
		l.close()
	default:
		s.question(l, sfu.ProofTime)
	}
}

// question makes the server give a sign of life soon, or the connection counts as cut.
func (s *session) question(l *line, soon time.Duration) {
	l.doubt(soon)
	s.debug("keep", l.write(s.life, s.request("keepalive", 0, nil, nil)))
}

// follow takes what the server says, and mends the connection when it is cut, until
// the session is over.
func (s *session) follow(l *line) {
	s.take(l)
	s.events.Put(sfu.Settled{})
	for {
		err := s.converse(l)
		if s.over() { // the farewell still needs it
			return
		}
		l.close()
		s.lose(l, err)
		if errors.Is(err, errBroken) {
			s.broken(err)
			return
		}
		if l, err = s.mend(); err != nil {
			s.end(sfu.EndUnsaid(err))
			return
		}
		s.take(l)
	}
}

// take makes l the session's connection; lose takes it away.
func (s *session) take(l *line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line, s.forgotten = l, false
	s.tellLink()
	ring(s.sender.bell)
	ring(s.receiver.bell)
}

func (s *session) lose(l *line, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line == l {
		s.line = nil
	}
	s.orderly = websocket.CloseStatus(err) == websocket.StatusNormalClosure || websocket.CloseStatus(err) == websocket.StatusGoingAway
	s.tellLink()
}

// converse takes what the server says until the connection is cut.
func (s *session) converse(l *line) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var kept time.Time
	for {
		select {
		case <-s.done:
			return nil
		case m := <-l.events:
			s.handleOne(m)
			if m.Janus == "timeout" {
				return errCut
			}
		case <-l.dead:
			for { // what it said before is not lost
				select {
				case m := <-l.events:
					s.handleOne(m)
					continue
				default:
				}
				return l.why()
			}
		case now := <-tick.C:
			if l.silent(now) > patience {
				return errCut
			}
			if now.Sub(kept) >= keepEvery {
				kept = now
				if err := l.write(s.life, s.request("keepalive", 0, nil, nil)); err != nil {
					return err
				}
			}
		}
	}
}

// handleOne takes one thing that the server says by itself.
func (s *session) handleOne(m message) {
	if m.Janus == "trickle" {
		s.trickled(m)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ours, theirs := m.Sender != 0 && m.Sender == s.handle, m.Sender != 0 && m.Sender == s.receiver.handle
	switch m.Janus {
	case "event":
		switch {
		case ours:
			s.handleRoom(m.Plugin.Data)
		case theirs:
			s.receiver.offered(m)
		}
	case "hangup":
		switch {
		case ours:
			s.sender.hungUp()
		case theirs:
			s.receiver.hungUp()
		}
	case "detached":
		switch {
		case ours:
			s.endLocked(sfu.Ended{Why: sfu.Removed})
		case theirs:
			s.receiver.hungUp()
		}
	case "timeout":
		s.forgotten = true
	}
}

// trickled takes a place where the server may be reached.
func (s *session) trickled(m message) {
	s.mu.Lock()
	var p *rtc.Peer
	switch m.Sender {
	case 0:
	case s.handle:
		p = s.sender.peer
	case s.receiver.handle:
		p = s.receiver.peer
	}
	s.mu.Unlock()
	if p != nil {
		s.debug("candidate", p.AddCandidate(rtc.Candidate{Line: m.Candidate.Candidate, Mid: m.Candidate.Mid}))
	}
}

// forget takes that the server knows us no more, or does not answer: the
// connection is made anew.
func (s *session) forget(known bool) {
	s.mu.Lock()
	l := s.line
	s.forgotten = s.forgotten || !known
	s.mu.Unlock()
	if l != nil {
		l.close()
	}
}

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}
