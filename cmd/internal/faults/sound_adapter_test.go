package faults

import (
	"errors"
	"fmt"
	"sync"

	"paravent/assets"
	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/policy"
	"paravent/privacy/sound"
	roomgate "paravent/privacy/sound/gate"
)

// This file is the only place that knows how the filters of a microphone are made, and where a fault can be put into them.

// A soundProbe is called at a stage of the filters of sound, on the goroutine that runs it, after the filter of that stage has done its
// work. It may change s, which is nil while a filter is reset, fail, panic, or take its time.
type soundProbe func(at stage, s *frame.Sound) error

// The stages at which newSoundChain calls a probe.
const (
	rumble    stage = "rumble"
	echo      stage = "echo"
	gate      stage = "gate"
	gain      stage = "gain"
	resetting stage = "reset of the gate"
)

// soundStages are those at which a filter works.
func soundStages() []stage { return []stage{rumble, echo, gate, gain} }

// roomLevel is how loud the room is at the microphone, and voiceLevel the person, both as RMS in dBFS.
const (
	roomLevel  = -50
	voiceLevel = -18
)

// soundModel is what the gate is made from.
func soundModel() []byte { return assets.RoomGateModel() }

// measured is what the person sounds like: the room is far below it, so that a gate that works lets nothing of it through.
var measured = sync.OnceValues(func() (roomgate.Reference, error) {
	wave, err := spoken()
	if err != nil {
		return roomgate.Reference{}, err
	}
	m, a := roomgate.NewMeter(), roomgate.NewAnalysis(frame.Rate)
	for ; len(wave) >= frame.BlockLen; wave = wave[frame.BlockLen:] {
		a.Take(wave[:frame.BlockLen])
		m.Hear(a.Bins, a.Len())
	}
	return m.Reference()
})

// newSoundChain makes the chain of a call with --room-gate near. Without its gate it must not be made.
func newSoundChain(model []byte, withGate bool, touch soundProbe) (*filter.AudioChain, error) {
	ref, err := measured()
	if err != nil {
		return nil, err
	}
	network, err := sound.Load(model)
	if err != nil {
		return nil, err
	}
	made, err := sound.New(sound.Options{Mode: roomgate.Near, Model: network, Reference: &ref})
	if err != nil {
		return nil, err
	}
	var filters []filter.SoundFilter
	for _, f := range made {
		if f.Name() != string(gate) || withGate {
			filters = append(filters, probedSound{f, stage(f.Name()), touch})
		}
	}
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
