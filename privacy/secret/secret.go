// Package secret holds passwords and tokens so that they cannot be printed,
// logged or written out by accident, and keeps them in the keyring of the
// operating system, or in memory: never in a plain file.
//
// Decisions:
//
// 2026-11-25: A value stands behind a pointer. fmt calls no method on a field
// that is not exported, so a string in its place would be printed with whatever
// holds it; and bytes can be overwritten, which a string cannot.
//
// 2026-11-25: On Linux and the BSDs the Secret Service is spoken to directly.
// go-keyring shares one connection without deadlines, waits for the prompt of a
// locked keyring for ever, starts dbus-launch where there is no bus, and cannot
// list. On macOS and Windows it is what is used.
package secret

import (
	"errors"
	"log/slog"
	"sync"
)

// A Secret prints as "[hidden]" everywhere. Only Reveal gives its value. The
// zero Secret is empty. Copies share one value.
type Secret struct{ v *value }

type value struct {
	mu sync.Mutex // guards everything that follows
	b  []byte
}

// New returns a secret with the given value.
func New(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&value{b: []byte(text)}}
}

// Taken returns a secret with the value of b, and overwrites b.
func Taken(b []byte) Secret {
	s := New(string(b))
	clear(b)
	return s
}

// Reveal returns the value, for the one call that sends it.
func (s Secret) Reveal() string {
	if s.v == nil {
		return ""
	}
	s.v.mu.Lock()
	defer s.v.mu.Unlock()
	return string(s.v.b)
}

// Empty reports whether there is no value.
func (s Secret) Empty() bool {
	if s.v == nil {
		return true
	}
	s.v.mu.Lock()
	defer s.v.mu.Unlock()
	return len(s.v.b) == 0
}

// Wipe overwrites the value, for every copy of the secret, which are empty from
// then on. What Reveal has given out stays until its memory is used anew.
func (s Secret) Wipe() {
	if s.v == nil {
		return
	}
	s.v.mu.Lock()
	defer s.v.mu.Unlock()
	clear(s.v.b)
	s.v.b = nil
}

func (Secret) String() string               { return "[hidden]" }
func (Secret) GoString() string             { return "[hidden]" }
func (Secret) LogValue() slog.Value         { return slog.StringValue("[hidden]") }
func (Secret) MarshalText() ([]byte, error) { return nil, errors.New("a secret cannot be written out") }
