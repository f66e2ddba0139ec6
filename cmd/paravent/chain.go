package main

import (
	"errors"
	"os"

	"paravent/assets"
	"paravent/cmd/internal/config"
	"paravent/media/capture"
	"paravent/privacy/filter"
	"paravent/privacy/picture"
	"paravent/privacy/picture/compose"
	"paravent/privacy/policy"
)

// A cameraChain makes the chains that a camera's pictures go through: the same in
// a call, in a rehearsal and over a file.
type cameraChain struct {
	name string // the filter's, for people; "off" is the raw picture
	make func(inStep bool) (*filter.VideoChain, error)
}

// newCameraChain reads what a person chose as background. It opens the image, if
// there is one.
func newCameraChain(background string, rules policy.Policy) (cameraChain, error) {
	b, err := config.ParseBackground(background)
	if err != nil {
		return cameraChain{}, err
	}
	options := func(inStep bool) filter.VideoOptions {
		return filter.VideoOptions{Required: rules.PictureFilters, Cover: b.Colour, InStep: inStep}
	}
	if b.Kind == config.Cover {
		cover := picture.Cover{Colour: b.Colour}
		return cameraChain{cover.Name(), func(inStep bool) (*filter.VideoChain, error) {
			return filter.NewVideoChain(options(inStep), cover)
		}}, nil
	}
	if b.Kind == config.Off {
		leave, err := rules.RawPicture()
		if err != nil {
			return cameraChain{}, err
		}
		return cameraChain{"off", func(bool) (*filter.VideoChain, error) { return filter.NewOpenVideoChain(leave) }}, nil
	}
	look, err := lookOf(b)
	if err != nil {
		return cameraChain{}, err
	}
	return cameraChain{look.Name(), func(inStep bool) (*filter.VideoChain, error) {
		f, err := picture.New(picture.Options{
			Models: picture.Models{Segmentation: assets.SegmentationModel(), Faces: assets.FullRangeFaceModel()},
			Look:   look, Cover: b.Colour, InStep: inStep,
		})
		if err != nil {
			return nil, err
		}
		return filter.NewVideoChain(options(inStep), f)
	}}, nil
}

func lookOf(b config.Background) (look picture.Look, err error) {
	switch b.Kind {
	case config.Colour:
		return picture.Colour(b.Colour), nil
	case config.Image:
		f, err := os.Open(b.Path)
		if err != nil {
			return look, &capture.FileError{Path: b.Path, Err: err}
		}
		img, err := compose.ReadImage(f)
		if err != nil {
			err = &capture.FileError{Path: b.Path, Err: err}
		}
		return picture.Image(img), errors.Join(err, f.Close())
	case config.Blur, config.Cover, config.Off: // neither of the last two comes here
	}
	return picture.Blur(), nil
}
