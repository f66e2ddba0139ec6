package camera

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"paravent/media/capture"
	"paravent/media/frame"
)

// machine writes what the kernel and udev keep about cameras. A name that ends
// in "->" is a link to the text.
func machine(t *testing.T, files map[string]string) *Cameras {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, strings.TrimSuffix(name, "->"))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		var err error
		if strings.HasSuffix(name, "->") {
			err = os.Symlink(text, path)
		} else {
			err = os.WriteFile(path, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return &Cameras{root: root}
}

func laptop(t *testing.T) *Cameras {
	return machine(t, map[string]string{
		"sys/class/video4linux/video0/name":   "Integrated Camera: Integrated C\n",
		"sys/class/video4linux/video0/index":  "0\n",
		"sys/class/video4linux/video0/dev":    "81:0\n",
		"sys/class/video4linux/video1/name":   "Integrated Camera: Integrated C\n",
		"sys/class/video4linux/video1/index":  "1\n",
		"sys/class/video4linux/video10/name":  "Capture Card\n",
		"sys/class/video4linux/video10/index": "0\n",
		"sys/class/video4linux/video10/dev":   "81:10\n",
		"sys/class/video4linux/video2/name":   "C920\n",
		"sys/class/video4linux/video2/index":  "0\n",
		"sys/class/video4linux/video2/dev":    "81:2\n",
		"sys/class/video4linux/video3/name":   "a decoder\n",
		"sys/class/video4linux/video3/index":  "0\n",
		"sys/class/video4linux/video3/dev":    "81:3\n",
		"sys/class/video4linux/video4/name":   "\n",
		"sys/class/video4linux/v4l-subdev0/x": "",
		"run/udev/data/c81:0":                 "E:ID_V4L_VERSION=2\nE:ID_V4L_CAPABILITIES=:capture:\n",
		"run/udev/data/c81:3":                 "E:ID_V4L_CAPABILITIES=:video_output:\n",

		"dev/v4l/by-id/usb-Chicony-video-index0->":    "../../video0",
		"dev/v4l/by-id/usb-Chicony-video-index1->":    "../../video1",
		"dev/v4l/by-path/pci-0:1.0-video-index0->":    "../../video0",
		"dev/v4l/by-path/pci-0:2.0-video-index0->":    "../../video2",
		"dev/v4l/by-path/pci-broken-video-index0->":   "../../video99",
		"dev/v4l/by-path/pci-0:1.0-video-index1->":    "../../video1",
		"dev/v4l/by-path/not-a-link-but-a-plain-file": "",
	})
}

func TestTheListComesFromTheKernelAndOpensNothing(t *testing.T) {
	// There is no /dev/video* here at all, so nothing could be opened.
	got, err := laptop(t).Devices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []capture.Device{
		{ID: "usb-Chicony-video-index0", Kind: capture.CameraKind, Label: "Integrated Camera: Integrated C", Default: true},
		{ID: "pci-0:2.0-video-index0", Kind: capture.CameraKind, Label: "C920"},
		{ID: "video4", Kind: capture.CameraKind, Label: "video4"},
		{ID: "video10", Kind: capture.CameraKind, Label: "Capture Card"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got, err := machine(t, nil).Devices(t.Context()); len(got) != 0 || err != nil {
		t.Errorf("without cameras: %v, %v", got, err)
	}
}

func TestACameraHasManyNames(t *testing.T) {
	nodes := laptop(t).nodes()
	for name, want := range map[string]string{
		"usb-Chicony-video-index0":                "/dev/video0",
		"/dev/v4l/by-id/usb-Chicony-video-index0": "/dev/video0",
		"pci-0:1.0-video-index0":                  "/dev/video0",
		"/dev/v4l/by-path/pci-0:2.0-video-index0": "/dev/video2",
		"video10":     "/dev/video10",
		"/dev/video2": "/dev/video2",
		"video1":      "",
		"C920":        "",
		"":            "",
		"video":       "",
	} {
		got := ""
		for _, n := range nodes {
			if n.is(name) {
				got += n.path
			}
		}
		if got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

func openFiles(t testing.TB) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestACameraThatCannotBeOpenedSaysWhyAndLeavesNothingOpen(t *testing.T) {
	c := laptop(t)
	if err := os.WriteFile(c.root+"/dev/video2", []byte("no device"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := openFiles(t)
	for name, want := range map[string]error{
		"/dev/video0": capture.ErrNoDevice, // unplugged since the list was read
		"nobody":      capture.ErrNoDevice,
		"":            capture.ErrNoDevice,
	} {
		cam, err := c.OpenCamera(t.Context(), name, capture.VideoWish{})
		var de *capture.DeviceError
		if cam != nil || !errors.As(err, &de) || !errors.Is(err, want) {
			t.Errorf("%q: got %v", name, err)
		}
	}
	cam, err := c.OpenCamera(t.Context(), "video2", capture.VideoWish{})
	var de *capture.DeviceError
	if cam != nil || !errors.As(err, &de) || de.ID != "pci-0:2.0-video-index0" {
		t.Errorf("a plain file: got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.OpenCamera(ctx, "video2", capture.VideoWish{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if after := openFiles(t); after != before {
		t.Errorf("%d files are open, there were %d", after, before)
	}
}

func TestTheSystemsErrorsBecomeOurs(t *testing.T) {
	for _, c := range []struct{ got, want error }{
		{cause(syscall.EBUSY), capture.ErrBusy},
		{cause(syscall.EACCES), capture.ErrForbidden},
		{cause(syscall.EPERM), capture.ErrForbidden},
		{cause(syscall.ENOENT), capture.ErrNoDevice},
		{cause(syscall.ENODEV), capture.ErrNoDevice},
		{cause(syscall.EMFILE), syscall.EMFILE},
		{gone(syscall.ENODEV), capture.ErrUnplugged},
		{gone(syscall.EIO), capture.ErrUnplugged},
		{gone(syscall.ENOMEM), syscall.ENOMEM},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
}

// TestARealCamera lights a camera, so it runs only when it is told which:
// PARAVENT_TEST_CAMERA=video0. With the driver vivid and v4l2-ctl at hand it
// unplugs and hangs the camera, too.
func TestARealCamera(t *testing.T) {
	name := os.Getenv("PARAVENT_TEST_CAMERA")
	if name == "" {
		t.Skip("set PARAVENT_TEST_CAMERA to a camera's ID to run this")
	}
	cameras := New()
	list, err := cameras.Devices(t.Context())
	if err != nil || len(list) == 0 {
		t.Fatal(list, err)
	}
	t.Logf("%+v", list)
	open := func(t *testing.T, w capture.VideoWish) capture.Camera {
		t.Helper()
		cam, err := cameras.OpenCamera(t.Context(), name, w)
		if err != nil {
			t.Fatal(err)
		}
		return cam
	}
	next := func(t *testing.T, cam capture.Camera) *frame.Picture {
		t.Helper()
		p, err := cam.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return p
	}

	t.Run("gives pictures of the wished size until it is closed", func(t *testing.T) {
		before := openFiles(t)
		for _, w := range []capture.VideoWish{{}, {Width: 1280, Height: 720, FPS: 10}, {Width: 320, Height: 180, FPS: 30}} {
			cam, begin := open(t, w), time.Now()
			var last time.Duration
			for i := range 5 {
				p := next(t, cam)
				w := w.Or(Wish())
				if s := p.Size(); s.X < w.Width || s.Y < w.Height || i > 0 && p.At <= last {
					t.Errorf("wished %v, got %v at %v after %v", w, s, p.At, last)
				}
				low, high := byte(255), byte(0)
				for _, y := range p.Image.Y {
					low, high = min(low, y), max(high, y)
				}
				if high-low < 50 {
					t.Errorf("an empty picture: %d to %d", low, high)
				}
				last = p.At
				p.Release()
			}
			t.Logf("%v: 5 pictures in %v, the last at %v", w, time.Since(begin), last)
			begin = time.Now()
			if err := cam.Close(); err != nil {
				t.Error(err)
			}
			t.Logf("closed in %v", time.Since(begin))
			if n := openFiles(t); n != before {
				t.Errorf("%d files are open, there were %d", n, before)
			}
			if m, err := os.ReadFile("/proc/self/maps"); err != nil || strings.Contains(string(m), "/dev/video") {
				t.Errorf("a buffer is still mapped: %v", err)
			}
		}
	})
	t.Run("is busy for a second one", func(t *testing.T) {
		cam := open(t, capture.VideoWish{})
		defer cam.Close()
		next(t, cam).Release()
		before := openFiles(t)
		_, err := cameras.OpenCamera(t.Context(), name, capture.VideoWish{})
		if !errors.Is(err, capture.ErrBusy) || openFiles(t) != before {
			t.Errorf("got %v", err)
		}
	})
	t.Run("does not allocate", func(t *testing.T) {
		cam := open(t, capture.VideoWish{})
		defer cam.Close()
		next(t, cam).Release()
		if n := testing.AllocsPerRun(20, func() { next(t, cam).Release() }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
	control := func(t *testing.T, set string) {
		t.Helper()
		if out, err := exec.Command("v4l2-ctl", "-d", "/dev/video0", "-c", set).CombinedOutput(); err != nil {
			t.Skipf("this camera cannot play that: %v: %s", err, out)
		}
	}
	t.Run("hangs", func(t *testing.T) {
		cam := open(t, capture.VideoWish{})
		defer cam.Close()
		next(t, cam).Release()
		control(t, "percentage_of_dropped_buffers=100")
		var err error
		for err == nil {
			_, err = cam.Next(t.Context())
		}
		control(t, "percentage_of_dropped_buffers=0")
		if !errors.Is(err, capture.ErrStalled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("is unplugged", func(t *testing.T) {
		before := openFiles(t)
		cam := open(t, capture.VideoWish{})
		next(t, cam).Release()
		control(t, "disconnect=1")
		var err error
		for err == nil {
			_, err = cam.Next(t.Context())
		}
		if !errors.Is(err, capture.ErrUnplugged) {
			t.Errorf("got %v", err)
		}
		if err := cam.Close(); err != nil {
			t.Error(err)
		}
		if n := openFiles(t); n != before {
			t.Errorf("%d files are open, there were %d", n, before)
		}
	})
}
