package livekit

import (
	"net/url"
	"strconv"
	"strings"

	"paravent/media/sfu"
	"paravent/privacy/egress"
	"paravent/privacy/secret"
)

// maxLink bounds a link, in bytes; tokens are some hundreds.
const maxLink = 16 << 10

// Room reads links such as livekit+wss://HOST/?token=… .
func (c Connector) Room(link string) (sfu.Room, bool, error) {
	scheme, rest, ok := strings.Cut(strings.TrimSpace(link), ":")
	kind, transport, _ := strings.Cut(strings.ToLower(scheme), "+")
	if !ok || kind != c.Kind() {
		return sfu.Room{}, false, nil
	}
	no := func(why string) (sfu.Room, bool, error) {
		return sfu.Room{}, true, &sfu.LinkError{Kind: c.Kind(), Why: why}
	}
	if len(link) > maxLink {
		return no("it is too long")
	}
	u, err := url.Parse(transport + ":" + rest)
	if err != nil || u.Hostname() == "" || u.Opaque != "" {
		return no("it is malformed")
	}
	switch {
	case transport != "wss" && transport != "ws":
		return no("it must begin with livekit+wss://")
	case transport == "ws" && !egress.IsLoopback(u.Host):
		return no("plain connections are only made to this machine itself; it must begin with livekit+wss://")
	case u.User != nil:
		return no("it must not hold a user name")
	case u.Path != "" && u.Path != "/":
		return no("there must be no path after the host")
	case u.Fragment != "":
		return no("there must be no # in it")
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return no("the port is not a port")
		}
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return no("it is malformed")
	}
	room := sfu.Room{Kind: c.Kind(), Server: u.Host, Plain: transport == "ws"}
	if token := q.Get("token"); token != "" {
		var c claims
		if !sfu.ReadToken(token, &c) {
			return no("the token in it is malformed or cut off")
		}
		room.Token, room.Name = secret.New(token), c.Video.Room
	}
	return room, true, nil
}

// claims are what a token says of itself.
type claims struct {
	Video struct {
		Room string `json:"room"`
	} `json:"video"`
}
