package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"paravent/cmd/internal/config"
	"paravent/cmd/internal/shield"
	"paravent/media/sfu"
	"paravent/privacy/policy"
	"paravent/privacy/secret"
	"paravent/privacy/signin"
	"paravent/ui/say"
)

// The environment variables that hold secrets. They are removed once read, so
// that no child and no crash report sees them.
const (
	envLink       = "PARAVENT_LINK"
	envToken      = "PARAVENT_TOKEN"      //nolint:gosec // a name, not a token
	envPassphrase = "PARAVENT_PASSPHRASE" //nolint:gosec // a name, not a passphrase
)

// maxSecret bounds a file that should hold a pass or a passphrase.
const maxSecret = 64 << 10

// readPass reads what was given for this call, with a file before the environment.
func readPass(chosen config.Join) (h heldPass, err error) {
	h.DisplayName = chosen.Name
	if h.Token, err = given(chosen.TokenFile, envToken); err != nil {
		return h, err
	}
	h.given = !h.Token.Empty()
	h.passphrase, err = given(chosen.PassphraseFile, envPassphrase)
	return h, err
}

// given reads a secret from path, or else from the environment, which loses it
// either way.
func given(path, env string) (s secret.Secret, err error) {
	inherited := shield.TakeEnv(env)
	if path == "" {
		return secret.New(inherited), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	defer clear(b)
	if err != nil {
		return s, err
	}
	if len(b) > maxSecret {
		return s, &usageError{fmt.Errorf("%s is too large to hold a secret", path)}
	}
	return secret.New(strings.TrimSpace(string(b))), nil
}

// How long the person may take to unlock the keyring, and how long it is waited
// for beside that.
const (
	unlockTime  = time.Minute
	keyringTime = 15 * time.Second
)

// keys are what the system's keyring holds for this program.
type keys struct{ store *secret.Store }

// openKeys asks nothing of the keyring yet. will is whether something is to be
// kept: then the person is told that there is no keyring, and else only if there
// is one that cannot be read. A policy may want all in memory.
func openKeys(will bool, rules policy.Policy) keys {
	if rules.Secrets == policy.KeepMemory {
		return keys{secret.NewStore(secret.Options{})}
	}
	unlock := time.Duration(0)
	if term.IsTerminal(int(os.Stdin.Fd())) {
		unlock = unlockTime // there is somebody whom the system can ask
	}
	return keys{secret.NewStore(secret.Options{
		Keyring: secret.System(unlock), Patience: keyringTime + unlock,
		Tell: func(err error) {
			no := (*secret.KeyringError)(nil)
			if will || !errors.As(err, &no) || no.Why != secret.Missing {
				fmt.Fprintf(os.Stderr, "paravent: %s\n", say.MemoryOnly(err))
			}
		},
	})}
}

// A heldPass is a pass, what encrypts a meeting end to end and never leaves this
// machine, and what would be remembered of both.
type heldPass struct {
	sfu.Pass
	passphrase secret.Secret
	place      string
	given      bool // the pass was given or typed: not found in the link, the keyring or a login
}

// signIns are how one signs in at which servers, and what rules that.
type signIns struct {
	at    map[string]config.SignIn
	rules policy.Policy
}

// classes are how strong a login must be: as the person and the policy both say or, if
// nothing is both, as the policy says.
func (s signIns) classes(wanted []string) []string {
	if len(s.rules.ACR) == 0 {
		return wanted
	}
	both := slices.DeleteFunc(slices.Clone(wanted), func(c string) bool { return !slices.Contains(s.rules.ACR, c) })
	if len(both) == 0 {
		return s.rules.ACR
	}
	return both
}

// passFor completes h for at, to which link leads: from the link, the keyring, or a
// login at the server.
func (n *network) passFor(ctx context.Context, at place, h heldPass, k keys, link string, sign signIns) (_ heldPass, err error) {
	t := sfu.TraitsOf(at.kind)
	if h.place, err = n.roomPlace(link); err != nil {
		return h, err
	}
	if h.passphrase.Empty() && t.Sealed {
		if h.passphrase, err = k.find(ctx, secret.Key{Kind: secret.Passphrase, Place: h.place}); err != nil {
			return h, err
		}
	}
	if !h.Token.Empty() {
		return h, nil
	}
	if h.Token = at.room.Token; !h.Token.Empty() {
		return h, nil
	}
	if h.Token, err = k.find(ctx, secret.Key{Kind: secret.Token, Place: h.place}); err != nil || !h.Token.Empty() || !t.Login {
		return h, err
	}
	h.Token, err = n.loggedIn(ctx, at.room.Server, k, sign)
	if t.Signed && !sfu.ReadToken(h.Token.Reveal(), &struct{}{}) {
		h.Token = secret.Secret{}
	}
	return h, err
}

// find returns what is kept under key, or nothing.
func (k keys) find(ctx context.Context, key secret.Key) (secret.Secret, error) {
	s, err := k.store.Get(ctx, key)
	if errors.Is(err, secret.ErrNone) {
		return secret.Secret{}, nil
	}
	return s, err
}

// remember keeps what was given for a room that let the person in.
func (k keys) remember(ctx context.Context, h heldPass) {
	if !h.given {
		h.Token = secret.Secret{}
	}
	for kind, s := range map[secret.Kind]secret.Secret{secret.Token: h.Token, secret.Passphrase: h.passphrase} {
		if s.Empty() {
			continue
		}
		// What goes wrong is told by the store itself.
		if kept, err := k.store.Set(ctx, secret.Key{Kind: kind, Place: h.place}, s); err == nil && kept {
			fmt.Fprintf(os.Stderr, "paravent: the %s for this room is in the keyring now; paravent forget removes it\n", kind)
		}
	}
}

// loggedIn returns the access token of a login at server, renewed if it must be.
// It is empty if there is no login, or it is over, of which the person is told.
func (n *network) loggedIn(ctx context.Context, server string, k keys, sign signIns) (secret.Secret, error) {
	at := serverPlace(server)
	packed, err := k.find(ctx, secret.Key{Kind: secret.Login, Place: at})
	if err != nil || packed.Empty() {
		return secret.Secret{}, err
	}
	l, err := signin.Unpack(packed)
	if err != nil {
		return secret.Secret{}, err
	}
	l, err = n.renew(ctx, l, sign, at)
	if errors.Is(err, context.Canceled) {
		return secret.Secret{}, err
	}
	if err != nil {
		p := say.Of(err)
		fmt.Fprintf(os.Stderr, "paravent: your login for %s is not used: %s; paravent login signs in anew\n", sfu.Foreign(at).Clean(), p.Text)
		return secret.Secret{}, nil
	}
	return l.Access, k.keep(ctx, at, l)
}

// renew makes l good for now, and as strong as it must be.
func (n *network) renew(ctx context.Context, l signin.Login, sign signIns, at string) (signin.Login, error) {
	acr := sign.at[at].ACR
	if len(acr) == 0 {
		acr = l.Wanted
	}
	if err := sign.rules.MaySignIn(l.Issuer); err != nil {
		return l, err
	}
	i, err := signin.Discover(ctx, n.guard, signin.Settings{Issuer: l.Issuer, ClientID: l.ClientID, ACR: sign.classes(acr)})
	if err != nil {
		return l, err
	}
	defer i.Close()
	return i.Current(ctx, l)
}

// keep keeps l as the login for the server at place.
func (k keys) keep(ctx context.Context, place string, l signin.Login) error {
	packed, err := l.Pack()
	if err != nil {
		return err
	}
	defer packed.Wipe()
	_, err = k.store.Set(ctx, secret.Key{Kind: secret.Login, Place: place}, packed)
	return err
}

// serverPlace is a server as the keyring names it: HOST, or HOST:PORT where the
// port is not that of https.
func serverPlace(server string) string {
	return strings.TrimSuffix(strings.ToLower(server), ":443")
}

// roomPlace is the room that a link leads to, as the keyring names it. Nothing is
// asked, and no secret of the link is in it: a path, which may be one, is told
// from others by the beginning of its SHA-256.
func (n *network) roomPlace(link string) (string, error) {
	at, ok, err := n.plain(link)
	if err != nil {
		return "", err
	}
	if !ok {
		p, err := n.page(link)
		if err != nil {
			return "", err
		}
		return "https " + serverPlace(p.Server()) + " " + fingerprint(p.Path()), nil
	}
	name := at.room.Name
	if name == "" && !at.room.Path.Empty() {
		name = fingerprint(at.room.Path.Reveal())
	}
	return strings.TrimSpace(at.room.Kind + " " + serverPlace(at.room.Server) + " " + name), nil
}

func fingerprint(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "#" + hex.EncodeToString(sum[:8])
}
