package faults

import (
	"errors"

	"paravent/assets"
	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/picture"
	"paravent/privacy/policy"
)

// This file is the only place that knows how the program makes the filters of its camera, and where a fault can be put into them.

// A probe is called at a stage of the filters, on the goroutine that runs it. It may change mask, which is nil where there is none, fail,
// panic, or take its time.
type probe func(at stage, p *frame.Picture, mask []byte) error

// stages are those at which newChain calls a probe: each stage of the filters, and what comes after all of them.
func stages() []stage { return []stage{segment, divide, compose, find, after} }

const (
	segment stage = "segment"
	divide  stage = "divide"
	compose stage = "compose"
	find    stage = "find faces"
	after   stage = "after the filters"
)

// masked reports whether a probe is given a mask at that stage.
func masked(s stage) bool { return s == divide || s == compose }

// newChain makes the chain of a call with --background blur.
func newChain(model []byte, cover frame.Colour, touch probe) (*filter.VideoChain, error) {
	b, err := picture.New(picture.Options{
		Models: picture.Models{Segmentation: model, Faces: assets.FullRangeFaceModel()},
		Look:   picture.Blur(), Cover: cover,
		Probe: func(s picture.Stage, p *frame.Picture, mask []byte) error {
			return touch([...]stage{segment, divide, compose, find}[s], p, mask)
		},
	})
	if err != nil {
		return nil, err
	}
	return filter.NewVideoChain(filter.VideoOptions{Cover: cover}, probed{b, touch})
}

// openChain makes the chain of --background off, which lets everything through.
func openChain() (*filter.VideoChain, error) {
	leave, err := policy.Default().RawPicture()
	if err != nil {
		return nil, err
	}
	return filter.NewOpenVideoChain(leave)
}

// probed is a filter with a probe behind it.
type probed struct {
	*picture.Background
	touch probe
}

func (p probed) Apply(pic *frame.Picture) error {
	// A filter that failed may have left anything in the picture, so that a chain that shows it nevertheless is found out.
	return errors.Join(p.Background.Apply(pic), p.touch(after, pic, nil))
}
