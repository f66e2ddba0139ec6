//go:build !linux

package camera

import (
	"context"
	"fmt"
	"runtime"

	"paravent/media/capture"
)

// Devices returns none: on this system, cameras are not read yet.
func (c *Cameras) Devices(context.Context) ([]capture.Device, error) { return nil, nil }

// OpenCamera returns a *capture.DeviceError that wraps capture.ErrNoDevice.
func (c *Cameras) OpenCamera(_ context.Context, name string, _ capture.VideoWish) (capture.Camera, error) {
	return nil, &capture.DeviceError{
		Kind: capture.CameraKind, ID: name,
		Err: fmt.Errorf("%w: cameras cannot be read on %s yet", capture.ErrNoDevice, runtime.GOOS),
	}
}
