package say_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"paravent/media/sfu"
	"paravent/privacy/egress"
	"paravent/privacy/policy"
	"paravent/ui/say"
)

// hostileCard has a word in every place that comes from the network.
func hostileCard(word string) say.Card {
	f := sfu.Foreign(word)
	return say.Card{
		Server:    word,
		Found:     sfu.Found{Title: "LiveKit", Version: f, Room: f, Relays: []string{word}, Hosts: []string{word}},
		Transport: &sfu.Transport{Version: "TLS 1.3", Certificate: sfu.Certificate{Subject: f, Issuer: f, Root: f, Names: []sfu.Foreign{f}}},
		Operator:  policy.Operator{Name: word, Jurisdiction: word, Notice: word},
		Elsewhere: []string{word},
		Journal:   []egress.Entry{{Host: word, Allowed: true}, {Host: word}},
	}
}

func TestTheCardOfAServerIsSaidLineByLine(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	c := say.Card{
		Server: "meet.example", Joinable: true,
		Found: sfu.Found{
			Kind: "galene", Title: "Galene", Version: "0.9.2", Room: "atelier", EndToEnd: sfu.EndToEndNever,
			Relays: []string{"turn.example"}, Hosts: []string{"api.example"},
		},
		Transport: &sfu.Transport{
			Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256", Exchange: "X25519MLKEM768", Hybrid: true, Trusted: true,
			Certificate: sfu.Certificate{
				Subject: "CN=meet.example", Issuer: "CN=R1,O=Good", Root: "CN=Root,O=Good", Names: []sfu.Foreign{"meet.example", "www.meet.example"},
				From: now.AddDate(0, -2, 0), Until: now.AddDate(0, 0, 10), Fingerprint: "AB:CD",
			},
		},
		Operator:  policy.Operator{Name: "Stadt Musterhausen", Jurisdiction: "Germany"},
		Elsewhere: []string{"login.example"},
		Journal: []egress.Entry{
			{Host: "meet.example", Purpose: egress.Signalling, Allowed: true}, {Host: "login.example", Purpose: "a redirect"},
		},
	}
	want := `server           meet.example
kind             Galene
can be joined    yes
version          0.9.2
room             atelier
connection       TLS 1.3, TLS_AES_128_GCM_SHA256, keys by X25519MLKEM768 (safe against later quantum computers)
certificate      CN=meet.example
                 for meet.example, www.meet.example
                 issued by CN=R1,O=Good, trusted through CN=Root,O=Good
                 valid from 2026-09-25 to 2026-12-05: it ends in 10 days
                 SHA-256 AB:CD
end to end       no: the operator of the server could see and hear all
STUN and TURN    turn.example
others named     api.example
sends on to      login.example (not followed)
operator         Stadt Musterhausen
jurisdiction     Germany
privacy notice   not known
asked            meet.example (signalling)
refused          login.example (a redirect)
Nothing was joined, and no picture or sound was sent.`
	if d := cmp.Diff(want, strings.Join(c.Lines(now), "\n")); d != "" {
		t.Error(d)
	}
}

func TestWhatIsWrongWithACertificateIsSaidLoudly(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		transport sfu.Transport
		want      string
	}{
		"expired":     {sfu.Transport{Version: "TLS 1.3", Certificate: sfu.Certificate{Until: now.Add(-time.Hour)}}, "IT HAS EXPIRED"},
		"early":       {sfu.Transport{Version: "TLS 1.3", Certificate: sfu.Certificate{From: now.Add(time.Hour), Until: now.Add(2 * time.Hour)}}, "IT IS NOT VALID YET"},
		"not trusted": {sfu.Transport{Certificate: sfu.Certificate{Until: now.AddDate(1, 0, 0)}}, "NOT TRUSTED"},
		"no tls":      {sfu.Transport{}, "none: the certificate is not trusted"},
	} {
		if got := strings.Join(say.Card{Transport: &c.transport}.Lines(now), "\n"); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
