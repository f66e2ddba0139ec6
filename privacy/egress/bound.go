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
	Patient  int // of Up, for what can wait
}

// Bound sets the bounds from now on.
func (g *Guard) Bound(b Bounds) { g.bound.set(b) }

// Held is how many datagrams did not go out because they did not fit into the bound.
func (g *Guard) Held() uint64 { return g.bound.held.Load() }

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
	bins  [binCount]int // bytes
	bin   int64         // that was filled last, since began
	sum   int           // of all bins
	next  time.Time     // when what can wait may go again
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

// take books n bytes if they fit, or if they have gone already, and reports whether
// they did. Real-time: it does not allocate.
func (b *bound) take(now time.Time, n int, gone bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.says.Up == 0 {
		return true
	}
	b.pass(now)
	if !gone && !b.fits(n) {
		return false
	}
	b.bins[b.bin%int64(binCount)] += n
	b.sum += n
	return true
}

// fits must be called with mu held.
func (b *bound) fits(n int) bool { return (b.sum+n)*8 <= b.says.Up*boundShare/100 }

// pass forgets what was sent more than a second before now. It must be called with mu
// held.
func (b *bound) pass(now time.Time) {
	at := int64(now.Sub(b.began) / binFor)
	for k := 0; b.bin < at && k < binCount; k++ {
		b.bin++
		i := b.bin % int64(binCount)
		b.sum -= b.bins[i]
		b.bins[i] = 0
	}
	b.bin = max(b.bin, at)
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
	if !b.fits(n) {
		return binFor
	}
	if now.Sub(b.next) > binFor {
		b.next = now
	}
	b.next = b.next.Add(time.Duration(n) * 8 * time.Second / time.Duration(b.says.Patient))
	return 0
}

// piece is how much goes into one packet of TCP under a bound, in bytes: small enough
// to find room beside speech.
const piece = 256

// write sends b over c in pieces, each when it fits.
func (b *bound) write(c *TCPConn, data []byte) (sent int, err error) {
	for len(data) > 0 {
		part := data[:min(len(data), piece)]
		for !b.take(time.Now(), len(part)+int(c.header(true)), false) {
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
		if err != nil {
			return sent, err //nolint:wrapcheck // a net.Conn's own errors
		}
		data = data[n:]
	}
	return sent, nil
}
