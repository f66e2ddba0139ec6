package faults

import (
	"bytes"
	"errors"
	"fmt"

	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/policy"
	"paravent/privacy/sound"
	"paravent/privacy/sound/level"
)

// This file is the only place that knows how the filters of a microphone are made, and where a fault can be put into them.

// A soundProbe is called at a stage of the filters of sound, on the goroutine that runs it, after the filter of that stage has done its
// work. It may change s, which is nil while a filter is reset, fail, panic, or take its time.
type soundProbe func(at stage, s *frame.Sound) error

// The stages at which newSoundChain calls a probe.
const (
	rumble    stage = "rumble"
	gate      stage = "gate"
	gain      stage = "gain"
	resetting stage = "reset of the gate"
)

// soundStages are those at which a filter works.
func soundStages() []stage { return []stage{rumble, gate, gain} }

// roomLevel is how loud the room is at the microphone, and voiceLevel the person, both as RMS in dBFS. The gate that goes by level shuts
// out what is below −45 dBFS.
const (
	roomLevel  = -50
	voiceLevel = -26
)

// soundModel is what the gate is made from. The gate that goes by level needs none, so this stands in for one.
func soundModel() []byte { return []byte("the gate that goes by level needs no model, so this is all") }

// newSoundChain makes the chain of a call with --room-gate near. Without its gate it must not be made.
func newSoundChain(model []byte, withGate bool, touch soundProbe) (*filter.AudioChain, error) {
	if !bytes.Equal(model, soundModel()) {
		return nil, errors.New("the model of the gate is not whole")
	}
	g := &renewed{make: func() *sound.Gate { return sound.NewGate(sound.Near) }}
	g.Gate = g.make()
	filters := []filter.SoundFilter{probedSound{level.NewRumble(), rumble, touch}}
	if withGate {
		filters = append(filters, probedSound{g, gate, touch})
	}
	filters = append(filters, probedSound{level.NewGain(g.speech), gain, touch})
	return filter.NewAudioChain([]string{"gate"}, filters...)
}

// openSoundChain makes the chain of --room-gate off, which lets everything through.
func openSoundChain() (*filter.AudioChain, error) {
	leave, err := policy.Default().RawSound()
	if err != nil {
		return nil, err
	}
	return filter.NewOpenAudioChain(leave)
}

// renewed is a gate that is reset by making it anew, and says that somebody speaks while it is open.
type renewed struct {
	*sound.Gate
	make func() *sound.Gate
	open bool
}

func (r *renewed) Apply(s *frame.Sound) error {
	err := r.Gate.Apply(s)
	r.open = s.Near != (frame.Block{})
	return err
}

func (r *renewed) Reset() error {
	r.Gate = r.make()
	return nil
}

func (r *renewed) speech() float32 {
	if r.open {
		return 1
	}
	return 0
}

// probedSound is a filter with a probe behind it.
type probedSound struct {
	filter.SoundFilter
	at    stage
	touch soundProbe
}

func (p probedSound) Apply(s *frame.Sound) error {
	return errors.Join(p.SoundFilter.Apply(s), p.touch(p.at, s))
}

func (p probedSound) Reset() error {
	r, ok := p.SoundFilter.(filter.Resetter)
	if !ok {
		return fmt.Errorf("%s cannot be reset", p.Name())
	}
	err := r.Reset()
	if p.at == gate {
		err = errors.Join(err, p.touch(resetting, nil))
	}
	return err
}
