package screen

import (
	"context"
	"errors"
	"fmt"
	"image"
	"strconv"
	"strings"

	"github.com/jezek/xgb/randr"
	"github.com/jezek/xgb/xproto"

	"paravent/media/capture"
)

const (
	maxWindows = 512
	maxTitle   = 1024 // bytes
)

// A screen is one monitor, or all where the server does not tell them apart.
type screen struct {
	label   string
	rect    image.Rectangle // on the root window
	primary bool
}

// Devices lists the screens and the windows that the window manager knows, with
// their titles, which are other programs' words. It captures nothing.
func (s *Screens) Devices(ctx context.Context) ([]capture.Device, error) {
	if s.display == "" {
		return nil, ctx.Err()
	}
	x, err := dial(s.display)
	if err != nil {
		return nil, err
	}
	defer x.close()
	screens, err := x.screens()
	if err != nil {
		return nil, err
	}
	var list []capture.Device
	for i, s := range screens {
		list = append(list, s.device(i))
	}
	windows, err := x.windows()
	if err != nil {
		return nil, err
	}
	for _, w := range windows {
		list = append(list, x.window(w))
	}
	return list, ctx.Err()
}

// OpenCamera opens a screen or a window by its ID. Errors are a
// *capture.DeviceError.
func (s *Screens) OpenCamera(ctx context.Context, name string, w capture.VideoWish) (capture.Camera, error) {
	kind, open := capture.ScreenKind, (*x11).openScreen
	number, ok := strings.CutPrefix(name, ScreenPrefix)
	if !ok {
		number, ok = strings.CutPrefix(name, WindowPrefix)
		kind, open = capture.WindowKind, (*x11).openWindow
	}
	fault := func(err error) error { return &capture.DeviceError{Kind: kind, ID: name, Err: err} }
	n, err := strconv.ParseUint(number, 0, 32)
	if !ok || err != nil {
		return nil, fault(capture.ErrNoDevice)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	x, err := dial(s.display)
	if err != nil {
		return nil, fault(err)
	}
	x.plain = s.plain
	dev, g, err := open(x, uint32(n))
	if err != nil {
		x.close()
		return nil, fault(err)
	}
	return start(dev, g, w), nil
}

func (s screen) device(i int) capture.Device {
	return capture.Device{ID: ScreenPrefix + strconv.Itoa(i), Kind: capture.ScreenKind, Label: s.label, Default: s.primary}
}

// screens asks for the monitors of RandR 1.5.
func (x *x11) screens() ([]screen, error) {
	root, err := xproto.GetGeometry(x.conn, xproto.Drawable(x.root)).Reply()
	if err != nil {
		return nil, x.lost(err)
	}
	all := screen{label: "Screen", rect: image.Rect(0, 0, int(root.Width), int(root.Height)), primary: true}
	if !x.has(randrName) {
		return []screen{all}, nil
	}
	monitors, err := randr.GetMonitors(x.conn, x.root, true).Reply()
	if err != nil {
		return nil, x.lost(err)
	}
	var list []screen
	for i, m := range monitors.Monitors {
		r := image.Rect(int(m.X), int(m.Y), int(m.X)+int(m.Width), int(m.Y)+int(m.Height)).Intersect(all.rect)
		if r.Empty() {
			continue
		}
		s := screen{label: "Screen " + strconv.Itoa(i+1), rect: r, primary: m.Primary}
		if name, err := xproto.GetAtomName(x.conn, m.Name).Reply(); err == nil {
			s.label = strings.ToValidUTF8(name.Name, "�")
		}
		list = append(list, s)
	}
	if len(list) == 0 {
		return []screen{all}, nil
	}
	for _, s := range list {
		if s.primary {
			return list, nil
		}
	}
	list[0].primary = true
	return list, nil
}

// windows asks the window manager (Extended Window Manager Hints).
func (x *x11) windows() ([]xproto.Window, error) {
	value, err := x.property(x.root, "_NET_CLIENT_LIST", xproto.AtomWindow, 4*maxWindows)
	if err != nil {
		return nil, err
	}
	var list []xproto.Window
	for ; len(value) >= 4; value = value[4:] {
		list = append(list, xproto.Window(uint32(value[0])|uint32(value[1])<<8|uint32(value[2])<<16|uint32(value[3])<<24))
	}
	return list, nil
}

func (x *x11) window(w xproto.Window) capture.Device {
	id := fmt.Sprintf("%s0x%x", WindowPrefix, uint32(w))
	title, err := x.property(w, "_NET_WM_NAME", xproto.AtomAny, maxTitle)
	if err != nil || len(title) == 0 {
		title, err = x.property(w, "WM_NAME", xproto.AtomAny, maxTitle)
	}
	if err != nil || len(title) == 0 {
		title = []byte(id)
	}
	return capture.Device{ID: id, Kind: capture.WindowKind, Label: strings.ToValidUTF8(string(title), "�")}
}

// property returns nothing if there is no such property.
func (x *x11) property(w xproto.Window, name string, kind xproto.Atom, limit int) ([]byte, error) {
	atom, err := xproto.InternAtom(x.conn, true, uint16(len(name)), name).Reply()
	if err != nil {
		return nil, x.lost(err)
	}
	if atom.Atom == xproto.AtomNone {
		return nil, nil
	}
	p, err := xproto.GetProperty(x.conn, false, w, atom.Atom, kind, 0, uint32(limit/4)).Reply()
	if err != nil {
		return nil, x.lost(err)
	}
	return p.Value, nil
}

func (x *x11) openScreen(n uint32) (capture.Device, grabber, error) {
	if err := x.drawsLike(x.depth, x.visual); err != nil {
		return capture.Device{}, nil, err
	}
	screens, err := x.screens()
	if err != nil {
		return capture.Device{}, nil, err
	}
	if int64(n) >= int64(len(screens)) {
		return capture.Device{}, nil, capture.ErrNoDevice
	}
	return screens[n].device(int(n)), &screenGrabber{images{x: x}, int(n)}, nil
}

func (x *x11) openWindow(n uint32) (capture.Device, grabber, error) {
	w := xproto.Window(n)
	attributes, err := xproto.GetWindowAttributes(x.conn, w).Reply()
	var none xproto.WindowError
	if errors.As(err, &none) || w == x.root {
		return capture.Device{}, nil, capture.ErrNoDevice
	} else if err != nil {
		return capture.Device{}, nil, x.lost(err)
	}
	geometry, err := xproto.GetGeometry(x.conn, xproto.Drawable(w)).Reply()
	if err != nil {
		return capture.Device{}, nil, x.lost(err)
	}
	if err := x.drawsLike(geometry.Depth, attributes.Visual); err != nil {
		return capture.Device{}, nil, err
	}
	pixmap, err := x.redirect(w)
	if err != nil {
		return capture.Device{}, nil, err
	}
	return x.window(w), &windowGrabber{images{x: x}, w, pixmap}, nil
}
