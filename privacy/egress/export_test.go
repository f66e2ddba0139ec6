package egress

import (
	"context"
	"net/netip"
	"time"
)

// LookUpWith has names looked up by a double.
func (g *Guard) LookUpWith(find func(ctx context.Context, name string) ([]netip.Addr, error)) {
	g.find = find
}

// Forget has every name looked up anew, as after nothing of a host was reached.
func (g *Guard) Forget() { g.unpin() }

// CutStrays does what the loss of every other address brings about.
func CutStrays(g *Guard, own map[netip.Addr]bool) { g.cutStrays(own) }

// Books are a bound without sockets, at times of the test's own.
type Books struct{ b bound }

// NewBooks returns the books of a bound.
func NewBooks(s Bounds) *Books {
	b := new(Books)
	b.b.says, b.b.began = s, time.Unix(0, 0)
	return b
}

// Take books n bytes if they fit.
func (b *Books) Take(now time.Time, n int) bool { return b.b.take(now, n, false) }

// Patient is Lane.Patient.
func (b *Books) Patient(now time.Time, n int) time.Duration { return b.b.patient(now, n) }
