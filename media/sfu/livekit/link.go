package livekit

import (
	"net/url"

	"paravent/media/sfu"
	"paravent/privacy/secret"
)

// Room reads links such as livekit+wss://HOST/?token=… .
func (c Connector) Room(link string) (sfu.Room, bool, error) {
	u, ok, err := sfu.ReadLink(c.Kind(), "wss", "", link)
	if !ok || err != nil {
		return sfu.Room{}, ok, err
	}
	no := func(why string) (sfu.Room, bool, error) {
		return sfu.Room{}, true, &sfu.LinkError{Kind: c.Kind(), Why: why}
	}
	if u.Path != "" && u.Path != "/" {
		return no("there must be no path after the host")
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return no("it is malformed")
	}
	room := sfu.Room{Kind: c.Kind(), Server: u.Host, Plain: u.Scheme == "ws"}
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
