package egress

import "slices"

// A Refusal is why a host may not be spoken to.
type Refusal string

// The refusals.
const (
	NoRule    Refusal = "no rule allows it"
	NoAddress Refusal = "it is a name where an address belongs"
	NoMachine Refusal = "it is no single machine"
	LocalName Refusal = "its name is for the local network only"
	Inside    Refusal = "it is further inside than the link"
	Unlisted  Refusal = "the policy does not list it"
	TooMany   Refusal = "the server names too many"
	NoRelay   Refusal = "it is neither the server nor a relay of it"
	Elsewhere Refusal = "it is another origin"
)

// admitNamed decides about a host that the server named, and returns the host of
// the rule that lets it be spoken to.
func (g *Guard) admitNamed(why Purpose, host string, ports []Port) (string, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r, known := g.rules[why][host]
	if known && r.By != ByServer {
		g.put(Rule{why, host, r.By, ports})
		return host, true
	}
	// An address that a host of the link or the policy has is no other host.
	if owner, by := g.owner(host); owner != "" && why != STUN {
		g.put(Rule{why, owner, by, ports})
		return owner, true
	}
	if because := g.foreign(why, host); !known && because != "" {
		_ = g.refuse(why, host, because)
		return "", false
	}
	if !known {
		g.named++
	}
	g.put(Rule{why, host, ByServer, ports})
	g.note(Entry{Purpose: why, Host: host, Allowed: true, Named: true})
	return host, true
}

// foreign says why a host that a server names may not be spoken to; empty if it
// may. It must be called with mu held.
func (g *Guard) foreign(why Purpose, host string) Refusal {
	a, isAddr := literal(host)
	switch {
	case why == STUN:
		return NoRelay
	case isAddr && noMachine(a), host == "", len(host) > maxName:
		return NoMachine
	case localName(host):
		return LocalName
	case isAddr && depthOf(a) > g.inside:
		return Inside
	case g.listed != nil && !g.listed(host) && !g.ofListed(host):
		return Unlisted
	case g.named >= maxNamed:
		return TooMany
	}
	return ""
}

// owner is the host of the link or the policy that has an address; empty if none
// has. It must be called with mu held.
func (g *Guard) owner(address string) (host string, by Origin) {
	a, ok := literal(address)
	if !ok {
		return "", ""
	}
	for name, p := range g.pins {
		if !slices.Contains(p.addrs, a) {
			continue
		}
		for _, hosts := range g.rules {
			if by := hosts[name].By; by == ByLink || by == ByPolicy {
				return name, by
			}
		}
	}
	return "", ""
}

// ofListed reports whether an address is one of a host that may be spoken to. It
// must be called with mu held.
func (g *Guard) ofListed(address string) bool {
	a, ok := literal(address)
	if !ok {
		return false
	}
	for name, p := range g.pins {
		if slices.Contains(p.addrs, a) && g.listed(name) {
			return true
		}
	}
	return false
}
