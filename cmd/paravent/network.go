package main

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strconv"
	"strings"

	"paravent/media/codec"
	"paravent/media/sealed"
	"paravent/media/sfu"
	"paravent/media/sfu/galene"
	"paravent/media/sfu/janus"
	"paravent/media/sfu/livekit"
	"paravent/media/sfu/notyet"
	"paravent/media/sfu/whip"
	"paravent/privacy/egress"
	"paravent/privacy/policy"
	"paravent/privacy/seal"
	"paravent/privacy/secret"
)

// kinds are the kinds of servers that can be joined. This is the only place that
// knows them: a new kind is one folder and one line here.
func kinds() []sfu.Connector {
	return []sfu.Connector{
		livekit.Connector{},
		janus.Connector{},
		galene.Connector{},
		whip.Connector{},
		whip.Connector{Watch: true},
	}
}

// A network is the guard and every kind of server behind it.
type network struct {
	guard *egress.Guard
	links *egress.Network // that this machine has
	kinds []sfu.Connector
	known []sfu.Recogniser // of the kinds, and of those that cannot be joined
}

func newNetwork() *network {
	n := &network{guard: egress.NewGuard(), kinds: kinds()}
	n.links = egress.NewNetwork(n.guard)
	for _, k := range n.kinds {
		if r, ok := k.(sfu.Recogniser); ok {
			n.known = append(n.known, r)
		}
	}
	n.known = append(n.known, notyet.Kinds()...)
	n.guard.Seal()
	return n
}

// A place is a room and the connector that leads there.
type place struct {
	kind sfu.Connector
	room sfu.Room
	link secret.Secret
	page string    // the server that was asked, where a page led here
	is   sfu.Found // as what it was recognised
}

// plain reads a link that names its kind. Nothing is sent.
func (n *network) plain(link string) (place, bool, error) {
	for _, k := range n.kinds {
		r, ok, err := k.Room(link)
		if err != nil {
			return place{}, true, &usageError{err}
		}
		if ok {
			return place{kind: k, room: r, link: secret.New(link)}, true, nil
		}
	}
	return place{}, false, nil
}

// page reads a link to a web page. Nothing is sent.
func (n *network) page(link string) (sfu.Page, error) {
	p, ok, err := sfu.ReadPage(link)
	switch {
	case err != nil:
		return sfu.Page{}, &usageError{err}
	case !ok:
		_, forms := sfu.Joinable(n.known)
		return sfu.Page{}, &usageError{errors.New("this is no link to a meeting: it begins with https://, or looks like " + strings.Join(forms, ", "))}
	}
	return p, nil
}

// ask lets the server of p, and no other, be asked what it is.
func (n *network) ask(ctx context.Context, p sfu.Page, rules policy.Policy, known []sfu.Recogniser) (sfu.Found, *sfu.Asker, error) {
	client := n.guard.Lane(egress.Signalling).HTTPClient()
	a := sfu.NewAsker(client, p)
	if err := rules.MayReach(p.Host()); err != nil {
		return sfu.Found{}, a, err
	}
	n.guard.Allow(egress.Signalling, p.Host(), portOf(p.Server(), p.Plain()))
	defer client.CloseIdleConnections()
	f, err := sfu.Recognise(ctx, p, a, known)
	return f, a, err
}

// A visitor is who wants to join.
type visitor struct {
	name   string // that pages are told which give a pass to whoever says one
	server string // that a page may lead to, beside its own
}

// find returns where a link leads. The server of a page is asked what it is; that of
// a link which names its kind is not.
func (n *network) find(ctx context.Context, link string, v visitor, rules policy.Policy) (place, error) {
	if at, ok, err := n.plain(link); ok || err != nil {
		return at, err
	}
	p, err := n.page(link)
	if err != nil {
		return place{}, err
	}
	f, a, err := n.ask(ctx, p, rules, n.known)
	if err != nil {
		return place{}, err
	}
	if f.Link.Empty() && !f.Usher {
		return place{}, n.notYet(p, f)
	}
	if f.Usher {
		if f, err = n.usher(ctx, p, a, f, v); err != nil {
			return place{}, err
		}
	}
	at, ok, err := n.plain(f.Link.Reveal())
	if !ok && err == nil {
		err = n.notYet(p, f)
	}
	at.page, at.is = p.Server(), f
	return at, err
}

// usher lets the page lead to its meeting. It may lead away only where the person
// has said so.
func (n *network) usher(ctx context.Context, p sfu.Page, a *sfu.Asker, f sfu.Found, v visitor) (sfu.Found, error) {
	for _, k := range n.known {
		u, ok := k.(sfu.Usher)
		if !ok || k.Kind() != f.Kind {
			continue
		}
		link, err := u.Usher(ctx, p, a, v.name)
		if err != nil {
			return f, err
		}
		at, ok, err := n.plain(link.Reveal())
		if err != nil || !ok {
			return f, &sfu.JoinError{Why: sfu.BadProtocol}
		}
		if host := hostname(at.room.Server); host != p.Host() && !strings.EqualFold(host, v.server) {
			return f, &sfu.SentElsewhereError{Page: p.Server(), Server: host}
		}
		f.Link = link
		return f, nil
	}
	return f, n.notYet(p, f)
}

func (n *network) notYet(p sfu.Page, f sfu.Found) error {
	titles, _ := sfu.Joinable(n.known)
	return &sfu.NotYetError{Server: p.Server(), Kind: f.Kind, Title: f.Title, Closed: f.Closed, Known: titles}
}

func hostname(server string) string { return (&url.URL{Host: server}).Hostname() }

// watch follows the links of this machine. Where the system does not tell, a call that
// is cut is mended later, and that is all.
func (n *network) watch(ctx context.Context, log *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := n.links.Run(ctx); err != nil {
			log.Warn("links", "err", err)
		}
	}()
	return func() { cancel(); <-ended }
}

// permit lets the server of a room be spoken to, and whom it names, as far as the
// rules go.
func (n *network) permit(r sfu.Room, rules policy.Policy) {
	host := hostname(r.Server)
	n.guard.Restrict(func(host string) bool { return rules.MayReach(host) == nil })
	n.guard.UsePorts(egress.Ports{From: rules.Ports.First, To: rules.Ports.Last})
	n.guard.Allow(egress.Signalling, host, portOf(r.Server, r.Plain))
	n.guard.Allow(egress.Media, host)
	for _, why := range []egress.Purpose{egress.Signalling, egress.Media} {
		for _, extra := range rules.Extra(string(why)) {
			n.guard.Allow(why, extra)
		}
	}
}

// portOf is where a server is asked.
func portOf(server string, plain bool) egress.Port {
	p := egress.Port{Protocol: "tcp", Number: 443}
	if plain {
		p.Number = 80
	}
	if n, err := strconv.ParseUint((&url.URL{Host: server}).Port(), 10, 16); err == nil {
		p.Number = uint16(n)
	}
	return p
}

// An entry is what a person enters a room with.
type entry struct {
	pass     sfu.Pass
	pictures []codec.Name // that this machine can send, the preferred first
	how      seal.Encryption
	files    sfu.Shelf // for what others send; nil takes nothing
}

// join enters the room. The only hosts that may be spoken to are the link's,
// those that the server names for media, and further ones of the policy.
func (n *network) join(ctx context.Context, p place, e entry, rules policy.Policy, log *slog.Logger) (*sealed.Session, error) {
	host := hostname(p.room.Server)
	if err := rules.MayReach(host); err != nil {
		return nil, err
	}
	n.permit(p.room, rules)
	ctx, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	k := sfu.Kit{
		Signalling: n.guard.Lane(egress.Signalling).HTTPClient(),
		Media:      n.guard.Lane(egress.Media),
		RelayOnly:  rules.RelayOnly,
		Pictures:   e.pictures,
		Files:      e.files,
		Log:        log,

		NoHostCandidates: rules.NoLocalAddress,
	}
	if !egress.IsLoopback(host) { // which no link leads to
		k.Network = n.links
	}
	return sealed.Join(ctx, p.kind, p.room, e.pass, k, e.how)
}
