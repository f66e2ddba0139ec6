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
)

// The room is a marker: tones at the multiples of 100 Hz from 300 to 3500 Hz, all as loud, with phases that are drawn once. It repeats
// after 10 ms, sounds like noise, and is found by a filter matched to it.
const (
	firstLine = 3
	lastLine  = 35
	lines     = lastLine - firstLine + 1
)

// A marker is the room's sound, and the filter matched to it.
type marker struct {
	block frame.Block
	waves [lines][2]frame.Block // of each line, cosine and sine
	wants [lines]complex128     // its phase in the marker
	turns [frame.BlockLen]complex128
}

func newMarker() *marker {
	m := &marker{}
	r := rand.New(rand.NewPCG(10, 480))
	loud := math.Pow(10, roomLevel/20.0) * math.Sqrt(2.0/lines)
	for i := range m.turns {
		m.turns[i] = cmplx.Rect(1, 2*math.Pi*float64(i)/frame.BlockLen)
	}
	for l := range m.wants {
		m.wants[l] = cmplx.Rect(1, 2*math.Pi*r.Float64())
		for i := range m.block {
			at := m.turns[i*(l+firstLine)%frame.BlockLen]
			m.waves[l][0][i], m.waves[l][1][i] = float32(real(at)), float32(imag(at))
			m.block[i] += float32(loud * real(at*m.wants[l]))
		}
	}
	return m
}

// inaudible is the level, in dBFS, below which nothing is taken for the room: 30 dB below it.
const inaudible = roomLevel - 30

// score says how much b is like the room, from 0 to 1: its correlation with the marker, at the delay where that is highest. A block of
// which only one half is the room, next to silence, scores 0.7; a voice scores 0.4 at most, for all its sound is in a few lines.
func (m *marker) score(b *frame.Block) float64 {
	energy := 0.0
	for _, v := range b {
		energy += float64(v) * float64(v)
	}
	if !(energy > frame.BlockLen*math.Pow(10, inaudible/10.0)) {
		return 0
	}
	var got [lines]complex128
	for l := range got {
		var re, im float32
		for i, v := range b {
			re += v * m.waves[l][0][i]
			im += v * m.waves[l][1][i]
		}
		got[l] = complex(float64(re), -float64(im)) * cmplx.Conj(m.wants[l])
	}
	best := 0.0
	for d := range frame.BlockLen {
		sum := 0.0
		for l, g := range got {
			t := m.turns[d*(l+firstLine)%frame.BlockLen]
			sum += real(g)*real(t) - imag(g)*imag(t)
		}
		best = max(best, sum)
	}
	return best / math.Sqrt(energy*frame.BlockLen/2*lines)
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
	case s < 0.4 && isVoice(b):
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
