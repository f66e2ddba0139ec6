package sfu_test

import (
	"errors"
	"strings"
	"testing"

	"paravent/media/sfu"
)

func TestALinkOfAnotherKindIsNotRead(t *testing.T) {
	for _, link := range []string{"", "wss://host", "other+wss://host", "https://host/kind", "kind", "kindred+wss://host"} {
		if u, ok, err := sfu.ReadLink("kind", "wss", "", link); u != nil || ok || err != nil {
			t.Errorf("%q: %v, %v, %v", link, u, ok, err)
		}
	}
}

func TestALinkSaysWhetherItIsPlain(t *testing.T) {
	for link, scheme := range map[string]string{
		" kind+wss://host:7880/path?q=1 ": "wss", "KIND+WSS://host": "wss", "kind+ws://127.0.0.1:1": "ws", "kind+ws://[::1]:1/": "ws",
	} {
		if u, ok, err := sfu.ReadLink("kind", "wss", "", link); err != nil || !ok || u.Scheme != scheme {
			t.Errorf("%q: %v, %v, %v", link, u, ok, err)
		}
	}
}

func TestWhatIsWrongWithALinkIsSaidWithoutTheLink(t *testing.T) {
	for link, why := range map[string]string{
		"kind+wss://":                                     "malformed",
		"kind+wss:host":                                   "malformed",
		"kind+http://host-7261":                           "it must begin with kind+https://",
		"kind+ftp://host-7261":                            "it must begin with kind+https://",
		"kind+https://ada@host-7261":                      "a pass is given with --token-file",
		"kind+https://host-7261/#a":                       "no #",
		"kind+https://host-7261:0/":                       "not a port",
		"kind+https://host-7261:65536/":                   "not a port",
		"kind+https://host/" + strings.Repeat("7", 16384): "too long",
	} {
		_, ok, err := sfu.ReadLink("kind", "https", "a pass", link)
		var bad *sfu.LinkError
		if !ok || !errors.As(err, &bad) || !strings.Contains(bad.Why, why) || strings.Contains(err.Error(), "7261") {
			t.Errorf("%.40q: %v, %v", link, ok, err)
		}
	}
}
