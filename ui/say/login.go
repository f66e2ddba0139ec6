package say

import (
	"errors"
	"fmt"
	"strings"

	"paravent/media/sfu"
	"paravent/privacy/secret"
	"paravent/privacy/signin"
)

// noLogin returns the words for what went wrong with a login or the keyring.
func noLogin(err error) (Problem, bool) {
	var (
		ring *secret.KeyringError
		sign *signin.Error
	)
	switch {
	case errors.As(err, &ring):
		return noKeyring(ring), true
	case errors.As(err, &sign):
		return notSignedIn(sign), true
	}
	return Problem{}, false
}

func noKeyring(e *secret.KeyringError) Problem {
	return map[secret.Trouble]Problem{
		secret.Missing:  {"keyring-missing", "this system has no keyring that could be used", "on Linux, install and unlock one, such as gnome-keyring or KeePassXC"},
		secret.Locked:   {"keyring-locked", "the system's keyring is locked", "unlock it, then try again"},
		secret.Refusing: {"keyring-refuses", "the system's keyring refuses", "look into it with the system's own program for passwords"},
		secret.Silent:   {"keyring-silent", "the system's keyring does not answer", "start it anew, or log out of the system and in again"},
		secret.TooLarge: {"keyring-small", "this is too large for the system's keyring", "it is asked for again next time"},
	}[e.Why]
}

// MemoryOnly says why nothing is kept beyond the end of the program.
func MemoryOnly(err error) string {
	p := Of(err)
	return fmt.Sprintf("%s, so passes and logins are kept until the program ends, and in no file; %s", p.Text, p.Hint)
}

func notSignedIn(e *signin.Error) Problem {
	p := map[signin.Problem]Problem{
		signin.NoIssuer:  {"no-issuer", "there is no identity provider at that address", "ask your organisation for the address of its provider (issuer)"},
		signin.Foreign:   {"foreign-issuer", "the identity provider names an address of another site, which was not asked", "ask your organisation whether the provider is set up rightly"},
		signin.NoBrowser: {"no-browser-login", "the identity provider has no page to sign in on", "try --device"},
		signin.NoDevice:  {"no-device-login", "the identity provider takes no codes from another device", "sign in without --device"},
		signin.Denied:    {"login-denied", "the identity provider did not let you in", "try again, or ask your organisation"},
		signin.TooLate:   {"login-late", "nobody signed in in time", "try again"},
		signin.BadAnswer: {"login-answer", "an answer came that does not belong to this login, so you are not signed in", "try again; if it stays so, somebody may be interfering: ask your organisation"},
		signin.BadToken:  {"login-token", "what the identity provider says of you cannot be trusted, so you are not signed in", "ask your organisation; the clock of this machine may be wrong, too"},
		signin.TooWeak:   {"login-weak", "your organisation demands a stronger login (a second factor), and this was none, so you are not signed in", "sign in again with your second factor; if you were not asked for one, ask your organisation"},
		signin.SignedOut: {"login-over", "the login is over", "paravent login signs in anew"},
		signin.Fault:     {"issuer-fault", "the identity provider has a fault", "try again later"},
	}[e.Why]
	if e.Why == signin.TooWeak {
		got := sfu.Foreign(e.Detail).Clean()
		if got == "" {
			got = "none"
		}
		p.Text += fmt.Sprintf(" (demanded: %s; said: %s)", sfu.Foreign(strings.Join(e.Want, ", ")).Clean(), got)
		return p
	}
	if d := sfu.Foreign(e.Detail).Clean(); d != "" {
		p.Text += fmt.Sprintf(" (provider: %s)", d)
	}
	return p
}
