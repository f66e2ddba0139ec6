package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"time"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"
)

// base is the server's address as the word before `?token=` in a link: plain only to loopback.
func (o options) base(address netip.AddrPort) url.URL {
	u := url.URL{Scheme: "ws", Host: address.String(), Path: "/"}
	if o.cert != "" {
		u.Scheme = "wss"
	}
	return u
}

// token admits g to the room until the links expire. Guests may publish, subscribe, send data and change their own attributes, which is
// where a raised hand lives; a recorder only listens.
func (o options) token(p pair, g guest) (string, error) {
	yes, no := true, false
	grant := &auth.VideoGrant{
		RoomJoin: true, Room: o.room, CanUpdateOwnMetadata: &yes,
		Hidden: g.hidden, Recorder: g.recorder,
	}
	t := auth.NewAccessToken(p.key, p.secret).
		SetIdentity(g.name).SetName(g.name).SetValidFor(o.expires)
	if g.recorder {
		grant.CanPublish = &no
		t.SetKind(livekit.ParticipantInfo_EGRESS)
	}
	return t.SetVideoGrant(grant).ToJWT()
}

// adminToken allows the room service's calls for this room, for one minute.
func (o options) adminToken(p pair) (string, error) {
	return auth.NewAccessToken(p.key, p.secret).SetIdentity("paravent-room").SetValidFor(time.Minute).
		SetVideoGrant(&auth.VideoGrant{RoomAdmin: true, RoomCreate: true, Room: o.room}).ToJWT()
}

// invitation is a line of --json.
type invitation struct {
	Event string `json:"event"`
	Name  string `json:"name"`
	Link  string `json:"link"`
	URL   string `json:"url"`
	Token string `json:"token"`
}

// announce prints a line per guest, once the room answers: scripts take the first line for "open".
func announce(w io.Writer, o options, p pair, address netip.AddrPort) error {
	base := o.base(address)
	enc := json.NewEncoder(w)
	for _, g := range o.guests {
		token, err := o.token(p, g)
		if err != nil {
			return err
		}
		link := base
		link.Scheme = "livekit+" + base.Scheme
		link.RawQuery = url.Values{"token": {token}}.Encode()
		if o.json {
			err = enc.Encode(invitation{Event: "link", Name: g.name, Link: link.String(), URL: base.String(), Token: token})
		} else {
			_, err = fmt.Fprintf(w, "%s %s\n", g.name, link.String())
		}
		if err != nil {
			return err
		}
	}
	return nil
}
