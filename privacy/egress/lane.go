package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// A Lane is the guard's way out for one purpose. It may be used by several
// goroutines.
type Lane struct {
	guard *Guard
	why   Purpose

	mu    sync.Mutex                              // held to change addrs
	addrs atomic.Pointer[map[netip.Addr]struct{}] // that packets may go to
}

func newLane(g *Guard, why Purpose) *Lane {
	l := &Lane{guard: g, why: why}
	l.addrs.Store(&map[netip.Addr]struct{}{})
	return l
}

// AllowNamed takes a host that the server named, a name or an address, into the
// hosts of this lane, and reports whether it may be spoken to. Names that are
// looked up in the local network only (".local") are never allowed, nor are
// addresses that are no single machine's.
func (l *Lane) AllowNamed(host string) bool {
	host = canonical(host)
	a, err := netip.ParseAddr(host)
	switch {
	case err == nil && (a.IsUnspecified() || a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255})):
		return false
	case err != nil && (host == "" || len(host) > 253 || hasSuffix(host, ".local")):
		return false
	}
	l.guard.allow(l.why, host, true)
	return true
}

func hasSuffix(s, suffix string) bool {
	return len(s) >= len(suffix) && s[len(s)-len(suffix):] == suffix
}

// Resolve looks host up, if a rule allows it, and lets packets go to its
// addresses.
func (l *Lane) Resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if err := l.guard.check(l.why, host); err != nil {
		return nil, err
	}
	host = canonical(host)
	addrs := []netip.Addr{}
	if a, err := netip.ParseAddr(host); err == nil {
		addrs = append(addrs, a)
	} else {
		found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		if err != nil {
			return nil, reach(host, err)
		}
		for _, a := range found {
			addrs = append(addrs, a.Unmap())
		}
	}
	l.admit(addrs...)
	return addrs, nil
}

// admit lets packets go to addrs.
func (l *Lane) admit(addrs ...netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := *l.addrs.Load()
	next := make(map[netip.Addr]struct{}, len(old)+len(addrs))
	for a := range old {
		next[a] = struct{}{}
	}
	for _, a := range addrs {
		next[a.Unmap().WithZone("")] = struct{}{}
	}
	l.addrs.Store(&next)
}

// DialContext connects to a host that a rule allows. network is one of the
// "tcp" and "udp" kinds.
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
		if err == nil {
			return c, nil
		}
		errs = append(errs, err)
	}
	return nil, reach(host, errors.Join(errs...))
}

// ListenUDP opens a UDP socket on laddr that sends only to addresses of the
// lane, and hears only those.
func (l *Lane) ListenUDP(network string, laddr *net.UDPAddr) (*UDPConn, error) {
	c, err := net.ListenUDP(network, laddr)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return &UDPConn{UDPConn: c, lane: l}, nil
}

func (l *Lane) mayReach(a netip.Addr) bool {
	_, ok := (*l.addrs.Load())[a.Unmap().WithZone("")]
	return ok
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
		return l.guard.forbid(redirect, req.URL.Host)
	}
	if len(via) > maxRedirects {
		return errors.New("too many redirects")
	}
	return nil
}
