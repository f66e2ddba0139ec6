package secret

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A Kind is what a kept secret is for.
type Kind string

// The kinds.
const (
	Login      Kind = "login"      // what a sign-in is renewed with
	Token      Kind = "token"      // a pass for a room
	Passphrase Kind = "passphrase" // of an encrypted meeting
	Signing    Kind = "signing"    // what receipts are signed with
	Identity   Kind = "identity"   // who this person is for the members of groups
)

// A Key names a kept secret, and holds none: it is shown to the person and is
// legible in the keyring.
type Key struct {
	Kind  Kind
	Place string // the server, room or issuer that it is for
}

func (k Key) String() string { return string(k.Kind) + " for " + k.Place }

// ErrNone is returned where no secret is kept under a key.
var ErrNone = errors.New("there is no such secret")

// A Keyring keeps secrets for longer than the program runs. Its errors are
// ErrNone, a *KeyringError, or the context's.
type Keyring interface {
	Get(ctx context.Context, k Key) (Secret, error)
	Set(ctx context.Context, k Key, s Secret) error
	Delete(ctx context.Context, k Key) error
	List(ctx context.Context) ([]Key, error)
}

// A Trouble is why a keyring does not keep secrets.
type Trouble string

// The troubles.
const (
	Missing  Trouble = "there is none"
	Locked   Trouble = "it is locked"
	Refusing Trouble = "it refuses"
	Silent   Trouble = "it does not answer"
	TooLarge Trouble = "it takes no secret of that size"
)

// A KeyringError reports a keyring that cannot be used. Err may be nil; it never
// holds a secret.
type KeyringError struct {
	Why Trouble
	Err error
}

func (e *KeyringError) Error() string {
	if e.Err == nil {
		return "keyring: " + string(e.Why)
	}
	return fmt.Sprintf("keyring: %s: %v", e.Why, e.Err)
}
func (e *KeyringError) Unwrap() error { return e.Err }

// How long a keyring is waited for.
const (
	answerTime = 5 * time.Second // for one answer; starting a service takes a second or two
	callTime   = 15 * time.Second
	maxCalls   = 2 // that may be waited for at once; one that hangs keeps its place
)

// Options are how a store works.
type Options struct {
	Keyring  Keyring       // nil is none
	Patience time.Duration // for one call, the person's time to unlock included; 0 is 15 s
	Tell     func(error)   // is called once, if secrets are kept in memory only; may be nil
}

// A Store keeps secrets in a keyring. From the first time that the keyring cannot
// be used, it keeps them in memory. Every call ends in time, also where the
// keyring never answers. It may be used by several goroutines.
type Store struct {
	keyring  Keyring
	patience time.Duration
	tell     func(error)
	calls    chan struct{}

	mu      sync.Mutex // guards everything that follows
	memory  map[Key]Secret
	trouble error
}

// NewStore returns a store. Nothing is asked of the keyring yet.
func NewStore(o Options) *Store {
	s := &Store{keyring: o.Keyring, patience: o.Patience, tell: o.Tell, calls: make(chan struct{}, maxCalls), memory: make(map[Key]Secret)}
	if s.patience == 0 {
		s.patience = callTime
	}
	if s.tell == nil {
		s.tell = func(error) {}
	}
	return s
}

// Get returns the secret kept under k, or ErrNone. Any other error is the
// context's: a keyring that cannot be used holds nothing.
func (s *Store) Get(ctx context.Context, k Key) (Secret, error) {
	s.mu.Lock()
	found, ok := s.memory[k]
	s.mu.Unlock()
	if ok {
		return found, nil
	}
	err := s.ask(ctx, func(ctx context.Context) (Secret, error) { return s.keyring.Get(ctx, k) }, &found)
	if no := (*KeyringError)(nil); errors.As(err, &no) {
		return Secret{}, ErrNone
	}
	return found, err
}

// Set keeps v under k in place of what was there. It reports whether v outlives
// the program: in memory it does not. The error is the context's.
func (s *Store) Set(ctx context.Context, k Key, v Secret) (kept bool, err error) {
	err = s.ask(ctx, func(ctx context.Context) (Secret, error) { return Secret{}, s.keyring.Set(ctx, k, v) }, nil)
	no := (*KeyringError)(nil)
	switch {
	case err == nil:
		s.forget(k)
		return true, nil
	case !errors.As(err, &no):
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memory[k] = New(v.Reveal()) // a copy: whoever gave v may wipe it
	return false, nil
}

// Delete removes what is kept under k. That there is none is no error. A keyring
// that cannot be used is one, a *KeyringError: the secret may still be there.
func (s *Store) Delete(ctx context.Context, k Key) error {
	s.forget(k)
	err := s.ask(ctx, func(ctx context.Context) (Secret, error) { return Secret{}, s.keyring.Delete(ctx, k) }, nil)
	if errors.Is(err, ErrNone) {
		return nil
	}
	return err
}

// List returns what is kept, of one kind or, where kind is empty, of all; in order,
// and never the secrets themselves. Beside a *KeyringError it returns what is in
// memory.
func (s *Store) List(ctx context.Context, kind Kind) ([]Key, error) {
	var kept []Key
	var listed atomic.Pointer[[]Key]
	err := s.ask(ctx, func(ctx context.Context) (Secret, error) {
		l, err := s.keyring.List(ctx)
		listed.Store(&l)
		return Secret{}, err
	}, nil)
	if l := listed.Load(); err == nil && l != nil {
		kept = slices.Clone(*l)
	}
	s.mu.Lock()
	for k := range s.memory {
		kept = append(kept, k)
	}
	s.mu.Unlock()
	kept = slices.DeleteFunc(kept, func(k Key) bool { return kind != "" && k.Kind != kind })
	slices.SortFunc(kept, func(a, b Key) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(kept), err
}

// Trouble returns why secrets are kept in memory only, or nil.
func (s *Store) Trouble() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trouble
}

// Close overwrites what is in memory.
func (s *Store) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.memory {
		v.Wipe()
	}
	clear(s.memory)
}

func (s *Store) forget(k Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memory[k].Wipe()
	delete(s.memory, k)
}

// ask calls f, which asks the keyring, and puts what it returns into found, which
// may be nil. It returns in time whatever f does: what comes later is overwritten.
func (s *Store) ask(ctx context.Context, f func(context.Context) (Secret, error), found *Secret) error {
	if err := s.Trouble(); err != nil {
		return err
	}
	if s.keyring == nil {
		return s.lost(&KeyringError{Why: Missing})
	}
	type answer struct {
		secret Secret
		err    error
	}
	within, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	silent := func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return s.lost(&KeyringError{Why: Silent})
	}
	select {
	case s.calls <- struct{}{}:
	case <-within.Done():
		return silent()
	}
	var settled atomic.Bool // by whoever is first: the answer, or the end of patience
	got := make(chan answer, 1)
	go func() {
		defer func() { <-s.calls }()
		v, err := f(within)
		if !settled.CompareAndSwap(false, true) {
			v.Wipe()
			return
		}
		got <- answer{v, err}
	}()
	var a answer
	select {
	case a = <-got:
	case <-within.Done():
		if settled.CompareAndSwap(false, true) {
			return silent()
		}
		a = <-got // it came at the same moment
	}
	no := (*KeyringError)(nil)
	switch {
	case errors.As(a.err, &no) && no.Why == TooLarge:
		s.tell(a.err) // of this secret only
		return a.err
	case errors.As(a.err, &no):
		return s.lost(a.err)
	case errors.Is(a.err, context.Canceled), errors.Is(a.err, context.DeadlineExceeded):
		return silent()
	case a.err == nil && found != nil:
		*found = a.secret
	}
	return a.err
}

// lost makes the store keep secrets in memory from now on, and says so once.
func (s *Store) lost(err error) error {
	s.mu.Lock()
	first := s.trouble == nil
	if first {
		s.trouble = err
	}
	s.mu.Unlock()
	if first {
		s.tell(err)
	}
	return err
}
