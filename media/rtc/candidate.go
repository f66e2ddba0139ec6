package rtc

import (
	"net/netip"
	"strconv"
	"strings"

	"paravent/privacy/egress"
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

// port is where the candidate's host is spoken to.
func (c Candidate) port() egress.Port {
	f := strings.Fields(c.Line)
	if len(f) < 8 {
		return egress.Port{}
	}
	n, _ := strconv.ParseUint(f[5], 10, 16) // 0 is none
	return egress.Port{Protocol: c.transport(), Number: uint16(n)}
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
	host := c.Host()
	if host == "" || c.transport() != "udp" {
		return false
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		p.refuse(host, egress.NoAddress)
		return false
	}
	if !p.loopback && (a.Unmap().IsLoopback() || a.IsLinkLocalUnicast()) {
		p.refuse(host, egress.Inside)
		return false
	}
	return p.on.Host(egress.Media, a.Unmap().String(), c.port())
}

// refuse has the guard write down a place that is not even asked about.
func (p *Peer) refuse(host string, because egress.Refusal) {
	if p.lane != nil {
		p.lane.Refuse(host, because)
	}
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

// told says what the other side is told of the places where we may be reached.
type told struct {
	noHost    bool // no address that an interface of this machine has
	relayOnly bool
}

// candidate returns a line of ours as it is told, and false if it is not. The
// address behind a candidate, which serves diagnosis only, is never told (RFC 8839,
// section 5.1).
func (t told) candidate(line string) (string, bool) {
	f := strings.Fields(line)
	if len(f) < 8 || f[6] != "typ" {
		return "", false
	}
	if t.noHost && f[7] == "host" || t.relayOnly && f[7] != "relay" {
		return "", false
	}
	for i := 8; i+1 < len(f); i += 2 {
		switch f[i] {
		case "raddr":
			f[i+1] = "0.0.0.0"
		case "rport":
			f[i+1] = "9"
		}
	}
	return strings.Join(f, " "), true
}

// description returns what we say of ourselves as it is told.
func (t told) description(sdp string) string {
	if !strings.Contains(sdp, "a=candidate:") {
		return sdp
	}
	var b strings.Builder
	for line := range strings.Lines(sdp) {
		if rest, ok := strings.CutPrefix(line, "a="); ok && strings.HasPrefix(rest, "candidate:") {
			if line, ok = t.candidate(rest); !ok {
				continue
			}
			line = "a=" + line + "\r\n"
		}
		b.WriteString(line)
	}
	return b.String()
}
