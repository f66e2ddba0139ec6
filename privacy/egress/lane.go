package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A Lane is the guard's way out for one purpose. It may be used by several
// goroutines.
type Lane struct {
	guard *Guard
	why   Purpose

	mu    sync.Mutex                            // held to change addrs
	addrs atomic.Pointer[map[netip.Addr]*meter] // that packets may go to
}

func newLane(g *Guard, why Purpose) *Lane {
	l := &Lane{guard: g, why: why}
	l.addrs.Store(&map[netip.Addr]*meter{})
	return l
}

// For returns the same guard's way out for another purpose.
func (l *Lane) For(why Purpose) *Lane { return l.guard.Lane(why) }

// AllowNamed takes a host that the server named, a name or an address, into the
// hosts of this lane, and reports whether it may be spoken to. The package
// comment says which are foreign.
func (l *Lane) AllowNamed(host string, ports ...Port) bool {
	host = canonical(host)
	owner, ok := l.guard.admitNamed(l.why, host, ports)
	if a, isAddr := literal(host); ok && isAddr {
		l.admit(owner, a)
	}
	return ok
}

// Owns reports whether host is one that the link or the policy names, or an
// address of such a one.
func (l *Lane) Owns(host string) bool {
	host = canonical(host)
	l.guard.mu.Lock()
	defer l.guard.mu.Unlock()
	for _, hosts := range l.guard.rules {
		if by := hosts[host].By; by == ByLink || by == ByPolicy {
			return true
		}
	}
	owner, _ := l.guard.owner(host)
	return owner != ""
}

// Refuse writes down that a host which the server named is not spoken to.
func (l *Lane) Refuse(host string, because Refusal) { _ = l.guard.forbid(l.why, host, because) }

// Resolve looks host up, if a rule allows it, and lets packets go to its
// addresses.
func (l *Lane) Resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	host = canonical(host)
	if err := l.guard.check(l.why, host); err != nil {
		return nil, err
	}
	addrs, err := l.guard.lookUp(ctx, l.why, host)
	if err != nil {
		return nil, err
	}
	l.admit(host, addrs...)
	return addrs, nil
}

// admit lets packets go to the addresses of host.
func (l *Lane) admit(host string, addrs ...netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := maps.Clone(*l.addrs.Load())
	for _, a := range addrs {
		if a = bare(a); next[a] == nil {
			next[a] = &meter{host: host}
		}
	}
	l.addrs.Store(&next)
}

// bare is the one form of an address.
func bare(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// meter counts for a, which packets may go to; nil if they may not. Real-time: it
// neither blocks nor allocates.
func (l *Lane) meter(a netip.Addr) *meter { return (*l.addrs.Load())[bare(a)] }

// DialContext connects to a host that a rule allows. network is one of the "tcp"
// kinds. The connection is a *TCPConn.
func (l *Lane) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	addrs, err := l.Resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: 10 * time.Second}
	var errs []error
	for _, a := range addrs {
		c, err := d.DialContext(ctx, network, net.JoinHostPort(a.String(), port))
		if t, ok := c.(*net.TCPConn); ok && err == nil {
			return l.counted(t, a), nil
		}
		if err == nil {
			_ = c.Close()
			err = net.UnknownNetworkError(network)
		}
		l.inVain(a, err)
		errs = append(errs, err)
	}
	if ctx.Err() == nil {
		l.guard.unpin()
	}
	return nil, reach(host, errors.Join(errs...))
}

// Ports are the local UDP ports that may be used, both ends with them. The zero
// Ports are those that the system gives.
type Ports struct{ From, To uint16 }

// UsePorts sets the local ports of every UDP socket from now on. Media takes one
// for each address of this machine and each way to the server, of which some kinds
// have two, and each relay one more.
func (g *Guard) UsePorts(p Ports) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ports = p
}

// Ports returns what UsePorts has set.
func (g *Guard) Ports() Ports {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ports
}

// A PortsError says that every local port that may be used is in use.
type PortsError struct{ Ports Ports }

func (e *PortsError) Error() string {
	return fmt.Sprintf("every UDP port from %d to %d is in use", e.Ports.From, e.Ports.To)
}

// ListenUDP opens a UDP socket on laddr that sends only to addresses of the
// lane, and hears only those. Where laddr has no port, it is one of the guard's
// Ports; if all of those are in use, the error is a *PortsError.
func (l *Lane) ListenUDP(network string, laddr *net.UDPAddr) (*UDPConn, error) {
	ports := l.guard.Ports()
	var at net.UDPAddr
	if laddr != nil {
		at = *laddr
	}
	if at.Port != 0 || ports == (Ports{}) {
		ports = Ports{From: uint16(at.Port), To: uint16(at.Port)}
	}
	for port := int(ports.From); port <= int(ports.To); port++ {
		at.Port = port
		c, err := net.ListenUDP(network, &at)
		switch {
		case err == nil:
			return &UDPConn{UDPConn: c, lane: l}, nil
		case !errors.Is(err, syscall.EADDRINUSE):
			return nil, fmt.Errorf("listen: %w", err)
		}
	}
	return nil, fmt.Errorf("listen: %w", &PortsError{ports})
}

// HTTPClient returns a client whose only way out is the lane. It follows
// redirects only within one origin, uses plain HTTP only to this machine
// itself, and reads no proxy from the environment.
func (l *Lane) HTTPClient() *http.Client {
	t := &http.Transport{
		DialContext:           l.DialContext,
		TLSClientConfig:       tlsConfig(),
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 15 * time.Second,
		IdleConnTimeout:       30 * time.Second,
		MaxIdleConns:          8,

		MaxResponseHeaderBytes: maxHeader,
	}
	return &http.Client{Transport: guarded{l, t}, CheckRedirect: l.sameOrigin}
}

// tlsConfig is what BSI TR-02102-2 (2026-01) recommends: TLS 1.3, and of TLS
// 1.2 only ephemeral elliptic-curve suites with authenticated encryption.
func tlsConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		},
	}
}

type guarded struct {
	lane *Lane
	t    *http.Transport
}

func (g guarded) RoundTrip(req *http.Request) (*http.Response, error) {
	host := req.URL.Hostname()
	if req.URL.Scheme == "http" && !IsLoopback(host) {
		return nil, &ReachError{Host: host, Why: Unencrypted}
	}
	if err := g.lane.guard.check(g.lane.why, host); err != nil {
		return nil, err
	}
	resp, err := g.t.RoundTrip(req)
	if err != nil {
		return nil, reach(host, err)
	}
	return resp, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the sockets.
func (g guarded) CloseIdleConnections() { g.t.CloseIdleConnections() }

const (
	maxRedirects = 5
	maxHeader    = 64 << 10 // bytes; proxies in front of servers allow 8 to 32 KiB
)

// sameOrigin lets a redirect go only to where the first request went, and writes
// down where else it would have gone.
func (l *Lane) sameOrigin(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	if req.URL.Scheme != first.Scheme || req.URL.Host != first.Host {
		return l.guard.forbid(redirect, req.URL.Host, Elsewhere)
	}
	if len(via) > maxRedirects {
		return errors.New("too many redirects")
	}
	return nil
}
