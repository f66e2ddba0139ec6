// Package secret holds passwords and tokens so that they cannot be printed,
// logged or written out by accident.
package secret

import (
	"errors"
	"log/slog"
)

// A Secret prints as "[hidden]" everywhere. Only Reveal gives its value. The
// zero Secret is empty.
type Secret struct{ value string }

// New returns a secret with the given value.
func New(value string) Secret { return Secret{value} }

// Reveal returns the value, for the one call that sends it.
func (s Secret) Reveal() string { return s.value }

// Empty reports whether there is no value.
func (s Secret) Empty() bool { return s.value == "" }

func (Secret) String() string               { return "[hidden]" }
func (Secret) GoString() string             { return "[hidden]" }
func (Secret) LogValue() slog.Value         { return slog.StringValue("[hidden]") }
func (Secret) MarshalText() ([]byte, error) { return nil, errors.New("a secret cannot be written out") }
