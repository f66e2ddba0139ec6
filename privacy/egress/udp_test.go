package egress_test

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"paravent/privacy/egress"
)

// Every way to read hears only addresses of the lane, and every way to write
// refuses the others: none of the methods of net.UDPConn goes past the lane.
func TestNoMethodOfAUDPSocketGoesPastTheLane(t *testing.T) {
	for name, read := range map[string]func(*egress.UDPConn, []byte) (int, error){
		"Read":                func(c *egress.UDPConn, b []byte) (int, error) { return c.Read(b) },
		"ReadFrom":            func(c *egress.UDPConn, b []byte) (int, error) { n, _, err := c.ReadFrom(b); return n, err },
		"ReadFromUDP":         func(c *egress.UDPConn, b []byte) (int, error) { n, _, err := c.ReadFromUDP(b); return n, err },
		"ReadFromUDPAddrPort": func(c *egress.UDPConn, b []byte) (int, error) { n, _, err := c.ReadFromUDPAddrPort(b); return n, err },
		"ReadMsgUDP":          func(c *egress.UDPConn, b []byte) (int, error) { n, _, _, _, err := c.ReadMsgUDP(b, nil); return n, err },
		"ReadMsgUDPAddrPort": func(c *egress.UDPConn, b []byte) (int, error) {
			n, _, _, _, err := c.ReadMsgUDPAddrPort(b, nil)
			return n, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			stranger, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Fatal(err)
			}
			defer stranger.Close()
			c, err := egress.NewGuard().Lane(egress.Media).ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := stranger.WriteToUDP([]byte("foreign"), c.LocalAddr().(*net.UDPAddr)); err != nil {
				t.Fatal(err)
			}
			if err := c.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			b := make([]byte, 16)
			if n, err := read(c, b); err == nil {
				t.Errorf("heard %q", b[:n])
			}
		})
	}
	c, err := egress.NewGuard().Lane(egress.Media).ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	to := netip.MustParseAddrPort("127.0.0.1:9")
	var denied *egress.DeniedError
	if _, _, err := c.WriteMsgUDPAddrPort([]byte("x"), nil, to); !errors.As(err, &denied) {
		t.Errorf("WriteMsgUDPAddrPort: %v, want a DeniedError", err)
	}
	if _, _, err := c.WriteMsgUDP([]byte("x"), nil, nil); !errors.As(err, &denied) {
		t.Errorf("WriteMsgUDP to nowhere: %v, want a DeniedError", err)
	}
	if _, err := c.WriteTo([]byte("x"), &net.UnixAddr{}); err == nil {
		t.Error("WriteTo an address that is none")
	}
	if _, err := c.SyscallConn(); err == nil {
		t.Error("the socket itself was given away")
	}
	if _, err := c.File(); err == nil {
		t.Error("the socket itself was given away, as a file")
	}
	if _, err := c.Write([]byte("x")); err == nil {
		t.Error("Write without an address")
	}
}
