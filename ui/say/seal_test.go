package say_test

import (
	"strings"
	"testing"

	"paravent/media/call"
	"paravent/media/sealed"
	"paravent/media/sfu"
	"paravent/privacy/seal"
	"paravent/ui/say"
)

func TestEveryWayNotToBeOpenedHasItsWords(t *testing.T) {
	seen := make(map[string]bool)
	for why := seal.WhyError(1); int(why) < seal.Whys; why++ {
		for _, passphrase := range []bool{false, true} {
			p := say.Of(&call.WithheldError{Member: "Bob", Source: sfu.Camera, Why: why, Passphrase: passphrase})
			if p.Code == "" || p.Code == "unexpected" || !strings.Contains(p.Text, "camera of Bob is held back") {
				t.Errorf("%v: %+v", why, p)
			}
			seen[p.Code] = true
		}
	}
	if len(seen) < 6 {
		t.Errorf("codes are %v", seen)
	}
	for _, err := range []error{sealed.ErrNotChosen, sealed.ErrServerPlain, sealed.ErrMemberPlain, sealed.ErrNoKeys, seal.ErrBadCodec} {
		if p := say.Of(err); p.Code == "" || p.Code == "unexpected" {
			t.Errorf("%v: %+v", err, p)
		}
	}
	if p := say.Of(&call.WithheldError{Member: "Bob", Source: call.Message, Why: seal.ErrWrongKey, Passphrase: true}); p.Text != "a message of Bob is held back: cannot be opened with this passphrase" {
		t.Errorf("%q", p.Text)
	}
}
