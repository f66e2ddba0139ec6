package screen

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/composite"
	"github.com/jezek/xgb/randr"
	"github.com/jezek/xgb/xproto"

	"paravent/media/capture"
)

// The extensions, by the names that the protocol has for them.
const (
	shmName       = "MIT-SHM"
	compositeName = "Composite"
	randrName     = "RANDR"
)

// An x11 is a connection to the X server of this machine.
type x11 struct {
	conn   *xgb.Conn
	setup  *xproto.SetupInfo
	root   xproto.Window
	depth  byte // of the root window
	visual xproto.Visualid
	plain  bool // without shared memory
}

// dial returns an error that wraps capture.ErrNoDevice if there is no display,
// and capture.ErrForbidden if it is another machine's.
func dial(display string) (*x11, error) {
	switch {
	case display == "":
		return nil, fmt.Errorf("%w: there is no X display", capture.ErrNoDevice)
	case !local(display):
		return nil, fmt.Errorf("%w: the X display is on another machine", capture.ErrForbidden)
	}
	xgb.Logger.SetOutput(io.Discard) // it would write across the terminal
	conn, err := xgb.NewConnDisplay(display)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", capture.ErrNoDevice, err)
	}
	setup := xproto.Setup(conn)
	if conn.DefaultScreen >= len(setup.Roots) {
		conn.Close()
		return nil, fmt.Errorf("%w: the X display has no such screen", capture.ErrNoDevice)
	}
	s := setup.DefaultScreen(conn)
	x := &x11{conn: conn, setup: setup, root: s.Root, depth: s.RootDepth, visual: s.RootVisual}
	if err := x.extend(); err != nil {
		x.close()
		return nil, err
	}
	return x, nil
}

// local reports whether a display is reached without a network: ":0", "unix:0"
// or the path of a socket. So "localhost:10" of a remote login is not.
func local(display string) bool {
	return strings.HasPrefix(display, ":") || strings.HasPrefix(display, "unix:") || strings.HasPrefix(display, "/")
}

// extend makes the server's extensions known to this connection. The packages'
// own Init would also write to maps that all connections read without a lock;
// what it adds there are names for errors that cannot come from our requests.
func (x *x11) extend() error {
	for _, name := range []string{shmName, compositeName, randrName} {
		e, err := xproto.QueryExtension(x.conn, uint16(len(name)), name).Reply()
		if err != nil {
			return x.lost(err)
		}
		if e.Present {
			x.conn.ExtLock.Lock()
			x.conn.Extensions[name] = e.MajorOpcode
			x.conn.ExtLock.Unlock()
		}
	}
	if x.has(compositeName) {
		v, err := composite.QueryVersion(x.conn, 0, 4).Reply()
		x.keepIf(compositeName, err == nil && (v.MajorVersion > 0 || v.MinorVersion >= 2))
	}
	if x.has(randrName) {
		v, err := randr.QueryVersion(x.conn, 1, 5).Reply()
		x.keepIf(randrName, err == nil && (v.MajorVersion > 1 || v.MajorVersion == 1 && v.MinorVersion >= 5))
	}
	return nil
}

func (x *x11) keepIf(name string, good bool) {
	if !good {
		x.conn.ExtLock.Lock()
		delete(x.conn.Extensions, name)
		x.conn.ExtLock.Unlock()
	}
}

func (x *x11) has(name string) bool {
	x.conn.ExtLock.RLock()
	defer x.conn.ExtLock.RUnlock()
	_, ok := x.conn.Extensions[name]
	return ok
}

// drawsLike checks that pixels are blue, green, red and one more byte.
func (x *x11) drawsLike(depth byte, visual xproto.Visualid) error {
	bits := byte(0)
	for _, f := range x.setup.PixmapFormats {
		if f.Depth == depth {
			bits = f.BitsPerPixel
		}
	}
	if bits == 32 && x.setup.ImageByteOrder == xproto.ImageOrderLSBFirst {
		for _, s := range x.setup.Roots {
			for _, d := range s.AllowedDepths {
				for _, v := range d.Visuals {
					if v.VisualId == visual && v.RedMask == 0xff0000 && v.GreenMask == 0xff00 && v.BlueMask == 0xff {
						return nil
					}
				}
			}
		}
	}
	return fmt.Errorf("%w: %d bits of colour", capture.ErrFormat, depth)
}

// redirect makes the server keep the window's pixels apart from those of the
// windows above it, as long as this connection lives.
func (x *x11) redirect(w xproto.Window) (xproto.Pixmap, error) {
	if !x.has(compositeName) {
		return 0, fmt.Errorf("%w: the X server cannot tell a window from what covers it", capture.ErrFormat)
	}
	if err := composite.RedirectWindowChecked(x.conn, w, composite.RedirectAutomatic).Check(); err != nil {
		return 0, x.lost(err)
	}
	id, err := x.conn.NewId()
	if err != nil {
		return 0, x.lost(err)
	}
	return xproto.Pixmap(id), nil
}

// lost turns the server's errors into ours.
func (x *x11) lost(err error) error {
	var noWindow xproto.WindowError
	var noDrawable xproto.DrawableError
	var access xproto.AccessError
	switch {
	case errors.As(err, &noWindow), errors.As(err, &noDrawable), errors.Is(err, io.EOF):
		return capture.ErrUnplugged
	case errors.As(err, &access):
		return capture.ErrForbidden
	}
	return err
}

// settle reads what the server tells everybody, so that it does not pile up.
func (x *x11) settle() {
	for {
		if event, err := x.conn.PollForEvent(); event == nil && err == nil {
			return
		}
	}
}

// close returns when the connection has ended, so that nothing more can be read
// through it. Its socket goes at the same time, in a goroutine of xgb's for which
// there is no way to wait: it may be a moment later.
func (x *x11) close() {
	x.conn.Close()
	for {
		if event, err := x.conn.WaitForEvent(); event == nil && err == nil {
			return
		}
	}
}
