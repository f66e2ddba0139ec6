package janus

import (
	"context"
	"errors"
	"maps"
	"slices"

	"paravent/media/sfu"
)

// mend brings a connection back: it claims the session, and where the server no
// longer knows it, joins anew.
func (s *session) mend() (l *line, err error) {
	err = sfu.Mend(s.life, s.kit.Network, func(ctx context.Context) (err error) {
		s.mu.Lock()
		forgotten := s.forgotten
		s.mu.Unlock()
		if !forgotten {
			l, err = s.claim(ctx)
			if !isFault(err, codeSessionGone, codeHandleGone) {
				return err
			}
			s.mu.Lock()
			s.forgotten = true
			s.mu.Unlock()
		}
		l, err = s.rejoin(ctx)
		return err
	})
	return l, err
}

// claim comes back to the session on another connection.
func (s *session) claim(ctx context.Context) (_ *line, err error) {
	l, err := s.dialer.dial(ctx)
	if err != nil {
		return nil, err
	}
	s.working.Go(func() { l.run(s.life) })
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if _, err := l.ask(ctx, s.request("claim", 0, nil, nil), false); err != nil {
		return nil, err
	}
	return l, s.resync(ctx, l)
}

// resync looks at the room anew: what happened while the connection was cut is lost.
// Who is there the server tells; what they send it tells who wants to watch, so we
// ask for that, on a handle for this alone, and do not watch.
func (s *session) resync(ctx context.Context, l *line) error {
	s.mu.Lock()
	handle, room, all := s.handle, s.room, s.roster
	s.mu.Unlock()
	m, err := l.ask(ctx, s.request("message", handle, asking{Request: "listparticipants", Room: room, PIN: s.dialer.pass.Reveal()}, nil), false)
	if isFault(err, codeNoSuchRoom) {
		return &sfu.EndError{Ended: sfu.Ended{Why: sfu.Closed}}
	}
	if err != nil {
		return err
	}
	there := make(map[sfu.MemberID]bool)
	sending := make(map[ident][]stream)
	var ask []selection
	s.mu.Lock()
	known := s.id
	found := false
	for _, p := range m.Plugin.Data.Participants {
		found = found || p.ID == known
		switch {
		case p.ID == known || p.ID == "":
		case p.Publisher:
			sending[p.ID] = nil
			if len(ask) < maxStreams {
				ask = append(ask, selection{Feed: p.ID})
			}
			there[s.takePerson(p.ID, p.Display)] = true
		case all:
			there[s.takePerson(p.ID, p.Display)] = true
			s.takeTracks(p.ID, nil)
		}
	}
	s.dropOthers(there)
	s.mu.Unlock()
	if !found { // a moderator has sent us away meanwhile
		return &sfu.EndError{Ended: sfu.Ended{Why: sfu.Removed}}
	}
	if len(ask) == 0 {
		return nil
	}
	streams, err := s.look(ctx, l, ask)
	var no *fault
	if errors.As(err, &no) && no.code != codeSessionGone {
		s.debug("look", err) // somebody just left; the server says so now
		return nil
	}
	if err != nil {
		return err
	}
	for _, x := range streams {
		if _, ok := sending[x.Feed]; ok && x.Active {
			sending[x.Feed] = append(sending[x.Feed], stream{Type: x.Type, Mid: x.FeedMid, Codec: x.Codec, Description: x.FeedDescription})
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, streams := range sending {
		s.takeTracks(id, streams)
	}
	return nil
}

// look asks what members send.
func (s *session) look(ctx context.Context, l *line, of []selection) ([]stream, error) {
	handle, err := s.attach(ctx, l)
	if err != nil {
		return nil, err
	}
	defer s.receiver.detach(l, handle)
	s.mu.Lock()
	j := s.joining("subscriber", s.room)
	j.PrivateID = s.privateID
	s.mu.Unlock()
	j.Streams = of
	m, err := l.ask(ctx, s.request("message", handle, j, nil), true)
	if err != nil {
		return nil, err
	}
	return m.Plugin.Data.Streams, nil
}

// rejoin enters the room anew, where the server has forgotten the session. Outlets
// stay what they are and get new ways. The tracks of others are new ones: nothing
// tells whether they, too, have come anew.
func (s *session) rejoin(ctx context.Context) (*line, error) {
	l, joined, err := s.comeIn(ctx)
	if err != nil {
		return nil, err
	}
	s.sender.turn.Lock() // the old connection is dead, so neither is held for long
	defer s.sender.turn.Unlock()
	s.receiver.turn.Lock()
	defer s.receiver.turn.Unlock()
	s.mu.Lock()
	for _, id := range slices.Sorted(maps.Keys(s.people)) {
		s.takeTracks(s.people[id].id, nil)
	}
	s.enter(joined)
	sent, got := s.sender.discard(), s.receiver.discard()
	s.mu.Unlock()
	s.working.Go(func() { s.closePeer(sent) })
	s.working.Go(func() { s.closePeer(got) })
	return l, nil
}
