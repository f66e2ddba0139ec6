package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/adrg/xdg"

	"paravent/cmd/internal/config"
	"paravent/media/call"
	"paravent/media/sealed"
	"paravent/media/sfu"
	"paravent/privacy/policy"
	"paravent/privacy/seal"
	"paravent/privacy/seal/grouped"
	"paravent/privacy/seal/identity"
	"paravent/privacy/secret"
	"paravent/ui/say"
)

// asGroup reports whether the members of a call agree on keys among themselves.
func asGroup(chosen config.Join, rules policy.Policy) bool {
	return chosen.Encryption == config.Group || rules.VerifiedMembers
}

// groupEncryption is the encryption of such a call: nothing plain is sent or shown.
func groupEncryption(chosen config.Join, where place) (seal.Encryption, error) {
	if !sfu.TraitsOf(where.kind).Sealed {
		return seal.Encryption{}, sealed.ErrServerPlain
	}
	if chosen.PassphraseFile != "" {
		return seal.Encryption{}, &usageError{errors.New("members who agree on keys need no passphrase: leave --passphrase-file out, or --encryption group")}
	}
	return seal.Required(grouped.New()), nil
}

// gather begins the group of a session, where the call has one; else it returns nil. On
// an error the session is left.
func gather(ctx context.Context, s *sealed.Session, how seal.Encryption, name string, store *secret.Store, rules policy.Policy) (*call.Gathering, error) {
	k, _ := how.Keys()
	keys, ok := k.(*grouped.Keys)
	if !ok {
		return nil, nil //nolint:nilnil // there is no group, and that is fine
	}
	who, err := acquaint(name, store)
	if err == nil {
		var g *call.Gathering
		if g, err = call.Gather(s, keys, who, rules); err == nil {
			return g, nil
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	err = errors.Join(err, s.Leave(ctx))
	for range s.Events() { // which nobody reads, up to their end
		continue
	}
	return nil, err
}

// leaveTime bounds how long a room is left in that no call was begun in.
const leaveTime = 3 * time.Second

// acquaint is who this person is, and whom they know. Without a keyring they are
// somebody new in each call, which is said.
func acquaint(name string, store *secret.Store) (call.Who, error) {
	id, err := identity.Load(identityRing{store})
	if err != nil {
		return call.Who{}, err
	}
	if store.Trouble() != nil {
		fmt.Fprintf(os.Stderr, "paravent: %s\n", say.NewEachTime())
	}
	known := knownFile(knownPath())
	book, err := identity.LoadBook(known)
	if err != nil {
		return call.Who{}, err
	}
	keep := func(b identity.Book) error { return b.Save(known) }
	return call.Who{Name: name, Identity: id, Book: book, Keep: keep, Language: language(os.Getenv)}, nil
}

// language is the one that the person's system speaks, of those that there are words
// in.
func language(env func(string) string) identity.Language {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := env(name); v != "" {
			if strings.HasPrefix(v, "de") {
				return identity.German
			}
			break
		}
	}
	return identity.English
}

// An identityRing keeps the person's own identity in the keyring of the system, or in
// memory.
type identityRing struct{ store *secret.Store }

func identityKey(name string) secret.Key { return secret.Key{Kind: secret.Identity, Place: name} }

func (r identityRing) Get(name string) (value []byte, found bool, err error) {
	s, err := r.store.Get(context.Background(), identityKey(name)) // which ends in time
	if errors.Is(err, secret.ErrNone) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if value, err = base64.StdEncoding.DecodeString(s.Reveal()); err != nil {
		return nil, true, identity.ErrStored
	}
	return value, true, nil
}

func (r identityRing) Set(name string, value []byte) error {
	s := secret.New(base64.StdEncoding.EncodeToString(value))
	defer s.Wipe()
	_, err := r.store.Set(context.Background(), identityKey(name), s)
	return err
}

// knownPath is where the public identities of others are kept.
func knownPath() string { return filepath.Join(xdg.StateHome, "paravent", "known-identities") }

// maxKnown bounds the file, in bytes: the book has at most a thousand entries.
const maxKnown = 256 << 10

// A knownFile keeps the public identities of others, for nobody else to read.
type knownFile string

func (f knownFile) Get(string) (value []byte, found bool, err error) {
	info, err := os.Stat(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if info.Size() > maxKnown {
		return nil, false, identity.ErrBook
	}
	value, err = os.ReadFile(string(f))
	return value, true, err
}

func (f knownFile) Set(_ string, value []byte) (err error) {
	dir := filepath.Dir(string(f))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	t, err := os.CreateTemp(dir, ".known-*") // which only the person may read
	if err != nil {
		return err
	}
	_, err = t.Write(value)
	if err = errors.Join(err, t.Close()); err == nil {
		err = os.Rename(t.Name(), string(f))
	}
	if err != nil {
		return errors.Join(err, os.Remove(t.Name()))
	}
	return nil
}
