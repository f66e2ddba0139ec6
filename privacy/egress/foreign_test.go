package egress_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"

	"paravent/privacy/egress"
)

// names is a double of the network's name servers.
type names struct {
	at    map[string][]string
	asked []string
}

func (n *names) find(_ context.Context, name string) ([]netip.Addr, error) {
	n.asked = append(n.asked, name)
	var out []netip.Addr
	for _, a := range n.at[name] {
		out = append(out, netip.MustParseAddr(a))
	}
	if len(out) == 0 {
		return nil, &net.DNSError{Name: name, IsNotFound: true}
	}
	return out, nil
}

// guard is one whose link leads to the host, whose name has been looked up.
func guard(t *testing.T, link string, n *names) *egress.Guard {
	t.Helper()
	g := egress.NewGuard()
	g.LookUpWith(n.find)
	g.Allow(egress.Signalling, link)
	g.Allow(egress.Media, link)
	if _, err := g.Lane(egress.Signalling).Resolve(t.Context(), link); err != nil {
		t.Fatal(err)
	}
	return g
}

func why(g *egress.Guard, host string) egress.Refusal {
	for _, e := range g.Journal() {
		if e.Host == host && !e.Allowed {
			return e.Why
		}
	}
	return ""
}

func TestWhatAServerNamesMayNotLieFurtherInsideThanTheLink(t *testing.T) {
	n := &names{at: map[string][]string{"meet.example": {"198.51.100.7"}, "office.example": {"10.1.2.3"}}}
	for _, c := range []struct {
		link, named string
		want        egress.Refusal // empty: it may be spoken to
	}{
		{"meet.example", "198.51.100.99", ""},
		{"meet.example", "2001:db8::9", ""},
		{"meet.example", "192.168.1.1", egress.Inside},
		{"meet.example", "10.0.0.1", egress.Inside},
		{"meet.example", "172.17.0.1", egress.Inside},
		{"meet.example", "100.64.0.1", egress.Inside},
		{"meet.example", "169.254.169.254", egress.Inside},
		{"meet.example", "fd00::1", egress.Inside},
		{"meet.example", "fe80::1", egress.Inside},
		{"meet.example", "127.0.0.1", egress.Inside},
		{"meet.example", "::1", egress.Inside},
		{"meet.example", "64:ff9b::a00:1", egress.Inside}, // 10.0.0.1 behind a translator
		{"meet.example", "2002:a00:1::1", egress.Inside},  // 10.0.0.1 behind 6to4
		{"meet.example", "localhost", egress.Inside},
		{"office.example", "10.9.9.9", ""},
		{"office.example", "198.51.100.99", ""},
		{"office.example", "127.0.0.1", egress.Inside},
		{"127.0.0.1", "127.0.0.2", ""},
		{"127.0.0.1", "192.168.1.1", ""}, // servers on this machine speak from its other addresses
		{"meet.example", "printer.local", egress.LocalName},
		{"meet.example", "224.0.0.251", egress.NoMachine},
		{"meet.example", "0.0.0.0", egress.NoMachine},
		{"meet.example", "255.255.255.255", egress.NoMachine},
		{"meet.example", "ff02::fb", egress.NoMachine},
		{"meet.example", "", egress.NoMachine},
	} {
		g := guard(t, c.link, n)
		ok := g.Lane(egress.Media).AllowNamed(c.named)
		if got := why(g, c.named); got != c.want || ok != (c.want == "") {
			t.Errorf("link %s, named %q: allowed %v, %q; want %q", c.link, c.named, ok, got, c.want)
		}
	}
}

func TestAnAddressThatTheLinkHasIsNoNews(t *testing.T) {
	g := guard(t, "meet.example", &names{at: map[string][]string{"meet.example": {"198.51.100.7"}}})
	lane := g.Lane(egress.Media)
	if !lane.AllowNamed("198.51.100.7") || !lane.Owns("198.51.100.7") || !lane.Owns("meet.example") {
		t.Error("the link's own address is foreign")
	}
	if lane.Owns("198.51.100.8") {
		t.Error("another address is the link's own")
	}
	for _, r := range g.Rules() {
		if r.By != egress.ByLink {
			t.Errorf("%+v, though the server named nobody else", r)
		}
	}
	lane.AllowNamed("198.51.100.8")
	if i := slices.IndexFunc(g.Rules(), func(r egress.Rule) bool { return r.By == egress.ByServer }); i < 0 || g.Rules()[i].Host != "198.51.100.8" {
		t.Errorf("no rule of the server in %+v", g.Rules())
	}
}

func TestWhereThePolicyListsHostsAServerMayNameOnlyThose(t *testing.T) {
	n := &names{at: map[string][]string{"meet.example": {"198.51.100.7"}, "turn.example": {"198.51.100.8"}}}
	g := guard(t, "meet.example", n)
	g.Restrict(func(host string) bool { return host == "meet.example" || host == "turn.example" })
	relay := g.Lane(egress.Relay)
	if !relay.AllowNamed("turn.example") {
		t.Error("a listed relay is refused")
	}
	if _, err := relay.Resolve(t.Context(), "turn.example"); err != nil {
		t.Fatal(err)
	}
	media := g.Lane(egress.Media)
	for host, want := range map[string]bool{
		"198.51.100.7": true, // the link's
		"198.51.100.8": true, // the listed relay's
		"198.51.100.9": false, "turn.evil.test": false,
	} {
		if got := media.AllowNamed(host); got != want {
			t.Errorf("%s: %v, want %v", host, got, want)
		}
		if !want && why(g, host) != egress.Unlisted {
			t.Errorf("%s is refused because %q", host, why(g, host))
		}
	}
}

func TestAStrangersSTUNServerIsNeverAsked(t *testing.T) {
	g := guard(t, "meet.example", &names{at: map[string][]string{"meet.example": {"198.51.100.7"}}})
	for _, host := range []string{"stun.example", "198.51.100.7"} {
		if g.Lane(egress.STUN).AllowNamed(host) || why(g, host) != egress.NoRelay {
			t.Errorf("%s: %q", host, why(g, host))
		}
	}
}

func TestAServerMayNotNameHostsWithoutEnd(t *testing.T) {
	g := guard(t, "meet.example", &names{at: map[string][]string{"meet.example": {"198.51.100.7"}}})
	named := 0
	for i := range 3000 {
		if g.Lane(egress.Media).AllowNamed(fmt.Sprintf("203.0.%d.%d", i/256, i%256)) {
			named++
		}
	}
	if named > 256 {
		t.Errorf("%d hosts were allowed", named)
	}
	if why(g, "203.0.2.1") != egress.TooMany {
		t.Errorf("refused because %q", why(g, "203.0.2.1"))
	}
}

func TestANameIsLookedUpOnceAndAsItStands(t *testing.T) {
	n := &names{at: map[string][]string{"meet.example": {"198.51.100.7"}}}
	g := guard(t, "meet.example", n)
	n.at["meet.example"] = []string{"203.0.113.66"}
	for _, why := range []egress.Purpose{egress.Signalling, egress.Media} {
		got, err := g.Lane(why).Resolve(t.Context(), "MEET.example.")
		if err != nil || !slices.Equal(got, []netip.Addr{netip.MustParseAddr("198.51.100.7")}) {
			t.Errorf("%s: %v, %v", why, got, err)
		}
	}
	if !slices.Equal(n.asked, []string{"meet.example"}) {
		t.Errorf("asked for %q", n.asked)
	}
	if _, err := g.Lane(egress.Relay).Resolve(t.Context(), "turn.example"); err == nil || len(n.asked) > 1 {
		t.Errorf("a name that no rule allows was looked up: %v, %q", err, n.asked)
	}
}

func TestANameThatOnlyTheLocalNetworkKnowsIsNotLookedUp(t *testing.T) {
	n := &names{at: map[string][]string{"printer.local": {"192.168.1.5"}}}
	g := egress.NewGuard()
	g.LookUpWith(n.find)
	g.Allow(egress.Signalling, "printer.local")
	var denied *egress.DeniedError
	if _, err := g.Lane(egress.Signalling).Resolve(t.Context(), "printer.local"); !errors.As(err, &denied) || denied.Why != egress.LocalName || len(n.asked) > 0 {
		t.Errorf("%v, asked for %q", err, n.asked)
	}
}

// A public name that suddenly leads inside is an attack on what is there (DNS
// rebinding).
func TestANameMayNotLeadFurtherInsideThanItDidOrThanItsLink(t *testing.T) {
	resolve := func(g *egress.Guard, why egress.Purpose, host string) ([]netip.Addr, egress.Failing) {
		got, err := g.Lane(why).Resolve(t.Context(), host)
		var reach *egress.ReachError
		if errors.As(err, &reach) {
			return got, reach.Why
		}
		return got, ""
	}
	t.Run("this machine", func(t *testing.T) {
		g := egress.NewGuard()
		g.LookUpWith((&names{at: map[string][]string{"meet.example": {"127.0.0.1", "::1", "0.0.0.0"}}}).find)
		g.Allow(egress.Signalling, "meet.example")
		if got, why := resolve(g, egress.Signalling, "meet.example"); why != egress.Inward {
			t.Errorf("%v, %q", got, why)
		}
	})
	t.Run("mixed answers", func(t *testing.T) {
		g := guard(t, "meet.example", &names{at: map[string][]string{"meet.example": {"192.168.1.1", "198.51.100.7", "10.0.0.1", "198.51.100.8"}}})
		got, _ := resolve(g, egress.Signalling, "meet.example")
		if !slices.Equal(got, []netip.Addr{netip.MustParseAddr("198.51.100.7"), netip.MustParseAddr("198.51.100.8")}) {
			t.Errorf("%v", got)
		}
	})
	t.Run("a relay that a public server names", func(t *testing.T) {
		n := &names{at: map[string][]string{"meet.example": {"198.51.100.7"}, "turn.example": {"192.168.1.1"}}}
		g := guard(t, "meet.example", n)
		if !g.Lane(egress.Relay).AllowNamed("turn.example") {
			t.Fatal("not allowed")
		}
		if got, why := resolve(g, egress.Relay, "turn.example"); why != egress.Inward {
			t.Errorf("%v, %q", got, why)
		}
	})
	t.Run("a relay of an office's own server", func(t *testing.T) {
		n := &names{at: map[string][]string{"office.example": {"10.1.2.3"}, "turn.example": {"10.1.2.4"}}}
		g := guard(t, "office.example", n)
		if !g.Lane(egress.Relay).AllowNamed("turn.example") {
			t.Fatal("not allowed")
		}
		if got, why := resolve(g, egress.Relay, "turn.example"); why != "" || len(got) != 1 {
			t.Errorf("%v, %q", got, why)
		}
	})
	t.Run("the second time", func(t *testing.T) {
		n := &names{at: map[string][]string{"meet.example": {"198.51.100.7"}}}
		g := guard(t, "meet.example", n)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _ = g.Lane(egress.Signalling).DialContext(ctx, "tcp", "meet.example:1") // given up: no reason to ask again
		if len(n.asked) != 1 {
			t.Errorf("asked for %q", n.asked)
		}
		g.Forget()
		n.at["meet.example"] = []string{"192.168.1.1"}
		if got, why := resolve(g, egress.Signalling, "meet.example"); why != egress.Inward {
			t.Errorf("%v, %q", got, why)
		}
	})
}

func TestLocalPortsAreTheOnesThatMayBeUsed(t *testing.T) {
	at := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	free, err := net.ListenUDP("udp4", at)
	if err != nil {
		t.Fatal(err)
	}
	port := uint16(free.LocalAddr().(*net.UDPAddr).Port)
	free.Close()
	g := egress.NewGuard()
	g.UsePorts(egress.Ports{From: port, To: port})
	first, err := g.Lane(egress.Media).ListenUDP("udp4", at)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if got := first.LocalAddr().(*net.UDPAddr).Port; got != int(port) {
		t.Errorf("port %d, want %d", got, port)
	}
	var full *egress.PortsError
	if c, err := g.Lane(egress.Relay).ListenUDP("udp4", at); !errors.As(err, &full) {
		t.Errorf("a second socket: %v, %v; want a PortsError", c, err)
	}
	if at.Port != 0 {
		t.Error("the caller's address was changed")
	}
}
