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
	"strings"
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

	Operators  []Operator // who runs which servers, as far as the organisation knows
	ListedOnly bool       // only servers of Operators may be joined, or asked what they are

	only [][]Operator // of merged policies: the lists that a server must be on, each of them
}

// An Operator runs servers. What is empty is not known.
type Operator struct {
	Hosts        []string // names; one that begins with a dot stands for all below it
	Name         string
	Jurisdiction string // whose law holds, such as "Germany"
	Notice       string // where to read what becomes of personal data
}

// Default is the program's own layer: the most private settings that still
// leave the person a choice.
func Default() Policy { return Policy{AskRecording: true} }

// Merge returns the strictest of all layers. They come in the order of the package
// comment: where two name a background, which hides as much either way, the first
// stands. So it does where two know the same server; and no layer adds to the list
// of one that allows nothing else.
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
		m.Operators = append(m.Operators, l.Operators...)
		m.ListedOnly = m.ListedOnly || l.ListedOnly
		m.only = append(m.only, l.lists()...)
	}
	for _, names := range []*[]string{&m.PictureFilters, &m.SoundFilters} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
	return m
}

// ErrRaw is returned when a policy does not let a raw picture or sound go out.
var ErrRaw = errors.New("the policy does not allow sending without a filter")

// ErrNotListed is returned for a server that is not on a policy's list.
var ErrNotListed = errors.New("your organisation's policy does not list this server")

// MayReach gives leave to ask and to join the server at host, or ErrNotListed.
func (p Policy) MayReach(host string) error {
	for _, l := range p.lists() {
		if _, ok := operator(l, host); !ok {
			return fmt.Errorf("%s: %w", host, ErrNotListed)
		}
	}
	return nil
}

// Operator returns who runs the server at host, and whether that is known.
func (p Policy) Operator(host string) (Operator, bool) { return operator(p.Operators, host) }

// lists are the lists that a server must be on.
func (p Policy) lists() [][]Operator {
	if p.only == nil && p.ListedOnly {
		return [][]Operator{p.Operators}
	}
	return p.only
}

func operator(list []Operator, host string) (Operator, bool) {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	for _, o := range list {
		for _, h := range o.Hosts {
			if h = strings.ToLower(h); h == host || len(h) > 1 && h[0] == '.' && strings.HasSuffix(host, h) {
				return o, true
			}
		}
	}
	return Operator{}, false
}

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
