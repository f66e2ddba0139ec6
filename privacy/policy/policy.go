// Package policy says what must hold before anything leaves this machine.
//
// Policies come from the program, the organisation, the person and the room.
// They are merged so that the strictest word wins: a room can ask for more
// privacy than the person set, never for less.
package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// A Policy is one layer of rules. The zero value asks for nothing.
type Policy struct {
	// Background is the file of the image that stands in place of the room, PNG or
	// JPEG; empty leaves the room to the person. A person may only hide more: the
	// whole picture. An image that cannot be read hides the whole picture, too.
	Background string

	PictureFilters []string // names of filters that every picture must go through
	SoundFilters   []string // names of filters that every sound must go through
	NoRawPicture   bool     // the background must never be off
	NoRawSound     bool     // the room gate must never be off
	NoScreen       bool     // screens and windows must not be shared
	AskRecording   bool     // stop sending until the person accepts a recording
	RelayOnly      bool     // never show this machine's address to the others
}

// Default is the program's own layer: the most private settings that still
// leave the person a choice.
func Default() Policy { return Policy{AskRecording: true} }

// Merge returns the strictest of all layers. They come in the order of the package
// comment: where two name a background, which hides as much either way, the first
// stands.
func Merge(layers ...Policy) Policy {
	var m Policy
	for _, l := range layers {
		m.Background = cmp.Or(m.Background, l.Background)
		m.PictureFilters = append(m.PictureFilters, l.PictureFilters...)
		m.SoundFilters = append(m.SoundFilters, l.SoundFilters...)
		m.NoRawPicture = m.NoRawPicture || l.NoRawPicture
		m.NoRawSound = m.NoRawSound || l.NoRawSound
		m.NoScreen = m.NoScreen || l.NoScreen
		m.AskRecording = m.AskRecording || l.AskRecording
		m.RelayOnly = m.RelayOnly || l.RelayOnly
	}
	for _, names := range []*[]string{&m.PictureFilters, &m.SoundFilters} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
	return m
}

// ErrRaw is returned when a policy does not let a raw picture or sound go out.
var ErrRaw = errors.New("the policy does not allow sending without a filter")

// A BackgroundError says that the image of Policy.Background cannot be shown.
type BackgroundError struct {
	Path string
	Err  error
}

func (e *BackgroundError) Error() string {
	return fmt.Sprintf("the background that your organisation has set, %s, cannot be used: %v", e.Path, e.Err)
}

func (e *BackgroundError) Unwrap() error { return e.Err }

// A Leave proves that a policy was asked before something raw may be sent. Its
// zero value allows nothing; only a Policy makes one that does.
type Leave struct{ given bool }

// Given reports whether the leave was really given.
func (l Leave) Given() bool { return l.given }

// RawPicture gives leave to send the camera's picture as it is, or ErrRaw.
func (p Policy) RawPicture() (Leave, error) {
	if p.NoRawPicture || p.Background != "" || len(p.PictureFilters) > 0 {
		return Leave{}, ErrRaw
	}
	return Leave{given: true}, nil
}

// RawSound gives leave to send the microphone's sound as it is, or ErrRaw.
func (p Policy) RawSound() (Leave, error) {
	if p.NoRawSound || len(p.SoundFilters) > 0 {
		return Leave{}, ErrRaw
	}
	return Leave{given: true}, nil
}

// Screen gives leave to send a screen or window as it is, or ErrRaw. Sharing is
// a choice of what to show, so no filter stands in for it.
func (p Policy) Screen() (Leave, error) {
	if p.NoScreen {
		return Leave{}, ErrRaw
	}
	return Leave{given: true}, nil
}
