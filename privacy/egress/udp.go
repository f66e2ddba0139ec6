package egress

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// A UDPConn is a UDP socket that speaks only to addresses of its lane. What is
// sent elsewhere is refused with a *DeniedError; what comes from elsewhere is
// dropped. Real-time: reading and writing do not allocate through the AddrPort
// methods.
type UDPConn struct {
	*net.UDPConn
	lane *Lane
}

// meter is what counts for a, if packets may go there.
func (c *UDPConn) meter(a netip.Addr) (*meter, error) {
	if m := c.lane.meter(a); m != nil {
		return m, nil
	}
	return c.first(bare(a))
}

// first decides about an address that no packet has gone to. One that a rule
// allows is its own resolution.
func (c *UDPConn) first(a netip.Addr) (*meter, error) {
	host := a.String()
	if err := c.lane.guard.check(c.lane.why, host); err != nil {
		return nil, err
	}
	c.lane.admit(host, a)
	return c.lane.meter(a), nil
}

// heard counts a packet of n bytes from a, and reports whether it may be heard.
func (c *UDPConn) heard(a netip.Addr, n int) bool {
	m := c.lane.meter(a)
	if m == nil {
		return false
	}
	m.down.add(datagram(a, n))
	return true
}

// errRaw is returned to who wants to go past the lane.
var errRaw = errors.New("the guard does not give its sockets away")

// SyscallConn is refused.
func (*UDPConn) SyscallConn() (syscall.RawConn, error) { return nil, errRaw }

// File is refused.
func (*UDPConn) File() (*os.File, error) { return nil, errRaw }

// fits books a packet to a, and reports whether it may go. One that may not
// is as good as lost on the way.
func (c *UDPConn) fits(a netip.Addr, b []byte) bool {
	ok := c.lane.guard.bound.take(time.Now(), int(datagram(a, len(b)).Wire), isNeeded(b))
	if !ok {
		c.lane.guard.bound.held.Add(1)
	}
	return ok
}

// WriteTo sends b to addr.
func (c *UDPConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	u, ok := addr.(*net.UDPAddr)
	if !ok {
		return 0, net.InvalidAddrError("not a UDP address")
	}
	return c.WriteToUDP(b, u)
}

// WriteToUDP sends b to addr.
func (c *UDPConn) WriteToUDP(b []byte, addr *net.UDPAddr) (int, error) {
	return c.WriteToUDPAddrPort(b, addr.AddrPort())
}

// WriteToUDPAddrPort sends b to addr.
func (c *UDPConn) WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error) {
	m, err := c.meter(addr.Addr())
	if err != nil {
		return 0, err
	}
	if !c.fits(addr.Addr(), b) {
		return len(b), nil
	}
	n, err := c.UDPConn.WriteToUDPAddrPort(b, addr)
	if err == nil {
		m.up.add(datagram(addr.Addr(), n))
	}
	return n, err //nolint:wrapcheck // a net.PacketConn's own errors
}

// WriteMsgUDP sends b and the control data oob to addr.
func (c *UDPConn) WriteMsgUDP(b, oob []byte, addr *net.UDPAddr) (int, int, error) {
	return c.WriteMsgUDPAddrPort(b, oob, addr.AddrPort())
}

// ReadFrom reads the next packet from an address of the lane.
func (c *UDPConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, addr, err := c.ReadFromUDP(b)
	if err != nil {
		return n, nil, err
	}
	return n, addr, nil
}

// ReadFromUDP reads the next packet from an address of the lane.
func (c *UDPConn) ReadFromUDP(b []byte) (int, *net.UDPAddr, error) {
	n, addr, err := c.ReadFromUDPAddrPort(b)
	if err != nil {
		return n, nil, err
	}
	return n, net.UDPAddrFromAddrPort(addr), nil
}

// ReadFromUDPAddrPort reads the next packet from an address of the lane.
func (c *UDPConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		n, addr, err := c.UDPConn.ReadFromUDPAddrPort(b)
		if err != nil || c.heard(addr.Addr(), n) {
			return n, netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()), err //nolint:wrapcheck // a net.PacketConn's own errors
		}
	}
}

// Read reads the next packet from an address of the lane.
func (c *UDPConn) Read(b []byte) (int, error) {
	n, _, err := c.ReadFromUDPAddrPort(b)
	return n, err
}

// ReadMsgUDP reads the next packet from an address of the lane, and its control
// data.
func (c *UDPConn) ReadMsgUDP(b, oob []byte) (n, oobn, flags int, addr *net.UDPAddr, err error) {
	n, oobn, flags, from, err := c.ReadMsgUDPAddrPort(b, oob)
	if err != nil {
		return n, oobn, flags, nil, err
	}
	return n, oobn, flags, net.UDPAddrFromAddrPort(from), nil
}

// ReadMsgUDPAddrPort reads the next packet from an address of the lane, and its
// control data.
func (c *UDPConn) ReadMsgUDPAddrPort(b, oob []byte) (n, oobn, flags int, addr netip.AddrPort, err error) {
	for {
		n, oobn, flags, addr, err = c.UDPConn.ReadMsgUDPAddrPort(b, oob)
		if err != nil || c.heard(addr.Addr(), n) {
			return n, oobn, flags, netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()), err
		}
	}
}

// WriteMsgUDPAddrPort sends b and the control data oob to addr.
func (c *UDPConn) WriteMsgUDPAddrPort(b, oob []byte, addr netip.AddrPort) (int, int, error) {
	m, err := c.meter(addr.Addr())
	if err != nil {
		return 0, 0, err
	}
	if !c.fits(addr.Addr(), b) {
		return len(b), len(oob), nil
	}
	n, oobn, err := c.UDPConn.WriteMsgUDPAddrPort(b, oob, addr)
	if err == nil {
		m.up.add(datagram(addr.Addr(), n))
	}
	return n, oobn, err //nolint:wrapcheck // a net.PacketConn's own errors
}
