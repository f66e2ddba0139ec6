// Package notyet knows kinds of meetings that cannot be joined, so that whoever has
// a link to one is told what it is. A kind leaves this package when a connector
// for it comes, which brings its own recogniser.
package notyet

import (
	"context"
	"strings"

	"paravent/media/sfu"
)

// Kinds returns a recogniser of each kind.
func Kinds() []sfu.Recogniser {
	all := []sfu.Recogniser{
		kind{"jitsi", "Jitsi Meet", fitJitsi, probeJitsi},
		kind{"opentalk", "OpenTalk", fitOpenTalk, probeOpenTalk},
		kind{"bigbluebutton", "BigBlueButton", fitBigBlueButton, probeBigBlueButton},
		kind{"nextcloud-talk", "Nextcloud Talk", fitTalk, probeTalk},
		kind{"la-suite-meet", "La Suite Meet", fitSuite, probeSuite},
	}
	return append(all, closed()...)
}

// A kind is known, and no more.
type kind struct {
	word, title string
	fit         func(sfu.Page) sfu.Fit
	probe       func(context.Context, sfu.Page, *sfu.Asker) (sfu.Found, bool)
}

func (k kind) Kind() string           { return k.word }
func (k kind) Title() string          { return k.title }
func (kind) Form() string             { return "" }
func (k kind) Fit(p sfu.Page) sfu.Fit { return k.fit(p) }
func (k kind) Probe(ctx context.Context, p sfu.Page, a *sfu.Asker) (sfu.Found, bool) {
	return k.probe(ctx, p, a)
}

// closed are the kinds without an open protocol. They are known by their hosts, and
// nothing is asked of them.
func closed() []sfu.Recogniser {
	of := func(word, title string, hosts ...string) sfu.Recogniser {
		fit := func(p sfu.Page) sfu.Fit {
			for _, h := range hosts {
				if p.Host() == h || strings.HasSuffix(p.Host(), "."+h) {
					return sfu.FitsOnly
				}
			}
			return sfu.NoFit
		}
		return kind{word, title, fit, func(context.Context, sfu.Page, *sfu.Asker) (sfu.Found, bool) {
			return sfu.Found{Closed: true}, true
		}}
	}
	return []sfu.Recogniser{
		of("zoom", "Zoom", "zoom.us", "zoom.com", "zoomgov.com", "zoom-x.de"),
		of("teams", "Microsoft Teams", "teams.microsoft.com", "teams.live.com", "teams.microsoft.us", "teams.cloud.microsoft"),
		of("webex", "Webex", "webex.com"),
		of("google-meet", "Google Meet", "meet.google.com"),
	}
}
