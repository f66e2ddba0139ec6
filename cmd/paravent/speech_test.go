package main

import (
	"errors"
	"math"
	"testing"

	"paravent/media/frame"
)

// heardOf returns a speech that heard x.
func heardOf(x []float32) *speech {
	s := newSpeech()
	for len(x) >= frame.BlockLen {
		b := frame.Block(x)
		s.hear(&b)
		x = x[frame.BlockLen:]
	}
	return s
}

func TestSpeechIsMeasured(t *testing.T) {
	s := heardOf(spoken(frame.Rate, 6, .3))
	ref, err := s.reference()
	if err != nil || len(ref.Levels) == 0 || !(ref.Floor > -80 && ref.Floor < -60) || !(s.loud > -20 && s.loud < -10) {
		t.Errorf("%+v, %v; %v to %v dB", ref, err, s.quiet, s.loud)
	}
	steady := spoken(frame.Rate, 6, .3)
	for i := range steady {
		steady[i] += .2 // as cheap microphones do
	}
	again, err := heardOf(steady).reference()
	if err != nil || math.Abs(float64(again.Floor-ref.Floor)) > .1 {
		t.Errorf("with an offset: %+v, %v", again, err)
	}
}

func TestWhatIsNotEnoughIsSaidAndNotMeasured(t *testing.T) {
	for code, x := range map[string][]float32{
		"speech-quiet":   spoken(frame.Rate, 6, .0005),
		"speech-none":    humming(6, .2),
		"speech-short":   spoken(frame.Rate, 2, .3),
		"speech-clipped": spoken(frame.Rate, 6, 4),
	} {
		for i, v := range x { // as a converter does
			x[i] = max(-1, min(1, v))
		}
		ref, err := heardOf(x).reference()
		var bad *speechError
		if !errors.As(err, &bad) || bad.code != code || bad.hint == "" || ref.Levels != nil {
			t.Errorf("%s: %+v, %v", code, ref, err)
		}
	}
	for name, x := range map[string][]float32{"silence": make([]float32, 6*frame.Rate), "nothing": nil} {
		if _, err := heardOf(x).reference(); err == nil || err.Error() != "nothing at all was heard" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAMinuteIsHeardAndNoMore(t *testing.T) {
	s := newSpeech()
	b := frame.Block(spoken(frame.Rate, .1, .3))
	for range 7000 {
		s.hear(&b)
	}
	if len(s.levels) != 6000 {
		t.Error(len(s.levels))
	}
}

func TestWhatIsKeptOfAnotherGateIsNotUsed(t *testing.T) {
	ref, err := heardOf(spoken(frame.Rate, 6, .3)).reference()
	if err != nil {
		t.Fatal(err)
	}
	if r := gateReference(&ref); r == nil || r.Levels[3] != ref.Levels[3] || r.Cues[1] != ref.Cues[1] {
		t.Errorf("%v of %v", r, ref)
	}
	ref.Levels = ref.Levels[1:]
	if r := gateReference(&ref); r != nil {
		t.Error("a reference with a band less is used")
	}
	if r := gateReference(nil); r != nil {
		t.Error("nobody was measured, and somebody is known")
	}
}
