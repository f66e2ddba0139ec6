package wire_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A street is a house and a server, each with a network of its own, and one wire
// between them, over which everything that the house sends must go: the server is
// its only neighbour, its gateway and its name server. Both are namespaces of this
// machine's kernel (network_namespaces(7)).
type street struct {
	t             *testing.T
	house, server string // namespaces
	wire          string // of the house
}

// The addresses of a street are of the blocks that documents use (RFC 5737, RFC
// 3849): out in the world, as the program sees it, and nobody's.
const (
	houseAddr   = "198.51.100.2"
	serverAddr  = "198.51.100.1"
	houseAddr6  = "2001:db8:5::2"
	serverAddr6 = "2001:db8:5::1"
	meeting     = "meet.example.test"
	office      = "office.example.test" // where names would be searched
)

// newStreet builds one, or says why this machine cannot.
func newStreet(t *testing.T) *street {
	t.Helper()
	if testing.Short() {
		t.Skip("a real server and client in networks of their own, which -short leaves out")
	}
	if os.Geteuid() != 0 {
		t.Skip("only root may make networks of their own")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("there is no ip command (iproute2)")
	}
	id := os.Getpid() % 100000
	s := &street{t: t, house: fmt.Sprintf("house%d", id), server: fmt.Sprintf("server%d", id), wire: fmt.Sprintf("h%d", id)}
	other := fmt.Sprintf("s%d", id)
	if out, err := exec.Command("ip", "netns", "add", s.house).CombinedOutput(); err != nil {
		t.Skipf("this machine does not let networks be made: %s", bytes.TrimSpace(out))
	}
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", s.house).Run() })
	s.ip("netns", "add", s.server)
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", s.server).Run() })
	s.ip("link", "add", s.wire, "netns", s.house, "type", "veth", "peer", "name", other, "netns", s.server)
	for _, end := range []struct{ ns, dev, addr, addr6 string }{{s.house, s.wire, houseAddr, houseAddr6}, {s.server, other, serverAddr, serverAddr6}} {
		s.ip("-n", end.ns, "link", "set", "lo", "up")
		s.ip("-n", end.ns, "addr", "add", end.addr+"/24", "dev", end.dev)
		s.ip("-n", end.ns, "addr", "add", end.addr6+"/64", "dev", end.dev, "nodad")
		s.ip("-n", end.ns, "link", "set", end.dev, "up")
		s.in(end.ns, func() error { return packetByPacket(end.dev) })
	}
	s.ip("-n", s.house, "route", "add", "default", "via", serverAddr)
	s.ip("-n", s.house, "-6", "route", "add", "default", "via", serverAddr6)

	// ip netns exec puts these in the place of the machine's own.
	etc := filepath.Join("/etc/netns", s.house)
	if err := os.MkdirAll(etc, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(etc); _ = os.Remove("/etc/netns") })
	settings := "nameserver " + serverAddr + "\nsearch " + office + "\noptions ndots:5\n"
	if err := os.WriteFile(filepath.Join(etc, "resolv.conf"), []byte(settings), 0o644); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *street) ip(args ...string) {
	s.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		s.t.Fatalf("ip %s: %s", strings.Join(args, " "), bytes.TrimSpace(out))
	}
}

// command runs a program in a network. It is stopped with the test.
func (s *street) command(ctx context.Context, ns string, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", ns, name}, args...)...)
}

// in calls do with the calling thread in a network. Sockets stay in the network
// where they were opened.
func (s *street) in(ns string, do func() error) {
	s.t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		fd, err := unix.Open("/run/netns/"+ns, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			err = errors.Join(unix.Setns(fd, unix.CLONE_NEWNET), unix.Close(fd))
		}
		if err == nil {
			err = do()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		s.t.Fatal(err)
	}
}

// packetByPacket keeps a device from taking several packets for one, so that what
// is captured is what a wire would carry (ethtool(8): tso, gso, gro off).
func packetByPacket(dev string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	for _, command := range []uint32{0x1f, 0x24, 0x2c} { // ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO
		value := struct{ command, on uint32 }{command, 0}
		var request struct {
			name [unix.IFNAMSIZ]byte
			data unsafe.Pointer
			_    [16]byte
		}
		copy(request.name[:], dev)
		request.data = unsafe.Pointer(&value)
		if _, _, no := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request))); no != 0 {
			return fmt.Errorf("ethtool %#x on %s: %w", command, dev, no)
		}
	}
	return nil
}

// A packet is one of IP, as it was on the wire.
type packet struct {
	out      bool // from the house
	far      netip.AddrPort
	protocol string // "tcp", "udp", or a number
	wire     uint64 // bytes of IP
}

func (p packet) String() string {
	way := "from"
	if p.out {
		way = "to"
	}
	return fmt.Sprintf("%s, %d bytes %s %s", p.protocol, p.wire, way, p.far)
}

// A capture is everything that goes over the wire of a house.
type capture struct {
	fd   int
	all  chan []packet
	stop chan struct{}
}

// capture begins to listen.
func (s *street) capture() *capture {
	s.t.Helper()
	c := &capture{all: make(chan []packet, 1), stop: make(chan struct{})}
	s.in(s.house, func() (err error) {
		if c.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, int(htons(unix.ETH_P_ALL))); err != nil {
			return err
		}
		dev, err := interfaceIndex(c.fd, s.wire)
		if err != nil {
			return err
		}
		return errors.Join(
			unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 64<<20),
			unix.SetsockoptTimeval(c.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 50_000}),
			unix.Bind(c.fd, &unix.SockaddrLinklayer{Protocol: htons(unix.ETH_P_ALL), Ifindex: dev}),
		)
	})
	go c.run()
	return c
}

func htons(n uint16) uint16 { return n<<8 | n>>8 }

func interfaceIndex(fd int, dev string) (int, error) {
	request, err := unix.NewIfreq(dev)
	if err != nil {
		return 0, err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, request); err != nil {
		return 0, err
	}
	return int(request.Uint32()), nil
}

func (c *capture) run() {
	var all []packet
	b := make([]byte, 1<<16)
	for {
		n, from, err := unix.Recvfrom(c.fd, b, 0)
		if err != nil {
			select {
			case <-c.stop: // and nothing has come for a while
				c.all <- all
				return
			default:
				continue
			}
		}
		if p, ok := parse(b[:n]); ok {
			l, _ := from.(*unix.SockaddrLinklayer)
			p.out = l != nil && l.Pkttype == unix.PACKET_OUTGOING
			if p.out {
				p.far = far(b[:n], true)
			}
			all = append(all, p)
		}
	}
}

// end returns what was captured.
func (c *capture) end(t *testing.T) []packet {
	t.Helper()
	close(c.stop)
	all := <-c.all
	lost, err := unix.GetsockoptTpacketStats(c.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil || lost.Drops > 0 {
		t.Errorf("the capture has lost %+v, %v", lost, err)
	}
	_ = unix.Close(c.fd)
	return all
}

// parse reads a packet of IP that the kernel has sent or taken. What keeps a link
// going (ARP, neighbour discovery and group membership of IPv6) is the kernel's own,
// and left out.
func parse(b []byte) (packet, bool) {
	p := packet{far: far(b, false)}
	var protocol byte
	switch {
	case len(b) >= 20 && b[0]>>4 == 4:
		p.wire, protocol = uint64(b[2])<<8|uint64(b[3]), b[9]
	case len(b) >= 40 && b[0]>>4 == 6:
		p.wire, protocol = 40+(uint64(b[4])<<8|uint64(b[5])), b[6]
		if protocol == 0 || protocol == unix.IPPROTO_ICMPV6 {
			return packet{}, false
		}
	default:
		return packet{}, false
	}
	switch protocol {
	case unix.IPPROTO_TCP:
		p.protocol = "tcp"
	case unix.IPPROTO_UDP:
		p.protocol = "udp"
	default:
		p.protocol = fmt.Sprint(protocol)
	}
	return p, true
}

// far is the other end of a packet: where it goes to, or where it comes from.
func far(b []byte, out bool) netip.AddrPort {
	var addr netip.Addr
	rest := []byte(nil)
	switch {
	case len(b) >= 20 && b[0]>>4 == 4:
		addr, rest = netip.AddrFrom4([4]byte(b[12:16])), b[int(b[0]&15)*4:]
		if out {
			addr = netip.AddrFrom4([4]byte(b[16:20]))
		}
	case len(b) >= 40:
		addr, rest = netip.AddrFrom16([16]byte(b[8:24])), b[40:]
		if out {
			addr = netip.AddrFrom16([16]byte(b[24:40]))
		}
	}
	if len(rest) < 4 {
		return netip.AddrPortFrom(addr, 0)
	}
	if out {
		rest = rest[2:]
	}
	return netip.AddrPortFrom(addr, uint16(rest[0])<<8|uint16(rest[1]))
}
