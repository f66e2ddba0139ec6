package sfu

import (
	"net/url"
	"strconv"
	"strings"

	"paravent/privacy/egress"
)

// maxLink bounds a link, in bytes; tokens are some hundreds.
const maxLink = 16 << 10

// ReadLink reads a link that names its kind, KIND+SCHEME://HOST… . Scheme is the one
// with TLS, wss or https; without TLS a link leads to this machine itself and nowhere
// else. Path and query are the kind's to check. Pass is what the kind calls a pass, "a
// PIN" for example, to say where it belongs; it may be empty.
//
// ok is false for a link of another kind. The error is a *LinkError.
func ReadLink(kind, scheme, pass, link string) (u *url.URL, ok bool, err error) {
	before, rest, ok := strings.Cut(strings.TrimSpace(link), ":")
	named, given, _ := strings.Cut(strings.ToLower(before), "+")
	if !ok || named != kind {
		return nil, false, nil
	}
	no := func(why string) (*url.URL, bool, error) { return nil, true, &LinkError{Kind: kind, Why: why} }
	if len(link) > maxLink {
		return no("it is too long")
	}
	u, err = url.Parse(given + ":" + rest)
	if err != nil || u.Hostname() == "" || u.Opaque != "" {
		return no("it is malformed")
	}
	begin := "it must begin with " + kind + "+" + scheme + "://"
	switch {
	case given != scheme && given != strings.TrimSuffix(scheme, "s"):
		return no(begin)
	case given != scheme && !egress.IsLoopback(u.Host):
		return no("plain connections are only made to this machine itself; " + begin)
	case u.User != nil && pass != "":
		return no("it must not hold a user name; " + pass + " is given with --token-file, or asked for")
	case u.User != nil:
		return no("it must not hold a user name")
	case u.Fragment != "":
		return no("there must be no # in it")
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return no("the port is not a port")
		}
	}
	return u, true, nil
}
