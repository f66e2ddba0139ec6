package faults

import (
	"errors"
	"io"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"os"
	"slices"
	"sync"

	"paravent/media/frame"
	"paravent/media/soundcard/wav"
	"paravent/privacy/sound/spectrum"
)

// The room is a marker: noise from 300 to 3500 Hz that repeats after a second, as the room gate hears a room that rushes. It is found by a
// filter matched to it.
const (
	lowest    = 300 // Hz
	uppermost = 3500
)

// A marker is the room's sound, and the filter matched to it.
type marker struct {
	wave  []float32   // a second
	bins  []complex64 // its spectrum
	whole float64     // its energy in a block

	mu    sync.Mutex // guards what follows, which score works with
	fft   *spectrum.Transform
	heard []float32
	got   []complex64
}

func newMarker() *marker {
	m := &marker{
		wave: make([]float32, frame.Rate), bins: make([]complex64, frame.Rate/2+1),
		fft: spectrum.New(frame.Rate), heard: make([]float32, frame.Rate), got: make([]complex64, frame.Rate/2+1),
	}
	r := rand.New(rand.NewPCG(10, 480))
	for k := lowest; k <= uppermost; k++ {
		m.bins[k] = complex64(cmplx.Rect(1, 2*math.Pi*r.Float64()))
	}
	m.fft.Inverse(m.wave, m.bins)
	energy := 0.0
	for _, v := range m.wave {
		energy += float64(v) * float64(v)
	}
	g := float32(math.Pow(10, roomLevel/20.0) / math.Sqrt(energy/frame.Rate))
	for i := range m.wave {
		m.wave[i] *= g
	}
	m.fft.Forward(m.bins, m.wave)
	m.whole = math.Pow(10, roomLevel/10.0) * frame.BlockLen
	return m
}

// block returns the n-th block of the room.
func (m *marker) block(n int) frame.Block {
	const blocks = frame.Rate / frame.BlockLen
	return frame.Block(m.wave[(n%blocks+blocks)%blocks*frame.BlockLen:])
}

// inaudible is the level, in dBFS, below which nothing is taken for the room: 30 dB below it.
const inaudible = roomLevel - 30

// score says how much b is like the room, from 0 to 1: its correlation with the marker, where in the second that is highest. Chance gives
// a voice up to 0.65, since all its sound is in a few lines.
func (m *marker) score(b *frame.Block) float64 {
	energy := 0.0
	for _, v := range b {
		energy += float64(v) * float64(v)
	}
	if !(energy > frame.BlockLen*math.Pow(10, inaudible/10.0)) {
		return 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.heard)
	copy(m.heard, b[:])
	m.fft.Forward(m.got, m.heard)
	for k, v := range m.got {
		w := m.bins[k]
		m.got[k] = w * complex(real(v), -imag(v))
	}
	m.fft.Inverse(m.heard, m.got)
	best := 0.0
	for _, v := range m.heard {
		best = max(best, float64(v))
	}
	return best / math.Sqrt(energy*m.whole)
}

// A voice is what the person says: somebody who reads, again and again.
type voice struct{ n int }

// spoken is the recording, at voiceLevel.
var spoken = sync.OnceValues(func() (all []float32, err error) {
	f, err := os.Open("../../../privacy/sound/judge/testdata/en_f.wav")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := wav.NewStream(f)
	if err != nil {
		return nil, err
	}
	part, energy := make([]float32, frame.BlockLen), 0.0
	for {
		n, err := r.Read(part)
		all = append(all, part[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	for _, v := range all {
		energy += float64(v) * float64(v)
	}
	gain := math.Pow(10, voiceLevel/20.0) / math.Sqrt(energy/float64(len(all)))
	for i, v := range all {
		all[i] = float32(gain) * v
	}
	return all, nil
})

func (v *voice) next(b *frame.Block) {
	all, err := spoken()
	if err != nil {
		panic(err) // the repository holds the recording
	}
	for i := range b {
		b[i] = all[v.n%len(all)]
		v.n++
	}
}

// An ear judges sound, one block after the other.
type ear struct {
	*marker

	mu     sync.Mutex // guards everything that follows
	scores []float64  // of all blocks that were not silent
	silent int
	voiced int // blocks that were loud and not the room
}

// hear judges b and keeps the result.
func (e *ear) hear(b *frame.Block) float64 {
	s := e.score(b)
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case *b == (frame.Block{}):
		e.silent++
		return 0
	case s < 0.66 && isVoice(b):
		e.voiced++
	}
	e.scores = append(e.scores, s)
	return s
}

// isVoice reports whether b is about as loud as the person, or louder.
func isVoice(b *frame.Block) bool {
	energy := 0.0
	for _, v := range b {
		energy += float64(v) * float64(v)
	}
	return energy > frame.BlockLen*math.Pow(10, (voiceLevel-9)/10.0)
}

// all returns the scores of all blocks judged that were not silent, the smallest first.
func (e *ear) all() []float64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Sorted(slices.Values(e.scores))
}

// counts returns how many blocks were silent, not silent, and voiced.
func (e *ear) counts() (silent, loud, voiced int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.silent, len(e.scores), e.voiced
}
