// Package identity says who somebody is from one call to the next: a key to sign
// with, which never leaves its machine, and a memory of the keys of others.
//
// A server can give any name to anybody. What it cannot do is sign. So two people
// who once compared the words of a call, by ear, know each other again by their
// keys; and two who never did know at least that it is the same one as last time.
//
// The key is Ed25519 (RFC 8032). The signatures of a call need to hold while it
// lasts, and whoever breaks them later learns nothing that was said: what keeps a
// recorded call secret is the key agreement, which is hybrid. Go 1.26 has ML-DSA
// in its internals only, so signatures are not post-quantum yet (2026-11); a
// version byte is before all that is kept, so that they can become so.
package identity

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// A Store keeps bytes under a name, such as the keyring of the system does. Get
// returns false if there are none. What is kept is secret.
type Store interface {
	Get(name string) (value []byte, found bool, err error)
	Set(name string, value []byte) error
}

// The names that are used in a Store.
const (
	keyName  = "identity"
	bookName = "known-identities"
)

const version = 1

// ErrStored is returned when what a Store has is not what was put there. It is not
// replaced: a new identity would alarm everybody who knows the old one.
var ErrStored = errors.New("the stored identity is damaged; delete it to begin with a new one, which the others will be warned of")

// An Identity can sign. It cannot be printed. The zero Identity is none.
type Identity struct{ key *[ed25519.SeedSize]byte }

// New makes an identity.
func New() Identity {
	key := new([ed25519.SeedSize]byte)
	_, _ = rand.Read(key[:]) // never fails
	return Identity{key}
}

// Load returns the identity in s. Without one it makes one, and keeps it.
func Load(s Store) (Identity, error) {
	kept, found, err := s.Get(keyName)
	if err != nil {
		return Identity{}, fmt.Errorf("read the identity: %w", err)
	}
	if !found {
		id := New()
		if err := s.Set(keyName, append([]byte{version}, id.key[:]...)); err != nil {
			return Identity{}, fmt.Errorf("keep the new identity: %w", err)
		}
		return id, nil
	}
	if len(kept) != 1+ed25519.SeedSize || kept[0] != version {
		return Identity{}, ErrStored
	}
	return Identity{(*[ed25519.SeedSize]byte)(kept[1:])}, nil
}

// Public returns what others know the identity by.
func (i Identity) Public() Public {
	return Public(ed25519.NewKeyFromSeed(i.key[:]).Public().(ed25519.PublicKey))
}

// Sign signs the parts for one purpose. What was signed for one is not valid for
// another, and what is in one part is not valid in the next.
func (i Identity) Sign(purpose string, parts ...[]byte) [ed25519.SignatureSize]byte {
	return [ed25519.SignatureSize]byte(ed25519.Sign(ed25519.NewKeyFromSeed(i.key[:]), message(purpose, parts)))
}

// Format hides the key, whatever the verb.
func (Identity) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[hidden]")) }

// LogValue hides the key.
func (Identity) LogValue() slog.Value { return slog.StringValue("[hidden]") }

// A Public is what others know an identity by. Two are the same person's program
// if they are equal.
type Public [ed25519.PublicKeySize]byte

// Verify reports whether the parts were signed for the purpose.
func (p Public) Verify(signature [ed25519.SignatureSize]byte, purpose string, parts ...[]byte) bool {
	return ed25519.Verify(p[:], message(purpose, parts), signature[:])
}

// Fingerprint is for a card, or a page of the organisation: half of the hash of
// the key, 128 bits, in groups of four.
func (p Public) Fingerprint() string {
	sum := sha256.Sum256(append([]byte("paravent fingerprint 1"), p[:]...))
	text := hex.EncodeToString(sum[:16])
	var groups []string
	for ; text != ""; text = text[4:] {
		groups = append(groups, text[:4])
	}
	return strings.Join(groups, " ")
}

func message(purpose string, parts [][]byte) []byte {
	m := append([]byte("paravent "), purpose...)
	m = append(m, 0)
	for _, p := range parts {
		m = binary.BigEndian.AppendUint32(m, uint32(len(p)))
		m = append(m, p...)
	}
	return m
}
