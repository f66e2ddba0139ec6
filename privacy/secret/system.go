//go:build darwin || windows

package secret

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/zalando/go-keyring"
)

// program is the name under which the system shows our secrets.
const program = "Paravent"

// index is the account of the item that lists the others: go-keyring cannot.
const index = "index"

// System is the keyring of this system: the Keychain, or the Credential Manager.
// Its calls cannot be cut short; a Store does not wait for them.
func System(time.Duration) Keyring { return credentials{} }

type credentials struct{}

func account(k Key) string { return string(k.Kind) + " " + k.Place }

func (credentials) Get(_ context.Context, k Key) (Secret, error) {
	text, err := keyring.Get(program, account(k))
	return New(text), troubleOf(err)
}

func (c credentials) Set(ctx context.Context, k Key, s Secret) error {
	if err := c.reindex(ctx, func(all []Key) []Key { return append(all, k) }); err != nil {
		return err
	}
	return troubleOf(keyring.Set(program, account(k), s.Reveal()))
}

func (c credentials) Delete(ctx context.Context, k Key) error {
	if err := troubleOf(keyring.Delete(program, account(k))); err != nil && !errors.Is(err, ErrNone) {
		return err
	}
	return c.reindex(ctx, func(all []Key) []Key { return slices.DeleteFunc(all, func(o Key) bool { return o == k }) })
}

func (credentials) List(context.Context) ([]Key, error) {
	text, err := keyring.Get(program, index)
	if errors.Is(err, keyring.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, troubleOf(err)
	}
	var all []Key
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, &KeyringError{Why: Refusing, Err: errors.New("its list of secrets cannot be read")}
	}
	return all, nil
}

// reindex writes the list of what is kept anew.
func (c credentials) reindex(ctx context.Context, change func([]Key) []Key) error {
	all, err := c.List(ctx)
	if err != nil {
		return err
	}
	before := slices.Clone(all)
	all = change(all)
	slices.SortFunc(all, func(a, b Key) int { return slices.Compare([]byte(a.String()), []byte(b.String())) })
	if all = slices.Compact(all); slices.Equal(all, before) {
		return nil
	}
	b, err := json.Marshal(all)
	if err != nil {
		return &KeyringError{Why: Refusing, Err: err}
	}
	return troubleOf(keyring.Set(program, index, string(b)))
}

func troubleOf(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, keyring.ErrNotFound):
		return ErrNone
	case errors.Is(err, keyring.ErrSetDataTooBig):
		return &KeyringError{Why: TooLarge, Err: err}
	case errors.Is(err, keyring.ErrUnsupportedPlatform):
		return &KeyringError{Why: Missing, Err: err}
	}
	return &KeyringError{Why: Refusing, Err: err}
}
