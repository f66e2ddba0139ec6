package sfu

import (
	"net/url"
	"strings"
	"sync"

	"paravent/privacy/egress"
)

// maxHosts bounds the hosts that a server may name.
const maxHosts = 64

// Hosts are those that a server names for media. Each is decided about, and
// told, once. They may be used by several goroutines.
type Hosts struct {
	lane *egress.Lane
	own  string
	tell func(Event)

	mu   sync.Mutex // guards everything that follows
	seen map[string]bool
}

// NewHosts returns the hosts of one session. server, a host or host:port, is
// where the link leads; that it is named is no news.
func NewHosts(lane *egress.Lane, server string, tell func(Event)) *Hosts {
	own := strings.ToLower((&url.URL{Host: server}).Hostname())
	return &Hosts{lane: lane, own: own, tell: tell, seen: make(map[string]bool)}
}

// Ask reports whether host may be spoken to, and tells a HostNamed the first
// time.
func (h *Hosts) Ask(host string) bool {
	h.mu.Lock()
	allowed, known := h.seen[host]
	if known || len(h.seen) >= maxHosts {
		h.mu.Unlock()
		return allowed
	}
	allowed = h.lane.AllowNamed(host)
	h.seen[host] = allowed
	h.mu.Unlock()
	if host != h.own && !h.lane.Owns(host) {
		h.tell(HostNamed{Host: host, Allowed: allowed})
	}
	return allowed
}
