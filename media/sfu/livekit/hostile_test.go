package livekit_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"paravent/media/sfu"
	"paravent/media/sfu/livekit"
	pb "paravent/media/sfu/livekit/wire"
	"paravent/privacy/egress"
	"paravent/privacy/secret"
)

// token makes a pass that no server signed, good until the given time.
func token(until time.Time) string {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	return part(`{"alg":"HS256"}`) + "." + part(fmt.Sprintf(`{"exp":%d,"video":{"room":"atelier"}}`, until.Unix())) + "." + part("not a signature at all")
}

func welcome() *pb.SignalResponse {
	return &pb.SignalResponse{Message: &pb.SignalResponse_Join{Join: &pb.JoinResponse{
		Room: &pb.Room{Name: "atelier"}, Participant: &pb.ParticipantInfo{Sid: "PA_1", Identity: "ada"},
	}}}
}

func bytesOf(t *testing.T, m *pb.SignalResponse) []byte {
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// double is a server that does to a connection what talk does. It is none of
// LiveKit's.
func double(t *testing.T, talk func(context.Context, *websocket.Conn)) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		talk(r.Context(), c)
	}))
	t.Cleanup(s.Close)
	return s
}

// try joins at an address with a pass that may be anything.
func try(t *testing.T, address, pass string) error {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	g := egress.NewGuard()
	g.Allow(egress.Signalling, u.Hostname())
	client := g.Lane(egress.Signalling).HTTPClient()
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	s, err := livekit.Connector{}.Join(ctx, sfu.Room{Kind: "livekit", Server: u.Host, Plain: u.Scheme == "http", Token: secret.New(pass)}, sfu.Pass{},
		sfu.Kit{Signalling: client, Media: g.Lane(egress.Media), Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		t.Error("joined")
		_ = s.Leave(ctx)
	}
	return err
}

func TestEveryWayNotToGetInHasItsWord(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
	good, old := token(time.Now().Add(time.Hour)), token(time.Now().Add(-time.Hour))
	answer := func(status int, words string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("access_token") != "" || strings.Contains(r.URL.String(), good[:20]) {
				t.Error("the token is in the address")
			}
			w.WriteHeader(status)
			fmt.Fprint(w, strings.ReplaceAll(words, "TOKEN", strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")))
		}
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		pass    string
		want    sfu.JoinProblem
	}{
		"refused":           {answer(401, "invalid token: TOKEN, error: signature"), good, sfu.PassRefused},
		"forbidden":         {answer(403, "permissions denied"), good, sfu.PassRefused},
		"expired":           {answer(401, "invalid token: TOKEN, error: exp"), old, sfu.PassExpired},
		"expired, it says":  {answer(401, "token is expired"), good, sfu.PassExpired},
		"no room":           {answer(404, "requested room does not exist"), good, sfu.NoSuchRoom},
		"another server":    {answer(404, "<html>not found"), good, sfu.NotAServer},
		"a page":            {answer(200, "<html>welcome"), good, sfu.NotAServer},
		"a fault":           {answer(500, "oops"), good, sfu.ServerFault},
		"an endless answer": {answer(502, strings.Repeat("x", 10<<20)), good, sfu.ServerFault},
		"busy":              {answer(429, "limit exceeded"), good, sfu.RoomFull},
		"escapes":           {answer(401, "\x1b[2J\x1b]0;x\x07"), good, sfu.PassRefused},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(c.handler)
			defer s.Close()
			err := try(t, s.URL, c.pass)
			var no *sfu.JoinError
			if !errors.As(err, &no) || no.Why != c.want {
				t.Fatalf("%v, want %q", err, c.want)
			}
			for part := range strings.SplitSeq(c.pass, ".") {
				if strings.Contains(err.Error(), part) || strings.Contains(string(no.Detail), part) {
					t.Errorf("the error shows the token: %v", err)
				}
			}
			if strings.ContainsAny(err.Error(), "\x1b\x07") || len(err.Error()) > 8<<10 {
				t.Errorf("the error is not fit for a screen: %d bytes", len(err.Error()))
			}
		})
	}
	t.Run("no pass", func(t *testing.T) {
		var no *sfu.JoinError
		if err := try(t, "http://127.0.0.1:1", ""); !errors.As(err, &no) || no.Why != sfu.PassMissing {
			t.Errorf("%v", err)
		}
	})
}

func TestAHostThatIsNotReachedHasItsWord(t *testing.T) {
	pass := token(time.Now().Add(time.Hour))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	defer secure.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for address, want := range map[string]egress.Failing{
		"http://" + l.Addr().String():                    egress.Refusing,
		"https://nowhere.invalid":                        egress.UnknownHost,
		secure.URL:                                       egress.Certificate,
		strings.Replace(plain.URL, "http:", "https:", 1): egress.BadTLS,
	} {
		err := try(t, address, pass)
		var reach *egress.ReachError
		if !errors.As(err, &reach) || reach.Why != want {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
		if strings.Contains(err.Error(), "join_request") || strings.Contains(err.Error(), pass) {
			t.Errorf("%s: the error shows too much: %v", address, err)
		}
	}
	away := httptest.NewServer(http.RedirectHandler("http://127.0.0.2:1/", http.StatusFound))
	defer away.Close()
	var denied *egress.DeniedError
	if err := try(t, away.URL, pass); !errors.As(err, &denied) {
		t.Errorf("a redirect elsewhere: %v, want a DeniedError", err)
	}
}

func TestAServerThatBreaksTheProtocolIsLeft(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
	pass := token(time.Now().Add(time.Hour))
	binary := func(c *websocket.Conn, b []byte) { _ = c.Write(context.Background(), websocket.MessageBinary, b) }
	stay := func(ctx context.Context, c *websocket.Conn) { // until the other side goes
		for {
			if _, _, err := c.Read(ctx); err != nil {
				return
			}
		}
	}
	then := func(b ...[]byte) func(context.Context, *websocket.Conn) {
		return func(ctx context.Context, c *websocket.Conn) {
			c.SetReadLimit(1 << 20)
			for _, m := range b {
				binary(c, m)
			}
			stay(ctx, c)
		}
	}
	hello := bytesOf(t, welcome())
	sdp := func(s string) *pb.SessionDescription { return &pb.SessionDescription{Type: "offer", Sdp: s, Id: 1} }
	for name, c := range map[string]struct {
		talk func(context.Context, *websocket.Conn)
		want sfu.JoinProblem
	}{
		"garbage":      {then([]byte{0xff, 0xff, 0xff, 0xff}), sfu.BadProtocol},
		"nothing":      {then([]byte{}), sfu.BadProtocol},
		"wrong order":  {then(bytesOf(t, &pb.SignalResponse{Message: &pb.SignalResponse_Answer{Answer: sdp("v=0")}})), sfu.BadProtocol},
		"a stranger":   {then(bytesOf(t, &pb.SignalResponse{Message: &pb.SignalResponse_Join{Join: &pb.JoinResponse{}}})), sfu.BadProtocol},
		"oversize":     {then(make([]byte, 5<<20)), sfu.BadProtocol},
		"gone at once": {func(context.Context, *websocket.Conn) {}, sfu.BadProtocol},
		"text": {func(ctx context.Context, c *websocket.Conn) {
			_ = c.Write(ctx, websocket.MessageText, []byte(`{"join":{}}`))
			stay(ctx, c)
		}, sfu.BadProtocol},
		"a goodbye":           {then(bytesOf(t, &pb.SignalResponse{Message: &pb.SignalResponse_Leave{Leave: &pb.LeaveRequest{Reason: 5}}})), sfu.NoSuchRoom},
		"garbage later":       {then(hello, []byte{0xff, 0xff}), sfu.BadProtocol},
		"an offer of nothing": {then(hello, bytesOf(t, &pb.SignalResponse{Message: &pb.SignalResponse_Offer{Offer: sdp("nothing")}})), sfu.BadProtocol},
		"a goodbye later":     {then(hello, bytesOf(t, &pb.SignalResponse{Message: &pb.SignalResponse_Leave{Leave: &pb.LeaveRequest{Reason: 2}}})), sfu.PassRefused},
		"an answer of nothing": {func(ctx context.Context, c *websocket.Conn) {
			binary(c, hello)
			binary(c, bytesOf(t, &pb.SignalResponse{Message: &pb.SignalResponse_Answer{Answer: &pb.SessionDescription{Type: "answer", Sdp: "v=0"}}}))
			for range 10 { // until our offer has come
				if _, _, err := c.Read(ctx); err != nil {
					return
				}
				binary(c, bytesOf(t, &pb.SignalResponse{Message: &pb.SignalResponse_Answer{Answer: &pb.SessionDescription{Type: "answer", Sdp: "v=0"}}}))
			}
		}, sfu.BadProtocol},
	} {
		t.Run(name, func(t *testing.T) {
			err := try(t, double(t, c.talk).URL, pass)
			var no *sfu.JoinError
			if !errors.As(err, &no) || no.Why != c.want {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	for name, talk := range map[string]func(context.Context, *websocket.Conn){"silence": stay, "silence later": then(hello)} {
		t.Run(name, func(t *testing.T) {
			s := double(t, talk)
			start := time.Now()
			_ = try(t, s.URL, pass) // must fail, for whatever reason
			if d := time.Since(start); d > 8*time.Second {
				t.Errorf("it took %v to give up", d)
			}
		})
	}
}

// A server of the first generation answers 404 to the newer way in.
func TestAServerThatKnowsOnlyTheOldWayIsJoinedThere(t *testing.T) {
	r := openRoom(t, "--name", "ada")
	g := target(t, r.links["ada"])
	old := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: g.Server})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/rtc/v1") {
			http.NotFound(w, r)
			return
		}
		old.ServeHTTP(w, r)
	}))
	defer s.Close()
	g.Server = strings.TrimPrefix(s.URL, "http://")
	session, err := livekit.Connector{}.Join(t.Context(), g, sfu.Pass{DisplayName: "Ada Lovelace"}, kit(t))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for range session.Events() {
			continue
		}
	}()
	if err := session.Leave(t.Context()); err != nil {
		t.Error(err)
	}
}
