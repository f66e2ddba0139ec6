// Package whip sends to servers by WHIP (RFC 9725), and watches what they have by
// WHEP (draft-ietf-wish-whep). Either is one way: whoever sends is told nothing of
// those who watch, and whoever watches nothing of those who send.
//
//	Publish → outlet → rtc.Outlet of the way ─┐
//	                                          ├─ way: POST, PATCH, DELETE and one rtc.Peer
//	Subscribe → inlet ← rtc.Remote of the way ┘
//
// A way is one session at the server. Outlets and inlets outlast it: a way that is
// cut is mended by new candidates where the server can (ICE restart), and else by
// a new session.
//
// 2026-11: Neither protocol can add a track to a session, and some servers look
// only for a moment which tracks come. So both kinds are offered when the room is
// entered, which also shows whether the pass is good; nothing is sent on them
// before somebody publishes. Where a track is first sent late in the life of a
// way, a new one is made for it. A way on which nothing was sent may be closed by
// the server without a word; then the next track makes a new one.
//
// 2026-11: Nothing tells a server that was started anew from one that has sent us
// away: both know the session no more. So another one is asked for, and whoever
// shall not come back must be refused then.
//
// 2026-11: OPTIONS is not asked. What it could tell (relays) comes with the answer
// as well, and RFC 9725, section 4.6, advises against it.
//
// 2026-11: A session elsewhere than at the link's own origin is refused, and so is
// a redirect there: the pass would be shown to a host that nobody has chosen.
package whip

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/privacy/egress"
)

// A Connector sends (WHIP), or watches (WHEP).
type Connector struct {
	Watch bool
}

var _ sfu.Connector = Connector{}

// Kind returns "whip" or "whep".
func (c Connector) Kind() string {
	if c.Watch {
		return "whep"
	}
	return "whip"
}

// Traits are the kind's.
func (Connector) Traits() sfu.Traits { return sfu.Traits{Login: true} }

// joinTime bounds the way into a room.
const joinTime = 20 * time.Second

// Join enters a room. It returns when media gets through.
func (c Connector) Join(ctx context.Context, r sfu.Room, p sfu.Pass, k sfu.Kit) (sfu.Session, error) {
	token := p.Token
	if token.Empty() {
		token = r.Token
	}
	ctx, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	s := &session{
		kit: k, watch: c.Watch, door: newDoor(r, c.Watch, token, k.Signalling), loopback: egress.IsLoopback(r.Server),
		stream: rand.Text(), pictures: k.Pictures, events: sfu.NewQueue(), done: make(chan struct{}), gone: make(chan struct{}),
		self: sfu.Member{ID: "you", Name: sfu.Foreign(p.DisplayName), Role: sfu.Person}, link: sfu.LinkUp,
		voice: newSlot(), picture: newSlot(), tracks: make(map[sfu.TrackID]track), inlets: make(map[sfu.TrackID]*inlet),
		past: make(map[sfu.Source]sfu.Sent),
	}
	if len(s.pictures) == 0 {
		s.pictures = []codec.Name{codec.VP8, codec.H264}
	}
	s.hosts = sfu.NewHosts(k.Media, r.Server, s.events.Put)
	w, err := s.enter(ctx)
	if err != nil {
		s.events.Put(sfu.Ended{Why: sfu.Left})
		for range s.events.Events() { // nobody reads them
			continue
		}
		if no := (*sfu.JoinError)(nil); errors.As(err, &no) {
			return nil, no
		}
		return nil, fmt.Errorf("join: %w", err)
	}
	s.begin(w)
	return s, nil
}

// enter opens the first way. A server that is busy and says for how long is asked
// again, while there is time.
func (s *session) enter(ctx context.Context) (*way, error) {
	for {
		w, err := s.open(ctx)
		var no *sfu.JoinError
		if !errors.As(err, &no) || no.After == 0 {
			return w, err
		}
		if until, ok := ctx.Deadline(); ok && time.Until(until) <= no.After {
			return nil, err
		}
		if pause(ctx, no.After); ctx.Err() != nil {
			return nil, err
		}
	}
}
