// Package capture reads raw pictures and raw sound from this machine's devices.
// It has no way to the network.
package capture

import (
	"context"
	"errors"
	"fmt"

	"paravent/media/frame"
)

// A Kind is what a device captures or plays.
type Kind string

// The kinds.
const (
	CameraKind     Kind = "camera"
	ScreenKind     Kind = "screen"
	WindowKind     Kind = "window"
	MicrophoneKind Kind = "microphone"
	SpeakerKind    Kind = "speaker"
)

// A Device is something that could be opened.
type Device struct {
	ID      string // stable across starts where the system allows it; a person may type it
	Kind    Kind
	Label   string // for people; from the driver, so not yet cleaned
	Default bool   // what the system would choose
	Form    Form   // of a speaker
}

// A Form is what a speaker looks like, as far as its name tells.
type Form string

// The forms.
const (
	UnknownForm Form = ""
	Headset     Form = "headset"     // or headphones: only the person hears it
	Loudspeaker Form = "loudspeaker" // the whole room does
)

// The errors of finding, opening and reading.
var (
	ErrNoDevice  = errors.New("there is no such device")
	ErrBusy      = errors.New("device is used by another program")
	ErrForbidden = errors.New("system does not allow this program to use the device")
	ErrUnplugged = errors.New("device was unplugged")
	ErrStalled   = errors.New("device stopped giving pictures")
	ErrFormat    = errors.New("format is not supported")
)

// A DeviceError says which device failed. Err is one of the errors above, or
// wraps it.
type DeviceError struct {
	Kind Kind
	ID   string
	Err  error
}

func (e *DeviceError) Error() string { return fmt.Sprintf("%s %q: %v", e.Kind, e.ID, e.Err) }
func (e *DeviceError) Unwrap() error { return e.Err }

// A FileError says which file could not be read as a device, and where.
type FileError struct {
	Path string
	Err  error // wraps ErrFormat if the content is at fault
}

func (e *FileError) Error() string { return fmt.Sprintf("%s: %v", e.Path, e.Err) }
func (e *FileError) Unwrap() error { return e.Err }

// A Finder lists devices. It must not open any: looking at the list must not
// light a camera's lamp.
type Finder interface {
	Devices(ctx context.Context) ([]Device, error)
}

// VideoWish is what the caller would like; the camera gives what it can.
type VideoWish struct {
	Width, Height int // pixels
	FPS           float64
}

// A Camera gives raw pictures until Close. It gives only pictures, never
// encoded video, so that none can go around the filters.
type Camera interface {
	// Next waits for the next picture, which the caller then owns. It returns
	// io.EOF when a file is over, and a *DeviceError when the device is gone.
	Next(ctx context.Context) (*frame.Picture, error)

	// Device is what was really opened.
	Device() Device

	// Close returns when the device is closed. A waiting Next then returns.
	Close() error
}

// An Opener opens cameras, screens, files and patterns, by what a person typed:
// "pattern", "file:PATH", or the ID or the label of a device.
type Opener interface {
	OpenCamera(ctx context.Context, name string, w VideoWish) (Camera, error)
}

// A Microphone gives raw sound, with the far end of the same instant, until
// Close.
type Microphone interface {
	// Next waits for the next 10 ms and writes them to s. Real-time: it does
	// not allocate.
	Next(ctx context.Context, s *frame.Sound) error

	// Device is what was really opened.
	Device() Device

	// Close returns when the device is closed. A waiting Next then returns.
	Close() error
}

// A MicrophoneOpener opens the microphone that the person chose.
type MicrophoneOpener interface {
	OpenMicrophone(ctx context.Context) (Microphone, error)
}
