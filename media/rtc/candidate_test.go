package rtc

import (
	"slices"
	"strings"
	"testing"

	"paravent/privacy/egress"
)

// watcher is a peer without a connection that remembers which hosts it asked
// about, and allows all but one.
func watcher(loopback bool) (*Peer, *[]string) {
	var asked []string
	return &Peer{loopback: loopback, on: Handlers{Host: func(why egress.Purpose, h string, _ egress.Port) bool {
		asked = append(asked, h)
		return h != "203.0.113.9" && h != "denied.example" && why != egress.STUN
	}}}, &asked
}

func candidate(transport, address string) Candidate {
	return Candidate{Line: "candidate:1 1 " + transport + " 2130706431 " + address + " 40000 typ host"}
}

func TestOnlyAllowedUDPAddressesAreTaken(t *testing.T) {
	for _, c := range []struct {
		transport, address string
		loopback, want     bool
	}{
		{"udp", "198.51.100.7", false, true},
		{"UDP", "198.51.100.7", false, true},
		{"udp", "2001:db8::7", false, true},
		{"udp", "203.0.113.9", false, false},      // the guard says no
		{"tcp", "198.51.100.7", false, false},     // past the guard
		{"udp", "a1b2.local", false, false},       // mDNS
		{"udp", "turn.example", false, false},     // a name would be looked up
		{"udp", "127.0.0.1", false, false},        // a server elsewhere has no business here
		{"udp", "::1", false, false},              // nor there
		{"udp", "::ffff:127.0.0.1", false, false}, // nor so
		{"udp", "169.254.169.254", false, false},  // nor in a cloud's own network
		{"udp", "127.0.0.1", true, true},          // the server is this machine
		{"udp", "", false, false},
	} {
		p, _ := watcher(c.loopback)
		if got := p.fit(candidate(c.transport, c.address)); got != c.want {
			t.Errorf("%s %s: %v, want %v", c.transport, c.address, got, c.want)
		}
	}
	p, asked := watcher(false)
	for _, line := range []string{"", "candidate:", "candidate:1 1 udp", "a b c d 198.51.100.7 f typ host", strings.Repeat("x ", 1000)} {
		if p.fit(Candidate{Line: line}) {
			t.Errorf("%.40q was taken", line)
		}
	}
	if len(*asked) != 0 {
		t.Errorf("the guard was asked about %q", *asked)
	}
}

func TestCandidatesInADescriptionAreSifted(t *testing.T) {
	p, _ := watcher(false)
	sdp := "v=0\r\na=" + candidate("udp", "198.51.100.7").Line + "\r\na=" + candidate("udp", "203.0.113.9").Line + "\r\na=" +
		candidate("udp", "x.local").Line + "\r\na=mid:0\r\n"
	want := "v=0\r\na=" + candidate("udp", "198.51.100.7").Line + "\r\na=mid:0\r\n"
	if got := p.sift(sdp); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestRelaysAreAskedAbout(t *testing.T) {
	p, asked := watcher(false)
	got := p.relays([]Relay{
		{URLs: []string{"turn:turn.example:3478?transport=udp", "turns:turn.example:443?transport=tcp", "turn:denied.example"}, User: "u", Password: "p"},
		{URLs: []string{"turn:[2001:db8::1]:3478", "http://turn.example", "turn:", "turn"}},
		{URLs: []string{"stun:stun.example:19302", "stun:turn.example"}},
	})
	if len(got) != 3 || !slices.Equal(got[2].URLs, []string{"stun:turn.example"}) || len(got[0].URLs) != 2 || got[0].Username != "u" || !slices.Equal(got[1].URLs, []string{"turn:[2001:db8::1]:3478"}) {
		t.Errorf("%+v", got)
	}
	if want := []string{"turn.example", "turn.example", "denied.example", "2001:db8::1", "stun.example", "turn.example"}; !slices.Equal(*asked, want) {
		t.Errorf("asked about %q, want %q", *asked, want)
	}
	p, asked = watcher(true)
	if got := p.relays([]Relay{{URLs: []string{"stun:stun.example"}}}); len(got) != 0 || len(*asked) != 0 {
		t.Error("a server on this machine needs no relay")
	}
}

func FuzzCandidate(f *testing.F) {
	f.Add(candidate("udp", "198.51.100.7").Line)
	f.Add("v=0\r\na=candidate:1 1 udp 1 ::1 1 typ host\r\n")
	f.Fuzz(func(t *testing.T, s string) {
		p, asked := watcher(false)
		p.fit(Candidate{Line: s})
		if got := p.sift(s); len(got) > len(s) {
			t.Errorf("%q grew to %q", s, got)
		}
		for _, h := range *asked {
			if strings.HasPrefix(h, "127.") || h == "::1" {
				t.Errorf("asked about %s", h)
			}
		}
	})
}

// What is told never names an address that is to be kept back, whatever it is made of.
func FuzzWhatIsTold(f *testing.F) {
	f.Add("v=0\r\na=candidate:1 1 udp 1 192.168.1.7 1 typ host\r\na=candidate:2 1 udp 1 203.0.113.7 1 typ relay raddr 192.168.1.7 rport 1\r\n", "turn:[2001:db8::1]:3478?transport=tcp")
	f.Add("a=candidate:1 1 udp 1 192.168.1.7 1 typ host", "turns:turn.example")
	f.Fuzz(func(t *testing.T, sdp, url string) {
		told := told{noHost: true, relayOnly: true}
		for line := range strings.Lines(told.description(sdp)) {
			if f := strings.Fields(line); strings.HasPrefix(line, "a=candidate:") && (len(f) < 8 || f[7] != "relay") {
				t.Errorf("told of %q", line)
			}
		}
		if r := readRelay(url); strings.ContainsAny(r.host, "[]?") && r.host != "" && !strings.ContainsAny(url, "[]?") {
			t.Errorf("%q is at %+v", url, r)
		}
	})
}
