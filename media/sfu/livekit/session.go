package livekit

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"paravent/media/codec"
	"paravent/media/rtc"
	"paravent/media/sfu"
	"paravent/media/sfu/livekit/wire"
	"paravent/privacy/secret"
)

// A session is one stay in one room, also over cut connections.
type session struct {
	kit       sfu.Kit
	dialer    dialer
	mode      Mode // as it came about
	events    *sfu.Queue
	notes     *notes
	hosts     *sfu.Hosts
	done      chan struct{} // closed when the session is over
	gone      chan struct{} // closed when nothing of it is left
	connected chan struct{} // closed when media got through for the first time
	tasks     chan func()   // of the desk
	bell      chan struct{} // rung when the outbox has something
	working   sync.WaitGroup
	desk      desk       // the desk's
	saying    sync.Mutex // held while a chat message is sent
	posting   sync.Mutex // held while a file is sent
	arrivals  *arrivals

	mu       sync.Mutex // guards everything that follows
	token    secret.Secret
	self     sfu.Member
	number   string // our SID
	room     sfu.Foreign
	caps     sfu.Caps
	injected []byte // ends the frames that the server makes itself
	record   bool
	people   map[sfu.MemberID]*person
	numbers  map[string]sfu.MemberID // by SID
	tracks   map[sfu.TrackID]*remoteTrack
	outlets  map[string]*outlet // by what we call them in signalling
	inlets   map[sfu.TrackID]*inlet
	remotes  map[sfu.TrackID]*rtc.Remote // that the server sends, or did
	heard    map[sfu.MemberID]float32    // who speaks, how loud
	requests uint32
	answers  map[uint32]chan *wire.RequestResponse
	outbox   []*wire.SignalRequest
	line     *line // nil while cut
	pings    pings
	peers    peers
	farewell sfu.Ended
	ended    bool
	leaving  *wire.LeaveRequest // what the server asked for last
	open     bool               // connected was closed
	orderly  bool               // the last connection was closed, not cut
	link     sfu.Link
	codecs   map[codec.Name]bool // that the server takes; nil is all
	past     map[sfu.Source]sfu.Sent
}

type pings struct {
	every, patience time.Duration
	heard, sent     time.Time
	rtt             time.Duration
}

// begin starts the session's goroutines. All end when done is closed.
func (s *session) begin(l *line, name string) {
	ctx, cancel := context.WithCancel(context.Background())
	s.working.Go(s.runDesk)
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
	s.mu.Lock()
	defer s.mu.Unlock()
	if name != "" && name != string(s.self.Name) && s.caps.Hand { // the same right
		s.queue(&wire.SignalRequest{Message: &wire.SignalRequest_UpdateMetadata{UpdateMetadata: &wire.UpdateParticipantMetadata{Name: name}}})
	}
}

// closeTime bounds how long leaving takes.
const closeTime = 1500 * time.Millisecond

// sayGoodbye tells the server that we go, so that the others know at once.
func (s *session) sayGoodbye() {
	s.mu.Lock()
	l, left := s.line, s.farewell.Why == sfu.Left
	s.mu.Unlock()
	if l == nil || !left {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_ = l.write(ctx, &wire.SignalRequest{Message: &wire.SignalRequest_Leave{Leave: &wire.LeaveRequest{Reason: reasonClient}}}) // good manners only
}

// closeAll ends all that the session holds.
func (s *session) closeAll() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	s.mu.Lock()
	l, p := s.line, s.peers
	inlets := make([]*inlet, 0, len(s.inlets))
	for _, in := range s.inlets {
		inlets = append(inlets, in)
	}
	s.mu.Unlock()
	for _, in := range inlets {
		in.media.End(nil)
	}
	p.close(ctx, s.kit.Log)
	s.arrivals.drop()
	if l != nil {
		l.close()
	}
}

// abandon is begin's counterpart for a session that did not come about.
func (s *session) abandon(l *line) {
	l.close()
	s.end(sfu.Ended{Why: sfu.Left})
	s.closeAll()
	s.drain()
}

// drain lets the queue of events end, which nobody reads.
func (s *session) drain() {
	for range s.events.Events() {
		continue
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
	return s.room
}

// Caps says what this server, and this pass, allow.
func (s *session) Caps() sfu.Caps {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.caps
	c.Injected = s.injected
	return c
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

// Stats returns the counters of now.
func (s *session) Stats() sfu.Stats {
	s.mu.Lock()
	p, rtt := s.peers, s.pings.rtt
	st := sfu.Stats{Sent: make(map[sfu.Source]sfu.Sent), Got: make(map[sfu.TrackID]sfu.Got)}
	outlets := make([]*outlet, 0, len(s.outlets))
	for _, o := range s.outlets {
		outlets = append(outlets, o)
	}
	inlets := make([]*inlet, 0, len(s.inlets))
	for _, in := range s.inlets {
		inlets = append(inlets, in)
	}
	maps.Copy(st.Sent, s.past)
	s.mu.Unlock()
	for _, o := range outlets {
		st.Sent[o.offer.Source] = st.Sent[o.offer.Source].Plus(o.sent())
	}
	st.RTT = p.rtt()
	for _, in := range inlets {
		st.Got[in.id] = sfu.Got(in.media.Stats())
	}
	if st.RTT == 0 {
		st.RTT = rtt
	}
	st.Up, st.Header = p.estimate(), p.header()
	st.BytesUp, st.BytesDown = p.bytes()
	return st
}

// send puts a message on its way. While the connection is cut it waits.
func (s *session) send(m *wire.SignalRequest) {
	s.mu.Lock()
	s.queue(m)
	s.mu.Unlock()
}

// maxOutbox bounds what waits while the connection is cut.
const maxOutbox = 512

// queue must be called with mu held.
func (s *session) queue(m *wire.SignalRequest) {
	if len(s.outbox) >= maxOutbox {
		return
	}
	s.outbox = append(s.outbox, m)
	s.ring()
}

func (s *session) ring() {
	select {
	case s.bell <- struct{}{}:
	default:
	}
}

// put adds an event.
func (s *session) put(e sfu.Event) { s.events.Put(e) }

var _ sfu.Session = (*session)(nil)

// handlers are what a media connection tells the session. What one tells that
// has been replaced is no news.
func (s *session) handlers(target int32, generation int) rtc.Handlers {
	current := func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.peers.generation == generation
	}
	return rtc.Handlers{
		Candidate: func(c rtc.Candidate) {
			if current() {
				s.sendCandidate(target, c)
			}
		},
		State: func(st rtc.State) {
			if current() {
				s.mediaState(target, st)
			}
		},
		Remote: func(r *rtc.Remote) {
			if current() {
				s.remote(r)
			}
		},
		Open: func(label string) {
			if current() {
				s.opened(target, label)
			}
		},
		Data: func(_ string, b []byte) { s.data(b) },
		Host: s.hosts.Ask,
	}
}
