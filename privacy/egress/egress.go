// Package egress is the only way out of this machine. Every socket of the
// program is opened through a Guard, which refuses what no rule allows, keeps a
// record of both, and counts what went. It does not know what it guards.
//
// 2026-11: who may be spoken to. The link and the policy name hosts, and those may
// be spoken to for the purpose they are named for. A server may name more: the
// addresses where its pictures and sound are (ICE candidates), and relays (TURN).
// Such a host may be spoken to, is journalled as named by the server, and counts as
// foreign, so that it may not, if any of these holds:
//   - it is no single machine's address (unspecified, multicast, broadcast), or a
//     name that only the local network knows (".local": mDNS is not spoken);
//   - it lies further inside than the link's own host: an address of this machine
//     or of a private network, while the link is out in the world. A server must
//     not make a client knock at the doors of the house it is in;
//   - the policy lists hosts, and neither lists it nor a host that it is an
//     address of;
//   - the server has named too many already.
//
// A STUN server is asked only where it is the link's own host or a relay of the
// same list: public ones learn who speaks, and are no part of the meeting. A
// redirect to another origin is never followed.
//
// 2026-11: a name is looked up only when a rule allows it, as it stands (search
// domains are not tried), and once: what was found stays, so that a name cannot
// lead elsewhere in the middle of a call. It is looked up again only when nothing
// that was found can be reached, and may not lead further inside then.
package egress

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
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
	Relay      Purpose = "relay"
	SignIn     Purpose = "sign-in"
	Names      Purpose = "name lookup"  // at the name servers of this machine's network
	STUN       Purpose = "STUN"         // at strangers; never allowed
	dependency Purpose = "a dependency" // that tries to speak by itself; never allowed
	redirect   Purpose = "a redirect"   // to another origin; never allowed
)

// An Origin is who named a host.
type Origin string

// The origins.
const (
	ByLink   Origin = "link"
	ByPolicy Origin = "policy"
	ByServer Origin = "server"
	BySystem Origin = "system" // the name servers
)

// A Rule lets the program speak to a host for one purpose. Ports are those that
// were named with it, as far as any were, for whoever keeps a firewall; the guard
// itself lets a host be spoken to at every port.
type Rule struct {
	Purpose Purpose
	Host    string // a name or an address
	By      Origin
	Ports   []Port
}

// A Port is where a host is spoken to.
type Port struct {
	Protocol string // "tcp" or "udp"
	Number   uint16
}

func (p Port) String() string { return fmt.Sprintf("%s/%d", p.Protocol, p.Number) }

// maxPorts bounds the ports that are kept of one rule: servers name them.
const maxPorts = 16

// A DeniedError reports a connection that no rule allows.
type DeniedError struct {
	Purpose Purpose
	Host    string
	Why     Refusal
}

func (e *DeniedError) Error() string {
	return fmt.Sprintf("connection to %s for %s is not allowed: %s", e.Host, e.Purpose, e.Why)
}

// An Entry is one decision of a guard.
type Entry struct {
	At      time.Time
	Purpose Purpose
	Host    string
	Allowed bool
	Named   bool    // by the server, not by the link or the policy
	Why     Refusal // empty if it is allowed
	Times   int     // how often the same was decided
}

const (
	maxJournal = 1000 // entries: hosts come from the network
	maxNamed   = 256  // hosts that servers may name
)

// A Guard decides which hosts the program may speak to. It may be used by
// several goroutines.
type Guard struct {
	find  finder
	bound bound

	mu      sync.Mutex // guards everything that follows
	rules   map[Purpose]map[string]Rule
	named   int // rules of servers
	listed  func(host string) bool
	inside  depth // of the link and the policy
	pins    map[string]pin
	journal []Entry
	lanes   map[Purpose]*Lane
	open    map[*TCPConn]struct{}
	ports   Ports
}

// NewGuard returns a guard that refuses everything until Allow is called.
func NewGuard() *Guard {
	g := &Guard{
		rules: make(map[Purpose]map[string]Rule), pins: make(map[string]pin),
		lanes: make(map[Purpose]*Lane), open: make(map[*TCPConn]struct{}),
	}
	g.find = g.system()
	return g
}

// Allow lets the program speak to host, a name or an address that the link
// names, for one purpose.
func (g *Guard) Allow(why Purpose, host string, ports ...Port) {
	g.rule(Rule{why, canonical(host), ByLink, ports})
}

// AllowListed lets the program speak to host, a name or an address that the
// policy names, for one purpose.
func (g *Guard) AllowListed(why Purpose, host string, ports ...Port) {
	g.rule(Rule{why, canonical(host), ByPolicy, ports})
}

// Restrict lets servers name only hosts that listed reports true for, or whose
// name it does. It holds for what is named from now on.
func (g *Guard) Restrict(listed func(host string) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.listed = listed
}

// rule adds r. Of two with the same host, the one of the link or the policy stands.
func (g *Guard) rule(r Rule) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r.By == ByLink || r.By == ByPolicy {
		if a, ok := literal(r.Host); ok {
			g.inside = max(g.inside, depthOf(a))
		}
	}
	g.put(r)
}

// put must be called with mu held.
func (g *Guard) put(r Rule) {
	if g.rules[r.Purpose] == nil {
		g.rules[r.Purpose] = make(map[string]Rule)
	}
	old, ok := g.rules[r.Purpose][r.Host]
	if !ok || old.By == ByServer {
		old.Purpose, old.Host, old.By = r.Purpose, r.Host, r.By
	}
	for _, p := range r.Ports {
		if p.Number != 0 && len(old.Ports) < maxPorts && !slices.Contains(old.Ports, p) {
			old.Ports = append(slices.Clone(old.Ports), p)
		}
	}
	g.rules[r.Purpose][r.Host] = old
}

// Rules returns whom the program may speak to, in the order of purposes and
// hosts.
func (g *Guard) Rules() []Rule {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []Rule
	for _, hosts := range g.rules {
		out = slices.AppendSeq(out, maps.Values(hosts))
	}
	slices.SortFunc(out, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(a.Purpose, b.Purpose), cmp.Compare(a.Host, b.Host))
	})
	return out
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

// Seal replaces the standard library's default HTTP transport and its default
// name lookup by ones that refuse everything, so that a dependency which calls
// http.Get or net.Dial by itself gets nowhere. The program calls it once, first.
func (g *Guard) Seal() {
	http.DefaultTransport = refuse{g}
	net.DefaultResolver = g.blind()
}

type refuse struct{ g *Guard }

func (r refuse) RoundTrip(req *http.Request) (*http.Response, error) {
	return nil, r.g.check(dependency, req.URL.Hostname())
}

// Close ends every connection that is still open. Traffic is complete then, and
// stays.
func (g *Guard) Close() error {
	g.mu.Lock()
	open := slices.Collect(maps.Keys(g.open))
	g.mu.Unlock()
	var errs []error
	for _, c := range open {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// check decides about host and writes the decision down.
func (g *Guard) check(why Purpose, host string) error {
	host = canonical(host)
	g.mu.Lock()
	defer g.mu.Unlock()
	r, ok := g.rules[why][host]
	if !ok {
		return g.refuse(why, host, NoRule)
	}
	if localName(host) {
		return g.refuse(why, host, LocalName)
	}
	g.note(Entry{Purpose: why, Host: host, Allowed: true, Named: r.By == ByServer})
	return nil
}

// refuse must be called with mu held.
func (g *Guard) refuse(why Purpose, host string, because Refusal) error {
	g.note(Entry{Purpose: why, Host: host, Why: because})
	return &DeniedError{Purpose: why, Host: host, Why: because}
}

// forbid writes down a host that is never allowed.
func (g *Guard) forbid(why Purpose, host string, because Refusal) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.refuse(why, canonical(host), because)
}

// note must be called with mu held.
func (g *Guard) note(e Entry) {
	for i := range g.journal {
		old := &g.journal[i]
		if old.Purpose == e.Purpose && old.Host == e.Host && old.Allowed == e.Allowed && old.Why == e.Why {
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
