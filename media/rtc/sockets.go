package rtc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v4"

	"paravent/privacy/egress"
)

// errNotOpened is given for kinds of socket that a peer has no need of.
var errNotOpened = errors.New("this kind of socket is not opened")

// sockets is all that pion may use of the network: what the lane lets out.
type sockets struct {
	media    *egress.Lane
	relay    *egress.Lane
	loopback bool // only this machine's loopback addresses, else none of them
	count    *wire

	mu    sync.Mutex // guards everything that follows
	names map[netip.Addr]string
}

var _ transport.Net = (*sockets)(nil)

// wire counts bytes as they are on the wire, with the headers of UDP and IP.
type wire struct{ up, down atomic.Uint64 }

// A datagram over IPv4 has 28 bytes of header, one over IPv6 48.
func headers(a netip.Addr) uint64 {
	if a.Unmap().Is4() {
		return 28
	}
	return 48
}

func (s *sockets) resolve(network, address string) (netip.Addr, uint16, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return netip.Addr{}, 0, fmt.Errorf("resolve: %w", err)
	}
	p, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return netip.Addr{}, 0, fmt.Errorf("resolve: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	// A host that is a relay may also be asked for our address, from the sockets of
	// media: so its address is let out of each lane that it is named for.
	addrs, err := s.relay.Resolve(ctx, host)
	if more, no := s.media.Resolve(ctx, host); no == nil {
		addrs, err = more, nil
	}
	if err != nil {
		return netip.Addr{}, 0, err
	}
	for _, a := range addrs {
		if fits(network, a) {
			s.mu.Lock()
			s.names[a] = host
			s.mu.Unlock()
			return a, uint16(p), nil
		}
	}
	return netip.Addr{}, 0, &egress.ReachError{Host: host, Why: egress.UnknownHost}
}

// fits reports whether a is of the family that a network such as "udp4" names.
func fits(network string, a netip.Addr) bool {
	switch network[len(network)-1] {
	case '4':
		return a.Is4()
	case '6':
		return a.Is6()
	}
	return true
}

func (s *sockets) ResolveIPAddr(network, address string) (*net.IPAddr, error) {
	a, _, err := s.resolve("udp"+network[2:], net.JoinHostPort(address, "0"))
	if err != nil {
		return nil, err
	}
	return &net.IPAddr{IP: a.AsSlice()}, nil
}

func (s *sockets) ResolveUDPAddr(network, address string) (*net.UDPAddr, error) {
	a, port, err := s.resolve(network, address)
	if err != nil {
		return nil, err
	}
	return net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, port)), nil
}

func (s *sockets) ResolveTCPAddr(network, address string) (*net.TCPAddr, error) {
	a, port, err := s.resolve(network, address)
	if err != nil {
		return nil, err
	}
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(a, port)), nil
}

// ListenPacket is used for the way to a relay.
func (s *sockets) ListenPacket(network, address string) (net.PacketConn, error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return s.listen(s.relay, network, net.UDPAddrFromAddrPort(at))
}

// ListenUDP is used for the straight way, and to ask what our address is.
func (s *sockets) ListenUDP(network string, at *net.UDPAddr) (transport.UDPConn, error) {
	return s.listen(s.media, network, at)
}

func (s *sockets) listen(lane *egress.Lane, network string, at *net.UDPAddr) (transport.UDPConn, error) {
	c, err := lane.ListenUDP(network, at)
	if err != nil {
		return nil, err
	}
	return &countedUDP{c, s.count}, nil
}

// DialTCP is used on the way to a relay. The guard decides by name, so the
// address is taken back to the name it was found by.
func (s *sockets) DialTCP(network string, _, to *net.TCPAddr) (transport.TCPConn, error) {
	at := to.AddrPort()
	host := at.Addr().Unmap().String()
	s.mu.Lock()
	if name, ok := s.names[at.Addr().Unmap()]; ok {
		host = name
	}
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := s.relay.DialContext(ctx, network, net.JoinHostPort(host, fmt.Sprint(to.Port)))
	if err != nil {
		return nil, err
	}
	t, ok := c.(*egress.TCPConn)
	if !ok {
		_ = c.Close()
		return nil, errNotOpened
	}
	return &countedTCP{t, s.count}, nil
}

func (s *sockets) ListenTCP(string, *net.TCPAddr) (transport.TCPListener, error) {
	return nil, errNotOpened
}
func (s *sockets) Dial(string, string) (net.Conn, error) { return nil, errNotOpened }
func (s *sockets) DialUDP(string, *net.UDPAddr, *net.UDPAddr) (transport.UDPConn, error) {
	return nil, errNotOpened
}
func (s *sockets) CreateDialer(*net.Dialer) transport.Dialer                   { return closed{} }
func (s *sockets) CreateListenConfig(*net.ListenConfig) transport.ListenConfig { return closed{} }

type closed struct{}

func (closed) Dial(string, string) (net.Conn, error) { return nil, errNotOpened }
func (closed) Listen(context.Context, string, string) (net.Listener, error) {
	return nil, errNotOpened
}

func (closed) ListenPacket(context.Context, string, string) (net.PacketConn, error) {
	return nil, errNotOpened
}

// Interfaces lists where candidates may come from: the loopback interface for
// a server on this machine, all others for any other server. Of their addresses it
// has those that say least.
func (s *sockets) Interfaces() ([]*transport.Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	found := make([][]net.Addr, len(all))
	var own []net.Addr
	for n, i := range all {
		if i.Flags&net.FlagUp == 0 || s.loopback != (i.Flags&net.FlagLoopback != 0) {
			continue
		}
		if found[n], err = i.Addrs(); err == nil {
			own = append(own, found[n]...)
		}
	}
	own = discreet(own)
	var out []*transport.Interface
	for n, i := range all {
		addrs := slices.DeleteFunc(found[n], func(a net.Addr) bool {
			return !slices.ContainsFunc(own, func(b net.Addr) bool { return a.String() == b.String() })
		})
		if len(addrs) == 0 {
			continue
		}
		t := transport.NewInterface(i)
		for _, a := range addrs {
			t.AddAddress(a)
		}
		out = append(out, t)
	}
	return out, nil
}

// discreet leaves out the addresses that lead nowhere from outside (link-local ones;
// RFC 8421, section 5) and, where there are others, those of IPv6 that hold the
// serial number of a network card (RFC 7217, section 1; RFC 4291, appendix A).
func discreet(addrs []net.Addr) []net.Addr {
	of := func(a net.Addr) netip.Addr {
		p, err := netip.ParsePrefix(a.String())
		if err != nil {
			return netip.Addr{}
		}
		return p.Addr().Unmap()
	}
	out := slices.DeleteFunc(slices.Clone(addrs), func(a net.Addr) bool { return !of(a).IsValid() || of(a).IsLinkLocalUnicast() })
	anonymous := slices.DeleteFunc(slices.Clone(out), func(a net.Addr) bool {
		b := of(a).As16()
		return of(a).Is6() && b[11] == 0xff && b[12] == 0xfe
	})
	if len(anonymous) > 0 {
		return anonymous
	}
	return out
}

// lacks reports whether this machine has not got an address (any more), also on an
// interface that is down for a moment.
func (s *sockets) lacks(address string) bool {
	at, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	all, err := net.InterfaceAddrs()
	return err == nil && !slices.ContainsFunc(all, func(a net.Addr) bool {
		p, err := netip.ParsePrefix(a.String())
		return err == nil && p.Addr().Unmap().WithZone("") == at.Unmap().WithZone("")
	})
}

func (s *sockets) InterfaceByIndex(index int) (*transport.Interface, error) {
	return s.find(func(i *transport.Interface) bool { return i.Index == index })
}

func (s *sockets) InterfaceByName(name string) (*transport.Interface, error) {
	return s.find(func(i *transport.Interface) bool { return i.Name == name })
}

func (s *sockets) find(is func(*transport.Interface) bool) (*transport.Interface, error) {
	all, err := s.Interfaces()
	if err != nil {
		return nil, err
	}
	for _, i := range all {
		if is(i) {
			return i, nil
		}
	}
	return nil, transport.ErrInterfaceNotFound
}

// A countedUDP is a socket of the guard whose bytes are counted.
type countedUDP struct {
	*egress.UDPConn
	count *wire
}

func (c *countedUDP) WriteTo(b []byte, to net.Addr) (int, error) {
	n, err := c.UDPConn.WriteTo(b, to)
	if u, ok := to.(*net.UDPAddr); ok && err == nil {
		c.count.up.Add(uint64(n) + headers(u.AddrPort().Addr()))
	}
	return n, err
}

func (c *countedUDP) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.ReadFromUDPAddrPort(b)
	if err != nil {
		return n, nil, err
	}
	c.count.down.Add(uint64(n) + headers(from.Addr()))
	return n, net.UDPAddrFromAddrPort(from), nil
}

// A countedTCP is the way to a relay; its headers are not counted.
type countedTCP struct {
	*egress.TCPConn
	count *wire
}

func (c *countedTCP) Write(b []byte) (int, error) {
	n, err := c.TCPConn.Write(b)
	c.count.up.Add(uint64(n))
	return n, err
}

func (c *countedTCP) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	c.count.down.Add(uint64(n))
	return n, err
}

// ReadFromAddrPort and WriteToAddrPort are pion's way without allocations.
func (c *countedUDP) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	n, from, err := c.ReadFromUDPAddrPort(b)
	if err == nil {
		c.count.down.Add(uint64(n) + headers(from.Addr()))
	}
	return n, from, err
}

func (c *countedUDP) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	n, err := c.WriteToUDPAddrPort(b, to)
	if err == nil {
		c.count.up.Add(uint64(n) + headers(to.Addr()))
	}
	return n, err
}
