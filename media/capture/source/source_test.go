package source

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"paravent/media/capture"
	"paravent/media/capture/camera"
	"paravent/media/capture/pattern"
	"paravent/media/capture/screen"
	"paravent/media/frame"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The real kinds fit.
func kinds() []Devices { return []Devices{camera.New(), screen.New("")} }

// A shelf is a kind of devices of which each has a second name, "alias-ID".
type shelf struct {
	list   []capture.Device
	fails  error // of Devices
	fault  error // of OpenCamera, for a device that is there
	opened []string
}

func (s *shelf) Devices(context.Context) ([]capture.Device, error) { return s.list, s.fails }

func (s *shelf) OpenCamera(_ context.Context, name string, _ capture.VideoWish) (capture.Camera, error) {
	for _, d := range s.list {
		if name == d.ID || name == "alias-"+d.ID {
			if s.fault != nil {
				return nil, &capture.DeviceError{Kind: d.Kind, ID: d.ID, Err: s.fault}
			}
			s.opened = append(s.opened, d.ID)
			return taken{d}, nil
		}
	}
	return nil, &capture.DeviceError{Kind: capture.CameraKind, ID: name, Err: capture.ErrNoDevice}
}

type taken struct{ d capture.Device }

func (t taken) Next(context.Context) (*frame.Picture, error) { return nil, io.EOF }
func (t taken) Device() capture.Device                       { return t.d }
func (t taken) Close() error                                 { return nil }

func home() (cameras, screens *shelf) {
	cameras, screens = &shelf{}, &shelf{}
	cameras.list = []capture.Device{
		{ID: "usb-1", Kind: capture.CameraKind, Label: "Integrated Camera", Default: true},
		{ID: "usb-2", Kind: capture.CameraKind, Label: "Logitech C920"},
		{ID: "usb-3", Kind: capture.CameraKind, Label: "Logitech C920 Pro"},
	}
	screens.list = []capture.Device{
		{ID: "screen:0", Kind: capture.ScreenKind, Label: "DP-1", Default: true},
		{ID: "window:0x12", Kind: capture.WindowKind, Label: "Übersicht – Editor"},
		{ID: "window:0x13", Kind: capture.WindowKind, Label: "Logbook"},
	}
	return cameras, screens
}

func TestADeviceIsOpenedByItsIDItsLabelOrABeginning(t *testing.T) {
	for name, want := range map[string]string{
		"usb-2":              "usb-2",
		"alias-usb-3":        "usb-3",
		"screen:0":           "screen:0",
		"window:0x13":        "window:0x13",
		"Integrated Camera":  "usb-1",
		"integrated":         "usb-1",
		"LOGITECH C920":      "usb-2", // exact before the longer one
		"logitech c920 p":    "usb-3",
		"dp":                 "screen:0",
		"übersicht":          "window:0x12",
		"ÜBERSICHT – EDITOR": "window:0x12",
		"WINDOW:0x12":        "window:0x12",
	} {
		cameras, screens := home()
		cam, err := New(cameras, screens).OpenCamera(t.Context(), name, capture.VideoWish{})
		if err != nil || cam.Device().ID != want {
			t.Errorf("%q: got %v, %v", name, cam, err)
		}
		if n := len(cameras.opened) + len(screens.opened); n != 1 {
			t.Errorf("%q opened %d devices", name, n)
		}
	}
}

func TestANameThatFitsNothingOrTooMuchIsRefused(t *testing.T) {
	for _, name := range []string{"", "log", "logitech", "usb", "Camera", "Integrated Cameras", "patterns", "Pattern ", "files:x", "off"} {
		cameras, screens := home()
		cam, err := New(cameras, screens).OpenCamera(t.Context(), name, capture.VideoWish{})
		var de *capture.DeviceError
		if cam != nil || !errors.As(err, &de) || !errors.Is(err, capture.ErrNoDevice) || de.ID != name {
			t.Errorf("%q: got %v, %v", name, cam, err)
		}
		if len(cameras.opened)+len(screens.opened) != 0 {
			t.Errorf("%q opened something", name)
		}
	}
}

func TestAFaultIsPassedOnAndNoOtherDeviceIsTried(t *testing.T) {
	for _, fault := range []error{capture.ErrBusy, capture.ErrForbidden} {
		cameras, screens := home()
		cameras.fault = fault
		for _, name := range []string{"usb-1", "Integ"} {
			if _, err := New(cameras, screens).OpenCamera(t.Context(), name, capture.VideoWish{}); !errors.Is(err, fault) {
				t.Errorf("got %v", err)
			}
		}
	}
}

func TestTheListHasEveryKindEvenIfOneCannotBeAsked(t *testing.T) {
	cameras, screens := home()
	broken := &shelf{fails: errors.New("no server")}
	s := New(cameras, broken, screens)
	got, err := s.Devices(t.Context())
	if !errors.Is(err, broken.fails) {
		t.Errorf("got %v", err)
	}
	if d := cmp.Diff(append(append(cameras.list, screens.list...), pattern.Device()), got); d != "" {
		t.Error(d)
	}
	if _, err := s.OpenCamera(t.Context(), "logb", capture.VideoWish{}); err != nil {
		t.Error(err)
	}
	if _, err := New(kinds()...).Devices(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestThePatternAndFilesAreNoDevices(t *testing.T) {
	cameras, screens := home()
	s := New(cameras, screens)
	cam, err := s.OpenCamera(t.Context(), "pattern", capture.VideoWish{Width: 64, Height: 48})
	if err != nil {
		t.Fatal(err)
	}
	p, err := cam.Next(t.Context())
	if err != nil || p.Size().X != 64 {
		t.Error(err)
	}
	if err := cam.Close(); err != nil {
		t.Error(err)
	}
	path := filepath.Join(t.TempDir(), "a.y4m")
	if err := os.WriteFile(path, []byte("YUV4MPEG2 W2 H2\nFRAME\n123456"), 0o600); err != nil {
		t.Fatal(err)
	}
	cam, err = s.OpenCamera(t.Context(), "file:"+path, capture.VideoWish{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // it begins again
		if _, err := cam.Next(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := cam.Close(); err != nil {
		t.Error(err)
	}
	var fe *capture.FileError
	if _, err := s.OpenCamera(t.Context(), "file:/does/not/exist.y4m", capture.VideoWish{}); !errors.As(err, &fe) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.OpenCamera(ctx, "pattern", capture.VideoWish{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
