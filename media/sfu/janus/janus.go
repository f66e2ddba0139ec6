// Package janus joins video rooms on Janus servers (the VideoRoom plugin), over
// WebSocket. It speaks the public JSON protocol by itself, over the sockets of its
// Kit.
//
//	websocket → line → session.handle → roster → one sfu.Event each
//	Publish → outlets → sender, one negotiation at a time → rtc.Peer, on the handle that is in the room
//	Subscribe → inlets → receiver, one negotiation at a time → rtc.Peer, on a handle of its own
//
// Sender and receiver compare what is wanted with what the server has, and ask for
// the difference. So what a cut connection has swallowed is asked for again, and
// nothing else has to be remembered. One lock guards what the session knows; it is
// never held while waiting.
//
// 2026-11: A cut connection is claimed back: the server then knows us still, and
// what it said meanwhile is lost, so the room is looked at anew (resync). Servers
// that end a session with its connection, which is their default, are joined
// again under the same number.
//
// 2026-11: VideoRoom has no word for a muted track, only for one that a moderator
// has muted. It has a text beside each stream, for people to read, which may be
// changed at any time. There we say what a stream is, and that it is muted
// ("microphone, muted"), and read the same of others.
//
// 2026-11: There is no chat and no hand. Chat is another plugin's (TextRoom), in
// rooms of its own.
package janus

import (
	"context"
	"errors"
	"time"

	"paravent/media/rtc"
	"paravent/media/sfu"
	"paravent/privacy/secret"
)

// A Connector joins rooms on Janus servers.
type Connector struct{}

var _ sfu.Connector = Connector{}

// Kind returns "janus".
func (Connector) Kind() string { return "janus" }

// joinTime bounds the way into a room.
const joinTime = 20 * time.Second

// Join enters a room. It returns when the server has let us in; media is connected
// when something is first sent or watched, for the server knows no other way.
//
// The pass is the room's PIN, or the invitation of a room that has a list of them,
// or the token of a server that wants one.
func (Connector) Join(ctx context.Context, r sfu.Room, p sfu.Pass, k sfu.Kit) (sfu.Session, error) {
	pass := p.Token
	if pass.Empty() {
		pass = r.Token
	}
	if k.RelayOnly { // the protocol names no relays
		return nil, &sfu.JoinError{Why: sfu.NoMedia, Err: errors.New("this kind of server names no relay, and this machine's address must not be shown")}
	}
	ctx, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	s := newSession(k, dialer{client: k.Signalling, room: r, pass: pass}, p.DisplayName)
	l, joined, err := s.comeIn(ctx)
	if err != nil {
		s.abandon()
		return nil, err
	}
	s.mu.Lock()
	s.enter(joined)
	s.mu.Unlock()
	s.begin(l)
	return s, nil
}

// newSession returns a session that has not entered yet.
func newSession(k sfu.Kit, d dialer, name string) *session {
	s := &session{
		kit: k, dialer: d, name: clip(name), events: sfu.NewQueue(),
		done: make(chan struct{}), gone: make(chan struct{}),
		people: make(map[sfu.MemberID]*person), heard: make(map[sfu.MemberID]float64), tracks: make(map[sfu.TrackID]*remoteTrack), places: make(map[place]sfu.TrackID),
		inlets: make(map[sfu.TrackID]*inlet), past: make(map[sfu.Source]sfu.Sent), link: sfu.LinkUp,
	}
	s.life, s.kill = context.WithCancel(context.Background())
	s.sender = newSender(s)
	s.receiver = newReceiver(s)
	s.hosts = sfu.NewHosts(k.Media, d.room.Server, s.events.Put)
	return s
}

// maxName bounds our own name, in bytes.
const maxName = 256

func clip(name string) string {
	if len(name) > maxName {
		name = name[:maxName]
	}
	return sfu.Foreign(name).Clean()
}

// comeIn makes a session at the server and enters the room. On an error nothing is
// left of it.
func (s *session) comeIn(ctx context.Context) (_ *line, _ body, err error) {
	l, err := s.dialer.dial(ctx)
	if err != nil {
		return nil, body{}, err
	}
	s.working.Go(func() { l.run(s.life) })
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	joined, err := s.introduce(ctx, l)
	switch known := !s.dialer.pass.Empty(); {
	case err == nil:
		return l, joined, nil
	case errors.Is(err, errBroken), errors.Is(err, sfu.ErrNoAnswer), errors.Is(err, errCut):
		return nil, body{}, &sfu.JoinError{Why: sfu.BadProtocol, Err: err}
	default:
		return nil, body{}, refusal(err, known)
	}
}

// introduce is the talk on a new connection: a session, a handle, the room.
func (s *session) introduce(ctx context.Context, l *line) (body, error) {
	s.mu.Lock()
	s.token = secret.Secret{}
	s.mu.Unlock()
	m, err := l.ask(ctx, request{Janus: "create"}, false)
	if isFault(err, codeUnauthorized) && !s.dialer.pass.Empty() { // this server wants a token before all else
		s.mu.Lock()
		s.token = s.dialer.pass
		s.mu.Unlock()
		m, err = l.ask(ctx, request{Janus: "create", Token: s.dialer.pass.Reveal()}, false)
	}
	if err != nil {
		return body{}, err
	}
	if m.Janus != "success" || m.Data.ID == 0 {
		return body{}, errBroken
	}
	s.mu.Lock()
	s.number = m.Data.ID
	s.mu.Unlock()
	handle, err := s.attach(ctx, l)
	if err != nil {
		return body{}, err
	}
	s.mu.Lock()
	s.handle = handle
	id := s.id
	s.mu.Unlock()
	joined, err := s.joinAs(ctx, l, handle, id)
	if isFault(err, codeIDTaken) && id != "" { // by what is left of us
		joined, err = s.joinAs(ctx, l, handle, "")
	}
	return joined, err
}

// joinAs enters the room; where names are texts although the link has a number, as
// that.
func (s *session) joinAs(ctx context.Context, l *line, handle uint64, id ident) (body, error) {
	for _, asText := range []bool{false, true} {
		room := identOf(s.dialer.room.Name, asText)
		b := s.joining("publisher", room)
		b.ID, b.Display = id, s.name
		m, err := l.ask(ctx, s.request("message", handle, b, nil), true)
		if isFault(err, codeInvalid) && !asText && identOf(s.dialer.room.Name, true) != room {
			continue
		}
		if err != nil {
			return body{}, err
		}
		d := m.Plugin.Data
		if d.VideoRoom != "joined" || d.ID == "" {
			return body{}, errBroken
		}
		s.mu.Lock()
		s.room = room
		s.mu.Unlock()
		return d, nil
	}
	return body{}, errBroken
}

// joining is how the room is entered; the pass may be either of two things.
func (s *session) joining(kind string, room ident) joining {
	pass := s.dialer.pass.Reveal()
	return joining{Request: "join", Kind: kind, Room: room, PIN: pass, Token: pass}
}

// attach makes a handle: what is asked on it goes to the plugin.
func (s *session) attach(ctx context.Context, l *line) (uint64, error) {
	m, err := l.ask(ctx, s.request("attach", 0, nil, nil), false)
	if err != nil {
		return 0, err
	}
	if m.Data.ID == 0 {
		return 0, errBroken
	}
	return m.Data.ID, nil
}

// request is one of this session.
func (s *session) request(word string, handle uint64, b any, d *description) request {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := request{Janus: word, Session: s.number, Handle: handle, Token: s.token.Reveal(), Body: b, JSEP: d}
	if word == "attach" {
		r.Plugin = plugin
	}
	return r
}

// newPeer makes a media connection. Also a Janus on this machine is reached over an
// address of a network that the machine is in: it leaves the loopback interface out.
func (s *session) newPeer(on rtc.Handlers) (*rtc.Peer, error) {
	return rtc.NewPeer(rtc.Settings{Lane: s.kit.Media, NoHost: s.kit.NoHostCandidates, Log: s.kit.Log}, on)
}
