package rtc

import (
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/pion/transport/v4/vnet"
	"github.com/pion/turn/v5"
)

// With RelayOnly the other side learns no address of this machine.
func TestOnlyTheRelayIsShownWhenThatIsAsked(t *testing.T) {
	l := newLab(t)
	third, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{"10.0.0.3"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.router.AddNet(third); err != nil {
		t.Fatal(err)
	}
	conn, err := third.ListenPacket("udp4", "10.0.0.3:3478")
	if err != nil {
		t.Fatal(err)
	}
	server, err := turn.NewServer(turn.ServerConfig{
		Realm: "test",
		AuthHandler: func(r *turn.RequestAttributes) (string, []byte, bool) {
			return r.Username, turn.GenerateAuthKey(r.Username, r.Realm, "password"), true
		},
		PacketConnConfigs: []turn.PacketConnConfig{{
			PacketConn:            conn,
			RelayAddressGenerator: &turn.RelayAddressGeneratorStatic{RelayAddress: net.IPv4(10, 0, 0, 3), Address: "10.0.0.3", Net: third},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })

	a := l.newEnd(t, 0, Settings{RelayOnly: true, Relays: []Relay{{URLs: []string{"turn:10.0.0.3:3478?transport=udp"}, User: "u", Password: "password"}}})
	b := l.newEnd(t, 1, Settings{})
	c, err := a.OpenChannel("_reliable", true)
	if err != nil {
		t.Fatal(err)
	}
	settle(t, a, b, false)
	if sdp := a.pc.LocalDescription().SDP; strings.Contains(sdp, "10.0.0.1") || !strings.Contains(sdp, "typ relay") {
		t.Errorf("the description shows this machine:\n%s", sdp)
	}
	a.awaitConnected(t)
	if err := c.Send(t.Context(), []byte("over the relay")); err != nil {
		t.Fatal(err)
	}
	if s := get(t, b.heard); s != "over the relay" {
		t.Errorf("heard %q", s)
	}
	if _, ok := a.asked.Load("10.0.0.3"); !ok {
		t.Error("the guard was not asked about the relay")
	}
	tellsOnly(t, a, "relay")
}

// tellsOnly holds everything that e has told of itself against what it may.
func tellsOnly(t *testing.T, e *end, kinds ...string) {
	t.Helper()
	ours, _ := e.Descriptions()
	offer, err := e.Offer(false)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{"Offer": offer, "Pending": e.Pending(), "Descriptions": ours, "trickled": e.trickled()}
	for what, s := range said {
		if s == "" && what != "trickled" {
			t.Errorf("%s says nothing", what)
		}
		if own := strings.Contains(s, "10.0.0.1"); own && !slices.Contains(kinds, "host") {
			t.Errorf("%s shows this machine:\n%s", what, s)
		}
		for line := range strings.Lines(s) {
			_, kind, ok := strings.Cut(line, " typ ")
			if kind, _, _ = strings.Cut(strings.TrimSpace(kind), " "); ok && !slices.Contains(kinds, kind) {
				t.Errorf("%s tells of a candidate %q", what, kind)
			}
			if strings.Contains(line, "raddr") && !strings.Contains(line, "raddr 0.0.0.0 rport 9") {
				t.Errorf("%s tells what is behind a candidate: %s", what, line)
			}
		}
	}
}

// A peer that tells no address is found by where its packets come from.
func TestNoAddressOfThisMachineIsToldAndTheOtherSideStillFindsIt(t *testing.T) {
	for name, answers := range map[string]bool{"it offers": false, "it answers": true} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			quiet := l.newEnd(t, 0, Settings{NoHost: true})
			other := l.newEnd(t, 1, Settings{})
			from, to := quiet, other
			if answers {
				from, to = other, quiet
			}
			if _, err := from.OpenChannel("_reliable", true); err != nil {
				t.Fatal(err)
			}
			settle(t, from, to, false)
			quiet.awaitConnected(t)
			if own := quiet.pc.LocalDescription().SDP; !strings.Contains(own, "10.0.0.1") {
				t.Fatalf("there was nothing to keep back:\n%s", own)
			}
			tellsOnly(t, quiet)
		})
	}
}

func TestACandidateIsToldWithoutWhatIsBehindIt(t *testing.T) {
	const (
		host  = "candidate:1 1 udp 2130706431 192.168.1.7 40000 typ host ufrag x"
		srflx = "candidate:2 1 udp 1694498815 198.51.100.7 40000 typ srflx raddr 192.168.1.7 rport 40000 ufrag x"
		relay = "candidate:3 1 udp 16777215 203.0.113.7 40000 typ relay raddr 198.51.100.7 rport 40000"
	)
	for _, c := range []struct {
		told
		line, want string
	}{
		{told{}, host, host},
		{told{}, srflx, "candidate:2 1 udp 1694498815 198.51.100.7 40000 typ srflx raddr 0.0.0.0 rport 9 ufrag x"},
		{told{noHost: true}, host, ""},
		{told{noHost: true}, srflx, "candidate:2 1 udp 1694498815 198.51.100.7 40000 typ srflx raddr 0.0.0.0 rport 9 ufrag x"},
		{told{noHost: true, relayOnly: true}, srflx, ""},
		{told{noHost: true, relayOnly: true}, relay, "candidate:3 1 udp 16777215 203.0.113.7 40000 typ relay raddr 0.0.0.0 rport 9"},
		{told{}, "candidate:1 1 udp", ""},
		{told{}, "", ""},
	} {
		if got, ok := c.candidate(c.line); got != c.want || ok != (c.want != "") {
			t.Errorf("%+v tells %q of %q, want %q", c.told, got, c.line, c.want)
		}
	}
}
