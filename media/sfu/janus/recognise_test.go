package janus_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"paravent/media/sfu"
	"paravent/media/sfu/janus"
)

func TestAPageInFrontOfJanusIsRecognised(t *testing.T) {
	double := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/janus/info" {
			_, _ = io.WriteString(w, "<html>a page that answers everything with itself</html>")
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"janus":"server_info","name":"Janus WebRTC Server","version_string":"1.1.2"}`)
	}))
	defer double.Close()
	host := strings.TrimPrefix(double.URL, "https://")
	for link, want := range map[string]string{
		"/videoroom.html?room=1234": "janus+wss://" + host + "/1234",
		"/atelier":                  "janus+wss://" + host + "/atelier",
		"/":                         "",
	} {
		p, ok, err := sfu.ReadPage(double.URL + link)
		if err != nil || !ok {
			t.Fatal(link, err)
		}
		f, ok := janus.Connector{}.Probe(t.Context(), p, sfu.NewAsker(double.Client(), p))
		if !ok || f.Version != "1.1.2" || f.Link.Reveal() != want {
			t.Errorf("%s: %v, %q", link, ok, f.Link.Reveal())
		}
	}
}

func TestAPageThatAnswersEverythingIsNoJanus(t *testing.T) {
	double := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"janus":"success"}`)
	}))
	defer double.Close()
	p, _, err := sfu.ReadPage(double.URL + "/janus/1234")
	if err != nil {
		t.Fatal(err)
	}
	if f, ok := (janus.Connector{}).Probe(t.Context(), p, sfu.NewAsker(double.Client(), p)); ok {
		t.Errorf("found %+v", f)
	}
}
