package sfu

import (
	"context"
	"time"
)

// A Network tells how this machine is connected. It may be used by several
// goroutines.
type Network interface {
	// Up reports whether any network leads away from this machine.
	Up() bool

	// Changed returns a channel that is closed at the next change.
	Changed() <-chan struct{}
}

// still is a network of which nothing is known.
type still struct{}

func (still) Up() bool                 { return true }
func (still) Changed() <-chan struct{} { return nil }

// ProofTime is how long a way has, after the network has changed, to show that it
// still carries something: the other side of one that does answers a question a
// second at least.
const ProofTime = 1500 * time.Millisecond

// Online reports whether there is a network to try anything on.
func (k Kit) Online() bool { return k.Network == nil || k.Network.Up() }

// Moved calls f each time the network has changed, until ctx is done. What a
// connector does then is the same for all: a way that is in trouble is made anew at
// once, if there is a network again; one that seems well has to prove it. Connections
// that only wait for another request may lead nowhere and are closed before.
func (k Kit) Moved(ctx context.Context, f func()) {
	if k.Network == nil {
		return
	}
	changed := k.Network.Changed()
	for {
		select {
		case <-changed:
			changed = k.Network.Changed() // before f, so that no change is missed
			if k.Signalling != nil {
				k.Signalling.CloseIdleConnections()
			}
			f()
		case <-ctx.Done():
			return
		}
	}
}
