package sfu_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"paravent/media/sfu"
	"paravent/privacy/egress"
	"paravent/privacy/secret"
)

// A double is a kind that says yes to a path with its own word.
type double struct {
	word string
	fit  sfu.Fit
}

func (d double) Kind() string         { return d.word }
func (d double) Title() string        { return "The " + d.word }
func (d double) Form() string         { return d.word + "+https://HOST/" }
func (d double) Fit(sfu.Page) sfu.Fit { return d.fit }
func (d double) Probe(ctx context.Context, p sfu.Page, a *sfu.Asker) (sfu.Found, bool) {
	var says struct {
		Is string `json:"is"`
	}
	ok := a.Get(ctx, "/."+d.word).JSON(&says) && says.Is == d.word
	return sfu.Found{Link: secret.New(d.word + "+" + p.Server())}, ok
}

// server is a double that notes what it was asked.
type server struct {
	*httptest.Server
	asked []string
}

func serve(t *testing.T, answer http.HandlerFunc) *server {
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked = append(s.asked, r.Method+" "+r.URL.RequestURI())
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func asJSON(w http.ResponseWriter, s string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	fmt.Fprint(w, s)
}

func page(t *testing.T, link string) sfu.Page {
	t.Helper()
	p, ok, err := sfu.ReadPage(link)
	if err != nil || !ok {
		t.Fatalf("ReadPage(%q) = %v, %v", link, ok, err)
	}
	return p
}

// asker is one behind a guard that lets only this machine be spoken to.
func asker(t *testing.T, p sfu.Page) (*sfu.Asker, *egress.Guard) {
	g := egress.NewGuard()
	g.Allow(egress.Signalling, p.Host())
	c := g.Lane(egress.Signalling).HTTPClient()
	t.Cleanup(c.CloseIdleConnections)
	return sfu.NewAsker(c, p), g
}

func TestTheKindWithTheBestFitIsAskedFirstAndTheOthersNotAtAll(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { asJSON(w, `{"is":"`+r.URL.Path[2:]+`"}`) })
	p := page(t, s.URL+"/room?key=secret")
	a, _ := asker(t, p)
	f, err := sfu.Recognise(t.Context(), p, a, []sfu.Recogniser{
		double{"may", sfu.MayFit}, double{"no", sfu.NoFit}, double{"well", sfu.FitsWell},
	})
	if err != nil || f.Kind != "well" || f.Title != "The well" {
		t.Errorf("found %+v, %v", f, err)
	}
	if want := []string{"GET /.well"}; !slices.Equal(s.asked, want) {
		t.Errorf("asked %q, want %q", s.asked, want)
	}
}

func TestAPageOfNoKnownKindIsNamedWithWhatIsKnown(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<html>{"is":"well"}</html>`)
	})
	p := page(t, s.URL+"/once?key=secret")
	a, _ := asker(t, p)
	_, err := sfu.Recognise(t.Context(), p, a, []sfu.Recogniser{double{"well", sfu.FitsWell}, double{"no", sfu.NoFit}})
	var unknown *sfu.UnknownPageError
	if want := []string{"GET /.well", "GET /once"}; !slices.Equal(s.asked, want) {
		t.Errorf("asked %q, want %q", s.asked, want)
	}
	if !errors.As(err, &unknown) || unknown.Server != p.Server() || !slices.Equal(unknown.Known, []string{"The well", "The no"}) {
		t.Errorf("error = %#v", err)
	}
}

// What a server names is not spoken to: the journal of the guard holds the one host
// of the link, and another server on this machine is never reached.
func TestOnlyTheHostOfTheLinkIsSpokenTo(t *testing.T) {
	other := serve(t, func(http.ResponseWriter, *http.Request) {})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/.first":
			http.Redirect(w, r, other.URL+"/.first", http.StatusFound)
		case "/.second":
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusMovedPermanently)
		case "/.third":
			w.Header().Set("Link", `<https://third.example/>; rel="preload"`)
			http.Redirect(w, r, "//fourth.example/x", http.StatusTemporaryRedirect)
		}
	})
	p := page(t, s.URL)
	a, g := asker(t, p)
	_, err := sfu.Recognise(t.Context(), p, a, []sfu.Recogniser{
		double{"first", sfu.MayFit}, double{"second", sfu.MayFit}, double{"third", sfu.MayFit},
	})
	var unknown *sfu.UnknownPageError
	want := []string{"127.0.0.1", "elsewhere.example", "fourth.example"}
	if !errors.As(err, &unknown) || !slices.Equal(unknown.Elsewhere, want) {
		t.Errorf("error = %v, want one that names %q", err, want)
	}
	if len(other.asked) > 0 {
		t.Errorf("another server was asked %q", other.asked)
	}
	for _, e := range g.Journal() {
		if e.Allowed && e.Host != "127.0.0.1" {
			t.Errorf("%s was spoken to", e.Host)
		}
	}
	if len(g.Journal()) != 4 { // this machine, and three redirects
		t.Errorf("the journal: %+v", g.Journal())
	}
}

func TestNoQuestionLeavesTheServer(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { asJSON(w, "{}") })
	p := page(t, s.URL)
	a, g := asker(t, p)
	for _, path := range []string{"", "x", "@elsewhere.example/", ":81/", "https://elsewhere.example/", "\\\\elsewhere.example", ".elsewhere.example/"} {
		if got := a.Get(t.Context(), path); got.Status != 0 {
			t.Errorf("%q was asked", path)
		}
	}
	if got := a.Get(t.Context(), "//elsewhere.example/"); got.Status != http.StatusOK {
		t.Errorf("a path that begins with two slashes: %d, %v", got.Status, a.Err())
	}
	for _, e := range g.Journal() {
		if e.Host != "127.0.0.1" {
			t.Errorf("the journal has %+v", e)
		}
	}
}

func TestAServerThatAnswersWithoutEndIsNotReadWithoutEnd(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/long":
			w.Header().Set("Content-Type", "application/json")
			for range 100 {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		case "/header":
			w.Header().Set("X", strings.Repeat("x", 200<<10))
		case "/cut":
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, "{")
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		}
	})
	p := page(t, s.URL)
	a, _ := asker(t, p)
	for path, status := range map[string]int{"/long": http.StatusOK, "/header": 0, "/cut": http.StatusOK, "/loop": 0} {
		if got := a.Get(t.Context(), path); got.Status != status || len(got.Body) > 0 {
			t.Errorf("%s: status %d with %d bytes", path, got.Status, len(got.Body))
		}
	}
	if a.Err() != nil {
		t.Errorf("it did answer: %v", a.Err())
	}
	for i := range 100 {
		a.Get(t.Context(), fmt.Sprintf("/%d", i))
		a.Get(t.Context(), "/1")
	}
	if n := len(s.asked); n > 30 { // a loop of redirects counts as well
		t.Errorf("%d questions", n)
	}
}

func TestAServerThatCannotBeReachedSaysWhy(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(t.Output(), "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	for address, why := range map[string]egress.Failing{gone.URL: egress.Refusing, untrusted.URL: egress.Certificate} {
		p := page(t, address)
		a, _ := asker(t, p)
		_, err := sfu.Recognise(t.Context(), p, a, []sfu.Recogniser{double{"a", sfu.MayFit}, double{"b", sfu.MayFit}})
		var reach *egress.ReachError
		if !errors.As(err, &reach) || reach.Why != why {
			t.Errorf("error = %v, want %q", err, why)
		}
		if tr, ok := a.Transport(); ok != (why == egress.Certificate) || ok && (tr.Trusted || tr.Version != "" || len(tr.Certificate.Fingerprint) != 95) {
			t.Errorf("transport %+v, %v", tr, ok)
		}
	}
	p := page(t, gone.URL)
	a := sfu.NewAsker(egress.NewGuard().Lane(egress.Signalling).HTTPClient(), p)
	var denied *egress.DeniedError
	if _, err := sfu.Recognise(t.Context(), p, a, []sfu.Recogniser{double{"a", sfu.MayFit}}); !errors.As(err, &denied) {
		t.Errorf("what the guard does not allow: %v", err)
	}
}

func TestTheTransportOfAServerIsSaid(t *testing.T) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	p := page(t, s.URL)
	a := sfu.NewAsker(s.Client(), p)
	a.Get(t.Context(), "/")
	tr, ok := a.Transport()
	if !ok || tr.Version != "TLS 1.3" || tr.Cipher == "" || !tr.Hybrid || !tr.Trusted {
		t.Errorf("transport %+v", tr)
	}
	c := tr.Certificate
	if want := s.Certificate(); c.Subject.Clean() != want.Subject.String() || !c.Until.Equal(want.NotAfter) || len(c.Names) == 0 || c.Root == "" {
		t.Errorf("certificate %+v", c)
	}
}

func TestALinkToAPageHasOneHostAndNoSecretInItsName(t *testing.T) {
	for link, want := range map[string]string{
		"https://Meet.Example/room":        "meet.example",
		"meet.example/room":                "meet.example",
		"https://meet.example:443/":        "meet.example",
		" https://meet.example:8443 ":      "meet.example:8443",
		"https://bücher.example/r":         "xn--bcher-kva.example",
		"https://[::1]:8443/":              "[::1]:8443",
		"http://127.0.0.1:7880/?token=abc": "127.0.0.1:7880",
	} {
		if p := page(t, link); p.Server() != want || !strings.HasPrefix(p.Path(), "/") {
			t.Errorf("%q: %q %q, want %q", link, p.Server(), p.Path(), want)
		}
	}
	for _, link := range []string{
		"http://meet.example/", "https://", "https://user@meet.example/", "https://meet.example:0/", "https://meet.example:99999/",
		"https://a b/", "https://[fe80::1%25eth0]/", "https://[::1/", "https://-a.example/", "https://meet.example/" + strings.Repeat("x", 20<<10), "https://a_b.example%2f/",
	} {
		var bad *sfu.LinkError
		if _, ok, err := sfu.ReadPage(link); !ok || !errors.As(err, &bad) {
			t.Errorf("%.40q: %v, %v", link, ok, err)
		}
	}
	for _, link := range []string{"", "room", "livekit+wss://meet.example/", "mailto:ada@meet.example", "ada@meet.example", "sip:meet.example", "localhost:80"} {
		if _, ok, err := sfu.ReadPage(link); ok || err != nil {
			t.Errorf("%q is no link to a page: %v, %v", link, ok, err)
		}
	}
	p := page(t, "https://meet.example/key/swordfish?token=swordfish#swordfish")
	for _, s := range []string{fmt.Sprint(p), fmt.Sprintf("%+v %#v %s %q", p, p, p, p), p.As("whip").String()} {
		if strings.Contains(s, "swordfish") {
			t.Errorf("%q shows a secret", s)
		}
	}
	if got := p.As("whip").Reveal(); got != "whip+https://meet.example/key/swordfish?token=swordfish" {
		t.Errorf("As = %q", got)
	}
}

func TestThePageOfARoomIsWhereItsServerCanBeAsked(t *testing.T) {
	p := sfu.PageOf(sfu.Room{Server: "meet.example:8443", Path: secret.New("/whip/x?y=z")})
	if p.Server() != "meet.example:8443" || p.Request() != "/whip/x?y=z" || p.Plain() {
		t.Errorf("%q %q", p.Server(), p.Request())
	}
	if p := sfu.PageOf(sfu.Room{Server: "127.0.0.1:1", Plain: true}); p.Request() != "/" || !p.Plain() {
		t.Errorf("%q", p.Request())
	}
}

func TestRelaysAreFoundInAText(t *testing.T) {
	got := sfu.RelaysIn(`{ urls: 'stun:Meet.example:443' }, "turns:turn.example?transport=tcp", turn:[2001:db8::1]:3478 return:false saturn:x.example stun: stun:meet.example`)
	if want := []string{"meet.example", "turn.example", "2001:db8::1"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if n := len(sfu.RelaysIn(strings.Repeat("stun:a.example stun:b.example ", 1000))); n != 2 {
		t.Errorf("%d", n)
	}
}

func FuzzReadPage(f *testing.F) {
	for _, s := range []string{"https://meet.example/room?x#y", "http://127.0.0.1:1", "meet.example", "https://[::1%25eth0]:1/", "https://a:443", "https://xn--a/", "http:\\\\x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, link string) {
		p, ok, err := sfu.ReadPage(link)
		if err != nil || !ok {
			return
		}
		u, err := url.Parse("https://" + p.Server() + p.Request())
		if err != nil || u.Host != p.Server() || u.User != nil || p.Host() == "" {
			t.Errorf("%q: server %q, request %q", link, p.Server(), p.Request())
		}
		if p.Plain() && !egress.IsLoopback(p.Host()) {
			t.Errorf("%q is plain", link)
		}
		again, ok, err := sfu.ReadPage(strings.TrimPrefix(p.As("x").Reveal(), "x+"))
		if err != nil || !ok || again.Server() != p.Server() || again.Request() != p.Request() {
			t.Errorf("%q reads as %q, and again as %q", link, p.As("x").Reveal(), again.As("x").Reveal())
		}
	})
}

func FuzzRelaysIn(f *testing.F) {
	f.Add("stun:a turns:[::1] turn:..")
	f.Fuzz(func(t *testing.T, text string) {
		hosts := sfu.RelaysIn(text)
		for _, h := range hosts {
			if h == "" || len(h) > 253 || strings.ContainsAny(h, " /@?#\x1b") {
				t.Errorf("%q", h)
			}
		}
		if len(hosts) > 16 {
			t.Errorf("%d hosts", len(hosts))
		}
	})
}
