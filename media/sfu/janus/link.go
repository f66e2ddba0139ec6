package janus

import (
	"net/url"
	"strconv"
	"strings"

	"paravent/media/sfu"
	"paravent/privacy/egress"
	"paravent/privacy/secret"
)

const (
	// maxLink bounds a link, and maxRoom the name of a room in it, in bytes.
	maxLink = 16 << 10
	maxRoom = 256
)

// Room reads links such as janus+wss://HOST/ROOM or janus+wss://HOST/path/ROOM .
// A PIN may be in it, as ?pin=…, though --token-file is the better place.
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
		return no("it must begin with janus+wss://")
	case transport == "ws" && !egress.IsLoopback(u.Host):
		return no("plain connections are only made to this machine itself; it must begin with janus+wss://")
	case u.User != nil:
		return no("it must not hold a user name; a PIN is given with --token-file, or asked for")
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
		Kind: c.Kind(), Server: u.Host, Plain: transport == "ws", Name: name,
		Path: secret.New(path[:max(cut, 0)] + "/"), Token: secret.New(q.Get("pin")),
	}, true, nil
}
