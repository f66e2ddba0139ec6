package whip

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"paravent/media/rtc"
	"paravent/media/sfu"
	"paravent/privacy/egress"
	"paravent/privacy/secret"
)

func FuzzRelays(f *testing.F) {
	for _, s := range []string{
		`<stun:stun.example.net>; rel="ice-server"`,
		`<turn:turn.example.net?transport=udp>; rel="ice-server"; username="user"; credential="myPassword"; credential-type="password"`,
		`<turns:a>;rel=ice-server;username=u;credential="a\"b",</sse>; rel="urn:ietf:params:whip:ext:example"`,
		`<`, `<>`, `<stun:a>;`, `<stun:a> rel`, `<stun:a>;rel="`, `,,,`, `<stun:a>;rel="ICE-SERVER other",<stun:b>`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		all := relays([]string{s, s})
		if len(all) > maxRelays {
			t.Errorf("%d relays", len(all))
		}
		for _, r := range all {
			if len(r.URLs) != 1 || len(r.URLs[0]) > 512 || !strings.HasPrefix(r.URLs[0], "stun:") && (r.User == "" || r.Password == "") {
				t.Errorf("%+v", r)
			}
		}
	})
}

func TestRelaysOfAnAnswerAreRead(t *testing.T) {
	got := relays([]string{
		`<stun:stun.example.net>; rel="ice-server"`,
		`<turn:turn.example.net?transport=udp>; rel="ice-server"; username="us,er"; credential="my\"Pass;word"; credential-type="password", ` +
			`<turns:turn.example.net?transport=tcp>; REL=Ice-Server; username=user; credential=pass`,
		`</sse>; rel="urn:ietf:params:whip:ext:example:server-sent-events"`,
		`<turn:oauth.example>; rel="ice-server"; username="u"; credential="c"; credential-type="oauth"`,
		`<turn:nobody.example>; rel="ice-server"`,
		`<https://web.example>; rel="ice-server"`,
		`<stun:first.example>; rel="ice-server"; rel="other"`,
		`<turn:a.example:3478%3Ftransport=udp>; rel="ice-server"; username="u"; credential="c"`,
	})
	want := []rtc.Relay{
		{URLs: []string{"stun:stun.example.net"}},
		{URLs: []string{"turn:turn.example.net?transport=udp"}, User: "us,er", Password: `my"Pass;word`},
		{URLs: []string{"turns:turn.example.net?transport=tcp"}, User: "user", Password: "pass"},
		{URLs: []string{"stun:first.example"}},
		{URLs: []string{"turn:a.example:3478?transport=udp"}, User: "u", Password: "c"},
	}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if got[i].URLs[0] != want[i].URLs[0] || got[i].User != want[i].User || got[i].Password != want[i].Password {
			t.Errorf("%+v, want %+v", got[i], want[i])
		}
	}
}

func TestEntityTagsAreRepeatedAsTheyAre(t *testing.T) {
	for tag, want := range map[string]string{
		`"xyzzy"`: `"xyzzy"`, `AbCd`: `AbCd`, `W/"xyzzy"`: "", `*`: "", ``: "", `""`: "", `"a`: "", `a"`: "", `"a"b"`: "", `a b`: "", `"a","b"`: "", "\"\x7f\"": "",
	} {
		if got := tagOf(tag); got != want {
			t.Errorf("%q: %q, want %q", tag, got, want)
		}
	}
}

func FuzzFragment(f *testing.F) {
	f.Add("a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\na=end-of-candidates\r\n")
	f.Add("a=ice-ufrag:abcd\na=ice-ufrag:efgh\n")
	f.Add("")
	const answer = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:x\r\na=ice-pwd:y\r\na=candidate:0 1 udp 1 10.0.0.1 9 typ host\r\na=mid:0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=ice-ufrag:x\r\na=ice-pwd:y\r\n"
	f.Fuzz(func(t *testing.T, s string) {
		x, ok := readFragment(s)
		if len(x.candidates) > maxCandidates {
			t.Errorf("%d candidates", len(x.candidates))
		}
		if !ok {
			return
		}
		got := renewed(answer, x)
		y, ok := readFragment(got)
		if !ok || y.user != x.user || y.password != x.password || len(y.candidates) != len(x.candidates) || strings.Contains(got, "10.0.0.1 9 typ host\r\na=mid") {
			t.Errorf("%+v became %+v in\n%s", x, y, got)
		}
		if strings.Count(got, "m=") != 2+strings.Count(strings.Join(x.candidates, ""), "m=") {
			t.Errorf("another section:\n%s", got)
		}
		if !strings.Contains(x.write(answer), "a=mid:0\r\n") {
			t.Errorf("no section in\n%s", x.write(answer))
		}
	})
}

func FuzzSections(f *testing.F) {
	f.Add("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=recvonly\r\na=rtpmap:111 opus/48000/2\r\nm=video 0 UDP/TLS/RTP/SAVPF 96\r\na=bundle-only\r\na=sendonly\r\na=rtpmap:96 VP8/90000\r\n")
	f.Add("m=\nm= \na=mid:\na=rtpmap\n")
	f.Fuzz(func(t *testing.T, s string) {
		all := sections(s)
		if len(all) > maxSections {
			t.Errorf("%d sections", len(all))
		}
		for _, x := range all {
			if x.takes() && x.rejected || x.sends() && x.rejected {
				t.Errorf("%+v", x)
			}
		}
		_ = strict(s)
	})
}

func TestSectionsOfAnAnswer(t *testing.T) {
	got := sections("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=recvonly\r\na=rtpmap:111 opus/48000/2\r\n" +
		"m=video 0 UDP/TLS/RTP/SAVPF 97 96\r\na=mid:1\r\na=bundle-only\r\na=sendonly\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\n" +
		"m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\na=sendonly\r\na=rtpmap:96 VP8/90000\r\nm=application 9 x y\r\n")
	if len(got) != 4 || !got[0].takes() || got[0].sends() || got[0].codec != "opus" || !got[1].sends() || got[1].codec != "vp8" || got[1].mid != "1" || got[2].sends() || got[3].codec != "" {
		t.Errorf("%+v", got)
	}
}

// server is a double that answers every request alike, without a socket.
type server struct {
	status int
	header http.Header
	body   string
}

func (s server) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: s.status, Header: s.header.Clone(), Body: io.NopCloser(strings.NewReader(s.body)), Request: r}, nil
}

// FuzzServer lets a server answer anything to an offer.
func FuzzServer(f *testing.F) {
	const sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=fingerprint:sha-256 86:03:35:F0:42:F6:59:35:19:FB:9C:B1:D2:29:BC:28:3E:5E:9E:F5:B0:17:2E:BB:34:C2:60:B2:77:AA:EA:B3\r\n" +
		"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=setup:active\r\na=mid:0\r\na=ice-ufrag:abcdefgh\r\na=ice-pwd:abcdefghijklmnopqrstuvwxyz\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=recvonly\r\na=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n" +
		"m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=setup:active\r\na=mid:1\r\na=ice-ufrag:abcdefgh\r\na=ice-pwd:abcdefghijklmnopqrstuvwxyz\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\na=recvonly\r\n"
	for _, status := range []int{201, 406, 307, 401, 503} {
		f.Add(status, "/session/1", "application/sdp", `"tag"`, `<stun:a>; rel="ice-server"`, sdp, status%2 == 0)
	}
	f.Add(201, "http://[::1", "application/sdp;;", `W/"x"`, "<", "v=0\r\nm=audio", true)
	f.Fuzz(func(t *testing.T, status int, location, kind, tag, link, body string, watch bool) {
		if status < 100 || status > 999 || strings.ContainsAny(location+kind+tag+link, "\r\n") {
			return
		}
		s := server{status, http.Header{"Location": {location}, "Content-Type": {kind}, "Etag": {tag}, "Link": {link}, "Retry-After": {tag}}, body}
		client := &http.Client{Transport: s}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		k := sfu.Kit{Signalling: client, Media: egress.NewGuard().Lane(egress.Media), Log: slog.New(slog.DiscardHandler)}
		r := sfu.Room{Server: "127.0.0.1:1", Plain: true, Path: secret.New("/whip/a-key-in-the-path")}
		session, err := Connector{Watch: watch}.Join(ctx, r, sfu.Pass{Token: secret.New("token-of-the-stream")}, k)
		if err == nil {
			t.Error("joined")
			_ = session.Leave(ctx)
			return
		}
		if strings.ContainsAny(err.Error(), "\x1b\x00\n") || len(err.Error()) > 32<<10 || bytes.Contains([]byte(err.Error()), []byte("token-of-the-stream")) {
			t.Errorf("not fit for a screen: %q", err)
		}
	})
}
