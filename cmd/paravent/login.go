package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"paravent/media/sfu"
	"paravent/privacy/egress"
	"paravent/privacy/policy"
	"paravent/privacy/secret"
	"paravent/privacy/signin"
	"paravent/ui/say"
)

// A loginWish is what was said for signing in.
type loginWish struct {
	issuer string
	device bool
}

func newLogin(book rulebook) *cobra.Command {
	var w loginWish
	cmd := &cobra.Command{
		Use:   "login SERVER",
		Short: "Sign in at a server, in the browser or by a code",
		Long: `Sign in at a server. SERVER is the host of the server, whose identity provider is
named with --issuer or in the settings file, or the address of the provider itself:

  [sign_in."meet.example"]
  issuer = "https://id.example"
  client_id = "paravent"
  acr = ["urn:example:two-factor"]

The page of the provider is opened in your browser, or, with --device, a code is
shown that you type on another device. Nobody but the provider sees your password.
What the login is renewed with is kept in the system's keyring. With acr, a login is
refused that the provider does not say to be as strong as that.

The provider must know this program as a public client that comes back to
http://127.0.0.1/signed-in with any port.

Exit codes: 0 done, 1 error, 2 usage, 5 refused by policy, 130 interrupted.`,
		Args: oneServer,
		RunE: func(cmd *cobra.Command, args []string) error {
			rules, err := book.rules(cmd)
			if err != nil {
				return err
			}
			return login(cmd.Context(), args[0], w, signIns{book.person.Join.SignIn, rules.Policy})
		},
	}
	f := cmd.Flags()
	f.StringVar(&w.issuer, "issuer", "", "the address of the identity provider (default: that of the settings file)")
	f.BoolVar(&w.device, "device", false, "show a code to type on another device; no browser is opened")
	return cmd
}

func newLogout(book rulebook) *cobra.Command {
	return &cobra.Command{
		Use:   "logout SERVER",
		Short: "Forget a login, and tell the provider that it is over",
		Args:  oneServer,
		RunE: func(cmd *cobra.Command, args []string) error {
			rules, err := book.official(cmd)
			if err != nil {
				return err
			}
			return logout(cmd.Context(), args[0], rules.Policy)
		},
	}
}

func newAccounts(book rulebook) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "accounts",
		Short: "List the logins, passes and passphrases in the keyring; shows none of them",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			rules, err := book.official(cmd)
			if err != nil {
				return err
			}
			return accounts(cmd.Context(), cmd.OutOrStdout(), rules.Policy, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one object a line")
	return cmd
}

func newForget(book rulebook) *cobra.Command {
	return &cobra.Command{
		Use:   "forget [LINK]",
		Short: "Remove from the keyring what --remember kept for a room",
		Long:  "Remove from the keyring the pass and the passphrase that --remember kept for a\nroom. Without LINK it is asked for, or taken from PARAVENT_LINK.",
		Args:  oneLink,
		RunE: func(cmd *cobra.Command, args []string) error {
			link := linkOf(args)
			rules, err := book.official(cmd)
			if err != nil {
				return err
			}
			return forget(cmd.Context(), link, rules.Policy)
		},
	}
}

func oneServer(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return &usageError{fmt.Errorf("%s takes one server, not %d", cmd.Name(), len(args))}
	}
	return nil
}

// serverOf is the place of a server in the keyring. provider is its identity
// provider, if it was named by that.
func serverOf(server string) (at, provider string, err error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" {
		u = &url.URL{Host: server}
	} else {
		provider = server
	}
	if hostname(u.Host) == "" || strings.ContainsAny(u.Host, "/@ ") || u.User != nil {
		return "", "", &usageError{errors.New("SERVER is the host of a server, such as meet.example, or the address of its identity provider")}
	}
	return serverPlace(u.Host), provider, nil
}

// signInAt is how one signs in at a server.
func signInAt(server string, w loginWish, sign signIns) (at string, s signin.Settings, err error) {
	at, own, err := serverOf(server)
	if err != nil {
		return "", s, err
	}
	chosen := sign.at[at]
	issuer := cmp.Or(w.issuer, own, chosen.Issuer)
	if issuer == "" {
		return "", s, &usageError{fmt.Errorf("where does one sign in for %s? Name its identity provider with --issuer, or in the settings file", sfu.Foreign(at).Clean())}
	}
	return at, signin.Settings{Issuer: issuer, ClientID: cmp.Or(chosen.ClientID, "paravent"), Scopes: chosen.Scopes, ACR: sign.classes(chosen.ACR)}, nil
}

// login signs in, and keeps the login in the keyring. Where there is no keyring,
// nobody is sent to sign in.
func login(ctx context.Context, server string, w loginWish, sign signIns) error {
	at, s, err := signInAt(server, w, sign)
	if err != nil {
		return err
	}
	if err := errors.Join(sign.rules.MayReach(hostname(at)), sign.rules.MaySignIn(s.Issuer)); err != nil {
		return err
	}
	k := openKeys(true, sign.rules)
	defer k.store.Close()
	if _, err := k.find(ctx, secret.Key{Kind: secret.Login, Place: at}); err != nil {
		return err
	}
	if err := k.store.Trouble(); err != nil {
		return &noKeepingError{err}
	}
	n := newNetwork()
	for _, extra := range sign.rules.Extra(string(egress.SignIn)) {
		n.guard.Allow(egress.SignIn, extra)
	}
	i, err := signin.Discover(ctx, n.guard, s)
	if err != nil {
		return err
	}
	defer i.Close()
	var l signin.Login
	if w.device {
		l, err = i.OnDevice(ctx, showCode)
	} else {
		l, err = i.InBrowser(ctx, func(address string) error { return showPage(ctx, address) })
	}
	if err != nil {
		return err
	}
	if err := k.keep(ctx, at, l); err != nil {
		return err
	}
	if err := k.store.Trouble(); err != nil {
		return &noKeepingError{err}
	}
	fmt.Fprintf(os.Stderr, "paravent: you are signed in for %s%s\n", sfu.Foreign(at).Clean(), as(l.Name))
	return nil
}

func as(name string) string {
	if name = sfu.Foreign(name).Clean(); name == "" {
		return ""
	}
	return " as " + name
}

// A noKeepingError is a login that no keyring would keep.
type noKeepingError struct{ err error }

func (e *noKeepingError) Error() string { return e.err.Error() }
func (e *noKeepingError) Unwrap() error { return e.err }

func showCode(c signin.Code) error {
	until := ""
	if !c.Until.IsZero() {
		until = fmt.Sprintf(", within %v", time.Until(c.Until).Round(time.Minute))
	}
	_, err := fmt.Fprintf(os.Stderr, "paravent: on any device, open %s\nparavent: and type %s%s\n", sfu.Foreign(c.Address).Clean(), sfu.Foreign(c.Text).Clean(), until)
	return err
}

// showPage opens a page in the system's browser, and shows the address as well: it
// holds no token.
func showPage(ctx context.Context, address string) error {
	fmt.Fprintf(os.Stderr, "paravent: sign in in your browser. If none opens, open this there, or use --device:\nparavent: %s\n", address)
	name, args := browser()
	cmd := exec.CommandContext(context.WithoutCancel(ctx), name, append(args, address)...) //nolint:gosec // the person's own browser
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PARAVENT_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	if cmd.Start() == nil {
		go func() { _ = cmd.Wait() }() // the address is shown, whatever becomes of it
	}
	return nil
}

// browser is the program that opens a page: that of BROWSER, or the system's.
func browser() (string, []string) {
	if b := os.Getenv("BROWSER"); b != "" && !strings.ContainsAny(b, " :") {
		return b, nil
	}
	switch runtime.GOOS {
	case "darwin":
		return "open", nil
	case "windows":
		return "rundll32", []string{"url.dll,FileProtocolHandler"}
	}
	return "xdg-open", nil
}

// logout forgets the login for a server, also if its provider cannot be told.
func logout(ctx context.Context, server string, rules policy.Policy) error {
	at, _, err := serverOf(server)
	if err != nil {
		return err
	}
	k := openKeys(true, rules)
	defer k.store.Close()
	key := secret.Key{Kind: secret.Login, Place: at}
	packed, err := k.find(ctx, key)
	if err != nil {
		return err
	}
	if err := k.store.Trouble(); err != nil {
		return err
	}
	if packed.Empty() {
		return &usageError{fmt.Errorf("there is no login for %s", sfu.Foreign(at).Clean())}
	}
	if err := k.store.Delete(ctx, key); err != nil {
		return err
	}
	told := "; its provider takes no notice of that"
	if l, err := signin.Unpack(packed); err == nil {
		done, err := newNetwork().revoke(ctx, l)
		switch {
		case err != nil:
			told = "; its provider could not be told: " + say.Of(err).Text
		case done:
			told = ", and its provider knows"
		}
	}
	fmt.Fprintf(os.Stderr, "paravent: the login for %s is forgotten%s\n", sfu.Foreign(at).Clean(), told)
	return nil
}

func (n *network) revoke(ctx context.Context, l signin.Login) (bool, error) {
	i, err := signin.Discover(ctx, n.guard, signin.Settings{Issuer: l.Issuer, ClientID: l.ClientID})
	if err != nil {
		return false, err
	}
	defer i.Close()
	return i.Revoke(ctx, l)
}

// An accountObject is what accounts --json writes.
type accountObject struct {
	Kind   secret.Kind `json:"kind"`
	Place  string      `json:"place"`
	Issuer string      `json:"issuer,omitempty"`
	Name   string      `json:"name,omitempty"`
	ACR    string      `json:"acr,omitempty"`
}

func accounts(ctx context.Context, w io.Writer, rules policy.Policy, asJSON bool) error {
	k := openKeys(false, rules)
	defer k.store.Close()
	all, err := k.store.List(ctx, "")
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(k secret.Key) bool { return k.Kind == secret.Signing || k.Kind == secret.Identity })
	for _, key := range all {
		o := accountObject{Kind: key.Kind, Place: sfu.Foreign(key.Place).Clean()}
		if key.Kind == secret.Login {
			packed, err := k.find(ctx, key)
			if err != nil {
				return err
			}
			if l, err := signin.Unpack(packed); err == nil {
				o.Issuer, o.Name, o.ACR = sfu.Foreign(l.Issuer).Clean(), sfu.Foreign(l.Name).Clean(), sfu.Foreign(l.ACR).Clean()
			}
			packed.Wipe()
		}
		if asJSON {
			err = json.NewEncoder(w).Encode(o)
		} else {
			_, err = fmt.Fprintln(w, o.line())
		}
		if err != nil {
			return err
		}
	}
	if len(all) == 0 && !asJSON {
		fmt.Fprintln(os.Stderr, "paravent: the keyring holds nothing of this program")
	}
	return nil
}

func (o accountObject) line() string {
	l := fmt.Sprintf("%-10s  %s%s", o.Kind, o.Place, as(o.Name))
	if o.Issuer != "" {
		l += " at " + o.Issuer
	}
	if o.ACR != "" {
		l += " (" + o.ACR + ")"
	}
	return l
}

func forget(ctx context.Context, link string, rules policy.Policy) error {
	link, err := askLink(ctx, link)
	if err != nil {
		return err
	}
	at, err := newNetwork().roomPlace(link)
	if err != nil {
		return err
	}
	k := openKeys(true, rules)
	defer k.store.Close()
	for _, kind := range []secret.Kind{secret.Token, secret.Passphrase} {
		if err := k.store.Delete(ctx, secret.Key{Kind: kind, Place: at}); err != nil {
			return err
		}
	}
	fmt.Fprintln(os.Stderr, "paravent: the keyring holds nothing for this room")
	return nil
}
