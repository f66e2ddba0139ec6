package main

import (
	"errors"
	"io/fs"
	"os"
	"sync"

	"paravent/assets"
	"paravent/cmd/internal/calibration"
	"paravent/cmd/internal/config"
	"paravent/media/capture"
	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/picture"
	"paravent/privacy/picture/compose"
	"paravent/privacy/policy"
	"paravent/privacy/sound"
	"paravent/privacy/sound/gate"
	"paravent/privacy/sound/net"
)

// A cameraChain makes the chains that a camera's pictures go through: the same in
// a call, in a rehearsal and over a file.
type cameraChain struct {
	name string // the filter's, for people; "off" is the raw picture
	make func(purpose) (*filter.VideoChain, error)

	// lost says why the whole picture is covered although nobody chose that; nil if
	// it is not.
	lost error
}

// A purpose is what a chain is for.
type purpose int

// The purposes. A rehearsal measures what can be made out of the room; over a file
// each picture gets the same work, however long it takes.
const (
	inCall purpose = iota
	inRehearsal
	overFile
)

// organisationImage is the name of the chain with the image of a policy, for people.
const organisationImage = "your organisation's image"

// newCameraChain reads what a person chose as background. It opens the image, if
// there is one. An image of the policy stands in place of whatever the person
// chose, but for the cover, which shows less.
func newCameraChain(background string, rules policy.Policy) (cameraChain, error) {
	b, err := config.ParseBackground(background)
	if err != nil {
		return cameraChain{}, err
	}
	switch {
	case b.Kind == config.Cover:
		return covered(b.Colour, rules), nil
	case b.Kind == config.Off:
		leave, err := rules.RawPicture()
		if err != nil {
			return cameraChain{}, err
		}
		return cameraChain{name: "off", make: func(purpose) (*filter.VideoChain, error) { return filter.NewOpenVideoChain(leave) }}, nil
	case rules.Background != "":
		return organised(b.Colour, rules), nil
	}
	look, err := lookOf(b)
	if err != nil {
		return cameraChain{}, err
	}
	return hidden(look, b.Colour, rules), nil
}

// organised shows the policy's image in place of the room, or, if it cannot be read,
// nothing at all.
func organised(cover frame.Colour, rules policy.Policy) cameraChain {
	look, err := imageLook(rules.Background)
	if err != nil {
		c := covered(cover, rules)
		c.lost = &policy.BackgroundError{Path: rules.Background, Err: err}
		return c
	}
	c := hidden(look, cover, rules)
	c.name = organisationImage
	return c
}

// covered hides everything.
func covered(c frame.Colour, rules policy.Policy) cameraChain {
	cover := picture.Cover{Colour: c}
	return cameraChain{name: cover.Name(), make: func(to purpose) (*filter.VideoChain, error) {
		return filter.NewVideoChain(filter.VideoOptions{Required: rules.PictureFilters, Cover: c, InStep: to == overFile}, cover)
	}}
}

// hidden hides all but the person.
func hidden(look picture.Look, cover frame.Colour, rules policy.Policy) cameraChain {
	return cameraChain{name: look.Name(), make: func(to purpose) (*filter.VideoChain, error) {
		f, err := picture.New(picture.Options{
			Models: picture.Models{Segmentation: assets.SegmentationModel(), Faces: assets.FullRangeFaceModel()},
			Look:   look, Cover: cover, InStep: to == overFile, Gauge: to == inRehearsal,
		})
		if err != nil {
			return nil, err
		}
		return filter.NewVideoChain(filter.VideoOptions{Required: rules.PictureFilters, Cover: cover, InStep: to == overFile}, f)
	}}
}

func lookOf(b config.Background) (picture.Look, error) {
	switch b.Kind {
	case config.Colour:
		return picture.Colour(b.Colour), nil
	case config.Image:
		look, err := imageLook(b.Path)
		if err != nil {
			err = &capture.FileError{Path: b.Path, Err: err}
		}
		return look, err
	case config.Blur, config.Cover, config.Off: // neither of the last two comes here
	}
	return picture.Blur(), nil
}

// imageLook reads an image. Its errors do not name the file.
func imageLook(path string) (look picture.Look, err error) {
	f, err := os.Open(path)
	if err != nil {
		var named *fs.PathError
		if errors.As(err, &named) {
			err = named.Err
		}
		return look, err
	}
	img, err := compose.ReadImage(f)
	return picture.Image(img), errors.Join(err, f.Close())
}

// A soundChain makes the chains that a microphone's sound goes through: the same
// in a call, in a rehearsal and over a file.
type soundChain struct {
	name string // near, strict, or off, which is the raw sound

	// make knows how the person sounds, or not: nil, and whether they wear the microphone.
	make func(known *calibration.Reference, worn bool) (*filter.AudioChain, error)
}

// newSoundChain reads what a person chose as room gate: one of the words that
// config.Join.Choices lets pass.
func newSoundChain(word string, rules policy.Policy) (soundChain, error) {
	if word == "off" {
		leave, err := rules.RawSound()
		return soundChain{word, func(*calibration.Reference, bool) (*filter.AudioChain, error) {
			return filter.NewOpenAudioChain(leave)
		}}, err
	}
	c, mode := soundChain{name: "near"}, gate.Near
	if word == "strict" {
		c.name, mode = word, gate.Strict
	}
	// Push to talk makes a chain with every press, and reading the network takes longer than that.
	load := sync.OnceValues(func() (*net.Model, error) { return sound.Load(assets.RoomGateModel()) })
	c.make = func(known *calibration.Reference, worn bool) (*filter.AudioChain, error) {
		model, err := load()
		if err != nil {
			return nil, err
		}
		mode := mode
		if worn && mode == gate.Near {
			mode = gate.Worn
		}
		filters, err := sound.New(sound.Options{Mode: mode, Model: model, Reference: gateReference(known)})
		if err != nil {
			return nil, err
		}
		return filter.NewAudioChain(rules.SoundFilters, filters...)
	}
	return c, nil
}
