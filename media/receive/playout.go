package receive

import (
	"time"

	"paravent/media/codec"
	"paravent/media/frame"
)

const (
	// patience is how long a line that has run dry is covered up by invention.
	patience = 60 * time.Millisecond
	// dtxLen is how long the packets are, at most, that say "silence from here".
	dtxLen = 2
	// maxAhead is how far behind the target a line may be before it jumps
	// instead of playing faster.
	maxAhead = 400 * time.Millisecond
	// rest is the least number of blocks between two stretches.
	rest = 5

	pcmLen = 2*codec.MaxSound + 2*maxLag
)

// A playout turns packets into blocks. It belongs to the goroutine that pulls.
type playout struct {
	dec      codec.SoundDecoder
	pkt      slot                    // the packet in hand
	sound    [codec.MaxSound]float32 // as it comes from the decoder
	pcm      [pcmLen]float32         // decoded, not yet played
	n        int                     // samples in pcm
	end      time.Duration           // media time of the end of pcm
	last     int                     // samples of the packet before
	quiet    bool                    // nothing plays: before the first packet, in pauses
	begun    bool
	dtx      bool // the last packet said that silence follows
	dry      int  // samples invented since the last packet, because none was there
	wall     time.Time
	wallAt   time.Duration
	delay    time.Duration // smoothed
	known    bool          // delay is
	idle     int           // blocks since the last stretch
	counts   SoundStats
	invented uint64 // samples, ever

	rested  int     // blocks of a pause since the last packet
	hush    float32 // the gain at the end of the last noise
	loudest float64 // root mean square that noise has at most
}

func (p *playout) init(dec codec.SoundDecoder) {
	p.dec, p.quiet, p.last, p.loudest = dec, true, 2*frame.BlockLen, restLevel()
}

func (p *playout) close() error {
	if p.dec == nil {
		return nil
	}
	dec := p.dec
	p.dec, p.n = nil, 0
	return dec.Close()
}

// A next is what a line has for a playout.
type next struct {
	some   bool
	lost   uint64 // packets missing before it
	behind time.Duration
	target time.Duration
}

// fill writes the next block to out.
func (p *playout) fill(l *SoundLine, now time.Time, out *frame.Block) {
	if p.dec == nil {
		*out = frame.Block{}
		return
	}
	for tries := 0; p.n < frame.BlockLen && tries < slotCount; tries++ {
		if !p.more(l, now) {
			break
		}
	}
	p.adjust(l, now)
	got := copy(out[:], p.pcm[:min(p.n, frame.BlockLen)])
	clear(out[got:])
	p.n = copy(p.pcm[:], p.pcm[got:p.n])
	p.idle++
	if p.quiet && got == 0 {
		p.counts.Silent++
		if p.begun {
			p.end += frame.BlockFor
			p.rest(out)
		}
		return
	}
	p.counts.Played++
}

// more puts something into pcm and reports whether it could.
func (p *playout) more(l *SoundLine, now time.Time) bool {
	nx := p.look(l, now)
	switch {
	case !nx.some && p.quiet:
		return false
	case !nx.some:
		return p.cover()
	case p.quiet && nx.behind+frame.BlockFor/2 < nx.target:
		return false // its turn has not come
	case p.quiet:
		p.quiet, p.known = false, false
		p.skip(l)
		p.end = p.pkt.at
		p.dry = 0
	case nx.lost > 0:
		return p.repair(l, nx.lost)
	case p.pkt.at-p.end > frame.BlockFor/2 && p.dtx:
		p.quiet = true // a pause: the packet waits for its turn
		return true
	}
	return p.decode(l)
}

// look copies the earliest packet to pkt and leaves it where it is.
func (p *playout) look(l *SoundLine, now time.Time) next {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.slots.first()
	if e == nil {
		return next{}
	}
	target := l.delay.target()
	if l.delay.behind(now, e.at) > target+maxAhead {
		// Hopelessly behind, after a stall of the network or of the speaker:
		// what is newest matters.
		for l.slots.count > 1 && l.delay.behind(now, e.at) > target+minDelay {
			l.stats.Lost += e.seq - l.slots.want + 1
			l.slots.take(e)
			e = l.slots.first()
			p.quiet = true
		}
	}
	nx := next{some: true, lost: e.seq - l.slots.want, target: target, behind: l.delay.behind(now, e.at)}
	p.pkt.seq, p.pkt.at, p.pkt.captured = e.seq, e.at, e.captured
	p.pkt.n = copy(p.pkt.data[:], e.bytes())
	return nx
}

// skip lets go of what was lost before a pause ended.
func (p *playout) skip(l *SoundLine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.slots.want < p.pkt.seq && p.begun && !p.dtx {
		l.stats.Lost += p.pkt.seq - l.slots.want
	}
	l.slots.want = p.pkt.seq
}

// decode plays the packet in hand.
func (p *playout) decode(l *SoundLine) bool {
	l.mu.Lock()
	if e := &l.slots.all[p.pkt.seq%slotCount]; e.full && e.seq == p.pkt.seq {
		l.slots.take(e)
	}
	l.mu.Unlock()

	n, err := p.dec.Decode(p.pkt.bytes(), p.sound[:])
	if err != nil || n <= 0 || n > len(p.sound) {
		n = p.last // what came is nonsense
		if p.dec.Conceal(p.sound[:n]) != nil {
			clear(p.sound[:n])
		}
		p.invented += uint64(n)
	}
	p.begun, p.dtx, p.dry, p.rested = true, p.pkt.n <= dtxLen, 0, 0
	if p.dtx {
		p.lower(p.sound[:n], 1)
	} else {
		p.hush = 1
	}
	p.last = n
	if !p.pkt.captured.IsZero() {
		p.wall, p.wallAt = p.pkt.captured, p.pkt.at
	}
	p.end = p.pkt.at
	p.append(n)
	return true
}

// repair plays one packet that was lost before the one in hand. What was
// invented while the line was dry stands for it already.
func (p *playout) repair(l *SoundLine, lost uint64) bool {
	l.mu.Lock()
	l.slots.want++
	l.stats.Lost++
	l.mu.Unlock()

	n := p.last
	if gap := samples(p.pkt.at - p.end); lost == 1 && gap > 0 && gap <= len(p.sound) {
		n = gap
	}
	if p.dry >= n {
		p.dry -= n
		p.end += duration(n)
		return true
	}
	if lost == 1 && p.dry == 0 && p.dec.Recover(p.pkt.bytes(), p.sound[:n]) == nil {
		p.counts.Recovered++
		p.append(n)
		return true
	}
	n -= p.dry
	p.end += duration(p.dry)
	p.dry = 0
	p.invent(n)
	return true
}

// cover plays something while no packet is there: silence in a pause, and else
// an invention that ends after a while. Media time stands still meanwhile,
// because the packet may yet come.
func (p *playout) cover() bool {
	if p.dtx || duration(p.dry) >= patience {
		p.quiet = true
		return false
	}
	end := p.end
	p.invent(frame.BlockLen)
	p.end = end
	p.dry += frame.BlockLen
	return true
}

func (p *playout) invent(n int) {
	if p.dec.Conceal(p.sound[:n]) != nil {
		clear(p.sound[:n])
	}
	p.invented += uint64(n)
	p.append(n)
}

// append moves n decoded samples to pcm.
func (p *playout) append(n int) {
	if over := p.n + n - len(p.pcm); over > 0 { // cannot be: more is asked for below a block
		p.n = copy(p.pcm[:], p.pcm[over:p.n])
	}
	p.n += copy(p.pcm[p.n:], p.sound[:n])
	p.end += duration(n)
}

// captured returns the sender's wall clock at the beginning of pcm.
func (p *playout) captured() time.Time {
	if p.wall.IsZero() {
		return time.Time{}
	}
	return p.wall.Add(p.head() - p.wallAt)
}

// head returns the media time of the beginning of pcm.
func (p *playout) head() time.Duration { return p.end - duration(p.n) }

// report adds what was counted since the last call to s.
func (p *playout) report(s *SoundStats) {
	c := &p.counts
	s.Played += c.Played
	s.Silent += c.Silent
	s.Concealed = p.invented / frame.BlockLen
	s.Recovered += c.Recovered
	s.Faster += c.Faster
	s.Slower += c.Slower
	s.Delay = p.delay
	*c = SoundStats{}
}

func duration(samples int) time.Duration {
	return time.Duration(samples) * time.Second / frame.Rate
}

func samples(d time.Duration) int { return int(d * frame.Rate / time.Second) }
