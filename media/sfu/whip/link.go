package whip

import (
	"net/url"
	"strconv"
	"strings"

	"paravent/media/sfu"
	"paravent/privacy/egress"
	"paravent/privacy/secret"
)

// maxLink bounds a link, in bytes.
const maxLink = 16 << 10

// Room reads links such as whip+https://HOST/path . The path and the query are
// the server's: some hide a key in them, so they are shown nowhere.
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
	u, err := url.Parse(transport + ":" + strings.TrimSpace(rest))
	if err != nil || u.Hostname() == "" || u.Opaque != "" {
		return no("it is malformed")
	}
	begin := "it must begin with " + c.Kind() + "+https://"
	switch {
	case transport != "https" && transport != "http":
		return no(begin)
	case transport == "http" && !egress.IsLoopback(u.Host):
		return no("plain connections are only made to this machine itself; " + begin)
	case u.User != nil:
		return no("it must not hold a user name; a pass is given with --token-file, or asked for")
	case u.Fragment != "":
		return no("there must be no # in it")
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return no("the port is not a port")
		}
	}
	return sfu.Room{Kind: c.Kind(), Server: u.Host, Plain: transport == "http", Path: secret.New(u.RequestURI())}, true, nil
}
