package egress

import (
	"net"
	"net/netip"
)

// A UDPConn is a UDP socket that speaks only to addresses of its lane. What is
// sent elsewhere is refused with a *DeniedError; what comes from elsewhere is
// dropped. Real-time: reading and writing do not allocate through the AddrPort
// methods.
type UDPConn struct {
	*net.UDPConn
	lane *Lane
}

func (c *UDPConn) deny(a netip.Addr) error {
	if err := c.lane.guard.check(c.lane.why, a.Unmap().WithZone("").String()); err != nil {
		return err
	}
	// An address that a rule allows is its own resolution.
	c.lane.admit(a)
	return nil
}

func (c *UDPConn) check(a netip.Addr) error {
	if c.lane.mayReach(a) {
		return nil
	}
	return c.deny(a)
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
	if err := c.check(addr.Addr()); err != nil {
		return 0, err
	}
	return c.UDPConn.WriteToUDPAddrPort(b, addr)
}

// WriteMsgUDP sends b and the control data oob to addr.
func (c *UDPConn) WriteMsgUDP(b, oob []byte, addr *net.UDPAddr) (int, int, error) {
	if err := c.check(addr.AddrPort().Addr()); err != nil {
		return 0, 0, err
	}
	return c.UDPConn.WriteMsgUDP(b, oob, addr)
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
		if err != nil || c.lane.mayReach(addr.Addr()) {
			return n, netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()), err
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
		if err != nil || c.lane.mayReach(addr.Addr()) {
			return n, oobn, flags, netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()), err
		}
	}
}

// WriteMsgUDPAddrPort sends b and the control data oob to addr.
func (c *UDPConn) WriteMsgUDPAddrPort(b, oob []byte, addr netip.AddrPort) (int, int, error) {
	if err := c.check(addr.Addr()); err != nil {
		return 0, 0, err
	}
	return c.UDPConn.WriteMsgUDPAddrPort(b, oob, addr)
}
