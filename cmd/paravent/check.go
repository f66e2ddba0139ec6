package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"paravent/media/sfu"
	"paravent/privacy/egress"
	"paravent/privacy/policy"
	"paravent/ui/say"
)

func newCheck(book rulebook) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "check [LINK]",
		Short: "Say what is known of a meeting's server; joins nothing",
		Long: `Say what kind of server a link leads to, how it encrypts, what certificate it
shows, whom it names, and who runs it as far as your organisation knows. The
server of the link is asked, and nobody else; no pass is shown to it. Without LINK
it is asked for, or taken from PARAVENT_LINK.

` + linksHelp + `

Exit codes: 0 it can be joined, 1 it cannot, 2 usage, 5 refused by policy.`,
		Args: oneLink,
		RunE: func(cmd *cobra.Command, args []string) error {
			rules, err := book.rules(cmd)
			if err != nil {
				return err
			}
			link := linkOf(args)
			return check(cmd.Context(), cmd.OutOrStdout(), link, rules.Policy, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one object")
	return cmd
}

// check prints the card of the server that link leads to, also where it cannot be
// joined; the error says why.
func check(ctx context.Context, w io.Writer, link string, rules policy.Policy, asJSON bool) error {
	link, err := askLink(ctx, link)
	if err != nil {
		return err
	}
	n := newNetwork()
	card, known, no := n.card(ctx, link, rules)
	if !known {
		return no
	}
	if asJSON {
		err = json.NewEncoder(w).Encode(cardOf(card, no))
	} else {
		for _, l := range card.Lines(time.Now()) {
			if _, err = fmt.Fprintln(w, l); err != nil {
				break
			}
		}
	}
	if no == nil {
		return err
	}
	return no
}

// card asks the server that link leads to. It returns false if there is none to
// ask, and else why it cannot be joined.
func (n *network) card(ctx context.Context, link string, rules policy.Policy) (say.Card, bool, error) {
	at, ok, err := n.plain(link)
	if err != nil {
		return say.Card{}, false, err
	}
	known := n.known
	var p sfu.Page
	if ok {
		p, known = sfu.PageOf(at.room), n.of(at.kind.Kind())
	} else if p, err = n.page(link); err != nil {
		return say.Card{}, false, err
	}
	f, a, no := n.ask(ctx, p, rules, known)
	if no == nil && !ok && !f.Link.Empty() {
		if led, here, err := n.plain(f.Link.Reveal()); here && err == nil && led.room.Server != p.Server() {
			// The link itself names another server: that is the one to ask.
			there := sfu.PageOf(led.room)
			var f2 sfu.Found
			if f2, a, no = n.ask(ctx, there, rules, n.of(f.Kind)); no == nil {
				f2.Room, f2.EndToEnd, f2.Link = f.Room, f.EndToEnd, f.Link
				f = f2
			}
			p = there
		}
	}
	if ok {
		f, no = named(at, f, known, no)
	}
	c := say.Card{Server: p.Server(), Found: f, Plain: p.Plain(), Elsewhere: a.Elsewhere(), Journal: n.guard.Journal()}
	c.Joinable = no == nil && (!f.Link.Empty() || f.Usher)
	c.Operator, _ = rules.Operator(p.Host())
	if t, ok := a.Transport(); ok {
		c.Transport = &t
	}
	if ahead, ok := a.Clock(); ok {
		c.Clock = &ahead
	}
	if no == nil && !c.Joinable {
		no = n.notYet(p, f)
	}
	return c, true, no
}

// named is what is known of the server of a link that names its kind.
func named(at place, f sfu.Found, known []sfu.Recogniser, no error) (sfu.Found, error) {
	if unknown := (*sfu.UnknownPageError)(nil); errors.As(no, &unknown) {
		if len(known) > 0 {
			return f, &sfu.JoinError{Why: sfu.NotAServer}
		}
		no = nil // a kind that cannot tell before joining: it answers, which is all
	}
	if no != nil {
		return f, no
	}
	f.Kind, f.Title = cmp.Or(f.Kind, at.kind.Kind()), cmp.Or(f.Title, at.kind.Kind())
	f.Link = at.link
	if at.room.Name != "" {
		f.Room = sfu.Foreign(at.room.Name)
	}
	return f, nil
}

// of are the recognisers of one kind.
func (n *network) of(kind string) (all []sfu.Recogniser) {
	for _, k := range n.known {
		if k.Kind() == kind {
			all = append(all, fits{k})
		}
	}
	return all
}

// fits is a recogniser that is asked whatever the link looks like, for the link
// says that it is of this kind.
type fits struct{ sfu.Recogniser }

func (fits) Fit(sfu.Page) sfu.Fit { return sfu.FitsOnly }

// The objects of --json.
type (
	cardObject struct {
		Server       string             `json:"server"`
		Kind         string             `json:"kind,omitempty"`
		Title        string             `json:"title,omitempty"`
		Joinable     bool               `json:"joinable"`
		Version      string             `json:"version,omitempty"`
		Room         string             `json:"room,omitempty"`
		EndToEnd     sfu.EndToEnd       `json:"end_to_end,omitempty"`
		TLS          *tlsObject         `json:"tls,omitempty"`
		Certificate  *certificateObject `json:"certificate,omitempty"`
		Relays       []string           `json:"relays,omitempty"`
		Named        []string           `json:"named,omitempty"`
		SendsOnTo    []string           `json:"sends_on_to,omitempty"`
		Operator     string             `json:"operator,omitempty"`
		Jurisdiction string             `json:"jurisdiction,omitempty"`
		Notice       string             `json:"privacy_notice,omitempty"`
		Journal      []journalObject    `json:"journal"`
		Problem      *problemObject     `json:"problem,omitempty"`
	}
	tlsObject struct {
		Version  string `json:"version"`
		Cipher   string `json:"cipher"`
		Exchange string `json:"key_exchange"`
		Hybrid   bool   `json:"post_quantum"`
	}
	certificateObject struct {
		Trusted bool      `json:"trusted"`
		Subject string    `json:"subject"`
		Issuer  string    `json:"issuer"`
		Root    string    `json:"root,omitempty"`
		Names   []string  `json:"names,omitempty"`
		From    time.Time `json:"from"`
		Until   time.Time `json:"until"`
		SHA256  string    `json:"sha256"`
	}
	journalObject struct {
		Host    string         `json:"host"`
		Purpose egress.Purpose `json:"purpose"`
		Allowed bool           `json:"allowed"`
		Why     egress.Refusal `json:"why,omitempty"`
		Times   int            `json:"times"`
	}
	problemObject struct {
		Code string `json:"code"`
		Text string `json:"text"`
		Hint string `json:"hint,omitempty"`
	}
)

// cardOf is c as --json writes it. What is not known is left out.
func cardOf(c say.Card, no error) cardObject {
	text := func(s string) string { return sfu.Foreign(s).Clean() }
	texts := func(all []string) (out []string) {
		for _, s := range all {
			out = append(out, text(s))
		}
		return out
	}
	o := cardObject{
		Server: text(c.Server), Kind: c.Found.Kind, Title: c.Found.Title, Joinable: c.Joinable,
		Version: c.Found.Version.Clean(), Room: c.Found.Room.Clean(), EndToEnd: c.Found.EndToEnd,
		Relays: texts(c.Found.Relays), Named: texts(c.Found.Hosts), SendsOnTo: texts(c.Elsewhere),
		Operator: text(c.Operator.Name), Jurisdiction: text(c.Operator.Jurisdiction), Notice: text(c.Operator.Notice),
		Journal: []journalObject{},
	}
	if t := c.Transport; t != nil {
		if t.Version != "" {
			o.TLS = &tlsObject{t.Version, t.Cipher, t.Exchange, t.Hybrid}
		}
		cert := certificateObject{
			Trusted: t.Trusted, Subject: t.Certificate.Subject.Clean(), Issuer: t.Certificate.Issuer.Clean(), Root: t.Certificate.Root.Clean(),
			From: t.Certificate.From, Until: t.Certificate.Until, SHA256: t.Certificate.Fingerprint,
		}
		for _, n := range t.Certificate.Names {
			cert.Names = append(cert.Names, n.Clean())
		}
		o.Certificate = &cert
	}
	for _, e := range c.Journal {
		o.Journal = append(o.Journal, journalObject{text(e.Host), e.Purpose, e.Allowed, e.Why, e.Times})
	}
	if no != nil {
		p := say.Of(no)
		o.Problem = &problemObject{p.Code, p.Text, p.Hint}
	}
	return o
}
