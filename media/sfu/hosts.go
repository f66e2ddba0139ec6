package sfu

import (
	"net/url"
	"strings"
	"sync"

	"paravent/privacy/egress"
)

// maxHosts bounds the hosts that a server may name.
const maxHosts = 64

// Hosts are those that a server names for media and as relays. Each is decided
// about, and told, once for a purpose. They may be used by several goroutines.
type Hosts struct {
	lane *egress.Lane
	own  string
	tell func(Event)

	mu   sync.Mutex // guards everything that follows
	seen map[use]bool
}

// A use is a host and what for.
type use struct {
	why  egress.Purpose
	host string
}

// NewHosts returns the hosts of one session. server, a host or host:port, is
// where the link leads; that it is named is no news.
func NewHosts(lane *egress.Lane, server string, tell func(Event)) *Hosts {
	own := strings.ToLower((&url.URL{Host: server}).Hostname())
	return &Hosts{lane: lane, own: own, tell: tell, seen: make(map[use]bool)}
}

// Ask reports whether host may be spoken to, and tells a HostNamed the first
// time.
func (h *Hosts) Ask(why egress.Purpose, host string, at egress.Port) bool {
	asked, lane := use{why, host}, h.lane.For(why)
	h.mu.Lock()
	allowed, known := h.seen[asked]
	if known || len(h.seen) >= maxHosts {
		h.mu.Unlock()
		return allowed && lane.AllowNamed(host, at)
	}
	allowed = lane.AllowNamed(host, at)
	h.seen[asked] = allowed
	h.mu.Unlock()
	if host != h.own && !h.lane.Owns(host) {
		h.tell(HostNamed{Host: host, Purpose: why, Allowed: allowed})
	}
	return allowed
}
