package main

import (
	"context"
	"errors"
	"log/slog"
	"net/url"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/livekit"
	"paravent/media/sfu/whip"
	"paravent/privacy/egress"
	"paravent/privacy/policy"
)

// A network is the guard and every kind of server behind it. It is the only
// place that knows the kinds.
type network struct {
	guard *egress.Guard
	kinds []sfu.Connector
}

func newNetwork() *network {
	n := &network{guard: egress.NewGuard(), kinds: []sfu.Connector{livekit.Connector{}, whip.Connector{}, whip.Connector{Watch: true}}}
	n.guard.Seal()
	return n
}

// A place is a room and the connector that leads there.
type place struct {
	kind sfu.Connector
	room sfu.Room
}

// find reads a link. Nothing is sent.
func (n *network) find(link string) (place, error) {
	for _, k := range n.kinds {
		r, ok, err := k.Room(link)
		if err != nil {
			return place{}, &usageError{err}
		}
		if ok {
			return place{k, r}, nil
		}
	}
	return place{}, &usageError{errors.New("this is no link to a kind of meeting that this version knows: " +
		"livekit+wss://HOST/?token=…, whip+https://HOST/PATH or whep+https://HOST/PATH")}
}

// join enters the room. The only hosts that may be spoken to are the link's,
// and those that the server names for media.
func (n *network) join(ctx context.Context, p place, pass sfu.Pass, pictures []codec.Name, rules policy.Policy, log *slog.Logger) (sfu.Session, error) {
	host := (&url.URL{Host: p.room.Server}).Hostname()
	n.guard.Allow(egress.Signalling, host)
	n.guard.Allow(egress.Media, host)
	ctx, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	return p.kind.Join(ctx, p.room, pass, sfu.Kit{
		Signalling: n.guard.Lane(egress.Signalling).HTTPClient(),
		Media:      n.guard.Lane(egress.Media),
		RelayOnly:  rules.RelayOnly,
		Pictures:   pictures,
		Log:        log,
	})
}
