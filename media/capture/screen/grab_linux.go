package screen

import (
	"errors"
	"image"

	"github.com/jezek/xgb/composite"
	"github.com/jezek/xgb/shm"
	"github.com/jezek/xgb/xproto"
	"golang.org/x/sys/unix"

	"paravent/media/capture"
)

const allPlanes = 1<<32 - 1

// A screenGrabber takes shots of a part of the root window.
type screenGrabber struct {
	images
	number int
}

func (g *screenGrabber) grab() (shot, error) {
	g.x.settle()
	screens, err := g.x.screens() // each time: it may have turned, or changed its size
	if err != nil {
		return shot{}, err
	}
	if g.number >= len(screens) {
		return shot{}, capture.ErrUnplugged
	}
	return g.read(xproto.Drawable(g.x.root), screens[g.number].rect)
}

// A windowGrabber takes shots of one window.
type windowGrabber struct {
	images
	window xproto.Window
	pixmap xproto.Pixmap
}

// grab names the window's memory anew for each shot: the server takes another
// when the window changes its size, or comes back.
func (g *windowGrabber) grab() (shot, error) {
	g.x.settle()
	attributes, err := xproto.GetWindowAttributes(g.x.conn, g.window).Reply()
	if err != nil {
		return shot{}, g.x.lost(err)
	}
	if attributes.MapState != xproto.MapStateViewable {
		return shot{}, nil
	}
	at, err := xproto.GetGeometry(g.x.conn, xproto.Drawable(g.window)).Reply()
	if err != nil {
		return shot{}, g.x.lost(err)
	}
	err = composite.NameWindowPixmapChecked(g.x.conn, g.window, g.pixmap).Check()
	if hidden(err) {
		return shot{}, nil
	} else if err != nil {
		return shot{}, g.x.lost(err)
	}
	border := int(at.BorderWidth)
	s, err := g.read(xproto.Drawable(g.pixmap), image.Rect(border, border, border+int(at.Width), border+int(at.Height)))
	if freed := xproto.FreePixmapChecked(g.x.conn, g.pixmap).Check(); err == nil && freed != nil {
		err = g.x.lost(freed)
	}
	return s, err
}

func (g *windowGrabber) close() {
	_ = composite.UnredirectWindowChecked(g.x.conn, g.window, composite.RedirectAutomatic).Check() // the window may be gone
	g.images.close()
}

// hidden reports that a window vanished, or changed its size, between two
// requests.
func hidden(err error) bool {
	var match xproto.MatchError
	return errors.As(err, &match)
}

// images reads pixels through shared memory, where the server is able to.
type images struct {
	x   *x11
	mem []byte // shared, or nil
	seg shm.Seg
}

// read returns no pixels if r is not, or no longer, part of d.
func (i *images) read(d xproto.Drawable, r image.Rectangle) (shot, error) {
	s := shot{stride: 4 * r.Dx(), size: r.Size()}
	n := s.stride * r.Dy()
	x, y, w, h := int16(r.Min.X), int16(r.Min.Y), uint16(r.Dx()), uint16(r.Dy())
	if i.share(n) {
		_, err := shm.GetImage(i.x.conn, d, x, y, w, h, allPlanes, xproto.ImageFormatZPixmap, i.seg, 0).Reply()
		s.pix = i.mem[:n]
		return i.checked(s, err)
	}
	reply, err := xproto.GetImage(i.x.conn, xproto.ImageFormatZPixmap, d, x, y, w, h, allPlanes).Reply()
	if err == nil {
		s.pix = reply.Data
	}
	return i.checked(s, err)
}

func (i *images) checked(s shot, err error) (shot, error) {
	switch {
	case hidden(err):
		return shot{}, nil
	case err != nil:
		return shot{}, i.x.lost(err)
	case len(s.pix) < s.stride*s.size.Y:
		return shot{}, capture.ErrFormat
	}
	return s, nil
}

// share makes n bytes of memory common with the server. It reports false where
// that cannot be, for example because the server is in another container.
func (i *images) share(n int) bool {
	if len(i.mem) >= n {
		return true
	}
	if i.x.plain || !i.x.has(shmName) {
		return false
	}
	i.unshare()
	id, err := unix.SysvShmGet(unix.IPC_PRIVATE, n, unix.IPC_CREAT|0o600)
	if err != nil {
		return i.without()
	}
	// Once both have attached, the name goes, so that nothing can stay behind.
	defer unix.SysvShmCtl(id, unix.IPC_RMID, nil) //nolint:errcheck // there is no other way to free it
	mem, err := unix.SysvShmAttach(id, 0, 0)
	if err != nil {
		return i.without()
	}
	i.mem = mem
	if i.seg == 0 {
		if i.seg, err = shm.NewSegId(i.x.conn); err != nil {
			return i.without()
		}
	}
	if err := shm.AttachChecked(i.x.conn, i.seg, uint32(id), false).Check(); err != nil {
		i.free()
		return i.without()
	}
	return true
}

func (i *images) without() bool {
	i.x.plain = true
	i.free()
	return false
}

func (i *images) unshare() {
	if i.mem != nil {
		_ = shm.DetachChecked(i.x.conn, i.seg).Check() // if the server is gone, so is its part
		i.free()
	}
}

// free wipes the memory, which the server then still may hold for a moment.
func (i *images) free() {
	if i.mem == nil {
		return
	}
	clear(i.mem)
	_ = unix.SysvShmDetach(i.mem) // it fails only for what was not attached
	i.mem = nil
}

func (i *images) close() {
	i.unshare()
	i.x.close()
}
