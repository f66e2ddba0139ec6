package wire_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/net/dns/dnsmessage"
	"google.golang.org/protobuf/proto"

	"paravent/media/sfu"
	"paravent/media/sfu/livekit"
	"paravent/media/sfu/livekit/wire"
	"paravent/privacy/egress"
)

// A host is what a process in the server's network is told to be: the name server,
// and a front before a real LiveKit that puts strangers into what it says. It is a
// double, and hostile.
type host struct {
	Cert, Key string // files
	Room      string // host:port of the LiveKit
	Hostile   bool
}

// A report is a line that it prints.
type report struct {
	Ready bool   `json:",omitempty"`
	Asked string `json:",omitempty"` // a name
	Said  string `json:",omitempty"` // a header or a message of the client, as text
}

// The environment of a process that is a part of a test, and which.
const (
	roleEnv  = "PARAVENT_WIRE_HOST"
	guestEnv = "PARAVENT_WIRE_GUEST"
)

func TestMain(m *testing.M) {
	if link := os.Getenv(guestEnv); link != "" {
		if err := visit(link); err != nil {
			panic(err)
		}
		return
	}
	if role := os.Getenv(roleEnv); role != "" {
		var h host
		if err := json.Unmarshal([]byte(role), &h); err != nil {
			panic(err)
		}
		panic(h.serve())
	}
	m.Run()
}

// visit joins as a policy that lists only the meeting's host lets one join.
func visit(link string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	room, _, err := livekit.Connector{}.Room(link)
	if err != nil {
		return err
	}
	g := egress.NewGuard()
	g.Seal()
	g.Restrict(func(host string) bool { return host == meeting })
	g.Allow(egress.Signalling, meeting)
	g.Allow(egress.Media, meeting)
	s, err := livekit.Connector{}.Join(ctx, room, sfu.Pass{Token: room.Token}, sfu.Kit{
		Signalling: g.Lane(egress.Signalling).HTTPClient(), Media: g.Lane(egress.Media), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	refused := false
	for look := time.After(2 * time.Second); ; {
		select {
		case e := <-s.Events():
			named, ok := e.(sfu.HostNamed)
			refused = refused || ok && named.Host == namedAddr && !named.Allowed
			continue
		case <-look:
		}
		break
	}
	if !refused {
		return errors.New("it was not said that a host is refused")
	}
	return errors.Join(s.Leave(ctx), g.Close())
}

type reporter struct {
	mu  sync.Mutex
	enc *json.Encoder
}

func (r *reporter) say(what report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.enc.Encode(what)
}

func (h host) serve() error {
	out := &reporter{enc: json.NewEncoder(os.Stdout)}
	names, err := net.ListenPacket("udp", serverAddr+":53")
	if err != nil {
		return err
	}
	go answerNames(names, out)
	cert, err := tls.LoadX509KeyPair(h.Cert, h.Key)
	if err != nil {
		return err
	}
	l, err := tls.Listen("tcp", serverAddr+":443", &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}})
	if err != nil {
		return err
	}
	out.say(report{Ready: true})
	return (&http.Server{Handler: h.front(out), ReadHeaderTimeout: time.Second}).Serve(l)
}

// answerNames knows the meeting and a relay that leads inside; everything else there
// is, it says, is elsewhere in the world: so that a lookup which should not be made
// is followed by packets which should not be sent.
func answerNames(c net.PacketConn, out *reporter) {
	b := make([]byte, 1500)
	for {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(b[:n]) != nil || len(m.Questions) != 1 {
			continue
		}
		q := m.Questions[0]
		out.say(report{Asked: q.Name.String()})
		m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
		if q.Type == dnsmessage.TypeA {
			addr := netip.MustParseAddr("203.0.113.200")
			switch q.Name.String() {
			case meeting + ".":
				addr = netip.MustParseAddr(serverAddr)
			case "turn.example.test.":
				addr = netip.MustParseAddr(inside)
			}
			m.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1},
				Body:   &dnsmessage.AResource{A: addr.As4()},
			}}
		}
		if answer, err := m.Pack(); err == nil {
			_, _ = c.WriteTo(answer, from)
		}
	}
}

// front passes everything to the room. Its websockets it passes message by message.
func (h host) front(out *reporter) http.Handler {
	room := &url.URL{Scheme: "https", Host: h.Room}
	pass := httputil.NewSingleHostReverseProxy(room)
	mux := http.NewServeMux()
	mux.HandleFunc("/elsewhere/", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://redirect.example.test/", http.StatusFound)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		out.say(report{Said: r.Method + " " + r.URL.RequestURI()})
		for name, values := range r.Header {
			out.say(report{Said: name + ": " + strings.Join(values, ", ")})
		}
		if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			pass.ServeHTTP(w, r)
			return
		}
		h.between(w, r, out)
	})
	return mux
}

func (h host) between(w http.ResponseWriter, r *http.Request, out *reporter) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	up, _, err := websocket.Dial(ctx, "wss://"+h.Room+r.URL.RequestURI(), &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": r.Header["Authorization"]}})
	if err != nil {
		http.Error(w, "the room does not answer", http.StatusBadGateway)
		return
	}
	defer up.CloseNow()
	down, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer down.CloseNow()
	up.SetReadLimit(1 << 20)
	down.SetReadLimit(1 << 20)
	go func() {
		defer cancel()
		for {
			kind, b, err := down.Read(ctx)
			if err != nil {
				return
			}
			out.say(report{Said: string(b)})
			if up.Write(ctx, kind, b) != nil {
				return
			}
		}
	}()
	for {
		kind, b, err := up.Read(ctx)
		if err != nil {
			return
		}
		for _, m := range h.taint(b) {
			if down.Write(ctx, kind, m) != nil {
				return
			}
		}
	}
}

// The one stranger that a server may name: the program speaks to it and says so.
// Without it a capture that sees nothing would prove nothing.
const namedAddr = "203.0.113.9"

// inside is where the name of a relay leads.
const inside = "10.9.9.9"

// strangers are places that no program should speak to at a server's word.
func strangers() (relays []*wire.ICEServer, places []string) {
	relays = []*wire.ICEServer{
		{Urls: []string{"stun:203.0.113.5:3478", "stun:stun.example.test:3478"}},
		{Urls: []string{"turn:192.168.7.7:3478?transport=udp", "turns:10.0.0.9:443?transport=tcp", "turn:printer.local:3478"}, Username: "u", Credential: "c"},
		{Urls: []string{"turn:turn.example.test:3478?transport=udp"}, Username: "u", Credential: "c"}, // leads inside
	}
	for _, at := range []string{
		"udp 10.9.9.1", "udp 192.168.7.8", "udp 172.17.0.1", "udp 127.0.0.1", "udp 169.254.169.254", "udp 224.0.0.251", "udp fd00::9", "udp fe80::9",
		"udp ff02::fb", "udp 6e1f6ac1-0000-4000-8000-000000000000.local", "udp candidate.example.test", "tcp 203.0.113.7", "udp " + namedAddr,
	} {
		transport, address, _ := strings.Cut(at, " ")
		line := fmt.Sprintf("candidate:%d 1 %s 2130706431 %s 5353 typ host", len(places)+1, transport, address)
		if transport == "tcp" {
			line += " tcptype passive"
		}
		places = append(places, line)
	}
	return relays, places
}

// taint puts strangers into what the room says.
func (h host) taint(b []byte) [][]byte {
	var m wire.SignalResponse
	if !h.Hostile || proto.Unmarshal(b, &m) != nil {
		return [][]byte{b}
	}
	relays, places := strangers()
	join, ok := m.Message.(*wire.SignalResponse_Join)
	if !ok {
		return [][]byte{b}
	}
	join.Join.IceServers = append(join.Join.IceServers, relays...)
	b, err := proto.Marshal(&m)
	if err != nil {
		return nil
	}
	all := [][]byte{b}
	for target := range int32(2) {
		for _, line := range places {
			init, _ := json.Marshal(map[string]any{"candidate": line, "sdpMid": "0", "sdpMLineIndex": 0})
			if b, err := proto.Marshal(&wire.SignalResponse{Message: &wire.SignalResponse_Trickle{Trickle: &wire.TrickleRequest{CandidateInit: string(init), Target: target}}}); err == nil {
				all = append(all, b)
			}
		}
	}
	return all
}

// certificates makes an authority, and a certificate of the server by it.
func certificates(t *testing.T) (authority, cert, key string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	own := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a street"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		DNSNames: []string{meeting}, IPAddresses: []net.IP{net.ParseIP(serverAddr)},
	}
	der, err := x509.CreateCertificate(rand.Reader, own, own, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert = write("cert.pem", "CERTIFICATE", der)
	return cert, cert, write("key.pem", "PRIVATE KEY", secret)
}

// reports reads what a host says into a slice that the returned call gives.
func reports(t *testing.T, s *bufio.Scanner) func() []report {
	t.Helper()
	var mu sync.Mutex
	var all []report
	ready := make(chan struct{})
	go func() {
		var once sync.Once
		for s.Scan() {
			var r report
			if json.Unmarshal(s.Bytes(), &r) != nil {
				continue
			}
			if r.Ready {
				once.Do(func() { close(ready) })
			}
			mu.Lock()
			all = append(all, r)
			mu.Unlock()
		}
	}()
	select {
	case <-ready:
	case <-time.After(20 * time.Second):
		t.Fatal("the double did not start")
	}
	return func() []report {
		mu.Lock()
		defer mu.Unlock()
		return append([]report(nil), all...)
	}
}
