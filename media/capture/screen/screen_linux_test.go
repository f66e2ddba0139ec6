package screen

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
	"go.uber.org/goleak"

	"paravent/media/capture"
	"paravent/media/frame"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The colours that the tests draw, as 0xRRGGBB.
const (
	grey  = 0x404040
	red   = 0xff0000
	green = 0x00ff00
	blue  = 0x0000ff
)

// A desk is an X server of its own, and a program that draws on it.
type desk struct {
	t    *testing.T
	name string
	conn *xgb.Conn
	root xproto.Window
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	path, err := exec.LookPath("Xvfb")
	if err != nil {
		t.Skip("Xvfb is not installed (Debian package xvfb): captures of the screen are not tested")
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	server := exec.Command(path, "-displayfd", "3", "-screen", "0", "640x480x24", "-nolisten", "tcp", "-noreset")
	server.ExtraFiles = []*os.File{write}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Signal(os.Interrupt)
		server.Wait()
	})
	write.Close()
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatalf("the X server did not start: %v", err)
	}
	d := &desk{t: t, name: ":" + strings.TrimSpace(number)}
	if d.conn, err = xgb.NewConnDisplay(d.name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { (&x11{conn: d.conn}).close() })
	d.root = xproto.Setup(d.conn).DefaultScreen(d.conn).Root
	d.must(xproto.ChangeWindowAttributesChecked(d.conn, d.root, xproto.CwBackPixel, []uint32{grey}).Check())
	d.must(xproto.ClearAreaChecked(d.conn, false, d.root, 0, 0, 0, 0).Check())
	return d
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// window shows a window of one colour, above all others.
func (d *desk) window(r image.Rectangle, border uint16, colour uint32) xproto.Window {
	d.t.Helper()
	w, err := xproto.NewWindowId(d.conn)
	d.must(err)
	d.must(xproto.CreateWindowChecked(d.conn, xproto.WindowClassCopyFromParent, w, d.root, int16(r.Min.X), int16(r.Min.Y),
		uint16(r.Dx()), uint16(r.Dy()), border, xproto.WindowClassInputOutput, xproto.WindowClassCopyFromParent,
		xproto.CwBackPixel|xproto.CwBorderPixel, []uint32{colour, 0xffffff}).Check())
	d.must(xproto.MapWindowChecked(d.conn, w).Check())
	return w
}

func (d *desk) property(w xproto.Window, name, kind string, format byte, data []byte) {
	d.t.Helper()
	atom := func(s string) xproto.Atom {
		a, err := xproto.InternAtom(d.conn, false, uint16(len(s)), s).Reply()
		d.must(err)
		return a.Atom
	}
	d.must(xproto.ChangePropertyChecked(d.conn, xproto.PropModeReplace, w, atom(name), atom(kind), format,
		uint32(len(data))*8/uint32(format), data).Check())
}

func (d *desk) open(s *Screens, name string, w capture.VideoWish) capture.Camera {
	d.t.Helper()
	if w.FPS == 0 {
		w.FPS = 50
	}
	cam, err := s.OpenCamera(d.t.Context(), name, w)
	d.must(err)
	d.t.Cleanup(func() { d.must(cam.Close()) })
	return cam
}

func window(w xproto.Window) string { return fmt.Sprintf("window:0x%x", uint32(w)) }

func next(t *testing.T, cam capture.Camera) *frame.Picture {
	t.Helper()
	p, err := cam.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func at(p *frame.Picture, x, y int) frame.Colour {
	i := p.Image
	return frame.Colour{Y: i.Y[i.YOffset(x, y)], Cb: i.Cb[i.COffset(x, y)], Cr: i.Cr[i.COffset(x, y)]}
}

func near(a frame.Colour, rgb int) bool {
	b := frame.RGB(byte(rgb>>16), byte(rgb>>8), byte(rgb))
	for _, d := range []int{int(a.Y) - int(b.Y), int(a.Cb) - int(b.Cb), int(a.Cr) - int(b.Cr)} {
		if d < -1 || d > 1 {
			return false
		}
	}
	return true
}

func want(t *testing.T, p *frame.Picture, x, y, rgb int) {
	t.Helper()
	if got := at(p, x, y); !near(got, rgb) {
		t.Errorf("at %d,%d: %v, want %06x", x, y, got, rgb)
	}
}

// both runs a test with shared memory and without.
func both(t *testing.T, f func(t *testing.T, d *desk, s *Screens)) {
	for name, plain := range map[string]bool{"shared memory": false, "socket": true} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			s := New(d.name)
			s.plain = plain
			f(t, d, s)
		})
	}
}

func TestAScreenIsCapturedAsItIs(t *testing.T) {
	both(t, func(t *testing.T, d *desk, s *Screens) {
		d.window(image.Rect(100, 100, 300, 200), 0, red)
		cam := d.open(s, "screen:0", capture.VideoWish{})
		if dev := cam.Device(); dev.ID != "screen:0" || dev.Kind != capture.ScreenKind || !dev.Default {
			t.Errorf("%+v", dev)
		}
		p := next(t, cam)
		if p.Size() != image.Pt(640, 480) {
			t.Fatalf("got %v", p.Size())
		}
		want(t, p, 50, 50, grey)
		want(t, p, 102, 102, red)
		want(t, p, 298, 198, red)
		want(t, p, 302, 202, grey)
		p.Release()
		d.window(image.Rect(0, 0, 60, 60), 0, blue)
		next(t, cam).Release() // may have been under way
		want(t, next(t, cam), 50, 50, blue)
	})
}

func TestWhatCoversAWindowIsNotInItsPicture(t *testing.T) {
	both(t, func(t *testing.T, d *desk, s *Screens) {
		w := d.window(image.Rect(100, 100, 300, 200), 3, red)
		cam := d.open(s, window(w), capture.VideoWish{})
		d.window(image.Rect(80, 80, 320, 220), 0, blue) // a secret
		d.window(image.Rect(150, 120, 170, 140), 0, green)
		screen := d.open(s, "screen:0", capture.VideoWish{})
		want(t, next(t, screen), 200, 150, blue)
		for range 5 {
			p := next(t, cam)
			if p.Size() != image.Pt(200, 100) {
				t.Fatalf("got %v", p.Size())
			}
			for y := range 100 {
				for x := range 200 {
					if got := at(p, x, y); !near(got, red) {
						t.Fatalf("at %d,%d: %v", x, y, got)
					}
				}
			}
			p.Release()
		}
	})
}

func TestAWindowThatChangesItsSizeHasPicturesOfTheNewSize(t *testing.T) {
	both(t, func(t *testing.T, d *desk, s *Screens) {
		w := d.window(image.Rect(0, 0, 100, 80), 0, red)
		cam := d.open(s, window(w), capture.VideoWish{})
		for _, size := range []image.Point{{100, 80}, {301, 203}, {32, 24}, {600, 900}, {1, 1}, {64, 64}} {
			d.must(xproto.ConfigureWindowChecked(d.conn, w, xproto.ConfigWindowWidth|xproto.ConfigWindowHeight,
				[]uint32{uint32(size.X), uint32(size.Y)}).Check())
			if size.X == 1 {
				continue // nothing to show
			}
			even := image.Pt(size.X&^1, size.Y&^1)
			p := next(t, cam)
			for range 20 {
				if p.Size() == even {
					break
				}
				p.Release()
				p = next(t, cam)
			}
			if p.Size() != even {
				t.Fatalf("got %v, want %v", p.Size(), even)
			}
			want(t, p, even.X-1, even.Y-1, red)
			p.Release()
		}
	})
}

func TestAWindowThatIsClosedIsUnplugged(t *testing.T) {
	both(t, func(t *testing.T, d *desk, s *Screens) {
		w := d.window(image.Rect(0, 0, 100, 80), 0, red)
		cam := d.open(s, window(w), capture.VideoWish{})
		next(t, cam).Release()
		d.must(xproto.DestroyWindowChecked(d.conn, w).Check())
		for range 2 {
			var err error
			for err == nil {
				_, err = cam.Next(t.Context())
			}
			var de *capture.DeviceError
			if !errors.As(err, &de) || !errors.Is(err, capture.ErrUnplugged) || de.Kind != capture.WindowKind {
				t.Errorf("got %v", err)
			}
		}
	})
}

func TestAMinimisedWindowHasNoPicturesUntilItIsBack(t *testing.T) {
	d := newDesk(t)
	w := d.window(image.Rect(0, 0, 100, 80), 0, red)
	cam := d.open(New(d.name), window(w), capture.VideoWish{})
	next(t, cam).Release()
	d.must(xproto.UnmapWindowChecked(d.conn, w).Check())
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	var err error
	for err == nil {
		_, err = cam.Next(ctx)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	d.must(xproto.ChangeWindowAttributesChecked(d.conn, w, xproto.CwBackPixel, []uint32{green}).Check())
	d.must(xproto.MapWindowChecked(d.conn, w).Check())
	want(t, next(t, cam), 50, 40, green)
}

func TestAServerThatEndsIsUnplugged(t *testing.T) {
	var cam capture.Camera
	t.Run("server", func(t *testing.T) {
		d := newDesk(t)
		var err error
		cam, err = New(d.name).OpenCamera(t.Context(), "screen:0", capture.VideoWish{FPS: 50})
		d.must(err)
		next(t, cam).Release()
	})
	if cam == nil {
		return
	}
	defer cam.Close()
	var err error
	for err == nil {
		_, err = cam.Next(t.Context())
	}
	if !errors.Is(err, capture.ErrUnplugged) {
		t.Errorf("got %v", err)
	}
}

func TestTheListHasScreensAndTheWindowManagersWindows(t *testing.T) {
	d := newDesk(t)
	titled, old, nameless := d.window(image.Rect(0, 0, 9, 9), 0, red), d.window(image.Rect(0, 0, 9, 9), 0, red), d.window(image.Rect(0, 0, 9, 9), 0, red)
	d.window(image.Rect(0, 0, 9, 9), 0, red) // of no interest
	d.property(titled, "_NET_WM_NAME", "UTF8_STRING", 8, []byte("Präsentation\x1b[2J"))
	d.property(titled, "WM_NAME", "STRING", 8, []byte("wrong"))
	d.property(old, "WM_NAME", "STRING", 8, []byte("Old \xff"))
	var ids []byte
	for _, w := range []xproto.Window{titled, old, nameless} {
		ids = binary.LittleEndian.AppendUint32(ids, uint32(w))
	}
	d.property(d.root, "_NET_CLIENT_LIST", "WINDOW", 32, ids)
	got, err := New(d.name).Devices(t.Context())
	d.must(err)
	list := []capture.Device{
		{ID: "screen:0", Kind: capture.ScreenKind, Default: true},
		{ID: window(titled), Kind: capture.WindowKind, Label: "Präsentation\x1b[2J"},
		{ID: window(old), Kind: capture.WindowKind, Label: "Old �"},
		{ID: window(nameless), Kind: capture.WindowKind, Label: window(nameless)},
	}
	if diff := cmp.Diff(list, got, cmp.FilterPath(func(p cmp.Path) bool { return strings.HasPrefix(p.GoString(), "{[]capture.Device}[0].Label") }, cmp.Ignore())); diff != "" {
		t.Error(diff)
	}
}

func TestCloseLeavesNothingOpen(t *testing.T) {
	both(t, func(t *testing.T, d *desk, s *Screens) {
		w := d.window(image.Rect(0, 0, 100, 80), 0, red)
		files, shared := count(t, "/proc/self/fd"), segments(t)
		for _, name := range []string{"screen:0", window(w)} {
			cam, err := s.OpenCamera(t.Context(), name, capture.VideoWish{FPS: 50})
			d.must(err)
			next(t, cam).Release()
			if !s.plain && segments(t) != shared+1 {
				t.Error("no memory is shared")
			}
			ended := make(chan error)
			go func() {
				for {
					p, err := cam.Next(context.Background())
					if err != nil {
						ended <- err
						return
					}
					p.Release()
				}
			}()
			d.must(errors.Join(cam.Close(), cam.Close()))
			tick := time.NewTicker(time.Millisecond)
			for try := 0; count(t, "/proc/self/fd") > files; try++ {
				if <-tick.C; try > 500 {
					t.Fatalf("%d files are open, there were %d", count(t, "/proc/self/fd"), files)
				}
			}
			tick.Stop()
			if n := segments(t); n != shared {
				t.Errorf("%d segments of memory are left, there were %d", n, shared)
			}
			if err := <-ended; !errors.Is(err, os.ErrClosed) {
				t.Errorf("got %v", err)
			}
		}
	})
}

func count(t *testing.T, dir string) int {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// segments counts what this process shares.
func segments(t *testing.T) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(maps), "/SYSV")
}

func TestABigScreenIsShrunkToTheWishInItsShape(t *testing.T) {
	d := newDesk(t)
	d.window(image.Rect(0, 0, 320, 480), 0, red)
	p := next(t, d.open(New(d.name), "screen:0", capture.VideoWish{Width: 400, Height: 240}))
	if p.Size() != image.Pt(320, 240) {
		t.Fatalf("got %v", p.Size())
	}
	want(t, p, 80, 120, red)
	want(t, p, 240, 120, grey)
}

func TestPicturesComeAtTheWishedRate(t *testing.T) {
	d := newDesk(t)
	for wish, most := range map[float64]time.Duration{0: 100 * time.Millisecond, 20: 50 * time.Millisecond} {
		cam, err := New(d.name).OpenCamera(t.Context(), "screen:0", capture.VideoWish{FPS: wish})
		d.must(err)
		first := next(t, cam)
		second := next(t, cam)
		if step := second.At - first.At; step%most != 0 || step == 0 {
			t.Errorf("wished %v: %v to the next picture", wish, step)
		}
		d.must(cam.Close())
	}
}

func TestWhatIsNotThereSaysSo(t *testing.T) {
	d := newDesk(t)
	s := New(d.name)
	for _, name := range []string{"screen:9", "screen:-1", "screen:", "window:0x1", "window:zz", "window:99999999999", fmt.Sprintf("window:%d", d.root), "pattern", ""} {
		cam, err := s.OpenCamera(t.Context(), name, capture.VideoWish{})
		var de *capture.DeviceError
		if cam != nil || !errors.As(err, &de) || !errors.Is(err, capture.ErrNoDevice) || de.ID != name {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

func TestOnlyADisplayOfThisMachineIsUsed(t *testing.T) {
	for display, want := range map[string]error{
		"":                   capture.ErrNoDevice,
		":4999":              capture.ErrNoDevice,
		"localhost:10.0":     capture.ErrForbidden,
		"example.com:0":      capture.ErrForbidden,
		"tcp/example.com:0":  capture.ErrForbidden,
		"127.0.0.1:0":        capture.ErrForbidden,
		"inet/localhost:0.0": capture.ErrForbidden,
	} {
		if _, err := New(display).OpenCamera(t.Context(), "screen:0", capture.VideoWish{}); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", display, err, want)
		}
		if list, err := New(display).Devices(t.Context()); len(list) != 0 || err == nil != (display == "") {
			t.Errorf("%q: listed %v, %v", display, list, err)
		}
	}
}
