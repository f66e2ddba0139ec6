package receive

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"paravent/media/codec"
	"paravent/media/frame"
	"paravent/media/sfu"
)

// SoundStats counts what a SoundLine did since it was made. Times of sound are
// in blocks of 10 ms.
type SoundStats struct {
	Packets    uint64 // received
	Late       uint64 // packets thrown away because their turn was over
	Duplicates uint64 // packets thrown away because they were there already
	TooLarge   uint64 // packets thrown away because of their size
	Overflows  uint64 // how often all that waited was thrown away
	Lost       uint64 // packets that never came, or came too late

	Played    uint64 // blocks pulled that came from packets, at least in part
	Silent    uint64 // blocks of silence: before the first packet, in pauses
	Concealed uint64 // blocks invented, in place of packets that were lost or late
	Recovered uint64 // packets recovered from the one after them
	Faster    uint64 // samples left out to catch up
	Slower    uint64 // samples put in to fall back

	Delay  time.Duration // of what is heard, behind the quickest packets
	Target time.Duration // what Delay is led to
}

// A SoundLine is one incoming track of sound, from its packets to the speaker:
//
//	inlet ── Run ──► slots by number ── Pull ──► decode ► stretch ► 10 ms
//	                 (128 packets)        ▲
//	                                      └ the speaker's clock
//
// It holds packets back just as long as their jitter asks for, and plays a
// little quicker or slower, at the same pitch, to stay there. Run takes no part
// in decoding, so a decoder is never waited for by the network, nor the speaker
// by a lock that is held while something is decoded.
//
// After the manner of WebRTC's NetEQ, with two differences: the delay is
// measured between the clocks of both sides and not by the fill of a buffer, so
// that pauses and packets of any length need no special care; and what is late
// stops the line for no longer than patience, so that silence stays silence.
type SoundLine struct {
	in sfu.Inlet

	mu    sync.Mutex // guards everything that follows; never held while decoding
	slots slots
	delay delayMeter
	stats SoundStats
	heard heard

	pull sync.Mutex // guards play; held by Pull while it decodes, and by Close
	play playout
}

// heard says what was played last.
type heard struct {
	captured time.Time // on the sender's wall clock; zero while unknown
	pulled   time.Time // when
}

// NewSoundLine returns a line that reads in and takes ownership of dec, which
// Close closes.
func NewSoundLine(in sfu.Inlet, dec codec.SoundDecoder) *SoundLine {
	l := &SoundLine{in: in}
	l.slots.init()
	l.delay.init()
	l.play.init(dec)
	return l
}

// Run reads packets until the track has ended, which is no error, or ctx has.
func (l *SoundLine) Run(ctx context.Context) error {
	for {
		p, err := l.in.Receive(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		l.push(p)
	}
}

// push keeps a copy of p. Real-time: it does not allocate.
func (l *SoundLine) push(p codec.Packet) {
	now := p.Arrived
	if now.IsZero() {
		now = time.Now()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Packets++
	switch l.slots.put(p) {
	case kept:
		l.delay.add(now, p.At)
	case late:
		l.stats.Late++
		l.delay.add(now, p.At) // so that the next ones are waited for
	case duplicate:
		l.stats.Duplicates++
	case tooLarge:
		l.stats.TooLarge++
	case overflow:
		l.stats.Overflows++
		l.delay.init()
		l.delay.add(now, p.At)
	}
}

// Pull implements present.AudioSource. It is used by one goroutine at a time.
// Real-time: it decodes what it needs and does not allocate.
func (l *SoundLine) Pull(out *frame.Block) {
	l.pull.Lock()
	defer l.pull.Unlock()
	now := time.Now()
	l.play.fill(l, now, out)

	l.mu.Lock()
	defer l.mu.Unlock()
	l.play.report(&l.stats)
	l.stats.Target = l.delay.target()
	l.heard = heard{captured: l.play.captured(), pulled: now}
}

// PlayingAt returns the instant, on the sender's wall clock, at which what the
// speaker gets now was captured. It reports false while that is unknown. It may
// be called by several goroutines.
func (l *SoundLine) PlayingAt() (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.heard.captured.IsZero() {
		return time.Time{}, false
	}
	return l.heard.captured.Add(min(time.Since(l.heard.pulled), frame.BlockFor)), true
}

// Stats returns the counters of now. It may be called by several goroutines.
func (l *SoundLine) Stats() SoundStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats
}

// Close closes the decoder. After it Pull gives silence.
func (l *SoundLine) Close() error {
	l.pull.Lock()
	defer l.pull.Unlock()
	return l.play.close()
}
