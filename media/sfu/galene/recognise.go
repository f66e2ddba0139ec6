package galene

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"paravent/media/sfu"
)

var _ sfu.Recogniser = Connector{}

// Title returns "Galene".
func (Connector) Title() string { return "Galene" }

// Form is what a link looks like that names this kind.
func (Connector) Form() string { return "galene+https://HOST/group/NAME" }

// Fit knows the links to groups.
func (Connector) Fit(p sfu.Page) sfu.Fit {
	if _, ok := groupOf(p); ok {
		return sfu.FitsWell
	}
	return sfu.NoFit
}

func groupOf(p sfu.Page) (path string, ok bool) {
	u, err := url.ParseRequestURI(p.Path())
	if err != nil {
		return "", false
	}
	path, _, ok = groupPath(u)
	return path, ok
}

// Probe asks for the status of the group, which anybody may see.
func (c Connector) Probe(ctx context.Context, p sfu.Page, a *sfu.Asker) (sfu.Found, bool) {
	path, ok := groupOf(p)
	var st status
	if !ok || !a.Get(ctx, path+"/.status").JSON(&st) || st.Name == "" || st.Endpoint == "" && st.Redirect == "" {
		return sfu.Found{}, false
	}
	f := sfu.Found{Room: st.name(), EndToEnd: sfu.EndToEndNever, Link: p.As(c.Kind())}
	for _, address := range []string{st.Endpoint, st.Redirect, st.AuthServer, st.AuthPortal} {
		u, err := url.Parse(address)
		if err == nil && u.Hostname() != "" && !strings.EqualFold(u.Hostname(), p.Host()) && !slices.Contains(f.Hosts, u.Hostname()) {
			f.Hosts = append(f.Hosts, u.Hostname())
		}
	}
	_, ok, err := c.Room(f.Link.Reveal())
	return f, ok && err == nil
}
