package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"paravent/cmd/internal/config"
	"paravent/media/sealed"
	"paravent/media/sfu"
	"paravent/media/sfu/livekit"
	"paravent/media/sfu/loopback"
	"paravent/privacy/policy"
	"paravent/privacy/seal"
	"paravent/privacy/seal/identity"
	"paravent/privacy/secret"
)

func TestTheBookIsKeptForNobodyElseToRead(t *testing.T) {
	f := knownFile(filepath.Join(t.TempDir(), "new", "known-identities"))
	if b, err := identity.LoadBook(f); err != nil || b.Len() != 0 {
		t.Fatalf("%d known, %v", b.Len(), err)
	}
	ada := identity.New().Public()
	if err := (identity.Book{}).Verify("Ada", ada, time.Now()).Save(f); err != nil {
		t.Fatal(err)
	}
	b, err := identity.LoadBook(f)
	if err != nil || b.Judge("ada", ada) != identity.Verified {
		t.Errorf("%v, %v", b.Judge("ada", ada), err)
	}
	info, err := os.Stat(string(f))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(string(f))); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
	if err := os.WriteFile(string(f), make([]byte, maxKnown+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := identity.LoadBook(f); !errors.Is(err, identity.ErrBook) {
		t.Errorf("a file that is too large: %v", err)
	}
}

func TestTheIdentityIsTheSameAsLongAsItsStore(t *testing.T) {
	store := secret.NewStore(secret.Options{}) // in memory
	defer store.Close()
	a, err := identity.Load(identityRing{store})
	if err != nil {
		t.Fatal(err)
	}
	b, err := identity.Load(identityRing{store})
	if err != nil || a.Public() != b.Public() {
		t.Errorf("another identity, %v", err)
	}
	if store.Trouble() == nil {
		t.Error("there is no keyring, and it is not known")
	}
	if _, err := store.Set(t.Context(), identityKey("identity"), secret.New("no base64")); err != nil {
		t.Fatal(err)
	}
	if _, err := identity.Load(identityRing{store}); !errors.Is(err, identity.ErrStored) {
		t.Errorf("a damaged identity: %v", err)
	}
}

// onLiveKit is a room on the kind of server that carries what is encrypted.
func onLiveKit() place { return place{kind: livekit.Connector{}} }

func TestWhoAgreesOnKeysSendsNothingPlain(t *testing.T) {
	for name, c := range map[string]struct {
		chosen config.Join
		rules  policy.Policy
	}{
		"the person chose it":   {chosen: config.Join{Encryption: config.Group}},
		"the organisation says": {rules: policy.Policy{VerifiedMembers: true}},
	} {
		how, err := encryption(c.chosen, c.rules, onLiveKit(), secret.Secret{})
		if keys, ok := how.Keys(); err != nil || !ok || !how.Required() || keys.Grade() != seal.Held {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := encryption(config.Join{Encryption: config.Group, PassphraseFile: os.DevNull}, policy.Policy{}, onLiveKit(), secret.Secret{})
	if usage := (*usageError)(nil); !errors.As(err, &usage) {
		t.Errorf("with a passphrase as well: %v", err)
	}
}

func TestARoomWhoseGroupCannotBeginIsLeft(t *testing.T) {
	how, err := encryption(config.Join{Encryption: config.Group}, policy.Policy{}, onLiveKit(), secret.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	house := loopback.New()
	s, err := sealed.Join(t.Context(), house, sfu.Room{Name: "room"}, sfu.Pass{DisplayName: string(bytes.Repeat([]byte("x"), 200))}, sfu.Kit{}, how)
	if err != nil {
		t.Fatal(err)
	}
	store := secret.NewStore(secret.Options{})
	defer store.Close()
	if _, err := gather(t.Context(), s, how, "", store, policy.Policy{}); err == nil {
		t.Fatal("a seat of 200 bytes was taken")
	}
	if err := s.Say(t.Context(), "hello"); !errors.Is(err, sfu.ErrEnded) {
		t.Errorf("still in the room: %v", err)
	}
}

func TestTheWordsAreInTheLanguageOfTheSystem(t *testing.T) {
	for want, env := range map[identity.Language]map[string]string{
		identity.German:  {"LANG": "en_GB.UTF-8", "LC_ALL": "de_AT.UTF-8"},
		identity.English: {"LANG": "de_DE.UTF-8", "LC_MESSAGES": "fr_FR.UTF-8"},
	} {
		if got := language(func(name string) string { return env[name] }); got != want {
			t.Errorf("%v: %q", env, got)
		}
	}
}
