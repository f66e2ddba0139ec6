package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"paravent/cmd/internal/calibration"
	"paravent/media/frame"
	"paravent/privacy/sound/gate"
	"paravent/privacy/sound/level"
)

// A meter hears somebody as the room gate does.
type meter struct {
	rumble   *level.Rumble
	sound    frame.Sound
	analysis *gate.Analysis
	gate     *gate.Meter
}

func newMeter() *meter {
	return &meter{rumble: level.NewRumble(), analysis: gate.NewAnalysis(frame.Rate), gate: gate.NewMeter()}
}

func (m *meter) hear(b *frame.Block) {
	m.sound.Near = *b
	_ = m.rumble.Apply(&m.sound) // never fails
	m.analysis.Take(m.sound.Near[:])
	m.gate.Hear(m.analysis.Bins, m.analysis.Len())
}

// reference returns what is kept of how the person sounds.
func (m *meter) reference() (calibration.Reference, error) {
	r, err := m.gate.Reference()
	return calibration.Reference{Levels: r.Levels[:], Cues: append(r.Cues[:], r.Fall)}, err
}

// gateReference is what the room gate takes of what is kept; nil if that is none, or
// of another gate.
func gateReference(known *calibration.Reference) *gate.Reference {
	if known == nil || len(known.Levels) != gate.Bands || len(known.Cues) != gate.Cues+1 {
		return nil
	}
	return &gate.Reference{
		Levels: [gate.Bands]float32(known.Levels), Cues: [gate.Cues]float32(known.Cues), Fall: known.Cues[gate.Cues],
	}
}

// The figures of a calibration, in dB of full scale and blocks of 10 ms. The
// levels are means over a block.
const (
	leastSpeech   = 2 * time.Second // of all that is heard
	longestSpeech = time.Minute     // of what is listened to
	leastLevel    = -55             // of the louder speech: below, a microphone is not set right
	leastSwing    = 8               // from the quietest to the loudest: what is steadier is no speech
	speechWithin  = 25              // below the loudest that is still speech
	speechAbove   = 6               // the quietest
	fullScale     = .99             // a sample above may have been cut
	fullSamples   = 3               // such samples in a block that is cut
	mostFull      = 50              // one in so many blocks of speech may be cut
	silent        = -120            // the level of nothing at all
)

// A speechError says why what somebody said is not enough to know how they sound.
type speechError struct {
	code string // stable, for scripts
	text string
	hint string
}

func (e *speechError) Error() string { return e.text }

// A speech is what somebody says so that it may be measured. It keeps levels and
// no sound.
type speech struct {
	meter  *meter
	levels []float64 // of each block
	full   []bool    // whether it was cut

	loud, quiet float64 // of what was heard, once there is a reference
}

func newSpeech() *speech { return &speech{meter: newMeter()} }

// hear takes one block more, and returns its level. After a minute it hears no
// more.
func (s *speech) hear(b *frame.Block) float64 {
	level := levelOf(b[:])
	if len(s.levels) == int(longestSpeech/frame.BlockFor) {
		return level
	}
	full := 0
	for _, v := range b {
		if v >= fullScale || v <= -fullScale {
			full++
		}
	}
	s.levels, s.full = append(s.levels, level), append(s.full, full >= fullSamples)
	s.meter.hear(b)
	return level
}

// levelOf is the level of x in dB of full scale, without what does not swing.
func levelOf(x []float32) float64 {
	sum, square := 0., 0.
	for _, v := range x {
		sum += float64(v)
		square += float64(v) * float64(v)
	}
	n := float64(len(x))
	return dB(square/n - sum*sum/n/n)
}

// dB of a mean square, and no less than silent.
func dB(power float64) float64 {
	return 10 * math.Log10(max(power, math.Pow(10, silent/10)))
}

// share returns the value that the given share of sorted values does not exceed.
func share(sorted []float64, of float64) float64 {
	if len(sorted) == 0 {
		return silent
	}
	return sorted[int(of*float64(len(sorted)-1))]
}

// reference returns how the person sounds, or a *speechError.
func (s *speech) reference() (calibration.Reference, error) {
	var heard []float64 // without the pauses of a microphone that gates, and before it begins
	for _, l := range s.levels {
		if l > silent {
			heard = append(heard, l)
		}
	}
	slices.Sort(heard)
	loud, quiet := share(heard, .95), share(heard, .05)
	s.loud, s.quiet = loud, quiet
	switch {
	case loud == silent:
		return calibration.Reference{}, &speechError{"speech-quiet", "nothing at all was heard", "is the microphone muted, or is it another one that you speak to?"}
	case loud < leastLevel:
		return calibration.Reference{}, &speechError{
			"speech-quiet", fmt.Sprintf("hardly anything was heard: %.0f dB, where speech has at least %d dB", loud, leastLevel),
			"is the microphone muted, turned down, or another one than you speak to?",
		}
	case loud-quiet < leastSwing:
		return calibration.Reference{}, &speechError{
			"speech-none", fmt.Sprintf("no speech was heard, only something steady of %.0f dB", loud), "speak as in a meeting, where it is quiet",
		}
	}
	speaks, full := 0, 0
	for i, l := range s.levels {
		if l < max(loud-speechWithin, quiet+speechAbove) {
			continue
		}
		speaks++
		if s.full[i] {
			full++
		}
	}
	switch length := time.Duration(speaks) * frame.BlockFor; {
	case full*mostFull > speaks:
		return calibration.Reference{}, &speechError{"speech-clipped", "the microphone distorts your voice", "turn the microphone down, or move away from it"}
	case length < leastSpeech:
		return calibration.Reference{}, &speechError{
			"speech-short", fmt.Sprintf("too little speech: %.1f s, and %.0f s are needed", length.Seconds(), leastSpeech.Seconds()),
			"speak without pauses, as you would in a meeting",
		}
	}
	ref, err := s.meter.reference()
	switch {
	case errors.Is(err, gate.ErrQuiet):
		err = &speechError{"speech-quiet", "your voice is too low to be measured", "turn the microphone up, or come closer to it"}
	case errors.Is(err, gate.ErrShort):
		err = &speechError{"speech-short", "too little speech", "speak without pauses, as you would in a meeting"}
	}
	ref.Floor = float32(quiet)
	return ref, err
}
