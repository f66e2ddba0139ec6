package soundcard

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"unsafe"

	"github.com/gen2brain/malgo"

	"paravent/media/capture"
	"paravent/media/frame"
)

type rawID = malgo.DeviceID

// A malgoSystem is miniaudio. Its null device, which plays into nothing and
// hears nothing, is not among its back ends: a machine without sound says so.
type malgoSystem struct {
	mu  sync.Mutex // miniaudio's connection is for one caller at a time
	ctx *malgo.AllocatedContext
}

func startMalgo() (system, error) {
	backs := backends()
	if len(backs) == 0 {
		return nil, capture.ErrNoDevice
	}
	ctx, err := malgo.InitContext(backs, malgo.ContextConfig{}, nil)
	if err != nil {
		return nil, err
	}
	return &malgoSystem{ctx: ctx}, nil
}

// backends returns what miniaudio may try, the best first. ALSA is asked only
// if there is a card, because without one its library writes to standard error
// by itself.
func backends() []malgo.Backend {
	switch runtime.GOOS {
	case "windows":
		return []malgo.Backend{malgo.BackendWasapi}
	case "darwin":
		return []malgo.Backend{malgo.BackendCoreaudio}
	case "linux":
		backs := []malgo.Backend{malgo.BackendPulseaudio}
		if cards, err := os.ReadFile("/proc/asound/cards"); err == nil && !bytes.Contains(cards, []byte("no soundcards")) {
			backs = append(backs, malgo.BackendAlsa)
		}
		return backs
	default:
		return nil
	}
}

func (s *malgoSystem) list() ([]found, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []found
	for _, side := range []struct {
		kind capture.Kind
		of   malgo.DeviceType
	}{{capture.SpeakerKind, malgo.Playback}, {capture.MicrophoneKind, malgo.Capture}} {
		infos, err := s.ctx.Devices(side.of)
		if err != nil {
			return nil, fmt.Errorf("list devices: %w", err)
		}
		for _, i := range infos {
			id, label := idText(i.ID), i.Name()
			form := capture.UnknownForm
			if side.kind == capture.SpeakerKind {
				form = FormOf(id, label)
			}
			out = append(out, found{
				Device:  capture.Device{ID: id, Kind: side.kind, Label: label, Default: i.IsDefault != 0, Form: form},
				raw:     i.ID,
				monitor: side.kind == capture.MicrophoneKind && isMonitor(id, label),
			})
		}
	}
	return out, nil
}

// idText returns an ID that a person can type. Most systems name devices in
// plain letters; the rest is given in hexadecimal.
func idText(id malgo.DeviceID) string {
	text, _, _ := bytes.Cut(id[:], []byte{0})
	for _, b := range text {
		if b < ' ' || b > '~' {
			return id.String()
		}
	}
	if len(text) < 2 {
		return id.String()
	}
	return string(text)
}

func (s *malgoSystem) open(dev found, data func(out, in []byte, n int), stopped func()) (stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var pins runtime.Pinner // miniaudio copies the ID
	defer pins.Unpin()
	id := dev.raw // by itself, because all of what is pinned must be
	pins.Pin(&id)

	kind := malgo.Playback
	if dev.Kind == capture.MicrophoneKind {
		kind = malgo.Capture
	}
	cfg := malgo.DefaultDeviceConfig(kind)
	side := &cfg.Playback
	if kind == malgo.Capture {
		side = &cfg.Capture
	}
	side.Format, side.Channels, side.DeviceID = malgo.FormatF32, 1, unsafe.Pointer(&id)
	cfg.SampleRate = frame.Rate
	cfg.PeriodSizeInFrames = frame.BlockLen
	if kind == malgo.Playback {
		cfg.PeriodSizeInFrames = 2 * frame.BlockLen // of which PulseAudio buffers one: 10 ms stutter under load
	}
	cfg.Periods = 3
	cfg.Pulse.StreamNamePlayback, cfg.Pulse.StreamNameCapture = "call", "microphone"
	open, err := malgo.InitDevice(s.ctx.Context, cfg, malgo.DeviceCallbacks{
		Data: func(out, in []byte, n uint32) { data(out, in, int(n)) },
		Stop: stopped,
	})
	if err != nil {
		return nil, reason(err)
	}
	if err := open.Start(); err != nil {
		open.Uninit()
		return nil, reason(err)
	}
	return malgoStream{open}, nil
}

func (s *malgoSystem) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.ctx.Uninit() // it says only that there was nothing to close
	s.ctx.Free()
}

type malgoStream struct{ dev *malgo.Device }

// close stops the device first: miniaudio's Uninit alone waits for a thread
// that nobody wakes when PulseAudio has taken the stream away.
func (s malgoStream) close() {
	_ = s.dev.Stop() // it fails only if the device has stopped
	s.dev.Uninit()
}

// reason says miniaudio's error in the words of the capture room.
func reason(err error) error {
	for _, r := range []struct {
		is []error
		as error
	}{
		{[]error{malgo.ErrBusy, malgo.ErrAlreadyInUse}, capture.ErrBusy},
		{[]error{malgo.ErrAccessDenied}, capture.ErrForbidden},
		{[]error{malgo.ErrNoDevice, malgo.ErrDoesNotExist, malgo.ErrUnavailable}, capture.ErrNoDevice},
		{[]error{malgo.ErrFormatNotSupported}, capture.ErrFormat},
	} {
		for _, is := range r.is {
			if errors.Is(err, is) {
				return fmt.Errorf("%w (%w)", r.as, err)
			}
		}
	}
	return err
}
