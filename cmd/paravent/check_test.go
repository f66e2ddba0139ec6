package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"paravent/privacy/policy"
	"paravent/privacy/seal"
)

func TestAServerThatThePolicyDoesNotListIsNotAsked(t *testing.T) {
	asked := false
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(s.Close)
	rules := policy.Policy{ListedOnly: true, Operators: []policy.Operator{{Hosts: []string{"meet.example"}}}}
	for _, link := range []string{s.URL, "livekit+" + strings.Replace(s.URL, "http", "ws", 1)} {
		if err := check(t.Context(), io.Discard, link, rules, false); report(io.Discard, err) != exitPolicy || asked {
			t.Errorf("%s: error = %v, asked %v", link, err, asked)
		}
	}
	at, _, err := newNetwork().plain("livekit+" + strings.Replace(s.URL, "http", "ws", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newNetwork().find(t.Context(), s.URL, visitor{}, rules); report(io.Discard, err) != exitPolicy {
		t.Errorf("find: %v", err)
	}
	if _, err := newNetwork().join(t.Context(), at, entry{how: seal.None()}, rules, nil); report(io.Discard, err) != exitPolicy || asked {
		t.Errorf("join: %v, asked %v", err, asked)
	}
}

func TestTheOperatorOfAServerIsOnItsCard(t *testing.T) {
	s := httptest.NewServer(meetings())
	t.Cleanup(s.Close)
	rules := policy.Policy{ListedOnly: true, Operators: []policy.Operator{
		{Hosts: []string{"127.0.0.1"}, Name: "Stadt Musterhausen", Jurisdiction: "Germany", Notice: "https://city.example/privacy"},
	}}
	var out strings.Builder
	if err := check(t.Context(), &out, s.URL, rules, false); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"operator         Stadt Musterhausen", "jurisdiction     Germany", "privacy notice   https://city.example/privacy"} {
		if !strings.Contains(out.String(), line+"\n") {
			t.Errorf("there is no %q in\n%s", line, out.String())
		}
	}
}

// Every kind that can be joined brings its own recogniser, whose form of a link its
// connector reads.
func TestEveryKindRecognisesItsOwn(t *testing.T) {
	n := newNetwork()
	seen := make(map[string]bool)
	for _, k := range n.known {
		if seen[k.Kind()] {
			t.Errorf("there are two of %s", k.Kind())
		}
		seen[k.Kind()] = true
		if k.Form() == "" {
			continue
		}
		form := strings.NewReplacer("HOST", "meet.example", "PATH", "x", "NAME", "x", "ROOM", "x", "?token=…", "").Replace(k.Form())
		if at, ok, err := n.plain(form); err != nil || !ok || at.kind.Kind() != k.Kind() {
			t.Errorf("%s: %q is not read: %v", k.Kind(), form, err)
		}
	}
	for _, k := range n.kinds {
		if !seen[k.Kind()] {
			t.Errorf("%s has no recogniser", k.Kind())
		}
	}
}
