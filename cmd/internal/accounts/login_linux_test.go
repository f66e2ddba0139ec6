package accounts

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"paravent/privacy/secret/secrettest"
	"paravent/privacy/signin/signintest"
)

const strong = "urn:example:two"

// signInAt writes into the settings that one signs in for server at issuer.
func (h *house) signInAt(server, issuer, more string) {
	h.settings("[sign_in.%q]\nissuer = %q\n%s\n", server, issuer, more)
}

func TestALoginIsKeptAndUsedAtItsServerAloneAndEnded(t *testing.T) {
	session := secrettest.Open(t)
	session.Unlocked()
	d := signintest.NewDouble(t)
	d.Set(signintest.Wish{ACR: strong, Name: "ada"})
	w, other := &whip{}, &whip{}
	server, elsewhere := httptest.NewServer(w), httptest.NewServer(other)
	defer server.Close()
	defer elsewhere.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	h := newHouse(t, session.Env()[0])
	h.signInAt(host, d.URL, "acr = [\""+strong+"\"]")

	s := h.run(nil, "login", host)
	s.has(t, 0, "you are signed in for "+host+" as ada")
	all := s.out + s.err
	s = h.run(nil, "accounts", "--json")
	s.has(t, 0)
	all += s.out + s.err
	var o struct{ Kind, Place, Issuer, Name, ACR string }
	if err := json.Unmarshal([]byte(s.out), &o); err != nil || o.Kind != "login" || o.Place != host || o.Issuer != d.URL || o.Name != "ada" || o.ACR != strong {
		t.Errorf("accounts says %s", s.out)
	}
	h.run(nil, "accounts").has(t, 0, host+" as ada at "+d.URL)

	// The server is shown an access token, renewed; twice, as each refresh token is
	// good for one time only.
	for range 2 {
		s = h.run(nil, "join", "--face", "line", "--speaker", "off", "whip+"+server.URL+"/live/room")
		all += s.out + s.err
		got, ok := strings.CutPrefix(w.last(), "Bearer access-")
		given := d.Secrets()
		if !ok || !slices.ContainsFunc(given[len(given)-3:], func(s string) bool { return s == "access-"+got }) {
			t.Errorf("the server was shown %.20q", w.last())
		}
	}
	// Another server is not, nor where a pass was given.
	h.run(nil, "join", "--face", "line", "--speaker", "off", "whip+"+elsewhere.URL+"/live/room")
	if other.last() != "" {
		t.Errorf("another server was shown %.20q", other.last())
	}
	h.run([]string{"PARAVENT_TOKEN=given"}, "join", "--face", "line", "--speaker", "off", "whip+"+server.URL+"/live/room")
	if w.last() != "Bearer given" {
		t.Errorf("with a pass, the server was shown %.20q", w.last())
	}

	s = h.run(nil, "logout", host)
	s.has(t, 0, "is forgotten, and its provider knows")
	all += s.out + s.err
	if !slices.Contains(d.Asks(), "POST /revoke") {
		t.Error("the provider was told nothing")
	}
	h.run(nil, "accounts").has(t, 0, "the keyring holds nothing")
	h.run(nil, "join", "--face", "line", "--speaker", "off", "whip+"+server.URL+"/live/room")
	if w.last() != "" {
		t.Errorf("after logging out, the server was shown %.20q", w.last())
	}
	h.run(nil, "logout", host).has(t, 2, "there is no login for")
	for _, s := range d.Secrets() {
		if strings.Contains(all, s) {
			t.Error("a token was said")
		}
	}
}

func TestARealDexIsLoggedInAtByTheProgram(t *testing.T) {
	issuer := signintest.Dex(t, "/dex")
	session := secrettest.Open(t)
	session.Unlocked()
	w := &whip{}
	server := httptest.NewServer(w)
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	h := newHouse(t, session.Env()[0])
	h.run(nil, "login", host, "--issuer", issuer).has(t, 0, "you are signed in for "+host)
	h.run(nil, "join", "--face", "line", "--speaker", "off", "whip+"+server.URL+"/live/room").has(t, 1)
	if !strings.HasPrefix(w.last(), "Bearer ey") {
		t.Errorf("the server was shown %.20q", w.last())
	}
	h.run(nil, "logout", host).has(t, 0, "takes no notice")
}

func TestAWeakLoginIsRefusedInWordsAndNotKept(t *testing.T) {
	session := secrettest.Open(t)
	session.Unlocked()
	d := signintest.NewDouble(t)
	d.Set(signintest.Wish{ACR: "password"})
	h := newHouse(t, session.Env()[0])
	h.signInAt("meet.example", d.URL, "acr = [\""+strong+"\"]")
	h.run(nil, "login", "meet.example").has(t, 1, "demands a stronger login", strong, "password", "hint: sign in again with your second factor")
	h.run(nil, "accounts").has(t, 0, "the keyring holds nothing")
}

func TestALoginThatWasStrongEnoughOnceMustBeStillWhenItIsUsed(t *testing.T) {
	session := secrettest.Open(t)
	session.Unlocked()
	d := signintest.NewDouble(t)
	w := &whip{}
	server := httptest.NewServer(w)
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	h := newHouse(t, session.Env()[0])
	h.signInAt(host, d.URL, "")
	h.run(nil, "login", host).has(t, 0)
	h.signInAt(host, d.URL, "acr = [\""+strong+"\"]")
	h.run(nil, "join", "--face", "line", "--speaker", "off", "whip+"+server.URL+"/live/room").has(t, 1, "your login for "+host+" is not used: your organisation demands a stronger login")
	if w.last() != "" {
		t.Errorf("the server was shown %.20q", w.last())
	}
}

func TestWithoutAKeyringNobodyIsSentToSignIn(t *testing.T) {
	session := secrettest.Open(t)
	d := signintest.NewDouble(t)
	h := newHouse(t, session.Env()[0])
	s := h.run(nil, "login", "meet.example", "--issuer", d.URL)
	s.has(t, 1, "this system has no keyring", "--token-file")
	if n := strings.Count(s.err, "so passes and logins are kept until the program ends"); n != 1 || len(d.Asks()) > 0 {
		t.Errorf("it was said %d times, and the provider was asked %v", n, d.Asks())
	}
	h.run(nil, "login", "meet.example").has(t, 2, "--issuer")
	h.run(nil, "login").has(t, 2)
	h.run(nil, "login", "https://").has(t, 2)
}

func TestAPassIsRememberedForItsRoomAndForgotten(t *testing.T) {
	session := secrettest.Open(t)
	session.Unlocked()
	r := openRoom(t)
	h := newHouse(t, session.Env()[0])
	args := []string{"join", "--face", "line", "--speaker", "off", "--name", "Ada", "--for", "1s", "livekit+ws://" + r.host + "/"}
	h.run(nil, args...).has(t, 1, "this room wants a pass")
	h.run([]string{"PARAVENT_TOKEN=" + r.token}, append(args, "--remember")...).has(t, 0, "is in the keyring now")
	s := h.run(nil, "accounts")
	s.has(t, 0, "token", "livekit "+r.host)
	if strings.Contains(s.out, r.token) {
		t.Error("accounts shows the pass")
	}
	h.run(nil, args...).has(t, 0)
	h.run(nil, "forget", args[len(args)-1]).has(t, 0)
	h.run(nil, args...).has(t, 1, "this room wants a pass")

	// Without a keyring the call is the same, and nothing is kept, which is said.
	session.Kill()
	h.run([]string{"PARAVENT_TOKEN=" + r.token}, append(args, "--remember")...).has(t, 0, "no keyring", "in no file")
	h.run(nil, args...).has(t, 1, "this room wants a pass")
	h.run(nil, "forget", args[len(args)-1]).has(t, 1, "no keyring")
}

func TestAPassphraseThatWouldEncryptNothingIsRefused(t *testing.T) {
	h := newHouse(t)
	h.run([]string{"PARAVENT_PASSPHRASE=correct horse"}, "join", "--speaker", "off", "whip+http://127.0.0.1:1/room").has(t, 5, "carries nothing that is encrypted from end to end", "nothing was sent")
}
