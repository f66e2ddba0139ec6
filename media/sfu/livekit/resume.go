package livekit

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/coder/websocket"

	"paravent/media/sfu"
	"paravent/media/sfu/livekit/wire"
	"paravent/privacy/egress"
)

// follow reads what the server says, and mends the connection when it is cut,
// until the session is over.
func (s *session) follow(ctx context.Context, l *line) {
	s.take(l)
	s.atDesk(func() { s.offer(false) })
	s.put(sfu.Settled{})
	for {
		err := s.converse(ctx, l)
		l.close()
		s.lose(l)
		if s.over() {
			return
		}
		if errors.Is(err, errBroken) {
			s.broken(err)
			return
		}
		s.mu.Lock()
		s.orderly = websocket.CloseStatus(err) == websocket.StatusNormalClosure
		s.mu.Unlock()
		if l, err = s.mend(ctx); err != nil {
			s.end(s.lost(err))
			return
		}
	}
}

// take makes l the session's connection; lose takes it away.
func (s *session) take(l *line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line, s.leaving = l, nil
	s.pings.heard = time.Now()
	s.tellLink()
	s.ring()
}

func (s *session) lose(l *line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line == l {
		s.line = nil
	}
	// What was said of the way is worth nothing on the next connection.
	s.outbox = slices.DeleteFunc(s.outbox, func(m *wire.SignalRequest) bool {
		switch m.Message.(type) {
		case *wire.SignalRequest_Offer, *wire.SignalRequest_Answer, *wire.SignalRequest_Trickle, *wire.SignalRequest_PingReq:
			return true
		}
		return false
	})
	if !s.ended {
		s.tellLink()
	}
}

// converse reads and writes until the connection is cut.
func (s *session) converse(ctx context.Context, l *line) error {
	ctx, cancel := context.WithCancel(ctx)
	written := make(chan struct{})
	go func() {
		defer close(written)
		defer cancel()
		s.write(ctx, l)
	}()
	defer func() { cancel(); <-written }()
	for {
		m, err := l.read(ctx)
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.pings.heard = time.Now()
		s.mu.Unlock()
		s.handle(m)
	}
}

// write sends what is in the outbox, and pings. It returns when ctx is done,
// or when the server is silent for too long.
func (s *session) write(ctx context.Context, l *line) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		s.mu.Lock()
		batch := s.outbox
		s.outbox = nil
		s.mu.Unlock()
		for i, m := range batch {
			if l.write(ctx, m) != nil {
				s.mu.Lock()
				s.outbox = append(batch[i:], s.outbox...)
				s.mu.Unlock()
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-s.bell:
		case now := <-tick.C:
			if !s.ping(now) {
				return
			}
		}
	}
}

// ping asks the server for a sign of life when it is time to. It returns false
// when the server has been silent for too long.
func (s *session) ping(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.pings.heard) > s.pings.patience {
		return false
	}
	if now.Sub(s.pings.sent) >= s.pings.every {
		s.pings.sent = now
		s.queue(&wire.SignalRequest{Message: &wire.SignalRequest_PingReq{PingReq: &wire.Ping{Timestamp: now.UnixMilli(), Rtt: s.pings.rtt.Milliseconds()}}})
	}
	return true
}

// doubt is called when no media has come for some seconds, or the network is another
// one: the server must now give a sign of life soon, or signalling counts as cut as
// well. It must be called with mu held.
func (s *session) doubt(soon time.Duration) {
	now := time.Now()
	if least := now.Add(soon - s.pings.patience); s.pings.heard.After(least) {
		s.pings.heard = least
	}
	s.pings.sent = time.Time{}
	s.ring()
}

const (
	// doubtTime is how soon a server must answer from which no media comes.
	doubtTime = 3 * time.Second
	// lookEvery is how often it is seen whether the server was silent for too long.
	lookEvery = 500 * time.Millisecond
)

// moved takes that this machine is connected in another way now.
func (s *session) moved() {
	s.mu.Lock()
	l, p, trouble := s.line, s.peers, s.link == sfu.LinkResuming
	s.doubt(sfu.ProofTime)
	s.mu.Unlock()
	for _, x := range p.all() {
		x.Doubt(sfu.ProofTime)
	}
	if l != nil && trouble && s.kit.Online() {
		l.close()
	}
}

// mend brings a connection back: it resumes, and where the server no longer
// knows the session, joins again.
func (s *session) mend(ctx context.Context) (l *line, err error) {
	s.mu.Lock()
	anew := s.leaving != nil && s.leaving.Action != actionResume
	s.mu.Unlock()
	err = sfu.Mend(ctx, s.kit.Network, func(ctx context.Context) (err error) {
		if anew {
			l, err = s.rejoin(ctx)
		} else {
			l, err = s.resume(ctx)
		}
		anew = anew || errors.Is(err, errForgotten)
		return err
	})
	return l, err
}

// errForgotten reports that the server does not know the session any more.
var errForgotten = errors.New("the server does not know the session any more")

// lost says why the session ended when mending failed.
func (s *session) lost(err error) sfu.Ended {
	s.mu.Lock()
	defer s.mu.Unlock()
	end := sfu.EndOf(err)
	var reach *egress.ReachError
	switch {
	case end.Why != sfu.LinkLost:
	case s.leaving != nil && s.leaving.Reason == reasonShutdown,
		s.orderly && errors.As(err, &reach) && reach.Why == egress.Refusing: // closed with a word, then nobody there
		return sfu.Ended{Why: sfu.ServerDown}
	}
	return end
}

// resume comes back to the session.
func (s *session) resume(ctx context.Context) (*line, error) {
	s.mu.Lock()
	token, number := s.token, s.number
	s.mu.Unlock()
	d := s.dialer
	d.mode = s.mode // the media connections are what they are
	l, first, err := d.dial(ctx, token, visit{again: true, number: number})
	if err != nil {
		return nil, err
	}
	switch m := first.Message.(type) {
	case *wire.SignalResponse_Reconnect:
	case *wire.SignalResponse_Leave:
		l.close()
		if m.Leave.Action == actionReconnect || m.Leave.CanReconnect || m.Leave.Reason == reasonMismatch {
			return nil, errForgotten
		}
		return nil, &sfu.EndError{Ended: endOf(m.Leave.Reason)}
	default:
		l.close()
		return nil, errForgotten
	}
	s.mu.Lock()
	state := s.syncState()
	s.outbox = append([]*wire.SignalRequest{{Message: &wire.SignalRequest_SyncState{SyncState: state}}}, s.outbox...)
	s.mu.Unlock()
	s.take(l)
	s.atDesk(s.reoffer)
	return l, nil
}

// syncState is what the server may have missed. It must be called with mu
// held.
func (s *session) syncState() *wire.SyncState {
	state := &wire.SyncState{Subscription: &wire.UpdateSubscription{Subscribe: true}}
	ours, theirs := s.peers.sub.Descriptions()
	if ours != "" && theirs != "" {
		answer, offer := ours, theirs // of the connection that the server offers on
		if s.peers.sub == s.peers.pub {
			answer, offer = theirs, ours
		}
		state.Answer = &wire.SessionDescription{Type: "answer", Sdp: answer}
		state.Offer = &wire.SessionDescription{Type: "offer", Sdp: offer}
	}
	for id, in := range s.inlets {
		state.Subscription.TrackSids = append(state.Subscription.TrackSids, string(id))
		if in.view != nil && (in.view.Width <= 0 || in.view.Height <= 0) {
			state.TrackSidsDisabled = append(state.TrackSidsDisabled, string(id))
		}
	}
	for _, o := range s.outlets {
		o.mu.Lock()
		if o.sid != "" {
			state.PublishTracks = append(state.PublishTracks, &wire.TrackPublishedResponse{Cid: o.name, Track: &wire.TrackInfo{Sid: o.sid}})
		}
		o.mu.Unlock()
	}
	return state
}
