package egress

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
)

// A TCPConn is a connection of a lane, whose bytes are counted.
type TCPConn struct {
	*net.TCPConn
	guard *Guard
	meter *meter
	peer  netip.Addr

	read, written atomic.Uint64
	waits         bool          // until there is room beside speech: it is no relay
	settling      sync.Mutex    // guards settled
	settled       uint64        // bytes that the bound knows of
	done          chan struct{} // closed when Close begins
	closing       sync.Once
	closed        error
}

// counted takes ownership of c, a connection to an address of the lane.
func (l *Lane) counted(c *net.TCPConn, peer netip.Addr) *TCPConn {
	t := &TCPConn{TCPConn: c, guard: l.guard, meter: l.meter(peer), peer: peer, waits: l.why != Relay, done: make(chan struct{})}
	t.settle()
	l.guard.mu.Lock()
	defer l.guard.mu.Unlock()
	l.guard.open[t] = struct{}{}
	return t
}

// errClosing is net.ErrClosed while something waits to be written.
var errClosing = fmt.Errorf("write: %w", net.ErrClosed)

// Read reads what came.
func (c *TCPConn) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	c.read.Add(uint64(n))
	c.settle()
	return n, err //nolint:wrapcheck // a net.Conn's own errors
}

// Write sends b.
func (c *TCPConn) Write(b []byte) (int, error) {
	if c.guard.bound.get().Up > 0 {
		return c.guard.bound.write(c, b)
	}
	n, err := c.TCPConn.Write(b)
	c.written.Add(uint64(n))
	return n, err //nolint:wrapcheck // a net.Conn's own errors
}

// ReadFrom sends what r has.
func (c *TCPConn) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{c}, r) //nolint:wrapcheck // as is
}

// WriteTo writes what comes to w.
func (c *TCPConn) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{c}) //nolint:wrapcheck // as is
}

// Close ends the connection. It may be called more than once.
func (c *TCPConn) Close() error {
	c.closing.Do(func() {
		close(c.done)
		c.guard.mu.Lock()
		up, down := c.soFar()
		bye := c.farewell()
		delete(c.guard.open, c)
		c.meter.up.add(up.Plus(bye))
		c.meter.down.add(down.Plus(bye))
		c.guard.mu.Unlock()
		c.closed = c.TCPConn.Close()
	})
	return c.closed
}

// cutStrays cuts the connections that begin at an address which is not among own: the
// system would go on sending from it for a quarter of an hour, and no answer could come
// back. Those of this machine to itself stay.
func (g *Guard) cutStrays(own map[netip.Addr]bool) {
	g.mu.Lock()
	var strays []*TCPConn
	for c := range g.open {
		at, ok := netip.AddrFromSlice(c.LocalAddr().(*net.TCPAddr).IP)
		if at = at.Unmap(); ok && !at.IsLoopback() && !own[at] {
			strays = append(strays, c)
		}
	}
	g.mu.Unlock()
	for _, c := range strays {
		_ = c.Close() // nobody waits for what it has to say
	}
}

// A handshake has this many bytes of options more than the packets after it
// (RFC 7323, section 2.2; RFC 9293, section 3.2; RFC 2018, section 2).
const (
	optionStamp = 12 // the time stamps of a packet, with their padding
	optionHello = 8
)

// segments are what a system knows of a connection.
type segments struct {
	out, in  uint64 // packets, the handshake too
	again    uint64 // bytes sent more than once
	received uint64 // bytes of payload
	stamped  bool
	left     uint64 // packets that each side will yet send if it is closed now
}

// soFar is what has gone through the connection until now.
func (c *TCPConn) soFar() (up, down Count) {
	read, written := c.read.Load(), c.written.Load()
	s, ok := segmentsOf(c.TCPConn)
	if !ok {
		s = guessed(written, read)
	}
	header := c.header(s.stamped)
	up = Count{Packets: s.out, Bytes: written, Wire: written + s.again + s.out*header + optionHello}
	down = Count{Packets: s.in, Bytes: read, Wire: max(read, s.received) + s.in*header + optionHello}
	return up, down
}

func (c *TCPConn) header(stamped bool) uint64 {
	h := headerIP(c.peer) + headerTCP
	if stamped {
		h += optionStamp
	}
	return h
}

// farewell is each side's end of a connection, and word that it came, as far as they
// were not said yet.
func (c *TCPConn) farewell() Count {
	s, ok := segmentsOf(c.TCPConn)
	if !ok {
		s = guessed(0, 0)
	}
	return Count{Packets: s.left, Wire: s.left * c.header(s.stamped)}
}

// payload is what one packet carries on most ways, in bytes.
const payload = 1448

// guessed is what a connection may have taken: full packets, and a word for
// every other one of them.
func guessed(written, read uint64) segments {
	full := func(n uint64) uint64 { return (n + payload - 1) / payload }
	return segments{out: 2 + full(written) + full(read)/2, in: 1 + full(read) + full(written)/2, stamped: true, left: 2}
}

// inVain counts a connection to a that did not come about.
func (l *Lane) inVain(a netip.Addr, err error) {
	hello := Count{Packets: 1, Wire: headerIP(a) + headerTCP + optionStamp + optionHello}
	m := l.meter(a)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		m.up.add(hello)
		m.down.add(Count{Packets: 1, Wire: headerIP(a) + headerTCP})
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL):
	default:
		m.up.add(hello) // and perhaps again: nobody tells
	}
}
