package livekit

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"paravent/media/sfu"
	"paravent/privacy/secret"
)

var (
	_ sfu.Recogniser = Connector{}
	_ sfu.Usher      = Connector{}
)

// Title returns "LiveKit".
func (Connector) Title() string { return "LiveKit" }

// Form is what a link looks like that names this kind.
func (Connector) Form() string { return "livekit+wss://HOST/?token=…" }

// Fit knows the links of LiveKit Meet, and a server's own address.
func (Connector) Fit(p sfu.Page) sfu.Fit {
	switch parts := p.Segments(); {
	case p.Query("liveKitUrl") != "":
		return sfu.FitsOnly
	case len(parts) == 2 && parts[0] == "rooms", len(parts) == 0 && p.Query("token") != "":
		return sfu.FitsWell
	case len(parts) == 0:
		return sfu.MayFit
	}
	return sfu.NoFit
}

// pathDetails is where LiveKit Meet gives passes. Asked for none, it says what is
// missing, and makes none (livekit-examples/meet, app/api/connection-details).
const pathDetails = "/api/connection-details"

// Probe asks nothing where the link says all, and else what a server, or LiveKit
// Meet, answers to somebody without a pass.
func (c Connector) Probe(ctx context.Context, p sfu.Page, a *sfu.Asker) (sfu.Found, bool) {
	f := sfu.Found{EndToEnd: sfu.EndToEndPossible}
	if p.Fragment() != "" { // LiveKit Meet keeps the passphrase there
		f.EndToEnd = sfu.EndToEndRequired
	}
	if server := p.Query("liveKitUrl"); server != "" {
		link, ok := plain(server, p.Query("token"))
		f.Link, f.Room = link, roomIn(p.Query("token"))
		return f, ok
	}
	if parts := p.Segments(); len(parts) == 2 {
		no := a.Get(ctx, pathDetails)
		f.Usher, f.Room = true, sfu.Foreign(parts[1])
		return f, no.Status == http.StatusBadRequest && strings.Contains(string(no.Body), "Missing required query parameter: roomName")
	}
	if !asksForPass(a.Get(ctx, "/rtc/validate")) {
		return sfu.Found{}, false
	}
	scheme := "wss"
	if p.Plain() {
		scheme = "ws"
	}
	link, ok := plain(scheme+"://"+p.Server(), p.Query("token"))
	f.Link, f.Room = link, roomIn(p.Query("token"))
	return f, ok
}

// asksForPass reports whether a server says that the room is closed to whoever has
// no pass, in the words of LiveKit (livekit-server 1.11, pkg/service/rtcservice.go
// and auth.go).
func asksForPass(no sfu.Answer) bool {
	if no.Status != http.StatusUnauthorized || no.Type() != "text/plain" {
		return false
	}
	switch strings.TrimSpace(string(no.Body)) {
	case "no permissions to access the room", "permissions denied", "invalid authorization token":
		return true
	}
	return false
}

// Usher says a name to LiveKit Meet, which makes a pass for it.
func (c Connector) Usher(ctx context.Context, p sfu.Page, a *sfu.Asker, name string) (secret.Secret, error) {
	parts := p.Segments()
	if len(parts) != 2 {
		return secret.Secret{}, &sfu.JoinError{Why: sfu.NotAServer}
	}
	answer := a.Get(ctx, pathDetails+"?"+url.Values{"roomName": {parts[1]}, "participantName": {name}}.Encode())
	switch {
	case a.Err() != nil:
		return secret.Secret{}, a.Err()
	case answer.Status == 0:
		return secret.Secret{}, sfu.ErrNoAnswer
	case answer.Status >= http.StatusInternalServerError:
		return secret.Secret{}, &sfu.JoinError{Why: sfu.ServerFault}
	case answer.Status != http.StatusOK:
		return secret.Secret{}, &sfu.JoinError{Why: sfu.PassRefused}
	}
	link, ok := details(answer)
	if !ok {
		return secret.Secret{}, &sfu.JoinError{Why: sfu.BadProtocol}
	}
	return link, nil
}

// details reads where LiveKit Meet leads.
func details(answer sfu.Answer) (secret.Secret, bool) {
	var d struct {
		ServerURL        string `json:"serverUrl"`
		ParticipantToken string `json:"participantToken"`
	}
	if !answer.JSON(&d) || d.ParticipantToken == "" {
		return secret.Secret{}, false
	}
	return plain(d.ServerURL, d.ParticipantToken)
}

// plain makes the plain form of a link from a server's address, wss://HOST or
// https://HOST, and a pass.
func plain(server, token string) (secret.Secret, bool) {
	u, err := url.Parse(server)
	if err != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" {
		return secret.Secret{}, false
	}
	switch u.Scheme {
	case "https":
		u.Scheme = "wss"
	case "http":
		u.Scheme = "ws"
	}
	u.Scheme, u.Path = "livekit+"+u.Scheme, "/"
	if token != "" {
		u.RawQuery = url.Values{"token": {token}}.Encode()
	}
	link := u.String()
	if _, ok, err := (Connector{}).Room(link); !ok || err != nil {
		return secret.Secret{}, false
	}
	return secret.New(link), true
}

// roomIn is the room that a pass names; empty if none.
func roomIn(token string) sfu.Foreign {
	var c claims
	if !sfu.ReadToken(token, &c) {
		return ""
	}
	return sfu.Foreign(c.Video.Room)
}
