// Package source opens whatever can stand before a camera's name: a device, a
// screen, a window, a file or the test picture.
package source

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"paravent/media/capture"
	"paravent/media/capture/file"
	"paravent/media/capture/pattern"
)

// Devices are devices of some kind, such as all cameras.
type Devices interface {
	capture.Finder
	capture.Opener
}

// A Source is a capture.Finder and a capture.Opener over several kinds of
// devices. It may be used by several goroutines.
type Source struct{ kinds []Devices }

// New returns a source of the given kinds, files and the pattern. It opens
// nothing.
func New(kinds ...Devices) *Source { return &Source{kinds: kinds} }

// Devices lists what all kinds find, and then the pattern. If some cannot be
// asked, it returns the others together with the error.
func (s *Source) Devices(ctx context.Context) ([]capture.Device, error) {
	var list []capture.Device
	var failed error
	for _, k := range s.kinds {
		found, err := k.Devices(ctx)
		list = append(list, found...)
		failed = errors.Join(failed, err)
	}
	return append(list, pattern.Device()), failed
}

// OpenCamera opens "pattern", "file:PATH", or a device: by its ID or another
// exact name of it, then by its label, then by the beginning of a label or ID
// that no other has, where capitals do not matter. Only one device is ever
// opened. If none fits, the *capture.DeviceError wraps capture.ErrNoDevice.
func (s *Source) OpenCamera(ctx context.Context, name string, w capture.VideoWish) (capture.Camera, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if name == pattern.Name {
		return pattern.Open(w), nil
	}
	if path, ok := strings.CutPrefix(name, file.Prefix); ok {
		return file.Open(path, w, file.Camera())
	}
	// Who does not know a name opens nothing.
	for _, k := range s.kinds {
		cam, err := k.OpenCamera(ctx, name, w)
		if err == nil || !unknown(err, name) {
			return cam, err
		}
	}
	kind, id, err := s.find(ctx, name)
	if err != nil {
		return nil, err
	}
	return kind.OpenCamera(ctx, id, w)
}

// unknown tells a name that nobody knows from a device that has just gone.
func unknown(err error, name string) bool {
	var de *capture.DeviceError
	return errors.As(err, &de) && de.ID == name && errors.Is(err, capture.ErrNoDevice)
}

// find returns the one device that a person may have meant.
func (s *Source) find(ctx context.Context, name string) (Devices, string, error) {
	var exact, begin []match
	for _, k := range s.kinds {
		list, err := k.Devices(ctx)
		if err != nil {
			continue // the other kinds may have it
		}
		for _, d := range list {
			switch {
			case strings.EqualFold(d.Label, name):
				exact = append(exact, match{k, d.ID})
			case name != "" && (begins(d.Label, name) || begins(d.ID, name)):
				begin = append(begin, match{k, d.ID})
			}
		}
	}
	fits := exact
	if len(fits) == 0 {
		fits = begin
	}
	if len(fits) == 1 {
		return fits[0].kind, fits[0].id, nil
	}
	err := capture.ErrNoDevice
	if len(fits) > 1 {
		err = fmt.Errorf("%w: the name fits %d devices", capture.ErrNoDevice, len(fits))
	}
	return nil, "", errors.Join(ctx.Err(), &capture.DeviceError{Kind: capture.CameraKind, ID: name, Err: err})
}

type match struct {
	kind Devices
	id   string
}

// begins reports whether text begins with prefix, in any case of letters.
func begins(text, prefix string) bool {
	n := utf8.RuneCountInString(prefix)
	for i := range text {
		if n == 0 {
			return strings.EqualFold(text[:i], prefix)
		}
		n--
	}
	return n == 0 && strings.EqualFold(text, prefix)
}
