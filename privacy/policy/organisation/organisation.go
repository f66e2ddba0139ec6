// Package organisation finds what an organisation has set on this machine: a file
// on Linux, group policies on Windows, managed preferences on macOS. Nothing that a
// person could set says where it is looked for.
//
// That there is nothing is no policy. Whatever is there and cannot be read whole, or
// could have been written by somebody else than an administrator, is a
// *written.BrokenError: no policy would be weaker than the one that was meant.
//
// What this does not stop is somebody who may put another /etc in front of the
// program, as in a container of their own; who wants to rule that out must forbid
// such containers to people, as hardened systems do.
package organisation

import (
	"paravent/privacy/policy"
)

// A Source is where an organisation's rules are looked for.
type Source interface {
	// Read returns the mandatory rules and the defaults; none where there is nothing.
	Read() ([]policy.Layer, error)
	// String is where that is, for people.
	String() string
}

// MostBytes bounds what is read.
const MostBytes = 256 << 10
