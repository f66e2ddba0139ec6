package rtc

import (
	"context"
	"io"
	"sync"
	"time"

	"paravent/media/codec"
)

const (
	// waitingSound is how many packets of sound wait for a slow reader: more
	// than a second.
	waitingSound = 64
	// askEvery is how often a keyframe is asked for at most, and again while
	// none comes.
	askEvery = 500 * time.Millisecond
)

// An Inlet gives the packets of an incoming track. It stays while the streams
// that feed it come and go. One goroutine may call Receive; the other methods
// may be called by several goroutines.
type Inlet struct {
	bell chan struct{} // rung when there may be something to receive

	mu       sync.Mutex // guards everything that follows
	name     codec.Name
	pictures *assembler // nil of sound
	sounds   soundQueue
	clock    clock
	from     *Remote // the stream that feeds it now; nil while none does
	ended    bool
	err      error // why it ended; nil is io.EOF
	quiet    time.Time
	asked    time.Time
	awake    *time.Timer
	counts   Got
	transit  int64 // for the jitter, in ticks
}

// Got counts what came in on a track.
type Got struct {
	Codec                        codec.Name
	Packets, Bytes, Frames, Lost uint64
	Jitter                       time.Duration
}

// NewInlet returns an inlet for a track that is expected to have the given
// codec; what comes decides.
func NewInlet(name codec.Name) *Inlet {
	in := &Inlet{bell: make(chan struct{}, 1), awake: time.NewTimer(time.Hour)}
	in.awake.Stop()
	in.set(name)
	return in
}

// set must be called with mu held, or by the only owner.
func (in *Inlet) set(name codec.Name) {
	in.name = name
	var silence time.Duration
	if !in.quiet.IsZero() {
		silence = time.Since(in.quiet)
	}
	in.clock.restart(clockOf(name), silence)
	in.pictures = nil
	in.sounds = soundQueue{}
	if u := newUnpacker(name); u != nil {
		in.pictures = newAssembler(u)
	}
}

// Attach lets r feed the inlet from now on, and no other.
func (in *Inlet) Attach(r *Remote) {
	in.mu.Lock()
	in.from = r
	if in.counts.Packets > 0 || r.Codec() != in.name {
		in.set(r.Codec())
	}
	in.asked = time.Time{}
	if r.flowing.Load() { // nobody asks for a keyframe on our behalf
		in.asked = time.Unix(0, 0)
	}
	in.mu.Unlock()
	r.to.Store(in)
}

// push takes a packet that has arrived.
func (in *Inlet) push(r *Remote, p packet, now time.Time) {
	in.mu.Lock()
	if in.from != r || in.ended {
		in.mu.Unlock()
		return
	}
	in.quiet = now
	in.counts.Packets++
	in.counts.Bytes += uint64(len(p.payload))
	in.jitter(p.ts, now)
	ask := false
	if in.pictures != nil {
		in.pictures.push(p, now)
		ask = in.mayAsk(now)
	} else {
		in.sounds.push(p, in.clock.tick(p.ts), now)
	}
	in.mu.Unlock()
	in.ringBell()
	if ask {
		_ = r.askKeyframe() // asked again while none comes
	}
}

// mayAsk reports whether it is time to ask for a keyframe that is needed.
func (in *Inlet) mayAsk(now time.Time) bool {
	if !in.pictures.needsKeyframe() || now.Sub(in.asked) < askEvery {
		return false
	}
	if in.asked.IsZero() { // the server asks for the first by itself
		in.asked = now
		return false
	}
	in.asked = now
	return true
}

// jitter is the estimate of RFC 3550, section 6.4.1.
func (in *Inlet) jitter(ts uint32, now time.Time) {
	rate := in.clock.rate
	transit := now.UnixMicro()*rate/1e6 - int64(ts)
	d := int64(int32(uint32(transit - in.transit)))
	in.transit = transit
	if in.counts.Packets < 2 {
		return
	}
	if d < 0 {
		d = -d
	}
	if d > 10*rate {
		return
	}
	diff := time.Duration(d) * time.Second / time.Duration(rate)
	in.counts.Jitter += (diff - in.counts.Jitter) / 16
}

func (in *Inlet) ringBell() {
	select {
	case in.bell <- struct{}{}:
	default:
	}
}

// report takes a sender report.
func (in *Inlet) report(r *Remote, ts uint32, ntp uint64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.from == r {
		in.clock.report(ts, ntp)
	}
}

// Receive waits for the next packet, which is good until the next call. It
// returns io.EOF when the track has ended.
func (in *Inlet) Receive(ctx context.Context) (codec.Packet, error) {
	for {
		p, ok, err := in.take(time.Now())
		if ok || err != nil {
			return p, err
		}
		select {
		case <-ctx.Done():
			return p, ctx.Err()
		case <-in.bell:
		case <-in.awake.C:
		}
	}
}

// take returns what is there, and sets the timer for what is waited for.
func (in *Inlet) take(now time.Time) (out codec.Packet, ok bool, err error) {
	in.mu.Lock()
	var ask *Remote
	defer func() {
		in.mu.Unlock()
		if ask != nil {
			_ = ask.askKeyframe() // asked again while none comes
		}
	}()
	out.Codec = in.name
	if in.pictures == nil {
		s, has := in.sounds.pop()
		if has {
			out.Data, out.Arrived, out.Seq = s.data, s.arrived, s.seq
			out.At, out.Captured = in.clock.at(s.tick), in.clock.captured(s.tick)
			out.Keyframe = true
			in.counts.Frames++
			return out, true, nil
		}
		return out, false, in.over()
	}
	p, has := in.pictures.pop(now)
	if has {
		tick := in.clock.tick(p.ts)
		out.Data, out.Arrived, out.At, out.Captured = p.data, p.arrived, in.clock.at(tick), in.clock.captured(tick)
		out.Keyframe = codec.IsKeyframe(in.name, p.data)
		in.counts.Frames++
		return out, true, nil
	}
	if in.from != nil && in.counts.Packets > 0 && in.mayAsk(now) {
		ask = in.from
	}
	if d := in.pictures.deadline(); !d.IsZero() {
		in.awake.Reset(max(d.Sub(now), time.Millisecond))
	}
	return out, false, in.over()
}

func (in *Inlet) over() error {
	switch {
	case !in.ended:
		return nil
	case in.err != nil:
		return in.err
	}
	return io.EOF
}

// AskKeyframe asks the sender for a keyframe, as often as is polite.
func (in *Inlet) AskKeyframe() error {
	now := time.Now()
	in.mu.Lock()
	r := in.from
	if r == nil || in.pictures == nil || now.Sub(in.asked) < askEvery {
		in.mu.Unlock()
		return nil
	}
	in.asked = now
	in.mu.Unlock()
	return r.askKeyframe()
}

// waitFor takes how long a round trip is, so that missing packets are waited
// for as long as sending them again takes.
func (in *Inlet) waitFor(rtt time.Duration) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.pictures != nil && rtt > 0 {
		in.pictures.wait = min(3*rtt+100*time.Millisecond, 250*time.Millisecond) // three tries
	}
}

// End ends the inlet; nil is the track's ordinary end.
func (in *Inlet) End(err error) {
	in.mu.Lock()
	if !in.ended {
		in.ended, in.err, in.from = true, err, nil
	}
	in.mu.Unlock()
	in.ringBell()
}

// Stats returns the counters of now.
func (in *Inlet) Stats() Got {
	in.mu.Lock()
	defer in.mu.Unlock()
	c := in.counts
	c.Codec = in.name
	if in.pictures != nil {
		c.Lost = in.pictures.lost
	} else {
		c.Lost = in.sounds.lost()
	}
	return c
}

// A soundQueue holds packets of sound, as they arrived.
type soundQueue struct {
	waiting [waitingSound]sound
	head, n int
	last    sound // popped, and read by the caller
	any     bool
	first   uint64
	highest uint64
	got     uint64
}

type sound struct {
	seq     uint64
	tick    int64
	arrived time.Time
	data    []byte
}

func (q *soundQueue) push(p packet, tick int64, now time.Time) {
	if len(p.payload) == 0 {
		return
	}
	if !q.any {
		q.any, q.highest = true, 1<<16|uint64(p.seq)
		q.first = q.highest
	}
	seq := unwrap(q.highest, p.seq)
	q.highest = max(q.highest, seq)
	q.got++
	if q.n == waitingSound { // the oldest goes
		q.head, q.n = (q.head+1)%waitingSound, q.n-1
	}
	s := &q.waiting[(q.head+q.n)%waitingSound]
	s.seq, s.tick, s.arrived, s.data = seq, tick, now, append(s.data[:0], p.payload...)
	q.n++
}

func (q *soundQueue) pop() (sound, bool) {
	if q.n == 0 {
		return sound{}, false
	}
	s := &q.waiting[q.head]
	q.last, *s = *s, sound{data: q.last.data}
	q.head, q.n = (q.head+1)%waitingSound, q.n-1
	return q.last, true
}

func (q *soundQueue) lost() uint64 {
	if span := q.highest - q.first + 1; q.any && span > q.got {
		return span - q.got
	}
	return 0
}
