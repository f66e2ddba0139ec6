package soundcard

import (
	"encoding/binary"
	"math"
	"sync/atomic"

	"paravent/media/frame"
	"paravent/media/present"
)

// sampleLen is the length of a sample of a device, in bytes: 32-bit floating
// point in the machine's order.
const sampleLen = 4

// A player is what runs on the speaker's thread. It takes no lock and knows
// nothing of the Card.
type player struct {
	play  present.AudioSource
	tap   *tap
	calls atomic.Uint64 // how often data was called
	out   frame.Block   // being played
	left  int           // samples of out not yet played
}

// data gives the device n samples. Real-time: it must not block or allocate.
func (p *player) data(out, _ []byte, n int) {
	p.calls.Add(1)
	for i := range min(n, len(out)/sampleLen) {
		if p.left == 0 {
			p.play.Pull(&p.out)
			p.tap.write(&p.out)
			p.left = frame.BlockLen
		}
		binary.NativeEndian.PutUint32(out[i*sampleLen:], math.Float32bits(p.out[frame.BlockLen-p.left]))
		p.left--
	}
}

func (p *player) called() uint64 { return p.calls.Load() }

// A listener is what runs on the microphone's thread. It takes no lock and
// knows nothing of the Card.
type listener struct {
	ring      *ring
	tap       tapReader
	calls     atomic.Uint64
	near, far frame.Block // being filled
	filled    int
}

// data takes n samples from the device. Real-time: it must not block or
// allocate.
func (l *listener) data(_, in []byte, n int) {
	l.calls.Add(1)
	for i := range min(n, len(in)/sampleLen) {
		l.near[l.filled] = sane(math.Float32frombits(binary.NativeEndian.Uint32(in[i*sampleLen:])))
		if l.filled++; l.filled == frame.BlockLen {
			l.tap.read(&l.far)
			l.ring.push(&l.near, &l.far)
			l.filled = 0
		}
	}
}

func (l *listener) called() uint64 { return l.calls.Load() }

// sane returns v within full scale, and zero for what is not a number.
func sane(v float32) float32 {
	switch {
	case v != v:
		return 0
	case v > 1:
		return 1
	case v < -1:
		return -1
	}
	return v
}
