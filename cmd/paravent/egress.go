package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"paravent/cmd/internal/config"
	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/privacy/egress"
	"paravent/privacy/policy"
	"paravent/privacy/seal"
	"paravent/ui/say"
)

// An outlookWish is what paravent egress was asked for.
type outlookWish struct {
	join   bool
	asJSON bool
	chosen config.Join
}

func newEgress(book rulebook) *cobra.Command {
	var wish outlookWish
	cmd := &cobra.Command{
		Use:   "egress [LINK]",
		Short: "List whom a call speaks to, for a firewall",
		Long: `List the hosts that a call to a link speaks to: host, port, purpose, and who named
it: the link, the policy, or the server. The server of the link is asked what it is,
and nobody else. Many servers name where their pictures and sound are only to those
who join; with --join the meeting is entered for a moment, without camera, microphone
or screen, and left again. The others see that. Without LINK it is asked for, or
taken from PARAVENT_LINK.

` + linksHelp + `

Exit codes: 0 done, 1 error, 2 usage, 5 refused by policy.`,
		Args: oneLink,
		RunE: func(cmd *cobra.Command, args []string) error {
			rules, err := book.rules(cmd)
			if err != nil {
				return err
			}
			link := linkOf(args)
			return listEgress(cmd.Context(), cmd.OutOrStdout(), link, rules.Policy, wish)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&wish.asJSON, "json", false, "one object a host and line")
	f.BoolVar(&wish.join, "join", false, "enter the meeting for a moment, to hear whom the server names")
	f.StringVar(&wish.chosen.Name, "name", "", "with --join: the name that the others see")
	f.StringVar(&wish.chosen.TokenFile, "token-file", "", "with --join: read the pass from this file (or set PARAVENT_TOKEN)")
	f.StringVar(&wish.chosen.Server, "server", "", "with --join: a host that the page of the link may lead to, beside its own")
	return cmd
}

func listEgress(ctx context.Context, w io.Writer, link string, rules policy.Policy, wish outlookWish) error {
	link, err := askLink(ctx, link)
	if err != nil {
		return err
	}
	n := newNetwork()
	o := say.Outlook{Joined: wish.join, Local: n.guard.Ports()}
	if wish.join {
		err = n.lookIn(ctx, link, rules, wish.chosen)
	} else {
		o.Title, err = n.lookAt(ctx, link, rules)
	}
	if err != nil {
		return err
	}
	if rules.ListedOnly {
		for _, op := range rules.Operators {
			o.Listed = append(o.Listed, op.Hosts...)
		}
	}
	o.Rules = n.guard.Rules()
	for _, e := range n.guard.Journal() {
		if !e.Allowed {
			o.Refused = append(o.Refused, e)
		}
	}
	if wish.asJSON {
		return encodeOutlook(w, o)
	}
	for _, l := range o.Lines() {
		if _, err := fmt.Fprintln(w, l); err != nil {
			return err
		}
	}
	return nil
}

// lookAt asks the server of a link what it is, and allows whom joining would.
func (n *network) lookAt(ctx context.Context, link string, rules policy.Policy) (title string, err error) {
	card, known, no := n.card(ctx, link, rules)
	if !known || errors.Is(no, policy.ErrNotListed) {
		return "", no
	}
	if no != nil && card.Found.Title == "" {
		return "", no
	}
	if !card.Found.Link.Empty() {
		at, ok, err := n.plain(card.Found.Link.Reveal())
		if err != nil {
			return "", err
		}
		if ok {
			n.permit(at.room, rules)
		}
	}
	relay := n.guard.Lane(egress.Relay)
	for _, host := range card.Found.Relays {
		relay.AllowNamed(host)
	}
	return card.Found.Title, nil
}

const (
	// lookTime bounds how long whom a server names is listened for.
	lookTime = 3 * time.Second
	// lookLeave bounds how long leaving again may take.
	lookLeave = 5 * time.Second
)

// lookIn enters the meeting, sends nothing, and leaves when the server has had the
// time to name its hosts.
func (n *network) lookIn(ctx context.Context, link string, rules policy.Policy, who config.Join) error {
	pass, err := readPass(who)
	if err != nil {
		return err
	}
	where, err := n.find(ctx, link, visitor{name: who.Name, server: who.Server}, rules)
	if err != nil {
		return err
	}
	if pass.Token.Empty() {
		pass.Token = where.room.Token
	}
	s, err := n.join(ctx, where, entry{pass: pass.Pass, pictures: []codec.Name{codec.VP8}, how: seal.None()}, rules, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	look := time.NewTimer(lookTime)
	defer look.Stop()
	for looking := true; looking; {
		select {
		case e, ok := <-s.Events():
			if end, ended := e.(sfu.Ended); ended {
				return &endedError{end}
			}
			looking = ok
		case <-look.C:
			looking = false
		case <-ctx.Done():
			looking = false
		}
	}
	away, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookLeave)
	defer cancel()
	return errors.Join(ctx.Err(), s.Leave(away))
}

// A wayOut is a line of --json.
type wayOut struct {
	Host    string         `json:"host"`
	Ports   []string       `json:"ports"` // such as "tcp/443"; none: the server says on joining
	Purpose egress.Purpose `json:"purpose"`
	By      egress.Origin  `json:"named_by"`
	Allowed bool           `json:"allowed"`
	Why     egress.Refusal `json:"why,omitempty"`
}

func encodeOutlook(w io.Writer, o say.Outlook) error {
	text := func(s string) string { return sfu.Foreign(s).Clean() }
	enc := json.NewEncoder(w)
	for _, r := range o.Rules {
		out := wayOut{Host: text(r.Host), Ports: []string{}, Purpose: r.Purpose, By: r.By, Allowed: true}
		for _, p := range r.Ports {
			out.Ports = append(out.Ports, text(p.String()))
		}
		if err := enc.Encode(out); err != nil {
			return err
		}
	}
	for _, e := range o.Refused {
		if err := enc.Encode(wayOut{Host: text(e.Host), Ports: []string{}, Purpose: e.Purpose, By: egress.ByServer, Why: e.Why}); err != nil {
			return err
		}
	}
	return nil
}
