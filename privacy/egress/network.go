package egress

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Network is what this machine is connected to. It may be used by several
// goroutines. One that does not Run, or runs on a system that does not tell of
// changes, leads away from this machine and never changes.
type Network struct {
	guard *Guard // nil if there is none

	mu      sync.Mutex // guards everything that follows
	shape   string
	down    bool
	changed chan struct{}
}

// NewNetwork returns a network of which nothing is known yet. When an address is lost,
// the connections of g that begin there are cut. g may be nil.
func NewNetwork(g *Guard) *Network { return &Network{guard: g, changed: make(chan struct{})} }

// Up reports whether a network leads away from this machine, as far as addresses
// tell: an interface that runs has one that is good beyond its own cable.
func (n *Network) Up() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !n.down
}

// Changed returns a channel that is closed at the next change: an interface that
// comes or goes, an address, a way out (default route).
func (n *Network) Changed() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.changed
}

// calm is how long the system must say nothing before the network is looked at,
// and hurry for how long it may go on talking: one change comes in many words.
const (
	calm  = 50 * time.Millisecond
	hurry = 250 * time.Millisecond
)

// Run follows the changes until ctx is done. It opens nothing but a way to the
// system's own kernel.
func (n *Network) Run(ctx context.Context) error {
	news := make(chan bool, 64)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n.look(true)
	failed := make(chan error, 1)
	go func() { failed <- hear(ctx, news) }()
	for {
		select {
		case err := <-failed:
			n.take("unknown", true)
			if err != nil && ctx.Err() == nil {
				return fmt.Errorf("network changes: %w", err)
			}
			return nil
		case way := <-news:
			n.look(gather(ctx, news, way))
		}
	}
}

// gather waits until a change was told in full. It returns whether a way out has
// come or gone.
func gather(ctx context.Context, news <-chan bool, way bool) bool {
	quiet, late := time.NewTimer(calm), time.NewTimer(hurry)
	defer quiet.Stop()
	defer late.Stop()
	for {
		select {
		case more := <-news:
			way = way || more
			quiet.Reset(calm)
		case <-quiet.C:
			return way
		case <-late.C:
			return way
		case <-ctx.Done():
			return false
		}
	}
}

// look takes how the network is now. It is told as a change if it differs, or if
// the caller knows that it does.
func (n *Network) look(differs bool) {
	all, err := net.Interfaces()
	if err != nil {
		return
	}
	var parts []string
	own := make(map[netip.Addr]bool)
	for _, i := range all {
		addrs, err := i.Addrs()
		if err != nil {
			return // it is looked at again when the system says the next word
		}
		parts = append(parts, describe(i, addrs)...)
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				own[p.Addr().Unmap().WithZone("")] = true
			}
		}
	}
	slices.Sort(parts)
	if n.guard != nil {
		n.guard.cutStrays(own)
	}
	n.take(strings.Join(parts, " "), differs)
}

// describe returns the addresses of an interface through which others can be
// reached.
func describe(i net.Interface, addrs []net.Addr) (parts []string) {
	if i.Flags&net.FlagLoopback != 0 || i.Flags&net.FlagUp == 0 || i.Flags&net.FlagRunning == 0 {
		return nil
	}
	for _, a := range addrs {
		if p, ok := a.(*net.IPNet); ok && p.IP.IsGlobalUnicast() {
			parts = append(parts, i.Name+"="+p.String())
		}
	}
	return parts
}

func (n *Network) take(shape string, differs bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if shape == n.shape && !differs {
		return
	}
	n.shape, n.down = shape, shape == ""
	close(n.changed)
	n.changed = make(chan struct{})
}
