package soundcard

import (
	"context"
	"fmt"
	"strings"

	"paravent/media/capture"
)

// A system is the machine's sound: malgo's, or a double in a test. list and
// open may be called by several goroutines at once.
type system interface {
	list() ([]found, error)
	// open opens and starts a device, which then calls data on a thread of its
	// own with n samples to write or to read, and stopped when it ends.
	open(dev found, data func(out, in []byte, n int), stopped func()) (stream, error)
	// close is called after every stream is closed.
	close()
}

// A stream is an open device. close returns when its thread has ended.
type stream interface{ close() }

// A found is a device that could be opened.
type found struct {
	capture.Device
	raw     rawID
	monitor bool // a speaker's echo that the system offers as a microphone
}

// A Finder lists the machine's microphones and speakers. It opens none of them.
// What a speaker plays is no microphone, so the monitors that PulseAudio lists
// as sources are left out; who types the ID of one can still open it. The zero
// Finder is ready.
type Finder struct{ start func() (system, error) }

// Devices lists the speakers, then the microphones. On a machine without a
// sound system it returns a *capture.DeviceError.
func (f Finder) Devices(ctx context.Context) ([]capture.Device, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	start := f.start
	if start == nil {
		start = startMalgo
	}
	sys, err := start()
	if err != nil {
		return nil, noSystem(capture.SpeakerKind, "", err)
	}
	defer sys.close()
	list, err := sys.list()
	if err != nil {
		return nil, noSystem(capture.SpeakerKind, "", err)
	}
	var out []capture.Device
	for _, kind := range []capture.Kind{capture.SpeakerKind, capture.MicrophoneKind} {
		preferred, err := choose(list, kind, "")
		for _, d := range list {
			if d.Kind == kind && !d.monitor {
				d.Default = err == nil && d.ID == preferred.ID
				out = append(out, d.Device)
			}
		}
	}
	return out, nil
}

// choose returns the device that a person means by wish.
func choose(list []found, kind capture.Kind, wish string) (found, error) {
	if wish == "" {
		return chooseDefault(list, kind)
	}
	fits := []func(found) bool{
		func(d found) bool { return d.ID == wish },
		func(d found) bool { return !d.monitor && strings.EqualFold(d.Label, wish) },
		func(d found) bool { return !d.monitor && begins(d.Label, wish) },
		func(d found) bool { return d.monitor && begins(d.Label, wish) },
	}
	for _, fit := range fits {
		var hits []found
		for _, d := range list {
			if d.Kind == kind && fit(d) {
				hits = append(hits, d)
			}
		}
		switch len(hits) {
		case 0:
		case 1:
			return hits[0], nil
		default:
			err := fmt.Errorf("%w: %d begin like that, such as %q and %q", capture.ErrNoDevice, len(hits), hits[0].ID, hits[1].ID)
			return found{}, &capture.DeviceError{Kind: kind, ID: wish, Err: err}
		}
	}
	return found{}, &capture.DeviceError{Kind: kind, ID: wish, Err: capture.ErrNoDevice}
}

// chooseDefault returns what the system prefers, or else the first, and never a
// monitor.
func chooseDefault(list []found, kind capture.Kind) (found, error) {
	var first *found
	for i, d := range list {
		if d.Kind != kind || d.monitor {
			continue
		}
		if d.Default {
			return d, nil
		}
		if first == nil {
			first = &list[i]
		}
	}
	if first == nil {
		return found{}, &capture.DeviceError{Kind: kind, ID: named(""), Err: capture.ErrNoDevice}
	}
	return *first, nil
}

func begins(label, wish string) bool {
	return len(label) >= len(wish) && strings.EqualFold(label[:len(wish)], wish)
}

// isMonitor reports whether a source gives what a speaker plays. PulseAudio and
// PipeWire end the names of such sources in a fixed word; the label is
// translated.
func isMonitor(id, label string) bool {
	return strings.HasSuffix(id, ".monitor") || strings.HasPrefix(label, "Monitor of ")
}
