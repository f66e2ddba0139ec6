package whip

import (
	"context"
	"slices"
	"strings"

	"paravent/media/sfu"
)

var _ sfu.Recogniser = Connector{}

// Title returns "WHIP" or "WHEP".
func (c Connector) Title() string { return strings.ToUpper(c.Kind()) }

// Form is what a link looks like that names this kind.
func (c Connector) Form() string { return c.Kind() + "+https://HOST/PATH" }

// Fit looks for the kind's name in the path. Both kinds answer the same, so there
// is nothing else to tell them apart by.
func (c Connector) Fit(p sfu.Page) sfu.Fit {
	for _, part := range p.Segments() {
		if strings.Contains(strings.ToLower(part), c.Kind()) {
			return sfu.FitsWell
		}
	}
	return sfu.NoFit
}

// Probe asks what may be sent to the path. RFC 9725, section 4.1, wants servers to
// say that it is SDP; those that do not name their relays, or let a session be
// changed and ended there.
//
// 2026-11: Join does not ask so (see above), but it would make a session.
func (c Connector) Probe(ctx context.Context, p sfu.Page, a *sfu.Asker) (sfu.Found, bool) {
	may := a.Options(ctx, p.Request())
	if may.Status/100 != 2 {
		return sfu.Found{}, false
	}
	f := sfu.Found{EndToEnd: sfu.EndToEndNever, Link: p.As(c.Kind())}
	for _, r := range relays(may.Header.Values("Link")) {
		for _, host := range sfu.RelaysIn(strings.Join(r.URLs, " ")) {
			if !slices.Contains(f.Relays, host) {
				f.Relays = append(f.Relays, host)
			}
		}
	}
	bare := slices.Contains(p.Segments(), c.Kind()) && takesSessions(may)
	if !bare && !takesSDP(may) && len(f.Relays) == 0 {
		return sfu.Found{}, false
	}
	_, ok, err := c.Room(f.Link.Reveal())
	return f, ok && err == nil
}

func takesSDP(may sfu.Answer) bool {
	return slices.Contains(list(may.Header.Values("Accept-Post")), typeSDP)
}

func takesSessions(may sfu.Answer) bool {
	methods := list(append(may.Header.Values("Allow"), may.Header.Values("Access-Control-Allow-Methods")...))
	return slices.Contains(methods, "post") && slices.Contains(methods, "patch") && slices.Contains(methods, "delete")
}

// list reads the members of a header, in lower case.
func list(headers []string) (all []string) {
	for part := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		part, _, _ = strings.Cut(part, ";")
		all = append(all, strings.ToLower(strings.TrimSpace(part)))
	}
	return all
}
