package janus

import (
	"context"
	"net/url"
	"slices"

	"paravent/media/sfu"
	"paravent/privacy/secret"
)

var _ sfu.Recogniser = Connector{}

// Title returns "Janus".
func (Connector) Title() string { return "Janus" }

// Form is what a link looks like that names this kind.
func (Connector) Form() string { return "janus+wss://HOST/ROOM" }

// Fit knows pages that have Janus in their path; any other may be in front of one.
func (Connector) Fit(p sfu.Page) sfu.Fit {
	if slices.Contains(p.Segments(), "janus") {
		return sfu.FitsWell
	}
	return sfu.MayFit
}

// info is what /janus/info says, as far as it is of use.
type info struct {
	Janus   string `json:"janus"`
	Version string `json:"version_string"`
}

// Probe asks what Janus's own HTTP transport tells anybody. Which WebSocket leads to
// the room no page says: the link that is found takes the server's root for it.
func (c Connector) Probe(ctx context.Context, p sfu.Page, a *sfu.Asker) (sfu.Found, bool) {
	var i info
	if !a.Get(ctx, "/janus/info").JSON(&i) || i.Janus != "server_info" {
		return sfu.Found{}, false
	}
	f := sfu.Found{Version: sfu.Foreign(i.Version), EndToEnd: sfu.EndToEndNever}
	room := p.Query("room")
	if last := p.Segments(); room == "" && len(last) > 0 && last[len(last)-1] != "janus" {
		room = last[len(last)-1]
	}
	if room != "" {
		f.Room = sfu.Foreign(room)
		f.Link = secret.New("janus+wss://" + p.Server() + "/" + url.PathEscape(room))
	}
	return f, true
}
