package livekit_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"paravent/media/sfu"
	"paravent/media/sfu/livekit"
	"paravent/media/sfu/sfutest"
	"paravent/privacy/egress"
)

const pass = "eyJhbGciOiJIUzI1NiJ9.eyJ2aWRlbyI6eyJyb29tIjoiYXRlbGllciJ9fQ.c2ln" // for "atelier", signed by nobody

// meet is a double of LiveKit Meet that leads to a server.
func meet(asked *[]string, server string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.URL.RequestURI())
		q := r.URL.Query()
		switch {
		case r.URL.Path != "/api/connection-details":
			http.NotFound(w, r)
		case !q.Has("roomName"):
			sfutest.Saying(http.StatusBadRequest, "text/plain", "Missing required query parameter: roomName")(w, r)
		default:
			sfutest.Saying(http.StatusOK, "application/json", `{"serverUrl":"`+server+`","roomName":"`+q.Get("roomName")+
				`","participantToken":"`+pass+`","participantName":"`+q.Get("participantName")+`"}`)(w, r)
		}
	}
}

func TestARealServerIsRecognisedWithoutAPass(t *testing.T) {
	r := openRoom(t, "--name", "Ada")
	at := target(t, r.links["Ada"])
	p := sfutest.Page(t, "http://"+at.Server+"/?"+url.Values{"token": {at.Token.Reveal()}}.Encode())
	g := egress.NewGuard()
	g.Allow(egress.Signalling, p.Host())
	client := g.Lane(egress.Signalling).HTTPClient()
	defer client.CloseIdleConnections()
	seen := &watching{client.Transport, nil}
	client.Transport = seen

	f, err := sfu.Recognise(t.Context(), p, sfu.NewAsker(client, p), []sfu.Recogniser{livekit.Connector{}})
	if err != nil || f.Kind != "livekit" || f.Room != "atelier" || f.EndToEnd != sfu.EndToEndPossible {
		t.Fatalf("found %+v, %v", f, err)
	}
	if got := target(t, f.Link.Reveal()); got.Server != at.Server || got.Token.Reveal() != at.Token.Reveal() {
		t.Error("the link is another one")
	}
	for _, line := range seen.lines {
		if strings.Contains(line, at.Token.Reveal()) {
			t.Error("the pass was shown")
		}
	}
	for _, e := range g.Journal() {
		if e.Host != p.Host() || e.Purpose != egress.Signalling {
			t.Errorf("the journal has %+v", e)
		}
	}
}

// watching notes what is sent.
type watching struct {
	http.RoundTripper
	lines []string
}

func (w *watching) RoundTrip(r *http.Request) (*http.Response, error) {
	w.lines = append(w.lines, r.Method+" "+r.URL.String()+" "+strings.Join(slices.Concat(r.Header.Values("Authorization"), r.Header.Values("Cookie")), " "))
	return w.RoundTripper.RoundTrip(r)
}

func TestALinkThatNamesItsServerIsReadWithoutAsking(t *testing.T) {
	asked := 0
	client := sfutest.Answering(func(http.ResponseWriter, *http.Request) { asked++ })
	p := sfutest.Page(t, "https://meet.example/custom?liveKitUrl=wss://media.example&token="+pass+"#passphrase")
	f, err := sfu.Recognise(t.Context(), p, sfu.NewAsker(client, p), []sfu.Recogniser{livekit.Connector{}})
	if err != nil || f.Room != "atelier" || f.EndToEnd != sfu.EndToEndRequired || asked > 0 {
		t.Fatalf("found %+v, %v; asked %d times", f, err, asked)
	}
	if got := target(t, f.Link.Reveal()); got.Server != "media.example" || got.Plain {
		t.Errorf("leads to %+v", got)
	}
	for _, bad := range []string{"ws://media.example", "wss://", "wss://u:p@media.example", "wss://media.example/x", "file:///etc", "wss://media.example?a=b", "wss://a b"} {
		p := sfutest.Page(t, "https://meet.example/custom?"+url.Values{"liveKitUrl": {bad}, "token": {pass}}.Encode())
		if f, err := sfu.Recognise(t.Context(), p, sfu.NewAsker(client, p), []sfu.Recogniser{livekit.Connector{}}); err == nil {
			t.Errorf("%q leads to %v", bad, f.Link.Reveal())
		}
	}
}

func TestLiveKitMeetGivesAPassToWhoeverSaysAName(t *testing.T) {
	var asked []string
	p := sfutest.Page(t, "https://meet.example/rooms/ab%20cd")
	a := sfu.NewAsker(sfutest.Answering(meet(&asked, "wss://media.example")), p)
	f, err := sfu.Recognise(t.Context(), p, a, []sfu.Recogniser{livekit.Connector{}})
	if err != nil || !f.Usher || !f.Link.Empty() || f.Room != "ab cd" {
		t.Fatalf("found %+v, %v", f, err)
	}
	if want := []string{"/api/connection-details"}; !slices.Equal(asked, want) {
		t.Errorf("asked %q before anybody joins, want %q", asked, want)
	}
	link, err := livekit.Connector{}.Usher(t.Context(), p, a, "Ada & Bo")
	if err != nil {
		t.Fatal(err)
	}
	if got := target(t, link.Reveal()); got.Server != "media.example" || got.Token.Reveal() != pass {
		t.Errorf("leads to %q", got.Server)
	}
	if want := "/api/connection-details?participantName=Ada+%26+Bo&roomName=ab+cd"; asked[len(asked)-1] != want {
		t.Errorf("asked %q, want %q", asked[len(asked)-1], want)
	}
}

func TestAPageThatIsNotLiveKitIsNotTakenForIt(t *testing.T) {
	for name, says := range map[string]http.HandlerFunc{
		"everything":  sfutest.Saying(http.StatusOK, "text/html", "no permissions to access the room"),
		"nothing":     sfutest.Saying(http.StatusNotFound, "text/plain", ""),
		"forbidden":   sfutest.Saying(http.StatusUnauthorized, "text/plain", "Unauthorized"),
		"a web page":  sfutest.Saying(http.StatusUnauthorized, "text/html", "no permissions to access the room"),
		"bad request": sfutest.Saying(http.StatusBadRequest, "text/plain", "Bad Request"),
	} {
		for _, link := range []string{"https://meet.example/", "https://meet.example/rooms/x"} {
			p := sfutest.Page(t, link)
			if f, ok := (livekit.Connector{}).Probe(t.Context(), p, sfu.NewAsker(sfutest.Answering(says), p)); ok {
				t.Errorf("%s at %s: found %+v", name, link, f)
			}
		}
	}
}

func FuzzUsher(f *testing.F) {
	f.Add(200, "application/json", `{"serverUrl":"wss://media.example","participantToken":"`+pass+`"}`)
	f.Add(200, "application/json", `{"serverUrl":"ws://127.0.0.1:1/","participantToken":"a.b"}`)
	f.Add(400, "text/plain", `Missing required query parameter: roomName`)
	f.Fuzz(func(t *testing.T, status int, kind, body string) {
		if status < 200 || status > 599 {
			return
		}
		p := sfutest.Page(t, "https://meet.example/rooms/x")
		a := sfu.NewAsker(sfutest.Answering(sfutest.Saying(status, kind, body)), p)
		_, _ = livekit.Connector{}.Probe(t.Context(), p, a)
		link, err := livekit.Connector{}.Usher(t.Context(), p, a, "Ada")
		if err != nil {
			return
		}
		if r, ok, err := (livekit.Connector{}).Room(link.Reveal()); !ok || err != nil || r.Token.Empty() || r.Plain && !egress.IsLoopback(r.Server) {
			t.Errorf("%q leads to %+v, %v, %v", body, r, ok, err)
		}
	})
}
