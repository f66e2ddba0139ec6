// Package egress is the only way out of this machine. Every socket of the
// program is opened through a Guard, which refuses what no rule allows and
// keeps a record of both. It does not know what it guards.
package egress

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Purpose says why the program wants to speak to a host.
type Purpose string

// The purposes.
const (
	Signalling Purpose = "signalling"
	Media      Purpose = "media"
	dependency Purpose = "a dependency" // that tries to speak by itself; never allowed
	redirect   Purpose = "a redirect"   // to another origin; never allowed
)

// A DeniedError reports a connection that no rule allows.
type DeniedError struct {
	Purpose Purpose
	Host    string
}

func (e *DeniedError) Error() string {
	return fmt.Sprintf("connection to %s for %s is not allowed", e.Host, e.Purpose)
}

// An Entry is one decision of a guard.
type Entry struct {
	At      time.Time
	Purpose Purpose
	Host    string
	Allowed bool
	Named   bool // by the server, not by the link or the policy
	Times   int  // how often the same was decided
}

// maxJournal bounds the journal: hosts come from the network.
const maxJournal = 1000

// A Guard decides which hosts the program may speak to. It may be used by
// several goroutines.
type Guard struct {
	mu      sync.Mutex // guards everything that follows
	allowed map[Purpose]map[string]bool
	journal []Entry
	lanes   map[Purpose]*Lane
}

// NewGuard returns a guard that refuses everything until Allow is called.
func NewGuard() *Guard {
	return &Guard{allowed: make(map[Purpose]map[string]bool), lanes: make(map[Purpose]*Lane)}
}

// Allow lets the program speak to host, a name or an address, for one purpose.
func (g *Guard) Allow(why Purpose, host string) { g.allow(why, host, false) }

func (g *Guard) allow(why Purpose, host string, named bool) {
	host = canonical(host)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.allowed[why] == nil {
		g.allowed[why] = make(map[string]bool)
	}
	g.allowed[why][host] = true
	if named {
		g.note(Entry{Purpose: why, Host: host, Allowed: true, Named: true})
	}
}

// Lane returns the guard's way out for one purpose.
func (g *Guard) Lane(why Purpose) *Lane {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.lanes[why] == nil {
		g.lanes[why] = newLane(g, why)
	}
	return g.lanes[why]
}

// Seal replaces the standard library's default HTTP transport by one that
// refuses everything, so that a dependency which calls http.Get by itself gets
// nowhere. The program calls it once, first.
func (g *Guard) Seal() { http.DefaultTransport = refuse{g} }

type refuse struct{ g *Guard }

func (r refuse) RoundTrip(req *http.Request) (*http.Response, error) {
	return nil, r.g.check(dependency, req.URL.Hostname())
}

// check decides about host and writes the decision down.
func (g *Guard) check(why Purpose, host string) error {
	host = canonical(host)
	g.mu.Lock()
	defer g.mu.Unlock()
	ok := g.allowed[why][host]
	g.note(Entry{Purpose: why, Host: host, Allowed: ok})
	if !ok {
		return &DeniedError{Purpose: why, Host: host}
	}
	return nil
}

// forbid writes down a host that is never allowed.
func (g *Guard) forbid(why Purpose, host string) error {
	host = canonical(host)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.note(Entry{Purpose: why, Host: host})
	return &DeniedError{Purpose: why, Host: host}
}

// note must be called with mu held.
func (g *Guard) note(e Entry) {
	for i := range g.journal {
		old := &g.journal[i]
		if old.Purpose == e.Purpose && old.Host == e.Host && old.Allowed == e.Allowed {
			old.Times++
			old.Named = old.Named || e.Named
			return
		}
	}
	if len(g.journal) < maxJournal {
		e.At, e.Times = time.Now(), 1
		g.journal = append(g.journal, e)
	}
}

// Journal returns every decision so far, each once, oldest first.
func (g *Guard) Journal() []Entry {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.journal)
}

// IsLoopback reports whether host is this machine itself, by its address or as
// "localhost".
func IsLoopback(host string) bool {
	host = canonical(host)
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// canonical is the one spelling of a host: lower case, without brackets, a zone
// or the root's dot.
func canonical(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap().WithZone("").String()
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
