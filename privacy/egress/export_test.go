package egress

import (
	"context"
	"net/netip"
)

// LookUpWith has names looked up by a double.
func (g *Guard) LookUpWith(find func(ctx context.Context, name string) ([]netip.Addr, error)) {
	g.find = find
}

// Forget has every name looked up anew, as after nothing of a host was reached.
func (g *Guard) Forget() { g.unpin() }

// CutStrays does what the loss of every other address brings about.
func CutStrays(g *Guard, own map[netip.Addr]bool) { g.cutStrays(own) }
