package livekit

import (
	"context"
	"errors"

	"paravent/media/sfu"
	"paravent/media/sfu/livekit/wire"
)

// rejoin enters the room anew, where the server has forgotten the session.
// Outlets and inlets stay what they are and get new ways.
func (s *session) rejoin(ctx context.Context) (*line, error) {
	s.mu.Lock()
	token := s.token
	s.mu.Unlock()
	l, first, err := s.dialer.dial(ctx, token, visit{})
	if err != nil {
		return nil, err
	}
	join := first.GetJoin()
	if join == nil || valid(join) != nil {
		l.close()
		if m := first.GetLeave(); m != nil {
			return nil, &sfu.EndError{Ended: endOf(m.Reason)}
		}
		return nil, &sfu.JoinError{Why: sfu.BadProtocol}
	}
	s.mode = l.mode
	fresh, err := s.newPeers(join)
	if err != nil {
		l.close()
		return nil, err
	}
	old := s.reenter(join, fresh)
	s.working.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
		defer cancel()
		old.close(ctx, s.kit.Log)
	})
	s.atDesk(func() { s.desk = desk{} })
	s.take(l)
	s.atDesk(func() { s.offer(false) })
	s.mu.Lock()
	outlets := make([]*outlet, 0, len(s.outlets))
	for _, o := range s.outlets {
		outlets = append(outlets, o)
	}
	s.mu.Unlock()
	for _, o := range outlets {
		s.working.Go(func() { s.republish(o) })
	}
	return l, nil
}

// reenter takes what the server says now, as far as it differs.
func (s *session) reenter(j *wire.JoinResponse, fresh peers) (old peers) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, s.peers = s.peers, fresh
	delete(s.numbers, s.number)
	s.number, s.room, s.codecs = j.Participant.Sid, sfu.Foreign(j.Room.Name), enabled(j.EnabledPublishCodecs)
	s.injected = j.SifTrailer
	s.takeSelf(j.Participant)
	s.outbox = nil
	clear(s.remotes)
	there := make(map[sfu.MemberID]bool)
	for _, p := range j.OtherParticipants {
		there[sfu.MemberID(p.Identity)] = true
		if known := s.people[sfu.MemberID(p.Identity)]; known != nil && known.number == p.Sid {
			known.version = 0
		}
		s.takePerson(p)
	}
	for id := range s.people {
		if !there[id] {
			s.dropPerson(id)
		}
	}
	s.setRecording(j.Room.ActiveRecording)
	for _, o := range s.outlets {
		o.detach()
	}
	for _, in := range s.inlets {
		s.queue(s.subscription(in, true))
		if in.view != nil {
			s.queue(in.settings())
		}
	}
	return old
}

// detach takes the outlet's way and number away.
func (o *outlet) detach() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.media != nil {
		o.past = o.past.Plus(o.media.Sent())
	}
	o.media, o.sid = nil, ""
	select {
	case <-o.number:
	default:
	}
}

// republish announces an outlet anew.
func (s *session) republish(o *outlet) {
	ctx, cancel := s.bound(context.Background())
	defer cancel()
	if err := s.announce(ctx, o); err != nil {
		if !errors.Is(err, sfu.ErrEnded) && s.kit.Log != nil {
			s.kit.Log.Debug("publish again", "err", err)
		}
		return
	}
	failed := make(chan error, 1)
	s.atDesk(func() { failed <- s.openWay(o) })
	select {
	case err := <-failed:
		if err != nil && s.kit.Log != nil {
			s.kit.Log.Debug("publish again", "err", err)
		}
	case <-s.done:
	}
}
