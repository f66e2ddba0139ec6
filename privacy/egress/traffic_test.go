package egress_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"paravent/privacy/egress"
)

// own is the address of this machine that tests speak to.
func own() netip.Addr { return netip.MustParseAddr("127.0.0.1") }

// socket opens a UDP socket of the guard, and an ordinary one beside it.
func sockets(t testing.TB, lane *egress.Lane) (*egress.UDPConn, *net.UDPConn, netip.AddrPort) {
	t.Helper()
	ours, err := lane.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	peer, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close(); peer.Close() })
	return ours, peer, peer.LocalAddr().(*net.UDPAddr).AddrPort()
}

func TestEveryPacketOfUDPIsCountedWithItsHeaders(t *testing.T) {
	g := egress.NewGuard()
	g.Allow(egress.Media, "127.0.0.1")
	ours, peer, to := sockets(t, g.Lane(egress.Media))
	if n := len(g.Traffic()); n != 0 {
		t.Errorf("%d flows before the first packet", n)
	}
	for range 3 {
		if _, err := ours.WriteToUDPAddrPort(make([]byte, 100), to); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := ours.WriteMsgUDP(make([]byte, 7), nil, net.UDPAddrFromAddrPort(to)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 200)
	_, from, err := peer.ReadFromUDPAddrPort(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{50, 60} {
		if _, err := peer.WriteToUDPAddrPort(b[:n], from); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ours.Read(b); err != nil {
		t.Fatal(err)
	}
	if _, _, _, _, err := ours.ReadMsgUDP(b, nil); err != nil {
		t.Fatal(err)
	}
	want := []egress.Flow{{
		Host: "127.0.0.1", Addr: own(), Purpose: egress.Media,
		Up:   egress.Count{Packets: 4, Bytes: 307, Wire: 307 + 4*28},
		Down: egress.Count{Packets: 2, Bytes: 110, Wire: 110 + 2*28},
	}}
	if got := g.Traffic(); !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestWhatAServerNamedIsCountedAsNamedByIt(t *testing.T) {
	g := egress.NewGuard()
	g.Allow(egress.Signalling, "127.0.0.1")
	lane := g.Lane(egress.Relay)
	ours, peer, _ := sockets(t, lane)
	if !lane.AllowNamed("127.0.0.3") {
		t.Fatal("not allowed")
	}
	to := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.3"), uint16(peer.LocalAddr().(*net.UDPAddr).Port))
	if _, err := ours.WriteToUDPAddrPort([]byte("x"), to); err != nil {
		t.Fatal(err)
	}
	if f := g.Traffic(); len(f) != 1 || !f[0].Named || f[0].Purpose != egress.Relay || f[0].Host != "127.0.0.3" {
		t.Errorf("%+v", f)
	}
}

// A connection is counted while it is open and no other way once it is closed.
func TestAConnectionIsCountedOnceWhileItIsOpenAndAfterwards(t *testing.T) {
	const size = 200_000
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(make([]byte, size))
	}))
	defer srv.Close()
	g := egress.NewGuard()
	g.Allow(egress.Signalling, "127.0.0.1")
	c := g.Lane(egress.Signalling).HTTPClient()
	resp, err := c.Post(srv.URL, "text/plain", strings.NewReader(strings.Repeat("x", size/2)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	while := g.Traffic()
	c.CloseIdleConnections()
	after := g.Traffic()
	for name, flows := range map[string][]egress.Flow{"while it is open": while, "afterwards": after} {
		if len(flows) != 1 {
			t.Fatalf("%s: %+v", name, flows)
		}
		f := flows[0]
		if f.Up.Bytes < size/2 || f.Up.Bytes > size/2+500 || f.Down.Bytes < size || f.Down.Bytes > size+500 {
			t.Errorf("%s: payload of %d up and %d down", name, f.Up.Bytes, f.Down.Bytes)
		}
		for _, c := range []egress.Count{f.Up, f.Down} {
			if over := c.Wire - c.Bytes; c.Packets < 3 || over < c.Packets*40 || over > c.Packets*60+60 {
				t.Errorf("%s: %+v has headers that no packets have", name, c)
			}
		}
	}
	if while[0].Up.Bytes != after[0].Up.Bytes || while[0].Down.Bytes != after[0].Down.Bytes {
		t.Errorf("closing changed the payload from %+v to %+v", while[0], after[0])
	}
}

func TestCountingDoesNotAllocate(t *testing.T) {
	g := egress.NewGuard()
	g.Allow(egress.Media, "127.0.0.1")
	ours, peer, to := sockets(t, g.Lane(egress.Media))
	b, heard := make([]byte, 1200), make([]byte, 1500)
	there := func() {
		if _, err := ours.WriteToUDPAddrPort(b, to); err != nil {
			t.Fatal(err)
		}
		_, from, err := peer.ReadFromUDPAddrPort(heard)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := peer.WriteToUDPAddrPort(b, from); err != nil {
			t.Fatal(err)
		}
		if _, _, err := ours.ReadFromUDPAddrPort(heard); err != nil {
			t.Fatal(err)
		}
	}
	there()
	if n := testing.AllocsPerRun(100, there); n != 0 {
		t.Errorf("%v allocations there and back", n)
	}
}

// BenchmarkSending compares a packet of the guard with one of the bare socket.
func BenchmarkSending(b *testing.B) {
	g := egress.NewGuard()
	g.Allow(egress.Media, "127.0.0.1")
	ours, _, to := sockets(b, g.Lane(egress.Media))
	packet := make([]byte, 1200)
	for name, send := range map[string]func([]byte, netip.AddrPort) (int, error){
		"guarded": ours.WriteToUDPAddrPort, "bare": ours.UDPConn.WriteToUDPAddrPort,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := send(packet, to); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
