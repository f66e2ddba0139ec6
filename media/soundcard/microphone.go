package soundcard

import (
	"context"
	"fmt"
	"strings"

	"paravent/media/capture"
	"paravent/media/frame"
)

// A microphone reads the device that the Card has open for it.
type microphone struct {
	card *Card
	ring *ring
	dev  capture.Device
}

// OpenMicrophone opens the microphone of the wish. If it is open already, the
// error wraps capture.ErrBusy. Where the speaker is off, or a file, the far end
// is silence.
func (c *Card) OpenMicrophone(ctx context.Context) (capture.Microphone, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	wish := c.wish.Microphone
	switch {
	case c.closed:
		return nil, ErrClosed
	case wish == Off:
		return nil, &capture.DeviceError{Kind: capture.MicrophoneKind, ID: wish, Err: fmt.Errorf("%w: it is set to off", capture.ErrNoDevice)}
	case c.ears != nil || c.file != nil:
		return nil, &capture.DeviceError{Kind: capture.MicrophoneKind, ID: named(wish), Err: fmt.Errorf("%w: by this one", capture.ErrBusy)}
	}
	if path, ok := strings.CutPrefix(wish, filePrefix); ok {
		m, err := openFileMicrophone(path)
		if err != nil {
			return nil, err
		}
		m.card, c.file = c, m
		c.note()
		return m, nil
	}
	dev, err := c.find(capture.MicrophoneKind, wish)
	if err != nil {
		return nil, err
	}
	m := &microphone{card: c, ring: newRing(), dev: dev.Device}
	e := &listener{ring: m.ring, tap: tapReader{tap: c.tap, seen: c.tap.written.Load()}}
	st, err := c.sys.open(dev, e.data, c.poke)
	if err != nil {
		return nil, &capture.DeviceError{Kind: dev.Kind, ID: dev.Label, Err: err}
	}
	c.ears, c.mic = m, side{dev: dev, stream: st, engine: e}
	c.note()
	return m, nil
}

// Next implements capture.Microphone. A reader that is more than 160 ms behind
// misses the oldest blocks, which shows as a jump of At. When the device is
// gone Next returns a *capture.DeviceError that wraps capture.ErrUnplugged,
// after Close ErrClosed.
func (m *microphone) Next(ctx context.Context, s *frame.Sound) error { return m.ring.next(ctx, s) }

func (m *microphone) Device() capture.Device { return m.dev }

// Dropped returns how many blocks were lost because the reader was late.
func (m *microphone) Dropped() uint64 { return m.ring.dropped.Load() }

// Close returns when the device is closed. What is heard goes on.
func (m *microphone) Close() error {
	c := m.card
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ears != m {
		return nil // closed before, or lost
	}
	c.mic.shut()
	m.ring.end(ErrClosed)
	c.ears, c.mic = nil, side{}
	c.note()
	return nil
}
