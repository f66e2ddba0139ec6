// Package livekit joins rooms on LiveKit servers. It speaks the public
// signalling protocol by itself, over the sockets of its Kit, and knows
// nothing of the LiveKit libraries.
//
//	websocket → line.read → session.handle → roster, outlets, inlets → one sfu.Event each
//	offers, answers, candidates → session.desk, one at a time → rtc.Peer
//
// One lock guards what the session knows; it is never held while waiting. The
// descriptions of the media connections are the desk's alone.
//
// 2026-11: servers know two ways. /rtc/v1 has one media connection, on which
// only we offer; /rtc has two, and the server offers on the one that we
// receive on. We ask for the first and fall back to the second where a server
// does not know it.
//
// 2026-11: a member is known by its identity, not by the number (SID) of its
// connection: so it stays the same one when it, or we, come back.
package livekit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"paravent/media/rtc"
	"paravent/media/sfu"
	"paravent/media/sfu/livekit/wire"
	"paravent/privacy/egress"
	"paravent/privacy/secret"
)

// A Mode says how many media connections there are.
type Mode int

// The modes.
const (
	NewestFirst Mode = iota // one; two if the server does not know better
	OnePeer
	TwoPeers
)

// A Connector joins rooms on LiveKit servers.
type Connector struct {
	Mode Mode
}

var _ sfu.Connector = Connector{}

// Kind returns "livekit".
func (Connector) Kind() string { return "livekit" }

// Traits are the kind's.
func (Connector) Traits() sfu.Traits { return sfu.Traits{Sealed: true} }

const (
	// joinTime bounds the way into a room, mediaTime its last part: until
	// pictures and sound get through.
	joinTime  = 20 * time.Second
	mediaTime = 12 * time.Second
)

// Join enters a room. It returns when signalling and media are connected.
func (c Connector) Join(ctx context.Context, r sfu.Room, p sfu.Pass, k sfu.Kit) (sfu.Session, error) {
	token := p.Token
	if token.Empty() {
		token = r.Token
	}
	if token.Empty() {
		return nil, &sfu.JoinError{Why: sfu.PassMissing}
	}
	ctx, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	d := dialer{client: k.Signalling, room: r, mode: c.Mode}
	l, first, err := d.dial(ctx, token, visit{})
	if err != nil {
		return nil, err
	}
	join := first.GetJoin()
	if join == nil {
		l.close()
		return nil, refusal(first)
	}
	if err := valid(join); err != nil {
		l.close()
		return nil, err
	}
	s := newSession(k, d, token)
	s.mode = l.mode
	if err := s.enter(join); err != nil {
		s.abandon(l)
		return nil, &sfu.JoinError{Why: sfu.BadProtocol, Err: err}
	}
	s.begin(l, p.DisplayName)
	if err := s.awaitMedia(ctx); err != nil {
		s.end(sfu.Ended{Why: sfu.Left})
		s.drain()
		<-s.gone
		return nil, err
	}
	return s, nil
}

// valid refuses what no session can be built on.
func valid(j *wire.JoinResponse) error {
	if j.GetParticipant().GetIdentity() == "" || j.GetParticipant().GetSid() == "" || j.GetRoom() == nil {
		return &sfu.JoinError{Why: sfu.BadProtocol, Err: errors.New("the server says neither who we are nor where")}
	}
	return nil
}

// refusal puts a first message that is no welcome in words.
func refusal(first *wire.SignalResponse) error {
	l := first.GetLeave()
	if l == nil {
		return &sfu.JoinError{Why: sfu.BadProtocol}
	}
	why := sfu.ServerFault
	switch l.Reason {
	case reasonRoomDeleted, reasonRoomClosed:
		why = sfu.NoSuchRoom
	case reasonRemoved, reasonDuplicate:
		why = sfu.PassRefused
	}
	return &sfu.JoinError{Why: why, Detail: sfu.Foreign(reasonWords(l.Reason))}
}

// awaitMedia waits until pictures and sound get through.
func (s *session) awaitMedia(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, mediaTime)
	defer cancel()
	select {
	case <-s.connected:
		return nil
	case <-s.done:
		s.mu.Lock()
		defer s.mu.Unlock()
		why, ok := map[sfu.EndReason]sfu.JoinProblem{
			sfu.Broken: sfu.BadProtocol, sfu.Replaced: sfu.PassRefused, sfu.Removed: sfu.PassRefused,
			sfu.Closed: sfu.NoSuchRoom, sfu.Expired: sfu.PassExpired,
		}[s.farewell.Why]
		if !ok {
			why = sfu.ServerFault
		}
		return &sfu.JoinError{Why: why, Detail: s.farewell.Detail}
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.Canceled) {
			return fmt.Errorf("join: %w", ctx.Err())
		}
		return &sfu.JoinError{Why: sfu.NoMedia}
	}
}

// newSession returns a session that has not entered yet.
func newSession(k sfu.Kit, d dialer, token secret.Secret) *session {
	s := &session{
		kit: k, dialer: d, token: token, events: sfu.NewQueue(), notes: newNotes(),
		done: make(chan struct{}), gone: make(chan struct{}), connected: make(chan struct{}),
		tasks: make(chan func(), 64), bell: make(chan struct{}, 1),
		people: make(map[sfu.MemberID]*person), numbers: make(map[string]sfu.MemberID), heard: make(map[sfu.MemberID]float32),
		tracks: make(map[sfu.TrackID]*remoteTrack), outlets: make(map[string]*outlet), inlets: make(map[sfu.TrackID]*inlet),
		remotes: make(map[sfu.TrackID]*rtc.Remote),
		answers: make(map[uint32]chan *wire.RequestResponse),
		past:    make(map[sfu.Source]sfu.Sent),
	}
	s.arrivals = newArrivals(k.Files, s.put)
	s.hosts = sfu.NewHosts(k.Media, d.room.Server, s.put)
	return s
}

// isLoopback reports whether the server is this machine itself.
func (d dialer) isLoopback() bool { return egress.IsLoopback(d.room.Server) }

// rtcSettings are what the media connections are made for.
func (s *session) rtcSettings(servers []*wire.ICEServer, relayOnly bool) rtc.Settings {
	set := rtc.Settings{Lane: s.kit.Media, RelayOnly: s.kit.RelayOnly || relayOnly, NoHost: s.kit.NoHostCandidates, Loopback: s.dialer.isLoopback(), Log: s.kit.Log}
	for _, r := range servers {
		set.Relays = append(set.Relays, rtc.Relay{URLs: r.Urls, User: r.Username, Password: r.Credential})
	}
	return set
}
