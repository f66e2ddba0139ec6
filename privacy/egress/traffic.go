package egress

import (
	"cmp"
	"net/netip"
	"slices"
	"sync/atomic"
)

// A Flow is what went to and came from one address for one purpose.
type Flow struct {
	Host     string // as the rule has it: a name, or the address itself
	Addr     netip.Addr
	Purpose  Purpose
	Named    bool // by the server, not by the link or the policy
	Up, Down Count
}

// A Count is of one direction. UDP is counted exactly, packet by packet. Of TCP
// the payload is exact, and so are packets and headers as far as the system
// keeps count of them (Linux), but for those of the farewell after Close and of
// connections that never came about, which are estimated; elsewhere packets and
// headers of TCP are an estimate.
type Count struct {
	Packets uint64
	Bytes   uint64 // of payload of UDP and TCP, so with TLS, DTLS and SRTP
	Wire    uint64 // bytes with the headers of IP, UDP and TCP, without those of the link layer
}

// Plus returns both together.
func (c Count) Plus(d Count) Count {
	return Count{Packets: c.Packets + d.Packets, Bytes: c.Bytes + d.Bytes, Wire: c.Wire + d.Wire}
}

// A tally is a Count that several goroutines add to. Real-time: it neither
// blocks nor allocates.
type tally struct{ packets, bytes, wire atomic.Uint64 }

func (t *tally) add(c Count) {
	t.packets.Add(c.Packets)
	t.bytes.Add(c.Bytes)
	t.wire.Add(c.Wire)
}

func (t *tally) count() Count {
	return Count{Packets: t.packets.Load(), Bytes: t.bytes.Load(), Wire: t.wire.Load()}
}

// A meter counts what goes through one lane to and from one address.
type meter struct {
	host     string
	up, down tally
}

// The headers of a packet, in bytes: RFC 791, section 3.1, without options; RFC
// 8200, section 3, without extensions; RFC 768; RFC 9293, section 3.1.
const (
	header4   = 20
	header6   = 40
	headerUDP = 8
	headerTCP = 20
)

func headerIP(a netip.Addr) uint64 {
	if a.Is4() || a.Is4In6() {
		return header4
	}
	return header6
}

// datagram is one UDP packet with n bytes of payload, to or from a.
func datagram(a netip.Addr, n int) Count {
	return Count{Packets: 1, Bytes: uint64(n), Wire: uint64(n) + headerUDP + headerIP(a)}
}

// Traffic returns what has gone out and come in so far, by address and purpose,
// in the order of purposes and hosts. What was dropped because it came from
// elsewhere is not in it, and neither is a lookup that the system did by itself
// (on all systems but Linux).
func (g *Guard) Traffic() []Flow {
	g.mu.Lock()
	defer g.mu.Unlock()
	var flows []Flow
	at := make(map[*meter]int)
	for why, l := range g.lanes {
		for a, m := range *l.addrs.Load() {
			f := Flow{Host: m.host, Addr: a, Purpose: why, Named: g.rules[why][m.host].By == ByServer, Up: m.up.count(), Down: m.down.count()}
			at[m] = len(flows)
			flows = append(flows, f)
		}
	}
	for c := range g.open {
		up, down := c.soFar()
		f := &flows[at[c.meter]]
		f.Up, f.Down = f.Up.Plus(up), f.Down.Plus(down)
	}
	flows = slices.DeleteFunc(flows, func(f Flow) bool { return f.Up.Packets == 0 && f.Down.Packets == 0 })
	slices.SortFunc(flows, func(a, b Flow) int {
		return cmp.Or(cmp.Compare(a.Purpose, b.Purpose), cmp.Compare(a.Host, b.Host), a.Addr.Compare(b.Addr))
	})
	return flows
}
