package galene

import (
	"net/url"
	"slices"
	"strings"

	"paravent/media/sfu"
	"paravent/privacy/secret"
)

// Room reads links such as galene+https://HOST/group/NAME?token=… .
func (c Connector) Room(link string) (sfu.Room, bool, error) {
	u, ok, err := sfu.ReadLink(c.Kind(), "https", "a password", link)
	if !ok || err != nil {
		return sfu.Room{}, ok, err
	}
	no := func(why string) (sfu.Room, bool, error) {
		return sfu.Room{}, true, &sfu.LinkError{Kind: c.Kind(), Why: why}
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
		Kind: c.Kind(), Server: u.Host, Plain: u.Scheme == "http", Name: name,
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
