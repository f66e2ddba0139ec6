package say_test

import (
	"fmt"
	"strings"
	"testing"

	"paravent/privacy/secret"
	"paravent/privacy/signin"
	"paravent/ui/say"
)

func TestEveryTroubleOfALoginOrAKeyringHasWordsAndSaysWhatToDo(t *testing.T) {
	var all []error
	for _, w := range []secret.Trouble{secret.Missing, secret.Locked, secret.Refusing, secret.Silent, secret.TooLarge} {
		all = append(all, fmt.Errorf("call: %w", &secret.KeyringError{Why: w}))
	}
	for _, w := range []signin.Problem{
		signin.NoIssuer, signin.Foreign, signin.NoBrowser, signin.NoDevice, signin.Denied, signin.TooLate, signin.BadAnswer,
		signin.BadToken, signin.TooWeak, signin.SignedOut, signin.Fault,
	} {
		all = append(all, &signin.Error{Why: w, Detail: "their words\x1b[2J"})
	}
	codes := make(map[string]bool)
	for _, err := range all {
		p := say.Of(err)
		if p.Code == "" || p.Text == "" || p.Hint == "" || codes[p.Code] || strings.Contains(p.Text, "\x1b") {
			t.Errorf("%v is said as %+v", err, p)
		}
		codes[p.Code] = true
	}
	p := say.Of(&signin.Error{Why: signin.TooWeak, Want: []string{"two", "three"}})
	if !strings.Contains(p.Text, "demanded: two, three; said: none") {
		t.Errorf("it is said as %q", p.Text)
	}
	if s := say.MemoryOnly(&secret.KeyringError{Why: secret.Silent}); !strings.Contains(s, "does not answer") || !strings.Contains(s, "no file") {
		t.Errorf("it is said as %q", s)
	}
}
