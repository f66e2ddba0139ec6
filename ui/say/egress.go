package say

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"paravent/privacy/egress"
)

// An Outlook is whom a call speaks to, for whoever keeps a firewall.
type Outlook struct {
	Rules   []egress.Rule
	Refused []egress.Entry // that were named, and are not spoken to
	Title   string         // of the kind of server; empty if it is not known
	Joined  bool           // the meeting was entered, so that the server named its hosts
	Listed  []string       // the hosts that the policy lists; none if it lets servers name others
	Local   egress.Ports   // of this machine, for UDP
}

// Lines are the list as text, and then what could not be known.
func (o Outlook) Lines() []string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(cells ...string) {
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t")) // a strings.Builder takes everything
	}
	row("HOST", "PORT", "PURPOSE", "NAMED BY")
	for _, r := range o.Rules {
		row(clean(r.Host), o.Ports(r), string(r.Purpose), NamedBy(r.By))
	}
	for _, e := range o.Refused {
		row(clean(e.Host), "none", string(e.Purpose), fmt.Sprintf("%s; NOT SPOKEN TO: %s", NamedBy(egress.ByServer), e.Why))
	}
	_ = w.Flush() // nor does this fail
	var out []string
	for line := range strings.Lines(b.String()) {
		out = append(out, strings.TrimRight(line, " \n"))
	}
	return append(out, o.notes()...)
}

// Ports are where the host of a rule is spoken to, such as "tcp/443".
func (o Outlook) Ports(r egress.Rule) string {
	switch {
	case len(r.Ports) == 0 && r.Purpose == egress.Relay:
		return "as the server says on joining, if it is a TURN server"
	case len(r.Ports) == 0:
		return "udp, as the server says on joining"
	}
	ports := make([]string, 0, len(r.Ports))
	for _, p := range r.Ports {
		ports = append(ports, clean(p.String()))
	}
	slices.Sort(ports)
	return strings.Join(ports, " ")
}

// NamedBy says who named a host.
func NamedBy(by egress.Origin) string {
	return cmp.Or(map[egress.Origin]string{
		egress.ByLink: "the link", egress.ByPolicy: "the policy", egress.ByServer: "the server", egress.BySystem: "this machine's settings",
	}[by], string(by))
}

func (o Outlook) notes() []string {
	out := []string{"", "Nobody else is spoken to. Packets go out from any local port, and answers come back to it."}
	if p := o.Local; p != (egress.Ports{}) {
		out[1] = fmt.Sprintf("Nobody else is spoken to. UDP goes out from the local ports %d to %d, and answers come back there.", p.From, p.To)
	}
	switch {
	case o.Joined:
		out = append(out, "The meeting was entered for a moment, without camera, microphone or screen, to hear whom the server names. It may name others another time.")
	case o.Title == "":
		out = append(out, "What kind of server it is could not be told, so more than this is not known.")
	default:
		out = append(out, fmt.Sprintf("%s names the addresses for pictures and sound, and its relays, only to those who join: with --join the meeting is entered for a moment, and the others see it.", o.Title))
	}
	if len(o.Listed) > 0 {
		return append(out, "Your organisation's policy lets the server name only these: "+hosts(o.Listed)+", and addresses of theirs.")
	}
	return append(out, "Whatever the server names and this machine then speaks to is said in the call, and is in its journal.")
}
