package sfu_test

import (
	"strings"
	"testing"

	"paravent/media/sfu"
	"paravent/privacy/egress"
)

func TestAllowedHostsAreAskedOnceAndBounded(t *testing.T) {
	named := make(map[string]bool)
	told := 0
	g := egress.NewGuard()
	g.Allow(egress.Signalling, "127.0.0.1")
	h := sfu.NewHosts(g.Lane(egress.Media), "127.0.0.1:7880", func(e sfu.Event) {
		n := e.(sfu.HostNamed)
		named[n.Host] = n.Allowed
		told++
	})
	ask := func(host string) bool { return h.Ask(egress.Media, host, egress.Port{Protocol: "udp", Number: 7882}) }
	for range 3 {
		if ask("x.local") || !ask("198.51.100.7") || !ask("127.0.0.1") {
			t.Error("allowed and refused are mixed up")
		}
	}
	if own, ok := named["127.0.0.1"]; ok || own {
		t.Error("the link's own host is told as news")
	}
	if told != 2 || !named["198.51.100.7"] || named["x.local"] {
		t.Errorf("%d times %v", told, named)
	}
	for i := range 200 {
		ask(strings.Repeat("h", i+1) + ".example")
	}
	if len(named) > 64 || told != len(named) {
		t.Errorf("%d hosts were told, %d times", len(named), told)
	}
}
