package egress

import (
	"sync"
	"sync/atomic"
	"time"
)

// Bounds are how much may go over the wire, in bits per second, with the headers of IP,
// UDP and TCP. 0 is no bound.
//
// The guard holds Up over every second, whatever the rest of the program does: a
// datagram that does not fit is not sent, as if it were lost on the way, and what goes
// over TCP waits. What can wait should ask with Patient first, so that it does not take
// the room of what cannot. Down is for whoever asks others to send: what comes has
// been on the wire already.
type Bounds struct {
	Up, Down int
	Urgent   int // of Up, that nothing else takes while somebody speaks
	Patient  int // of Up, for what can wait
}

// Bound sets the bounds from now on.
func (g *Guard) Bound(b Bounds) { g.bound.set(b) }

// Urgent says that somebody speaks, which nothing else may take the room of for a while.
// Real-time: it does not allocate.
func (l *Lane) Urgent() { l.guard.bound.urgent(time.Now()) }

// Bounds returns what holds.
func (l *Lane) Bounds() Bounds { return l.guard.bound.get() }

// Patient reports whether a packet of n bytes, headers included, that can wait may go
// now: 0, and then it must go, or after what time to ask again. Real-time: it does not
// allocate.
func (l *Lane) Patient(n int) time.Duration { return l.guard.bound.patient(time.Now(), n) }

const (
	binFor = 10 * time.Millisecond
	// binCount bins are a second and the bin that has just begun.
	binCount = int(time.Second/binFor) + 1
	// boundShare is the share of the bound that is used, in percent: what TCP says by
	// itself is counted a little later than it is sent.
	boundShare = 98
)

// A bound knows what was sent in the last second.
type bound struct {
	held atomic.Uint64

	mu    sync.Mutex // guards everything that follows
	says  Bounds
	began time.Time
	all   window
	waits window    // of it, what could wait
	first time.Time // when somebody began to speak
	spoke time.Time // when they did last
	next  time.Time // when what can wait may go again
	owed  int       // bytes of a datagram that the way itself needs, and did not fit
	due   time.Time // until when room is left for it
}

func (b *bound) set(s Bounds) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.says = s
	if b.began.IsZero() {
		b.began = time.Now()
	}
}

func (b *bound) get() Bounds {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.says
}

// A window is what was sent in the last second, in bytes.
type window struct {
	bins [binCount]int
	bin  int64 // that was filled last
	sum  int   // of all bins
}

func (w *window) add(n int) {
	w.bins[w.bin%int64(binCount)] += n
	w.sum += n
}

// pass forgets what is more than a second old when bin at has begun.
func (w *window) pass(at int64) {
	for k := 0; w.bin < at && k < binCount; k++ {
		w.bin++
		i := w.bin % int64(binCount)
		w.sum -= w.bins[i]
		w.bins[i] = 0
	}
	w.bin = max(w.bin, at)
}

// speaksFor is how long after a word somebody still speaks: longer than most pauses.
const speaksFor = 10 * time.Second

// settleFor is how long after that signalling may still take all: what makes the way to
// the others comes before what would be said to nobody.
const settleFor = 4 * time.Second

// owedFor is how long room is left for what the way itself needs: longer than DTLS
// waits before it says a thing again.
const owedFor = 2500 * time.Millisecond

// take books n bytes of a datagram if they fit, and reports whether they did. One that
// the way itself needs, such as a handshake, may be too large to find room beside
// speech: then room is left until it is said again. Real-time: it does not allocate.
func (b *bound) take(now time.Time, n int, needed bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.says.Up == 0 {
		return true
	}
	b.pass(now)
	room := n
	if !needed && now.Before(b.due) {
		room += b.owed
	}
	if !b.fits(room) {
		if needed && n <= b.most()/2 {
			b.owed, b.due = n, now.Add(owedFor)
		}
		return false
	}
	if needed && n >= b.owed {
		b.owed = 0
	}
	b.all.add(n)
	return true
}

// isNeeded reports whether a datagram is not of pictures and sound, but of what carries
// them, also where it goes through a relay: STUN, DTLS (RFC 7983, section 7; RFC 8656,
// section 12.4).
func isNeeded(b []byte) bool {
	const channels, rtp = 64, 128
	if len(b) > 4 && b[0] >= channels && b[0] < rtp {
		b = b[4:]
	}
	return len(b) > 0 && b[0] < channels
}

// mayGo reports whether n bytes over TCP fit. What can wait leaves speech its room.
func (b *bound) mayGo(now time.Time, n int, waits bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pass(now)
	return b.says.Up == 0 || b.fits(n) && (!waits || b.leaves(now, n))
}

// gone books n bytes that went over TCP.
func (b *bound) gone(now time.Time, n int, waits bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pass(now)
	b.all.add(n)
	if waits {
		b.waits.add(n)
	}
}

func (b *bound) urgent(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Sub(b.spoke) > speaksFor {
		b.first = now
	}
	b.spoke = now
}

// most is how many bytes fit into a second. It must be called with mu held.
func (b *bound) most() int { return b.says.Up * boundShare / 100 / 8 }

// fits must be called with mu held.
func (b *bound) fits(n int) bool { return b.all.sum+n <= b.most() }

// leaves reports whether n bytes that can wait leave speech its room. It must be called
// with mu held.
func (b *bound) leaves(now time.Time, n int) bool {
	return now.Sub(b.spoke) > speaksFor || now.Sub(b.first) < settleFor || b.waits.sum+n <= b.most()-b.says.Urgent/8
}

// pass must be called with mu held.
func (b *bound) pass(now time.Time) {
	at := int64(now.Sub(b.began) / binFor)
	b.all.pass(at)
	b.waits.pass(at)
}

func (b *bound) patient(now time.Time, n int) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.says.Up == 0 || b.says.Patient <= 0 {
		return 0
	}
	b.pass(now)
	if wait := b.next.Sub(now); wait > 0 {
		return wait
	}
	if !b.fits(n) || !b.leaves(now, n) {
		return binFor
	}
	if now.Sub(b.next) > binFor {
		b.next = now
	}
	b.next = b.next.Add(time.Duration(n) * 8 * time.Second / time.Duration(b.says.Patient))
	b.waits.add(n) // the guard's socket books it with all
	return 0
}

// piece is how much goes into one packet of TCP under a bound, in bytes: small enough
// to find room beside speech.
const piece = 256

// write sends b over c in pieces, each when it fits. What goes to a relay is speech and
// pictures, which are in pieces already.
func (b *bound) write(c *TCPConn, data []byte) (sent int, err error) {
	for len(data) > 0 {
		part := data
		if c.waits {
			part = data[:min(len(data), piece)]
		}
		for !b.mayGo(time.Now(), len(part)+int(c.header(true)), c.waits) {
			t := time.NewTimer(binFor)
			select {
			case <-t.C:
			case <-c.done:
				t.Stop()
				return sent, errClosing
			}
		}
		n, err := c.TCPConn.Write(part)
		sent += n
		c.written.Add(uint64(n))
		c.settle()
		if err != nil {
			return sent, err //nolint:wrapcheck // a net.Conn's own errors
		}
		data = data[n:]
	}
	return sent, nil
}

// settle books what the connection sent since it was settled last, also what the system
// said by itself. Where nothing is bounded it does nothing.
func (c *TCPConn) settle() {
	if c.guard.bound.get().Up == 0 {
		return
	}
	c.settling.Lock()
	defer c.settling.Unlock()
	up, _ := c.soFar()
	if up.Wire > c.settled {
		c.guard.bound.gone(time.Now(), int(up.Wire-c.settled), c.waits)
		c.settled = up.Wire
	}
}
