//go:build !linux

package screen

import (
	"context"
	"fmt"
	"runtime"

	"paravent/media/capture"
)

// Devices returns none: on this system, screens are not captured yet.
func (s *Screens) Devices(context.Context) ([]capture.Device, error) { return nil, nil }

// OpenCamera returns a *capture.DeviceError that wraps capture.ErrNoDevice.
func (s *Screens) OpenCamera(_ context.Context, name string, _ capture.VideoWish) (capture.Camera, error) {
	return nil, &capture.DeviceError{
		Kind: capture.ScreenKind, ID: name,
		Err: fmt.Errorf("%w: screens cannot be captured on %s yet", capture.ErrNoDevice, runtime.GOOS),
	}
}
