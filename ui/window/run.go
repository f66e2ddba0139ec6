//go:build !nowindow

// Package window is the face in a window of its own, made with Fyne. It shows
// what package view says and does what package command lists; it knows no
// server, opens no socket, keeps no settings, and shows text from the network
// only as plain labels.
//
// Decision, 22 November 2026: pictures go through a canvas.Raster whose pixels
// are reused. Of what Fyne's painter offers it is the one path that uploads an
// image.RGBA as it is: canvas.Image scales in software, and a YCbCr is drawn
// pixel by pixel. One tick, at most 30 a second, repaints all tiles that have
// news, because Fyne paints the whole window each time.
package window

import (
	"context"
	"errors"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"paravent/media/sfu"
	"paravent/ui/say"
	"paravent/ui/view"
)

const (
	maxFPS = 30
	// ackFor is how long the ending stays if nobody closes it.
	ackFor = 3 * time.Second
	// leaveFor is how long a server may take to let the person go.
	leaveFor = 5 * time.Second
)

// Run shows c in a window until the call has ended or the person has left, and
// returns when nothing of the window is left. Closing the window leaves the
// call. It returns ErrNoDisplay where there is no screen.
//
// Run must be called on the main goroutine, the one that runs main, and once at
// most in a process: the systems' window libraries want it so. Fyne quits by
// itself on SIGINT and SIGTERM; Run leaves the call then as well.
func Run(ctx context.Context, c view.Call, o Options) error {
	if err := probe(environment); err != nil {
		return err
	}
	if o.Width <= 0 || o.Height <= 0 {
		o.Width, o.Height = 1180, 720
	}
	a := app.NewWithID("") // without an ID Fyne keeps nothing on disk
	a.Settings().SetTheme(newTheme())
	w := a.NewWindow(say.EnglishWindow().Program)
	w.SetMaster()
	w.SetPadded(false)

	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	h := newHost(c, draw, inner.Done())
	h.quit = w.Close
	f := newFace(w, outside{verb: h.desk.run, talk: c.Talk, loud: c.SetVolume, ring: h.ring, want: h.watcher.want, close: h.close, now: time.Now})
	h.face = f
	w.SetCloseIntercept(h.leave)
	w.Resize(fyne.NewSize(float32(o.Width), float32(o.Height)))
	w.CenterOnScreen()
	f.update(c.State())
	w.Show()
	onMinimised(w, f.setHidden)
	a.Lifecycle().SetOnExitedForeground(f.letGo) // the key may be let go elsewhere

	h.start(inner, ctx)
	a.Run()
	h.shut()
	stop()
	h.tasks.Wait()
	f.letGo()
	f.destroy()
	if c.State().Ended != nil {
		return nil
	}
	bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveFor)
	defer cancel()
	if err := c.Leave(bye); err != nil && !errors.Is(err, sfu.ErrEnded) {
		return err
	}
	return nil
}

// draw runs fn on the drawing goroutine, soon. Fyne stops its queue when it is
// told to end by a signal, and who comes a moment later must not fall over that.
func draw(fn func()) {
	defer func() { _ = recover() }()
	fyne.Do(fn)
}
