package say_test

import (
	"strings"
	"testing"

	"paravent/privacy/egress"
	"paravent/ui/say"
)

func TestTheListForAFirewallSaysWhoNamedWhomAndWhoIsNotSpokenTo(t *testing.T) {
	o := say.Outlook{
		Title: "LiveKit",
		Rules: []egress.Rule{
			{Purpose: egress.Signalling, Host: "meet.example", By: egress.ByLink, Ports: []egress.Port{{Protocol: "tcp", Number: 443}}},
			{Purpose: egress.Media, Host: "meet.example", By: egress.ByLink},
			{Purpose: egress.Relay, Host: "turn.example", By: egress.ByServer, Ports: []egress.Port{{Protocol: "udp", Number: 3478}, {Protocol: "tcp", Number: 443}}},
		},
		Refused: []egress.Entry{{Purpose: egress.Media, Host: "192.168.1.1", Why: egress.Inside}},
	}
	got := strings.Join(o.Lines(), "\n")
	for _, want := range []string{
		"meet.example  tcp/443                             signalling  the link\n",
		"turn.example  tcp/443 udp/3478                    relay       the server\n",
		"192.168.1.1   none                                media       the server; NOT SPOKEN TO: it is further inside than the link\n",
		"with --join",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	o.Joined, o.Listed, o.Local = true, []string{"meet.example"}, egress.Ports{From: 50000, To: 50010}
	got = strings.Join(o.Lines(), "\n")
	for _, want := range []string{"entered for a moment", "only these: meet.example", "local ports 50000 to 50010"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

func TestTheListForAFirewallIsCleaned(t *testing.T) {
	bad := "a\x1b[2Jb"
	o := say.Outlook{
		Rules:   []egress.Rule{{Host: bad, Ports: []egress.Port{{Protocol: bad, Number: 1}}}},
		Refused: []egress.Entry{{Host: bad}}, Listed: []string{bad},
	}
	if got := strings.Join(o.Lines(), "\n"); strings.Contains(got, "\x1b") {
		t.Errorf("%q has a control code", got)
	}
}
