package rtc

import (
	"net/netip"
	"strings"
)

// A Candidate is a place where a peer may be reached, as trickle ICE carries
// it (RFC 8840).
type Candidate struct {
	Line string // "candidate:…"; empty ends the candidates
	Mid  string
	Part int // the section's number
	User string
}

// Host is the address, or the name, that the candidate is at. It is empty if
// the line makes no sense.
func (c Candidate) Host() string {
	// candidate:FOUNDATION COMPONENT TRANSPORT PRIORITY ADDRESS PORT typ TYPE …
	f := strings.Fields(strings.TrimPrefix(c.Line, "a="))
	if len(f) < 8 || !strings.HasPrefix(f[0], "candidate:") || f[6] != "typ" {
		return ""
	}
	return f[4]
}

// transport is "udp" or "tcp".
func (c Candidate) transport() string {
	f := strings.Fields(c.Line)
	if len(f) < 8 {
		return ""
	}
	return strings.ToLower(f[2])
}

// fit reports whether the candidate may be used: a UDP address that the guard
// lets us speak to. Names are not: they would be looked up, or be mDNS.
func (p *Peer) fit(c Candidate) bool {
	a, err := netip.ParseAddr(c.Host())
	if err != nil || c.transport() != "udp" {
		return false
	}
	if !p.loopback && (a.Unmap().IsLoopback() || a.IsLinkLocalUnicast()) {
		return false
	}
	return p.on.Host(a.Unmap().String())
}

// sift leaves the candidates out of a description that may not be used.
func (p *Peer) sift(sdp string) string {
	if !strings.Contains(sdp, "a=candidate:") {
		return sdp
	}
	var b strings.Builder
	for line := range strings.Lines(sdp) {
		if strings.HasPrefix(line, "a=candidate:") && !p.fit(Candidate{Line: strings.TrimSpace(line[2:])}) {
			continue
		}
		b.WriteString(line)
	}
	return b.String()
}
