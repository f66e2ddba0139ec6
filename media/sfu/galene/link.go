package galene

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"paravent/media/sfu"
	"paravent/privacy/egress"
	"paravent/privacy/secret"
)

// maxLink bounds a link, in bytes; tokens are some hundreds.
const maxLink = 16 << 10

// Room reads links such as galene+https://HOST/group/NAME?token=… .
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
	case transport != "https" && transport != "http":
		return no("it must begin with galene+https://")
	case transport == "http" && !egress.IsLoopback(u.Host):
		return no("plain connections are only made to this machine itself; it must begin with galene+https://")
	case u.User != nil:
		return no("it must not hold a user name; a password is given with --token-file, or asked for")
	case u.Fragment != "":
		return no("there must be no # in it")
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return no("the port is not a port")
		}
	}
	path, name, ok := groupPath(u)
	if !ok {
		return no("after the host there must be /group/NAME")
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return no("it is malformed")
	}
	return sfu.Room{
		Kind: c.Kind(), Server: u.Host, Plain: transport == "http", Name: name,
		Path: secret.New(path), Token: secret.New(q.Get("token")),
	}, true, nil
}

// groupPath returns where a group is on its server, escaped and without a slash
// at the end, and its name.
func groupPath(u *url.URL) (path, name string, ok bool) {
	path = strings.TrimRight(u.EscapedPath(), "/")
	_, name, ok = strings.Cut(strings.TrimRight(u.Path, "/"), "/group/")
	parts := strings.Split(name, "/")
	bad := func(p string) bool {
		return p == "" || strings.HasPrefix(p, ".") || strings.ContainsAny(p, "\\\x00\r\n")
	}
	return path, name, ok && !slices.ContainsFunc(parts, bad)
}
