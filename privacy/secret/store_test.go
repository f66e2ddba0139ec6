package secret_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"paravent/privacy/secret"
)

func login() secret.Key {
	return secret.Key{Kind: secret.Login, Place: "https://id.example/realms/house"}
}

// told counts what a store tells.
type told struct {
	mu  sync.Mutex
	all []error
}

func (l *told) tell(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, err)
}

func (l *told) why(t *testing.T) secret.Trouble {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	no := (*secret.KeyringError)(nil)
	if len(l.all) != 1 || !errors.As(l.all[0], &no) {
		t.Fatalf("it was told %v, not one trouble once", l.all)
	}
	return no.Why
}

// ring is a double of a keyring. What is nil answers at once.
type ring struct {
	get  func(context.Context) (secret.Secret, error)
	held atomic.Int32 // calls that have not returned
}

func (r *ring) Get(ctx context.Context, _ secret.Key) (secret.Secret, error) {
	r.held.Add(1)
	defer r.held.Add(-1)
	return r.get(ctx)
}
func (*ring) Set(context.Context, secret.Key, secret.Secret) error { return nil }
func (*ring) Delete(context.Context, secret.Key) error             { return nil }
func (*ring) List(context.Context) ([]secret.Key, error)           { return nil, nil }

func TestACallThatCannotBeCutShortIsNeitherWaitedForNorRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := secret.New("too late")
		hangs := make(chan struct{})
		r := &ring{get: func(context.Context) (secret.Secret, error) {
			<-hangs // whatever the context says
			return late, nil
		}}
		var l told
		s := secret.NewStore(secret.Options{Keyring: r, Patience: time.Minute, Tell: l.tell})
		began := time.Now()
		for range 10 {
			if _, err := s.Get(t.Context(), login()); !errors.Is(err, secret.ErrNone) {
				t.Errorf("Get = %v", err)
			}
		}
		if d := time.Since(began); d != time.Minute {
			t.Errorf("ten calls took %v", d)
		}
		if n := r.held.Load(); n != 1 {
			t.Errorf("%d calls hang", n)
		}
		if why := l.why(t); why != secret.Silent {
			t.Errorf("it was told that %q", why)
		}
		close(hangs)
		synctest.Wait()
		if !late.Empty() {
			t.Error("what came too late was not overwritten")
		}
	})
}

func TestHowManyCallsHangIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := make(chan struct{})
		r := &ring{get: func(context.Context) (secret.Secret, error) {
			<-hangs
			return secret.Secret{}, secret.ErrNone
		}}
		s := secret.NewStore(secret.Options{Keyring: r})
		for range 10 {
			// The person interrupts each: that is no trouble, and the next one tries.
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, err := s.Get(ctx, login()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Get = %v", err)
			}
			cancel()
		}
		if n := r.held.Load(); n != 2 {
			t.Errorf("%d calls hang", n)
		}
		close(hangs)
	})
}

func TestAWipedSecretIsGoneInEveryCopy(t *testing.T) {
	s := secret.New("hunter2")
	c := s
	s.Wipe()
	if !c.Empty() || c.Reveal() != "" {
		t.Error("a copy still has it")
	}
	b := []byte("hunter2")
	if v := secret.Taken(b); v.Reveal() != "hunter2" || strings.Contains(string(b), "u") {
		t.Error("the bytes that a secret was made of were not overwritten")
	}
	(secret.Secret{}).Wipe()
}

// A field that is not exported is printed without asking it how.
func TestASecretInAHiddenFieldIsNotPrinted(t *testing.T) {
	holder := struct{ s secret.Secret }{secret.New("hunter2")}
	nested := struct{ p *struct{ s secret.Secret } }{&holder}
	for _, shown := range []string{fmt.Sprintf("%v %+v %#v", holder, holder, holder), fmt.Sprintf("%v %+v %#v", nested, nested, nested)} {
		if strings.Contains(shown, "hunter2") {
			t.Errorf("the secret is in %q", shown)
		}
	}
}
