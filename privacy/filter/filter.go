// Package filter turns raw pictures and sound into ones that may leave this
// machine.
//
// A ClearedPicture or ClearedSound can be made only here, and every encoder
// takes those types. So a raw frame cannot be sent: it does not compile. A
// filter that fails, panics, is late or is missing costs the others the
// picture, or the sound, and never costs the person the room behind it.
package filter

import (
	"errors"
	"fmt"
)

// The errors of making a chain.
var (
	// ErrMissing is returned when a filter that the policy asks for is not
	// among those given.
	ErrMissing = errors.New("required filter is missing")

	// ErrEmpty is returned for a chain without filters, and for an open chain
	// without a policy's leave.
	ErrEmpty = errors.New("a chain without a filter would send everything")
)

// ErrLate is the cause of a HeldError when a filter took too long.
var ErrLate = errors.New("too slow")

// A HeldError reports that a filter failed and that the frame was held back.
type HeldError struct {
	Filter string
	Err    error
}

func (e *HeldError) Error() string { return fmt.Sprintf("%s: held back: %v", e.Filter, e.Err) }
func (e *HeldError) Unwrap() error { return e.Err }

type named interface{ Name() string }

func checkRequired[F named](required []string, filters []F) error {
	if len(filters) == 0 {
		return ErrEmpty
	}
	for _, want := range required {
		found := false
		for _, f := range filters {
			found = found || f.Name() == want
		}
		if !found {
			return fmt.Errorf("%w: %s", ErrMissing, want)
		}
	}
	return nil
}

// guarded turns a panic of f into an error.
func guarded(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return f()
}
