package say

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"paravent/media/sfu"
	"paravent/privacy/egress"
	"paravent/privacy/policy"
)

// unknownPage is of a server that answers as none of the known kinds.
func unknownPage(e *sfu.UnknownPageError) Problem {
	p := Problem{
		Code: "unknown-page",
		Text: fmt.Sprintf("%s answers, but as no meeting of a kind that this version knows (%s)", clean(e.Server), strings.Join(e.Known, ", ")),
		Hint: fmt.Sprintf("ask whoever sent the link which server it is for; links that say so look like %s", strings.Join(e.Forms, ", ")),
	}
	if len(e.Elsewhere) > 0 {
		p.Text += "; it sends on to " + hosts(e.Elsewhere) + ", which was not asked"
		p.Hint = "if the meeting is there, ask for a link that begins with that host; else " + p.Hint
	}
	return p
}

// cannotJoin is of a kind that is known, and no more.
func cannotJoin(e *sfu.NotYetError) Problem {
	if e.Closed {
		return Problem{
			"no-open-protocol", fmt.Sprintf("%s is %s, which has no open protocol: this program cannot join it", clean(e.Server), e.Title),
			"nothing was asked of it; ask the organiser for a meeting on one of " + strings.Join(e.Known, ", "),
		}
	}
	return Problem{
		"not-yet", fmt.Sprintf("%s is %s, which this version cannot join yet", clean(e.Server), e.Title),
		"nobody was told your name, and nothing was sent; this version joins " + strings.Join(e.Known, ", "),
	}
}

// Leads says what kind of meeting a page leads to, before anybody joins.
func Leads(page, server string, f sfu.Found) string {
	out := fmt.Sprintf("%s is %s", clean(page), f.Title)
	if server != page {
		out = fmt.Sprintf("%s leads to %s at %s", clean(page), f.Title, clean(server))
	}
	if v := f.Version.Clean(); v != "" {
		out += ", version " + v
	}
	if f.EndToEnd == sfu.EndToEndRequired {
		out += "; its link asks for encryption from end to end, whose passphrase only whoever sent it can tell: join with --passphrase-file"
	}
	return out
}

// A Card is what can be told of a server before anybody joins.
type Card struct {
	Server    string
	Found     sfu.Found // zero where the kind is not known
	Joinable  bool
	Plain     bool // this machine itself, without TLS
	Transport *sfu.Transport
	Clock     *time.Duration // how far this machine's is ahead; nil if not known
	Operator  policy.Operator
	Elsewhere []string       // where the server wanted to send us
	Journal   []egress.Entry // of the guard
}

// labelWidth is how wide the names of a card's lines are, in characters.
const labelWidth = 16

// Lines are the card as text.
func (c Card) Lines(now time.Time) []string {
	var out []string
	put := func(label string, texts ...string) {
		for i, t := range texts {
			if i > 0 {
				label = ""
			}
			out = append(out, fmt.Sprintf("%-*s %s", labelWidth, label, t))
		}
	}
	put("server", clean(c.Server))
	put("kind", cmp.Or(c.Found.Title, "not known"))
	put("can be joined", c.joinable())
	if c.Found.Title != "" && !c.Found.Closed {
		put("version", cmp.Or(c.Found.Version.Clean(), "not said before joining"))
	}
	if room := c.Found.Room.Clean(); room != "" {
		put("room", room)
	}
	put("connection", c.connection())
	if c.Transport != nil {
		put("certificate", c.certificate(now)...)
	}
	put("end to end", endToEnd(c.Found.EndToEnd, c.Joinable))
	put("STUN and TURN", named(c.Found.Relays, "none named before joining"))
	put("others named", named(c.Found.Hosts, "none"))
	if len(c.Elsewhere) > 0 {
		put("sends on to", hosts(c.Elsewhere)+" (not followed)")
	}
	put("operator", known(c.Operator.Name))
	put("jurisdiction", known(c.Operator.Jurisdiction))
	put("privacy notice", known(c.Operator.Notice))
	put("asked", journal(c.Journal, true))
	put("refused", journal(c.Journal, false))
	return append(out, "Nothing was joined, and no picture or sound was sent.")
}

func (c Card) joinable() string {
	switch {
	case c.Joinable:
		return "yes"
	case c.Found.Closed:
		return "no: it has no open protocol"
	case c.Found.Title != "":
		return "not yet"
	}
	return "no"
}

func (c Card) connection() string {
	switch t := c.Transport; {
	case c.Plain:
		return "not encrypted: it stays on this machine"
	case t == nil:
		return "not known: it was not asked"
	case t.Version == "":
		return "none: the certificate is not trusted"
	case t.Hybrid:
		return fmt.Sprintf("%s, %s, keys by %s (safe against later quantum computers)", t.Version, t.Cipher, t.Exchange)
	default:
		return fmt.Sprintf("%s, %s, keys by %s", t.Version, t.Cipher, t.Exchange)
	}
}

// soon is when a certificate is said to end soon.
const soon = 14 * 24 * time.Hour

func (c Card) certificate(now time.Time) []string {
	cert := c.Transport.Certificate
	until := fmt.Sprintf("valid from %s to %s", cert.From.Format(time.DateOnly), cert.Until.Format(time.DateOnly))
	switch left := cert.Until.Sub(now); {
	case left < 0:
		until += ": IT HAS EXPIRED"
	case now.Before(cert.From):
		until += ": IT IS NOT VALID YET"
	case left < soon:
		until += fmt.Sprintf(": it ends in %d days", int(left/(24*time.Hour)))
	}
	issuer := "issued by " + cmp.Or(cert.Issuer.Clean(), "nobody named")
	if root := cert.Root.Clean(); root != "" && root != cert.Issuer.Clean() {
		issuer += ", trusted through " + root
	}
	if !c.Transport.Trusted {
		issuer += ": NOT TRUSTED"
	}
	names := make([]string, 0, len(cert.Names))
	for _, n := range cert.Names {
		names = append(names, n.Clean())
	}
	return []string{
		cmp.Or(cert.Subject.Clean(), "no subject"), "for " + cmp.Or(strings.Join(names, ", "), "no host"),
		issuer, until, "SHA-256 " + cert.Fingerprint,
	}
}

func endToEnd(e sfu.EndToEnd, joinable bool) string {
	how := "not with this version yet"
	if joinable {
		how = "join with --passphrase-file"
	}
	switch e {
	case sfu.EndToEndNever:
		return "no: the operator of the server could see and hear all"
	case sfu.EndToEndPossible:
		return "possible between those who turn it on; " + how
	case sfu.EndToEndRequired:
		return "asked for by the link; " + how
	case sfu.EndToEndUnknown:
	}
	return known("")
}

func known(s string) string { return cmp.Or(clean(s), "not known") }

func clean(s string) string { return sfu.Foreign(s).Clean() }

func named(list []string, none string) string { return cmp.Or(hosts(list), none) }

// hosts are names from the network on one line.
func hosts(list []string) string {
	out := make([]string, 0, len(list))
	for _, h := range list {
		out = append(out, clean(h))
	}
	return strings.Join(out, ", ")
}

// journal are the hosts that the guard let through, or did not.
func journal(entries []egress.Entry, allowed bool) string {
	var out []string
	for _, e := range entries {
		if e.Allowed == allowed {
			out = append(out, fmt.Sprintf("%s (%s)", clean(e.Host), e.Purpose))
		}
	}
	return cmp.Or(strings.Join(out, ", "), "nobody")
}
