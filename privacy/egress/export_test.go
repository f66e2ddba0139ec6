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

// Held is how many datagrams did not go out because they did not fit into the bound.
func (g *Guard) Held() uint64 { return g.bound.held.Load() }

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

// MayWait reports whether n bytes over TCP fit, and books them if they do.
func (b *Books) MayWait(now time.Time, n int) bool {
	ok := b.b.mayGo(now, n, true)
	if ok {
		b.b.gone(now, n, true)
	}
	return ok
}

// Urgent is Lane.Urgent.
func (b *Books) Urgent(now time.Time) { b.b.urgent(now) }

// Needed books n bytes that the way itself needs, if they fit.
func (b *Books) Needed(now time.Time, n int) bool { return b.b.take(now, n, true) }

// IsNeeded reports whether a datagram is one that the way itself needs.
func IsNeeded(b []byte) bool { return isNeeded(b) }

// SpeaksSince has somebody speak, who began then.
func (g *Guard) SpeaksSince(first time.Time) {
	g.bound.mu.Lock()
	defer g.bound.mu.Unlock()
	g.bound.first, g.bound.spoke = first, time.Now()
}
