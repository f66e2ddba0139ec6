package galene_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"paravent/media/sfu"
	"paravent/media/sfu/galene"
	"paravent/privacy/egress"
	"paravent/privacy/secret"
)

// jwt is a token that nobody signed, good until the given time.
func jwt(until time.Time) string {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	return part(`{"alg":"HS256"}`) + "." + part(fmt.Sprintf(`{"exp":%d}`, until.Unix())) + "." + part("not a signature")
}

// talk is a server that has every group and does to a connection what f does.
func talk(t *testing.T, f func(context.Context, *websocket.Conn)) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/.status") {
			_ = json.NewEncoder(w).Encode(object{"name": "test", "endpoint": "ws://" + r.Host + "/ws"})
			return
		}
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		f(r.Context(), c)
	}))
	t.Cleanup(s.Close)
	return s
}

// stay reads until the other side goes.
func stay(ctx context.Context, c *websocket.Conn) {
	for {
		if _, _, err := c.Read(ctx); err != nil {
			return
		}
	}
}

// script says lines, and stays.
func script(lines ...string) func(context.Context, *websocket.Conn) {
	return func(ctx context.Context, c *websocket.Conn) {
		for _, l := range lines {
			_ = c.Write(ctx, websocket.MessageText, []byte(l))
		}
		stay(ctx, c)
	}
}

const (
	hello   = `{"type":"handshake","version":["2"]}`
	welcome = `{"type":"joined","kind":"join","group":"test","username":"Ada","permissions":["present","message"]}`
	pong    = `{"type":"pong"}`
)

func try(t *testing.T, address string, pass string) error {
	t.Helper()
	g := guest(t, strings.TrimPrefix(address, "http://"), "test", "Ada", pass)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	s, err := galene.Connector{}.Join(ctx, g.Room, g.Pass, g.Kit)
	if err == nil {
		t.Error("joined")
		_ = s.Leave(ctx)
	}
	return err
}

func TestAServerThatBreaksTheProtocolIsNotJoined(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
	for name, c := range map[string]struct {
		talk func(context.Context, *websocket.Conn)
		want sfu.JoinProblem
	}{
		"garbage":         {script("\xff\xff"), sfu.BadProtocol},
		"no object":       {script("[1]"), sfu.BadProtocol},
		"deep":            {script(strings.Repeat(`{"type":`, 20_000)), sfu.BadProtocol},
		"another version": {script(`{"type":"handshake","version":["9"]}`), sfu.NotAServer},
		"no handshake":    {script(welcome, pong), sfu.BadProtocol},
		"oversize":        {script(hello, `{"type":"`+strings.Repeat("x", 3<<20)+`"}`), sfu.BadProtocol},
		"gone at once":    {func(context.Context, *websocket.Conn) {}, sfu.BadProtocol},
		"gone with a word": {func(ctx context.Context, c *websocket.Conn) {
			_ = c.Write(ctx, websocket.MessageText, []byte(hello))
			_ = c.Write(ctx, websocket.MessageText, []byte(`{"type":"usermessage","kind":"error","privileged":true,"value":"too \u001b[2J old"}`))
			_ = c.Close(websocket.StatusProtocolError, "")
		}, sfu.ServerFault},
		"binary": {func(ctx context.Context, c *websocket.Conn) {
			_ = c.Write(ctx, websocket.MessageBinary, []byte(hello))
			stay(ctx, c)
		}, sfu.BadProtocol},
		"a wrong type":     {script(hello, `{"type":"joined","kind":5}`), sfu.BadProtocol},
		"a wrong kind":     {script(hello, `{"type":"joined","kind":"perhaps"}`), sfu.BadProtocol},
		"a redirect":       {script(hello, `{"type":"joined","kind":"redirect","value":"https://elsewhere.example/?secret=x"}`), sfu.NoSuchRoom},
		"a fault":          {script(hello, `{"type":"joined","kind":"fail","value":"internal server error"}`), sfu.ServerFault},
		"a name is wanted": {script(hello, `{"type":"joined","kind":"fail","error":"need-username","value":"username required"}`), sfu.PassRefused},
	} {
		t.Run(name, func(t *testing.T) {
			err := try(t, talk(t, c.talk).URL, "word-of-the-house")
			var no *sfu.JoinError
			if !errors.As(err, &no) || no.Why != c.want {
				t.Errorf("%v, want %q", err, c.want)
			}
			if strings.ContainsAny(err.Error(), "\x1b\x07") || strings.Contains(err.Error(), "secret") || len(err.Error()) > 8<<10 {
				t.Errorf("%q is not fit for a screen", err)
			}
		})
	}
	t.Run("silence", func(t *testing.T) {
		began := time.Now()
		_ = try(t, talk(t, script(hello)).URL, "word") // must fail, for whatever reason
		if d := time.Since(began); d > 15*time.Second {
			t.Errorf("it took %v to give up", d)
		}
	})
	t.Run("an endless welcome", func(t *testing.T) {
		_ = try(t, talk(t, func(ctx context.Context, c *websocket.Conn) {
			_ = c.Write(ctx, websocket.MessageText, []byte(hello))
			_ = c.Write(ctx, websocket.MessageText, []byte(welcome))
			for n := 0; ; n++ {
				if c.Write(ctx, websocket.MessageText, fmt.Appendf(nil, `{"type":"user","kind":"add","id":"%d"}`, n)) != nil {
					return
				}
			}
		}).URL, "word")
	})
}

func TestAPageIsNoServerAndTheServersWordsAreShownWithoutThePass(t *testing.T) {
	const pass = "word-of-the-house"
	for name, c := range map[string]struct {
		status int
		body   string
		want   sfu.JoinProblem
	}{
		"a page": {200, "<html>", sfu.NotAServer}, "no group": {200, "{}", sfu.NotAServer}, "no way": {200, `{"name":"test"}`, sfu.NotAServer},
		"another host":          {200, `{"name":"test","endpoint":"wss://elsewhere.example/ws?secret=x"}`, sfu.NoSuchRoom},
		"a name in the address": {200, `{"name":"test","endpoint":"wss://a:b@127.0.0.1/ws"}`, sfu.NotAServer},
		"busy":                  {503, "", sfu.Busy}, "a fault": {500, "", sfu.ServerFault}, "forbidden": {403, "", sfu.NotAServer},
		"round and round": {200, `{"name":"test","redirect":"/group/test/"}`, sfu.NoSuchRoom},
		"endless":         {200, `{"name":"` + strings.Repeat("x", 1<<20), sfu.NotAServer},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		}))
		err := try(t, s.URL, pass)
		s.Close()
		var no *sfu.JoinError
		if !errors.As(err, &no) || no.Why != c.want || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	said := talk(t, script(hello, `{"type":"joined","kind":"fail","value":"`+pass+` is wrong\u001b[2J"}`))
	if err := try(t, said.URL, pass); strings.Contains(err.Error(), pass) || strings.Contains(err.Error(), "\x1b") || !strings.Contains(err.Error(), "is wrong") {
		t.Errorf("%q", err)
	}
	away := httptest.NewServer(http.RedirectHandler("http://127.0.0.2:1/", http.StatusFound))
	defer away.Close()
	var denied *egress.DeniedError
	if err := try(t, away.URL, pass); !errors.As(err, &denied) {
		t.Errorf("a redirect elsewhere: %v, want a DeniedError", err)
	}
}

func TestWhoIsWelcomeMaySayAnythingLater(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
	long := strings.Repeat("x", 100_000)
	lines := []string{
		`{"type":"offer","id":"1","label":"camera","source":"bo","sdp":"v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n"}`,
		`{"type":"offer","id":"` + long + `","source":"bo","sdp":""}`,
		`{"type":"offer","id":"2","replace":"1","source":"cy","sdp":"m=video"}`,
		`{"type":"answer","id":"1","sdp":"nonsense"}`, `{"type":"answer","id":"9","sdp":"v=0"}`,
		`{"type":"ice","id":"1","candidate":{"candidate":"nonsense"}}`, `{"type":"ice","id":"1"}`, `{"type":"ice","id":"7","candidate":null}`,
		`{"type":"renegotiate","id":"1"}`, `{"type":"abort","id":"1"}`, `{"type":"close","id":"none"}`,
		`{"type":"user","kind":"add","id":"bo","username":"B\u001b[2Jo","data":{"raisehand":"perhaps"}}`,
		`{"type":"user","kind":"add","id":"` + long + `"}`, `{"type":"user","kind":"delete","id":"nobody"}`, `{"type":"user","kind":"delete","id":""}`,
		`{"type":"chat","source":"bo","value":{"a":[1]}}`, `{"type":"chat","source":"bo","value":"` + long + `"}`, `{"type":"chat","source":"bo","value":"hi","time":"soon"}`,
		`{"type":"usermessage","kind":"filetransfer","source":"bo","value":{"type":"invite","id":"f","name":"\u001b[2J.exe","size":-1e300}}`,
		`{"type":"usermessage","kind":"kicked","source":"bo","value":"go away"}`, // no operator
		`{"type":"usermessage","kind":"mute","source":"bo","value":null}`,
		`{"type":"usermessage","kind":"error","privileged":true,"value":7}`,
		`{"type":"joined","kind":"change","permissions":null,"status":null,"rtcConfiguration":{"iceServers":[{"urls":"stun:elsewhere.example"}]}}`,
		`{"type":"what is this"}`, `{}`, `{"type":"pong"}`, `{"type":"ping"}`,
		`{"type":"chat","source":"bo","username":"Bo","value":"the end"}`,
	}
	s := talk(t, script(append([]string{hello, welcome, pong}, lines...)...))
	g := guest(t, strings.TrimPrefix(s.URL, "http://"), "test", "Ada", "word")
	ada := enter(t, g)
	ada.Await("the end", said("the end"))
	track := ada.AwaitTrack(sfu.Camera, "bo")
	in, err := ada.Subscribe(t.Context(), track.ID)
	if err != nil {
		t.Fatal(err)
	}
	ada.Await("the stream to be given up", func(e sfu.Event) bool { r, ok := e.(sfu.TrackRemoved); return ok && r.ID == track.ID })
	if _, err := in.Receive(t.Context()); err == nil {
		t.Error("something came of a stream that makes no sense")
	}
	for _, e := range ada.Events() {
		if isEnded(e) {
			t.Errorf("ended: %+v", e)
		}
		if j, ok := e.(sfu.MemberJoined); ok && (j.Member.ID != "bo" || j.Member.Hand || strings.Contains(j.Member.Name.Clean(), "\x1b")) {
			t.Errorf("%+v", j)
		}
	}
}

func said(text string) func(sfu.Event) bool {
	return func(e sfu.Event) bool {
		c, ok := e.(sfu.ChatArrived)
		return ok && strings.Contains(string(c.Text), text)
	}
}

func announced(what sfu.Announcement, text string) func(sfu.Event) bool {
	return func(e sfu.Event) bool {
		a, ok := e.(sfu.Announced)
		return ok && a.What == what && strings.Contains(string(a.Text), text)
	}
}

func TestALinkIsReadAndWhatIsNoneIsSaidSo(t *testing.T) {
	for link, want := range map[string]sfu.Room{
		"galene+https://meet.example/group/atelier":                      {Server: "meet.example", Name: "atelier", Path: secret.New("/group/atelier")},
		"Galene+https://meet.example:8443/group/a/b%20c/?token=x.y":      {Server: "meet.example:8443", Name: "a/b c", Path: secret.New("/group/a/b%20c"), Token: secret.New("x.y")},
		"galene+http://127.0.0.1:8443/talk/group/test/":                  {Server: "127.0.0.1:8443", Name: "test", Path: secret.New("/talk/group/test"), Plain: true},
		" galene+http://localhost/group/test?token=abcdefgh&unknown=3\n": {Server: "localhost", Name: "test", Path: secret.New("/group/test"), Token: secret.New("abcdefgh"), Plain: true},
	} {
		r, ok, err := galene.Connector{}.Room(link)
		if err != nil || !ok || r.Server != want.Server || r.Name != want.Name || r.Plain != want.Plain ||
			r.Path.Reveal() != want.Path.Reveal() || r.Token.Reveal() != want.Token.Reveal() {
			t.Errorf("%s: %+v, %v, %v", link, r, ok, err)
		}
	}
	for _, link := range []string{
		"galene+http://meet.example/group/x", "galene+ws://127.0.0.1/group/x", "galene:https://h/group/x", "galene+https://", "galene+https://h/", "galene+https://h/group/",
		"galene+https://h/group/../x", "galene+https://h/group/a//b", "galene+https://h/group/.x", "galene+https://u:p@h/group/x", "galene+https://h/group/x#y",
		"galene+https://h:0/group/x", "galene+https://h/group/x?%zz", "galene+https://h/" + strings.Repeat("a", 1<<15) + "/group/x",
	} {
		_, ok, err := galene.Connector{}.Room(link)
		var bad *sfu.LinkError
		if !ok || !errors.As(err, &bad) {
			t.Errorf("%.40s: %v, %v", link, ok, err)
		}
	}
	if _, ok, _ := (galene.Connector{}).Room("whip+https://h/group/x"); ok {
		t.Error("another kind's link was taken")
	}
}
