package main

import (
	"errors"
	"testing"

	"paravent/media/capture"
	"paravent/media/frame"
	"paravent/media/soundcard"
	"paravent/privacy/filter"
)

// A flaw panics and cannot be reset.
type flaw struct{ bad bool }

func (*flaw) Name() string { return "flaw" }

func (f *flaw) Apply(*frame.Sound) error {
	if f.bad {
		panic("planned")
	}
	return nil
}

func TestTheMicrophonesChainIsKeptWhileTheDevicesAreTheSame(t *testing.T) {
	var (
		last  lastChain
		f     flaw
		made  int
		fails error
	)
	open := func(use soundcard.Use) *filter.AudioChain {
		c, err := last.of(use, func() (*filter.AudioChain, error) {
			made++
			if fails != nil {
				return nil, fails
			}
			return filter.NewAudioChain(nil, &f)
		})
		if !errors.Is(err, fails) {
			t.Fatal(err)
		}
		return c
	}
	desk := soundcard.Use{Microphone: capture.Device{ID: "m"}, Speaker: capture.Device{ID: "s"}}
	other := soundcard.Use{Microphone: capture.Device{ID: "m"}, Speaker: capture.Device{ID: "headphones"}}
	first := open(desk)
	if open(desk) != first || made != 1 {
		t.Errorf("the same devices got %d chains", made)
	}
	if open(other) == first || made != 2 {
		t.Error("another loudspeaker has the chain of the first")
	}
	f.bad = true
	if _, err := open(other).Clear(&frame.Sound{}); err == nil {
		t.Fatal("a panic was cleared")
	}
	if open(other); made != 3 {
		t.Error("a chain that is broken for good was used again")
	}
	fails = errors.New("no model")
	if open(desk) != nil {
		t.Error("there is a chain that could not be made")
	}
	if open(desk); made != 5 {
		t.Error("a chain that could not be made was not tried again")
	}
}
