// Package galene joins groups on Galene servers. It speaks the public protocol
// (galene-protocol.md of jech/galene, version 2) by itself, over the sockets of
// its Kit.
//
//	websocket → line.read → session.handle → roster, outlets, downs → one sfu.Event each
//	offers, answers, candidates → session.desk, one at a time → rtc.Peer of one way
//
// One lock guards what the session knows; it is never held while waiting, and
// never while a media connection is negotiated. The descriptions are the desk's
// alone.
//
// 2026-11: A stream has a media connection of its own. Each of our tracks is a
// stream of its own: to add a track to a stream works, to take one away does not.
//
// 2026-11: The server offers what somebody may want to watch, and only the offer
// tells what there is. So all is requested, but an offer is answered only while an
// inlet wants something of the stream: else nothing of it is sent. A stream of which
// nothing is wanted, or not any more, is aborted, and requested again when it is.
//
// 2026-11: The server takes the pictures of a stream in the order in which they
// begin: the first is the large one, whatever the description says. So the small
// one begins a moment later.
//
// 2026-11: The others are not told which tracks are muted, and who is cut off has
// left: coming back is a new stay under the same number, with new streams.
//
// 2026-11: The address that a server gives for signalling must be at the link's own
// host, and a redirect there as well: the pass would be shown to a host that
// nobody has chosen.
package galene

import (
	"context"
	"crypto/rand"
	"time"

	"paravent/media/sfu"
	"paravent/privacy/egress"
	"paravent/privacy/secret"
)

// A Connector joins groups on Galene servers.
type Connector struct{}

var _ sfu.Connector = Connector{}

// Kind returns "galene".
func (Connector) Kind() string { return "galene" }

// Traits are the kind's: a token that does not say what it is it takes for a password.
func (Connector) Traits() sfu.Traits { return sfu.Traits{Login: true, Signed: true} }

// joinTime bounds the way into a group.
const joinTime = 20 * time.Second

// Join enters a group. It returns when the server has told who is there. Whether
// media gets through shows only when there is some.
//
// The pass is a token if it came with the link or has the form of one (RFC 7519),
// and else a password.
func (Connector) Join(ctx context.Context, r sfu.Room, p sfu.Pass, k sfu.Kit) (sfu.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	d := newDoor(r, p, k.Signalling)
	number := rand.Text()
	l, in, err := d.enter(ctx, number)
	if err != nil {
		return nil, err
	}
	s := newSession(k, d, number)
	s.begin(l, in)
	return s, nil
}

func newSession(k sfu.Kit, d *door, number string) *session {
	s := &session{
		kit: k, door: d, loopback: egress.IsLoopback(d.room.Server), events: sfu.NewQueue(),
		done: make(chan struct{}), gone: make(chan struct{}), bell: make(chan struct{}, 1), desk: newDesk(),
		self: sfu.Member{ID: sfu.MemberID(number), Name: sfu.Foreign(d.name), Role: sfu.Person}, number: number,
		ghosts: make(map[string]bool), people: make(map[sfu.MemberID]sfu.Member), outlets: make(map[*outlet]bool),
		ways: make(map[string]*way), downs: make(map[string]*down), tracks: make(map[sfu.TrackID]*track),
		past: make(map[sfu.Source]sfu.Sent), seen: newSeen(),
	}
	s.hosts = sfu.NewHosts(k.Media, d.room.Server, s.put)
	return s
}

// isToken reports whether a pass has the form of a token.
func isToken(pass secret.Secret) bool {
	var claims struct{}
	return sfu.ReadToken(pass.Reveal(), &claims)
}
