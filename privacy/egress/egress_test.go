package egress_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"paravent/privacy/egress"
)

func get(t *testing.T, c *http.Client, address string) error {
	t.Helper()
	resp, err := c.Get(address)
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	return err
}

func host(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Hostname()
}

func TestGuardRefusesAHostThatNoRuleAllows(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	g := egress.NewGuard()
	var denied *egress.DeniedError

	if err := get(t, g.Lane(egress.Signalling).HTTPClient(), srv.URL); !errors.As(err, &denied) {
		t.Fatalf("error = %v, want a DeniedError", err)
	}
	g.Allow(egress.Signalling, host(t, srv.URL))
	if err := get(t, g.Lane(egress.Signalling).HTTPClient(), srv.URL); err != nil {
		t.Fatal(err)
	}
	if err := get(t, g.Lane(egress.Media).HTTPClient(), srv.URL); !errors.As(err, &denied) {
		t.Errorf("media: error = %v, want a DeniedError", err)
	}
	refused, allowed := 0, 0
	for _, e := range g.Journal() {
		if e.Allowed {
			allowed++
		} else {
			refused++
		}
	}
	if refused != 2 || allowed != 1 {
		t.Errorf("the journal has %d refusals and %d permissions: %+v", refused, allowed, g.Journal())
	}
}

func TestSealRefusesTheDefaultClient(t *testing.T) {
	old := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = old })
	egress.NewGuard().Seal()
	var denied *egress.DeniedError
	if err := get(t, http.DefaultClient, "http://127.0.0.1/"); !errors.As(err, &denied) {
		t.Errorf("error = %v, want a DeniedError", err)
	}
}

func TestARedirectElsewhereIsNotFollowed(t *testing.T) {
	reached := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer other.Close()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/here" {
			return
		}
		to := r.URL.Query().Get("to")
		http.Redirect(w, r, to, http.StatusFound)
	}))
	defer srv.Close()
	g := egress.NewGuard()
	g.Allow(egress.Signalling, "127.0.0.1") // both servers: another port is another place all the same
	c := g.Lane(egress.Signalling).HTTPClient()

	var denied *egress.DeniedError
	if err := get(t, c, srv.URL+"/?to="+url.QueryEscape(other.URL)); !errors.As(err, &denied) || reached {
		t.Errorf("error = %v, reached %v", err, reached)
	}
	if j := g.Journal(); !slices.ContainsFunc(j, func(e egress.Entry) bool { return e.Purpose == denied.Purpose && e.Host == "127.0.0.1" && !e.Allowed }) {
		t.Errorf("the journal does not say where the redirect led: %+v", j)
	}
	if err := get(t, c, srv.URL+"/?to=/here"); err != nil {
		t.Errorf("within one origin: %v", err)
	}
	if err := get(t, c, srv.URL+"/?to="+url.QueryEscape("/?to=%2F%3Fto%3Dloop")); err == nil {
		t.Error("a redirect without end was followed")
	}
}

func TestPlainHTTPIsForThisMachineOnly(t *testing.T) {
	g := egress.NewGuard()
	g.Allow(egress.Signalling, "192.0.2.1")
	var reach *egress.ReachError
	if err := get(t, g.Lane(egress.Signalling).HTTPClient(), "http://192.0.2.1/"); !errors.As(err, &reach) || reach.Why != egress.Unencrypted {
		t.Errorf("error = %v, want Unencrypted", err)
	}
}

func TestEveryWayNotToReachAHostHasItsWord(t *testing.T) {
	quiet := log.New(io.Discard, "", 0)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = quiet
	untrusted.StartTLS()
	defer untrusted.Close()
	plain := httptest.NewUnstartedServer(http.NotFoundHandler())
	plain.Config.ErrorLog = quiet
	plain.Start()
	defer plain.Close()
	g := egress.NewGuard()
	g.Allow(egress.Signalling, "127.0.0.1")
	for address, want := range map[string]egress.Failing{
		gone.URL:      egress.Refusing,
		untrusted.URL: egress.Certificate,
		strings.Replace(plain.URL, "http:", "https:", 1): egress.BadTLS,
	} {
		var reach *egress.ReachError
		if err := get(t, g.Lane(egress.Signalling).HTTPClient(), address); !errors.As(err, &reach) || reach.Why != want {
			t.Errorf("%s: error = %v, want %q", address, err, want)
		}
	}
}

func TestTheGuardDoesNotMistakeTheSpellingOfAHost(t *testing.T) {
	for _, c := range []struct {
		rule, asked string
		want        bool
	}{
		{"Meet.Example", "meet.example.", true},
		{"meet.example", "evil-meet.example", false},
		{"meet.example", "meet.example.evil.test", false},
		{"::1", "[::1]", true},
		{"127.0.0.1", "::ffff:127.0.0.1", true},
	} {
		g := egress.NewGuard()
		g.Allow(egress.Media, c.rule)
		_, err := g.Lane(egress.Media).Resolve(cancelled(t), c.asked)
		var denied *egress.DeniedError
		if got := !errors.As(err, &denied); got != c.want {
			t.Errorf("%q allows %q: %v, want %v", c.rule, c.asked, got, c.want)
		}
	}
}

// cancelled keeps a test from looking names up.
func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestHostsThatAServerNamesAreBounded(t *testing.T) {
	l := egress.NewGuard().Lane(egress.Media)
	for name, want := range map[string]bool{
		"turn.example": true, "198.51.100.7": true,
		"printer.local": false, "0.0.0.0": false, "224.0.0.1": false, "255.255.255.255": false, "::": false, "": false,
		strings.Repeat("a", 300): false,
	} {
		if got := l.AllowNamed(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}

func TestAUDPSocketSpeaksOnlyToAddressesOfItsLane(t *testing.T) {
	listen := func() *net.UDPConn {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	peer := listen()
	g := egress.NewGuard()
	lane := g.Lane(egress.Media)
	ours, err := lane.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	to := peer.LocalAddr().(*net.UDPAddr)
	var denied *egress.DeniedError
	for name, send := range map[string]func() (int, error){
		"WriteTo":            func() (int, error) { return ours.WriteTo([]byte("x"), to) },
		"WriteToUDP":         func() (int, error) { return ours.WriteToUDP([]byte("x"), to) },
		"WriteToUDPAddrPort": func() (int, error) { return ours.WriteToUDPAddrPort([]byte("x"), to.AddrPort()) },
		"WriteMsgUDP":        func() (int, error) { n, _, err := ours.WriteMsgUDP([]byte("x"), nil, to); return n, err },
	} {
		if _, err := send(); !errors.As(err, &denied) {
			t.Errorf("%s: error = %v, want a DeniedError", name, err)
		}
	}

	// What nobody allowed is not heard either: the first packet is dropped, the
	// second comes after the rule.
	if _, err := peer.WriteToUDP([]byte("foreign"), ours.LocalAddr().(*net.UDPAddr)); err != nil {
		t.Fatal(err)
	}
	heard := make(chan string, 2)
	go func() {
		b := make([]byte, 16)
		for {
			n, _, err := ours.ReadFromUDPAddrPort(b)
			if err != nil {
				close(heard)
				return
			}
			heard <- string(b[:n])
		}
	}()
	other, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2)})
	if err != nil {
		t.Skip("this machine has one loopback address only")
	}
	defer other.Close()
	g.Allow(egress.Signalling, "127.0.0.1") // the link is of this machine, so a server may name others of it
	if !lane.AllowNamed("127.0.0.2") {
		t.Fatal("not allowed")
	}
	if _, err := ours.WriteToUDPAddrPort([]byte("hello"), other.LocalAddr().(*net.UDPAddr).AddrPort()); err != nil {
		t.Fatalf("to an allowed address: %v", err)
	}
	if _, err := other.WriteToUDP([]byte("known"), ours.LocalAddr().(*net.UDPAddr)); err != nil {
		t.Fatal(err)
	}
	if got := <-heard; got != "known" {
		t.Errorf("heard %q", got)
	}
}

func TestSendingDoesNotAllocate(t *testing.T) {
	g := egress.NewGuard()
	g.Allow(egress.Media, "127.0.0.1")
	c, err := g.Lane(egress.Media).ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	to := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(c.LocalAddr().(*net.UDPAddr).Port))
	b := make([]byte, 1200)
	send := func() {
		if _, err := c.WriteToUDPAddrPort(b, to); err != nil {
			t.Fatal(err)
		}
	}
	send()
	if n := testing.AllocsPerRun(100, send); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

func TestTheJournalIsBounded(t *testing.T) {
	g := egress.NewGuard()
	l := g.Lane(egress.Media)
	for i := range 3000 {
		_, _ = l.Resolve(t.Context(), netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}).String())
	}
	if n := len(g.Journal()); n > 1000 {
		t.Errorf("%d entries", n)
	}
}

// A handshake says where to, and nothing that tells one call from another.
func TestTheFirstWordsOfTLSAreTheSameForEverybody(t *testing.T) {
	type words struct{ name, protocols, suites, curves, schemes, versions, extensions string }
	var mu sync.Mutex
	var heard []words
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.TLS = &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, words{
			h.ServerName, fmt.Sprint(h.SupportedProtos), fmt.Sprint(h.CipherSuites), fmt.Sprint(h.SupportedCurves),
			fmt.Sprint(h.SignatureSchemes), fmt.Sprint(h.SupportedVersions), fmt.Sprint(h.Extensions),
		})
		return nil, nil
	}}
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	defer srv.Close()
	for range 2 {
		g := egress.NewGuard()
		g.Allow(egress.Signalling, "127.0.0.1")
		for range 2 {
			_ = get(t, g.Lane(egress.Signalling).HTTPClient(), srv.URL) // is not trusted, which comes after the first words
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(heard) != 4 {
		t.Fatalf("%d handshakes", len(heard))
	}
	for _, w := range heard {
		if w != heard[0] || w.name != "" { // an address is not named (RFC 6066, section 3)
			t.Errorf("%+v differs from %+v", w, heard[0])
		}
	}
}

func TestAConnectionFromAnAddressThatIsLostIsCut(t *testing.T) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(addrs, func(a net.Addr) bool {
		p, ok := a.(*net.IPNet)
		return ok && p.IP.IsGlobalUnicast() && p.IP.To4() != nil
	})
	if i < 0 {
		t.Skip("this machine is in no network")
	}
	own := addrs[i].(*net.IPNet).IP.String()
	for at, want := range map[string]bool{own: true, "127.0.0.1": false} { // which is never lost
		l, err := net.Listen("tcp", net.JoinHostPort(at, "0"))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		g := egress.NewGuard()
		g.Allow(egress.Signalling, at)
		c, err := g.Lane(egress.Signalling).DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		here := netip.MustParseAddr(at)
		egress.CutStrays(g, map[netip.Addr]bool{here: true})
		if _, err := c.Write([]byte("x")); err != nil {
			t.Errorf("%s: cut though the address is there: %v", at, err)
		}
		egress.CutStrays(g, map[netip.Addr]bool{})
		if _, err := c.Write([]byte("x")); (err != nil) != want {
			t.Errorf("%s is lost, and writing says: %v", at, err)
		}
	}
}
