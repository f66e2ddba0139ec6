package whip_test

import (
	"net/http"
	"slices"
	"testing"

	"paravent/media/sfu"
	"paravent/media/sfu/sfutest"
	"paravent/media/sfu/whip"
)

func recognisers() []sfu.Recogniser {
	return []sfu.Recogniser{whip.Connector{}, whip.Connector{Watch: true}}
}

func TestAnEndpointIsRecognisedWithoutASession(t *testing.T) {
	d := open(t, func(*double) {})
	for path, kind := range map[string]string{"/whip/atelier": "whip", "/whep/atelier?key=k": "whep"} {
		p := sfutest.Page(t, d.http.URL+path)
		k := kit(t)
		f, err := sfu.Recognise(t.Context(), p, sfu.NewAsker(k.Signalling, p), recognisers())
		if err != nil || f.Kind != kind || f.EndToEnd != sfu.EndToEndNever {
			t.Fatalf("%s: found %+v, %v", path, f, err)
		}
		if want := kind + "+" + d.http.URL + path; f.Link.Reveal() != want {
			t.Errorf("link %q, want %q", f.Link.Reveal(), want)
		}
	}
}

func TestRelaysOfAnEndpointAreNamedBeforeAnybodyJoins(t *testing.T) {
	says := func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodOptions || r.URL.RequestURI() != "/api/whip?x=y" {
			t.Errorf("asked %s %s", r.Method, r.URL)
		}
		w.Header().Add("Link", `<turn:turn.example?transport=udp>; rel="ice-server"; username="u"; credential="c"`)
		w.Header().Add("Link", `<stun:stun.example:443>; rel="ice-server", <turns:turn.example:443>; rel="ice-server"; username="u"; credential="c"`)
		w.WriteHeader(http.StatusNoContent)
	}
	p := sfutest.Page(t, "https://media.example/api/whip?x=y")
	f, err := sfu.Recognise(t.Context(), p, sfu.NewAsker(sfutest.Answering(says), p), recognisers())
	if want := []string{"turn.example", "stun.example"}; err != nil || !slices.Equal(f.Relays, want) {
		t.Errorf("relays %q, want %q; %v", f.Relays, want, err)
	}
}

func TestAServerThatOnlyLetsSessionsBeChangedIsRecognisedByItsPath(t *testing.T) {
	says := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Access-Control-Allow-Methods", "OPTIONS, GET, POST, PATCH, DELETE")
		w.WriteHeader(http.StatusNoContent)
	}
	for link, want := range map[string]bool{
		"https://media.example/stream/whip": true, "https://media.example/stream/whep": true,
		"https://media.example/whiplash": false, "https://media.example/stream": false,
	} {
		p := sfutest.Page(t, link)
		if f, err := sfu.Recognise(t.Context(), p, sfu.NewAsker(sfutest.Answering(says), p), recognisers()); (err == nil) != want {
			t.Errorf("%s: found %+v, %v", link, f, err)
		}
	}
}

func TestAPageThatAnswersEverythingIsNoEndpoint(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusNoContent, http.StatusMethodNotAllowed, http.StatusUnauthorized} {
		p := sfutest.Page(t, "https://media.example/whip/x")
		a := sfu.NewAsker(sfutest.Answering(sfutest.Saying(status, "text/html", "")), p)
		if f, err := sfu.Recognise(t.Context(), p, a, recognisers()); err == nil {
			t.Errorf("%d: found %+v", status, f)
		}
	}
}

func FuzzProbe(f *testing.F) {
	f.Add("application/sdp", "POST, PATCH, DELETE", `<stun:a>; rel="ice-server"`)
	f.Add("application/sdp; q=1, */*", ",", `<`)
	f.Fuzz(func(t *testing.T, accept, allow, link string) {
		says := func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Accept-Post", accept)
			w.Header().Set("Allow", allow)
			w.Header().Set("Link", link)
		}
		p := sfutest.Page(t, "https://media.example/whip/x")
		found, ok := whip.Connector{}.Probe(t.Context(), p, sfu.NewAsker(sfutest.Answering(says), p))
		if ok && found.Link.Reveal() != "whip+https://media.example/whip/x" || len(found.Relays) > 16 {
			t.Errorf("found %+v", found)
		}
	})
}
