package egress

import (
	"context"
	"net"
	"net/netip"
	"runtime"
	"strings"
)

// A finder looks a name up, as it stands.
type finder func(ctx context.Context, name string) ([]netip.Addr, error)

// maxName bounds a name (RFC 1035, section 2.3.4), in bytes.
const maxName = 253

// A pin is what a name was found to be. It stays for the guard's life.
type pin struct {
	addrs []netip.Addr // none: to be looked up anew
	depth depth
}

// A depth is how far inside an address lies.
type depth int

const (
	world   depth = iota
	private       // of this network: another one has the same addresses for other machines
	machine       // this one itself
)

// depthOf says where a lies: RFC 1918, RFC 4193, RFC 6598 and link-local addresses
// are private. An IPv4 address inside an IPv6 one (RFC 4291, section 2.5.5.2; RFC
// 6052, section 2.1; RFC 3056) lies where it lies.
func depthOf(a netip.Addr) depth {
	a = a.Unmap()
	if a.Is6() {
		b := a.As16()
		switch {
		case netip.MustParsePrefix("64:ff9b::/96").Contains(a):
			a = netip.AddrFrom4([4]byte(b[12:16]))
		case netip.MustParsePrefix("2002::/16").Contains(a):
			a = netip.AddrFrom4([4]byte(b[2:6]))
		}
	}
	switch {
	case a.IsLoopback(), a.IsUnspecified():
		return machine
	case a.IsPrivate(), a.IsLinkLocalUnicast(), netip.MustParsePrefix("100.64.0.0/10").Contains(a):
		return private
	}
	return world
}

// noMachine reports whether a is not the address of one machine.
func noMachine(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsUnspecified() || a.IsMulticast() || a.Is4() && (a.As4()[0] == 0 || a.As4()[0] >= 240)
}

// localName reports whether name is one that only mDNS knows (RFC 6762, section 3).
func localName(name string) bool { return name == "local" || strings.HasSuffix(name, ".local") }

// literal reads an address, or the one name that is always this machine's own (RFC
// 6761, section 6.3).
func literal(host string) (netip.Addr, bool) {
	if host == "localhost" {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), true
	}
	a, err := netip.ParseAddr(host)
	return a, err == nil
}

// lookUp returns the addresses of a host that a rule allows.
func (g *Guard) lookUp(ctx context.Context, why Purpose, host string) ([]netip.Addr, error) {
	if host == "localhost" {
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}, nil
	}
	if a, ok := literal(host); ok {
		return []netip.Addr{a}, nil
	}
	g.mu.Lock()
	p, ok := g.pins[host]
	g.mu.Unlock()
	if ok && len(p.addrs) > 0 {
		return p.addrs, nil
	}
	found, err := g.find(ctx, host)
	if err != nil {
		return nil, reach(host, err)
	}
	return g.pin(why, host, found)
}

// pin keeps what a name was found to be: of addresses at several depths, the
// outermost; never this machine's own; and nothing further inside than the link is,
// for a name of the server, or than the name was before.
func (g *Guard) pin(why Purpose, host string, found []netip.Addr) ([]netip.Addr, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	old, again := g.pins[host]
	if again && len(old.addrs) > 0 {
		return old.addrs, nil // another was faster
	}
	most := private
	by := g.rules[why][host].By
	switch {
	case again:
		most = min(most, old.depth)
	case by == ByServer:
		most = min(most, g.inside)
	}
	p := pin{depth: most}
	for _, a := range found {
		a = a.Unmap().WithZone("")
		if d := depthOf(a); d <= p.depth && !noMachine(a) {
			if d < p.depth {
				p = pin{depth: d}
			}
			p.addrs = append(p.addrs, a)
		}
	}
	if len(p.addrs) == 0 {
		_ = g.refuse(why, host, Inside)
		return nil, &ReachError{Host: host, Why: Inward}
	}
	if by == ByLink || by == ByPolicy {
		g.inside = max(g.inside, p.depth)
	}
	g.pins[host] = p
	return p.addrs, nil
}

// unpin lets names be looked up again: the machine may be in another network.
func (g *Guard) unpin() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for host, p := range g.pins {
		g.pins[host] = pin{depth: p.depth}
	}
}

// system looks names up at the name servers of this machine's network. On Linux
// that is done here, through the guard's sockets; elsewhere only the system knows
// which name server is for which network, and its own lookup is used. The name's
// last dot keeps search domains out.
func (g *Guard) system() finder {
	r := &net.Resolver{PreferGo: runtime.GOOS == "linux", Dial: g.dialNames}
	return func(ctx context.Context, name string) ([]netip.Addr, error) {
		return r.LookupNetIP(ctx, "ip", name+".")
	}
}

// dialNames connects to a name server of the system's settings.
func (g *Guard) dialNames(ctx context.Context, network, address string) (net.Conn, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err //nolint:wrapcheck // the lookup says which name it was for
	}
	host := canonical(to.Addr().String())
	g.rule(Rule{Names, host, BySystem, []Port{{network[:3], to.Port()}}})
	l := g.Lane(Names)
	if err := g.check(Names, host); err != nil {
		return nil, err
	}
	l.admit(host, to.Addr())
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err //nolint:wrapcheck // the lookup says which name it was for
	}
	switch c := c.(type) {
	case *net.UDPConn:
		return &question{c, l.meter(to.Addr()), to.Addr()}, nil
	case *net.TCPConn:
		return l.counted(c, to.Addr()), nil
	}
	_ = c.Close()
	return nil, net.UnknownNetworkError(network)
}

// A question is a socket to one name server, whose bytes are counted.
type question struct {
	*net.UDPConn
	meter *meter
	peer  netip.Addr
}

func (q *question) Read(b []byte) (int, error) {
	n, err := q.UDPConn.Read(b)
	if err == nil {
		q.meter.down.add(datagram(q.peer, n))
	}
	return n, err //nolint:wrapcheck // a net.Conn's own errors
}

func (q *question) Write(b []byte) (int, error) {
	n, err := q.UDPConn.Write(b)
	if err == nil {
		q.meter.up.add(datagram(q.peer, n))
	}
	return n, err //nolint:wrapcheck // a net.Conn's own errors
}

// blind is a lookup that asks nobody.
func (g *Guard) blind() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(_ context.Context, _, address string) (net.Conn, error) {
		return nil, g.forbid(dependency, address, NoRule)
	}}
}
