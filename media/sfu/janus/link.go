package janus

import (
	"net/url"
	"strings"

	"paravent/media/sfu"
	"paravent/privacy/secret"
)

// maxRoom bounds the name of a room in a link, in bytes.
const maxRoom = 256

// Room reads links such as janus+wss://HOST/ROOM or janus+wss://HOST/path/ROOM .
// A PIN may be in it, as ?pin=…, though --token-file is the better place.
func (c Connector) Room(link string) (sfu.Room, bool, error) {
	u, ok, err := sfu.ReadLink(c.Kind(), "wss", "a PIN", link)
	if !ok || err != nil {
		return sfu.Room{}, ok, err
	}
	no := func(why string) (sfu.Room, bool, error) {
		return sfu.Room{}, true, &sfu.LinkError{Kind: c.Kind(), Why: why}
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return no("it is malformed")
	}
	path := u.EscapedPath()
	cut := strings.LastIndexByte(path, '/')
	name, err := url.PathUnescape(path[cut+1:])
	switch {
	case err != nil || len(name) > maxRoom:
		return no("it is malformed")
	case name == "":
		return no("it names no room; the last part of the path is the room, as in janus+wss://HOST/1234")
	}
	return sfu.Room{
		Kind: c.Kind(), Server: u.Host, Plain: u.Scheme == "ws", Name: name,
		Path: secret.New(path[:max(cut, 0)] + "/"), Token: secret.New(q.Get("pin")),
	}, true, nil
}
