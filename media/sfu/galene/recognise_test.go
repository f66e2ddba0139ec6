package galene_test

import (
	"net/http"
	"slices"
	"testing"

	"paravent/media/sfu"
	"paravent/media/sfu/galene"
	"paravent/media/sfu/sfutest"
)

func TestAGroupIsRecognisedByItsStatus(t *testing.T) {
	says := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RequestURI() != "/group/ate%20lier/.status" {
			t.Errorf("asked %s", r.URL.RequestURI())
		}
		sfutest.Saying(http.StatusOK, "application/json", `{"name":"ate lier","displayName":"Atelier","endpoint":"wss://meet.example/ws","authPortal":"https://id.example/x"}`)(w, r)
	}
	p := sfutest.Page(t, "https://meet.example/group/ate%20lier/?token=t")
	f, err := sfu.Recognise(t.Context(), p, sfu.NewAsker(sfutest.Answering(says), p), []sfu.Recogniser{galene.Connector{}})
	if err != nil || f.Kind != "galene" || f.Room != "Atelier" || !slices.Equal(f.Hosts, []string{"id.example"}) {
		t.Fatalf("found %+v, %v", f, err)
	}
	if r, ok, err := (galene.Connector{}).Room(f.Link.Reveal()); !ok || err != nil || r.Name != "ate lier" || r.Token.Reveal() != "t" {
		t.Errorf("leads to %+v, %v, %v", r, ok, err)
	}
}

func TestAPageThatIsNoGroupIsNotTakenForOne(t *testing.T) {
	for kind, body := range map[string]string{"text/html": `{"name":"x","endpoint":"wss://x"}`, "application/json": `{"name":"x"}`} {
		p := sfutest.Page(t, "https://meet.example/group/x")
		if f, ok := (galene.Connector{}).Probe(t.Context(), p, sfu.NewAsker(sfutest.Answering(sfutest.Saying(http.StatusOK, kind, body)), p)); ok {
			t.Errorf("%s: found %+v", kind, f)
		}
	}
}

func FuzzProbe(f *testing.F) {
	f.Add(`{"name":"x","endpoint":"wss://meet.example/ws","redirect":"//y"}`)
	f.Fuzz(func(t *testing.T, body string) {
		p := sfutest.Page(t, "https://meet.example/group/x")
		found, ok := galene.Connector{}.Probe(t.Context(), p, sfu.NewAsker(sfutest.Answering(sfutest.Saying(http.StatusOK, "application/json", body)), p))
		if ok && found.Link.Reveal() != "galene+https://meet.example/group/x" || len(found.Hosts) > 4 {
			t.Errorf("found %+v", found)
		}
	})
}

func TestARunningServerIsRecognisedAndItsLinkLeadsIn(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		p := sfutest.Page(t, "http://"+s.host+"/group/test/")
		f, err := sfu.Recognise(t.Context(), p, sfu.NewAsker(kit(t).Signalling, p), []sfu.Recogniser{galene.Connector{}})
		if err != nil || f.Kind != "galene" || len(f.Hosts) > 0 {
			t.Fatalf("found %+v, %v", f, err)
		}
		g := s.guest(t, "Ada")
		if g.Room, _, err = (galene.Connector{}).Room(f.Link.Reveal()); err != nil {
			t.Fatal(err)
		}
		enter(t, g)
	})
}
