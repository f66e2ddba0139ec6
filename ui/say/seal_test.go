package say_test

import (
	"strings"
	"testing"

	"paravent/media/call"
	"paravent/media/sealed"
	"paravent/media/sfu"
	"paravent/privacy/seal"
	"paravent/privacy/seal/group"
	"paravent/ui/say"
)

func TestEveryWayNotToBeOpenedHasItsWords(t *testing.T) {
	seen := make(map[string]bool)
	for why := seal.WhyError(1); int(why) < seal.Whys; why++ {
		for _, grade := range []seal.Grade{seal.Plain, seal.Passphrase, seal.Unchecked} {
			p := say.Of(&call.WithheldError{Member: "Bob", Source: sfu.Camera, Why: why, Grade: grade})
			if p.Code == "" || p.Code == "unexpected" || !strings.Contains(p.Text, "camera of Bob is held back") {
				t.Errorf("%v: %+v", why, p)
			}
			seen[p.Code] = true
		}
	}
	if len(seen) < 7 {
		t.Errorf("codes are %v", seen)
	}
	for _, err := range []error{sealed.ErrNotChosen, sealed.ErrServerPlain, sealed.ErrMemberPlain, sealed.ErrNoKeys, seal.ErrBadCodec, call.ErrNoGroup, call.ErrNoWords, call.ErrNotTold, call.ErrHeld} {
		if p := say.Of(err); p.Code == "" || p.Code == "unexpected" {
			t.Errorf("%v: %+v", err, p)
		}
	}
	if p := say.Of(&call.WithheldError{Member: "Bob", Source: call.Message, Why: seal.ErrWrongKey, Grade: seal.Passphrase}); p.Text != "a message of Bob is held back: cannot be opened with this passphrase" {
		t.Errorf("%q", p.Text)
	}
}

func TestEveryTroubleOfAGroupHasItsWordsAndCode(t *testing.T) {
	kinds := []group.Kind{
		group.Unannounced, group.Hidden, group.Changed, group.Unverified, group.Swapped, group.Posing, group.Split, group.Behind,
		group.Deaf, group.NotSealed, group.Forged, group.Crowded,
	}
	codes := make(map[string]bool)
	for _, k := range kinds {
		e := call.TroubleError{Kind: k, Member: "Bob"}
		p := say.Of(e)
		if codes[p.Code] || !strings.HasPrefix(p.Code, "group-") || p.Hint == "" || !strings.Contains(p.Text, say.English().Trouble(e)) {
			t.Errorf("%s: %+v", k, p)
		}
		if held := strings.HasPrefix(p.Text, "nothing is sent"); held != (group.Trouble{Kind: k}).Holds() {
			t.Errorf("%s: %q", k, p.Text)
		}
		codes[p.Code] = true
	}
}
