//go:build !nowindow

package window

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"paravent/media/call"
	"paravent/media/present"
	"paravent/media/sfu"
)

// A double is a call that writes down what is asked of it.
type double struct {
	bell chan struct{}
	slow chan struct{} // SetCamera waits for it, if there is one

	mu    sync.Mutex // guards everything that follows
	asked []string
	state call.State
	fails error
}

func newDouble(s call.State) *double { return &double{bell: make(chan struct{}, 1), state: s} }

func (d *double) note(format string, args ...any) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, strings.TrimSpace(fmt.Sprintf(format, args...)))
	return d.fails
}

// took returns what was asked since the last time.
func (d *double) took() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.asked
	d.asked = nil
	return list
}

func (d *double) set(s call.State) {
	d.mu.Lock()
	d.state = s
	d.mu.Unlock()
	d.bell <- struct{}{}
}

func (d *double) SetCamera(ctx context.Context, on bool) error {
	if d.slow != nil {
		select {
		case <-d.slow:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return d.note("camera %v", on)
}

func (d *double) SetMicrophone(_ context.Context, on bool) error { return d.note("microphone %v", on) }

func (d *double) SetScreen(_ context.Context, on bool, name string) error {
	return d.note("screen %v %s", on, name)
}
func (d *double) SetHand(_ context.Context, up bool) error        { return d.note("hand %v", up) }
func (d *double) Say(_ context.Context, text string) error        { return d.note("say %s", text) }
func (d *double) Remove(_ context.Context, id sfu.MemberID) error { return d.note("remove %s", id) }
func (d *double) Lock(_ context.Context, on bool) error           { return d.note("lock %v", on) }
func (d *double) ShowHeld(context.Context) error                  { return d.note("show") }
func (d *double) Talk(on bool) error                              { return d.note("talk %v", on) }
func (d *double) Record(context.Context) error                    { return d.note("record") }
func (d *double) TellWords(l string) error                        { d.note("words %s", l); return nil }
func (d *double) Verified() error                                 { d.note("verified"); return nil }
func (d *double) TellVolumes()                                    { d.note("volumes") }
func (d *double) SendFile(_ context.Context, path string, exact bool) error {
	return d.note("send %s %v", path, exact)
}
func (d *double) TellFiles() { _ = d.note("files") }
func (d *double) SetVolume(id sfu.MemberID, v call.Volume) {
	d.note("volume of %s %d %v", id, v.Percent, v.Muted)
}
func (d *double) Answer(yes bool)             { d.note("answer %v", yes) }
func (d *double) Panic()                      { d.note("panic") }
func (d *double) Leave(context.Context) error { return d.note("leave") }
func (d *double) On(sfu.Source) bool          { return false }
func (d *double) HandUp() bool                { return false }
func (d *double) Changed() <-chan struct{}    { return d.bell }
func (d *double) Stats() call.Stats           { return call.Stats{} }

func (d *double) State() call.State {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}

func (d *double) Watch(id sfu.TrackID, v sfu.View, _ present.VideoSink) {
	d.note("watch %s %d×%d", id, v.Width, v.Height)
}

func (d *double) WatchSelf(src sfu.Source, sink present.VideoSink) {
	d.note("watch self %s %v", src, sink != nil)
}

// A rig is a face in a window that is only memory. All of it belongs to the
// test's goroutine.
type rig struct {
	t     *testing.T
	call  *double
	face  *face
	wants map[key]wish
	now   time.Time
	shut  atomic.Bool
}

func newRig(t *testing.T, width, height float32) *rig {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(newTheme())
	r := &rig{t: t, call: newDouble(call.State{}), now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	d := newDesk(r.call, func(err error) { r.face.fail(err) })
	w := test.NewTempWindow(t, nil)
	w.SetPadded(false)
	r.face = newFace(w, outside{
		verb: func(name string, args ...string) {
			if err := d.carryOut(t.Context(), name, args); err != nil {
				r.face.fail(err)
			}
		},
		talk:  r.call.Talk,
		loud:  r.call.SetVolume,
		ring:  func() {},
		want:  func(m map[key]wish) { r.wants = m },
		close: func() { r.shut.Store(true) },
		now:   func() time.Time { return r.now },
	})
	w.Resize(fyne.NewSize(width, height))
	return r
}

// press presses the key of one character, as the driver does.
func (r *rig) press(keys string) {
	c := r.face.window.Canvas()
	for _, k := range keys {
		if f := c.Focused(); f != nil {
			f.TypedRune(k)
		} else {
			c.OnTypedRune()(k)
		}
	}
}

// key presses a key without a character.
func (r *rig) key(name fyne.KeyName) {
	c := r.face.window.Canvas()
	if f := c.Focused(); f != nil {
		f.TypedKey(&fyne.KeyEvent{Name: name})
	} else {
		c.OnTypedKey()(&fyne.KeyEvent{Name: name})
	}
}

// space lets the talk key go down, or up, as the driver does: to what has the focus, if
// it takes such, else to the window if nothing has it.
func (r *rig) space(down bool) {
	e := &fyne.KeyEvent{Name: fyne.KeySpace}
	switch f := r.face.window.Canvas().Focused().(type) {
	case desktop.Keyable:
		if down {
			f.KeyDown(e)
			f.TypedKey(e)
		} else {
			f.KeyUp(e)
		}
	case nil:
		if down {
			r.face.keyDown(e)
			r.face.typedKey(e)
		} else {
			r.face.keyUp(e)
		}
	}
}

func (r *rig) wantAsked(want ...string) {
	r.t.Helper()
	if got := r.call.took(); !slices.Equal(got, want) {
		r.t.Fatalf("asked of the call: %q, want %q", got, want)
	}
}

// texts returns every text that can be seen at or below o.
func texts(o fyne.CanvasObject) []string {
	var list []string
	walk(o, func(o fyne.CanvasObject) {
		switch o := o.(type) {
		case *canvas.Text:
			list = append(list, o.Text)
		case *widget.Label:
			list = append(list, o.Text)
		}
	})
	return list
}

func walk(o fyne.CanvasObject, visit func(fyne.CanvasObject)) {
	if o == nil || !o.Visible() {
		return
	}
	visit(o)
	switch o := o.(type) {
	case *fyne.Container:
		for _, c := range o.Objects {
			walk(c, visit)
		}
	case *widget.Label: // its text is known
	case fyne.Widget:
		for _, c := range test.WidgetRenderer(o).Objects() {
			walk(c, visit)
		}
	}
}

// meeting is a state with members who show their cameras.
func meeting(names ...string) call.State {
	s := call.State{
		Room: "Round", Self: "me", Link: sfu.LinkUp,
		Caps: sfu.Caps{Chat: true, Hand: true},
		Own:  call.Own{Background: "blur", Gate: "near"},
	}
	s = s.After(sfu.MemberJoined{Member: sfu.Member{ID: "me", Name: "Me", Role: sfu.Person}})
	for _, n := range names {
		id := sfu.MemberID("m-" + n)
		s = s.After(sfu.MemberJoined{Member: sfu.Member{ID: id, Name: sfu.Foreign(n), Role: sfu.Person}})
		s = s.After(sfu.TrackAdded{Track: sfu.Track{ID: sfu.TrackID("t-" + n), Member: id, Source: sfu.Camera, Width: 640, Height: 360}})
	}
	return s
}
