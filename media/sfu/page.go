package sfu

import (
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"

	"paravent/privacy/egress"
	"paravent/privacy/secret"
)

// A Page is a link to a web page, which does not say what kind of meeting it leads
// to. It may hold secrets, so it prints as its host alone.
type Page struct{ u url.URL }

// maxPage bounds a link, in bytes.
const maxPage = 16 << 10

// ReadPage reads links such as https://HOST/room, with https:// left out as well.
// It returns false for a link that is none to a page, and a *LinkError for one that
// cannot be used. Names of hosts become what is asked for in the network (RFC 5890),
// so that letters which look alike are told apart.
func ReadPage(link string) (Page, bool, error) {
	link = strings.TrimSpace(link)
	scheme, _, ok := strings.Cut(link, "://")
	if host, _, _ := strings.Cut(link, "/"); !ok && strings.Contains(host, ".") && !strings.ContainsAny(host, " @:?#%\\") {
		scheme, link = "https", "https://"+link
	}
	if scheme = strings.ToLower(scheme); scheme != "https" && scheme != "http" {
		return Page{}, false, nil
	}
	no := func(why string) (Page, bool, error) {
		return Page{}, true, &LinkError{Kind: "web", Why: why}
	}
	if len(link) > maxPage {
		return no("it is too long")
	}
	u, err := url.Parse(link)
	if err != nil || u.Hostname() == "" || u.Opaque != "" {
		return no("it is malformed")
	}
	if u.User != nil {
		return no("it must not hold a user name")
	}
	if u.Host, err = hostOf(u); err != nil {
		return no("the host is malformed")
	}
	if scheme == "http" && !egress.IsLoopback(u.Hostname()) {
		return no("plain connections are only made to this machine itself; it must begin with https://")
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return Page{*u}, true, nil
}

// hostOf is the one spelling of the host and the port of u.
func hostOf(u *url.URL) (string, error) {
	name := strings.ToLower(u.Hostname())
	if !strings.Contains(name, ":") { // no IPv6 address
		var err error
		if name, err = idna.Lookup.ToASCII(name); err != nil || name == "" {
			return "", strconv.ErrSyntax
		}
	} else if strings.Contains(name, "%") { // a zone: the name of an own network card
		return "", strconv.ErrSyntax
	} else {
		name = "[" + name + "]"
	}
	port := u.Port()
	if port == "" {
		return name, nil
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return "", strconv.ErrSyntax
	}
	if u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		return name, nil
	}
	return name + ":" + port, nil
}

// PageOf is where the server of a room can be asked what it is.
func PageOf(r Room) Page {
	p := Page{url.URL{Scheme: "https", Host: r.Server, Path: "/"}}
	if r.Plain {
		p.u.Scheme = "http"
	}
	if path, err := url.ParseRequestURI(r.Path.Reveal()); err == nil && !r.Path.Empty() && path.Host == "" {
		p.u.Path, p.u.RawPath, p.u.RawQuery = path.Path, path.RawPath, path.RawQuery
	}
	return p
}

// Server is the host, and the port where it is not the usual one.
func (p Page) Server() string { return p.u.Host }

// Host is the host alone.
func (p Page) Host() string { return p.u.Hostname() }

// Plain reports whether the page is asked for without TLS, which only this machine
// itself is.
func (p Page) Plain() bool { return p.u.Scheme == "http" }

// Path is the path, beginning with a slash, as it stands in a request.
func (p Page) Path() string { return p.u.EscapedPath() }

// Request is the path with its query.
func (p Page) Request() string { return p.u.RequestURI() }

// As is the link in the plain form of a kind, such as kind+https://HOST/path, for
// kinds whose plain form is that.
func (p Page) As(kind string) secret.Secret {
	u := p.u
	u.Fragment, u.RawFragment = "", ""
	return secret.New(kind + "+" + u.String())
}

// Query returns what the link says for a key; empty if nothing.
func (p Page) Query(key string) string { return p.u.Query().Get(key) }

// Fragment is what stands after the #, which servers are never shown.
func (p Page) Fragment() string { return p.u.Fragment }

// Segments are the parts of the path between slashes, without empty ones.
func (p Page) Segments() []string {
	return strings.FieldsFunc(p.u.Path, func(r rune) bool { return r == '/' })
}

// String names the page without what may be a secret in it.
func (p Page) String() string { return "page of " + p.u.Host }

// GoString is String.
func (p Page) GoString() string { return p.String() }
