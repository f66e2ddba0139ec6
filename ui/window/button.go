//go:build !nowindow

package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// A look is how a button stands out; its words say the same.
type look int

const (
	plain  look = iota
	active      // something leaves this machine
	danger
	chosen // the answer that is safe
)

// A button is a verb to press: a word, and below it the key. Focused, it does
// what Enter and Space say, and passes every other key on, so that the single
// keys go on working.
type button struct {
	widget.BaseWidget

	tap  func()
	face *face // which has the keys that are none of the button's

	look    look
	compact bool // without the key below
	hovered bool
	focused bool

	ground, ring *canvas.Rectangle
	title, hint  *canvas.Text
}

func (f *face) newButton(title, hint string, l look, tap func()) *button {
	c := colours()
	b := &button{
		tap: tap, face: f, look: l,
		ground: panel(c.raised, 6), ring: panel(nil, 8),
		title: words(title, c.text, textSize, true), hint: words(hint, c.quiet, smallSize, false),
	}
	b.title.Alignment, b.hint.Alignment = fyne.TextAlignCenter, fyne.TextAlignCenter
	b.ring.StrokeWidth = 2
	b.ExtendBaseWidget(b)
	b.dress()
	return b
}

// set gives the button a new word and look.
func (b *button) set(title string, l look) {
	if b.title.Text == title && b.look == l {
		return
	}
	b.title.Text, b.look = title, l
	b.Refresh()
}

func (b *button) dress() {
	c := colours()
	b.ground.FillColor, b.ground.StrokeColor, b.ground.StrokeWidth = c.raised, c.line, 1
	b.title.Color, b.hint.Color = c.text, c.quiet
	switch b.look {
	case active:
		b.ground.FillColor, b.ground.StrokeColor, b.ground.StrokeWidth = c.alertGround, c.alert, 2
		b.title.Color, b.hint.Color = c.alert, c.text
	case danger:
		b.ground.FillColor, b.hint.Color = c.danger, c.text
	case chosen:
		b.ground.FillColor, b.hint.Color = c.accent, c.text
	case plain:
	}
	if b.hovered {
		b.ground.StrokeColor = c.text
	}
	b.ring.StrokeColor = nil
	if b.focused {
		b.ring.StrokeColor = c.text
	}
	show(b.hint, !b.compact && b.hint.Text != "")
}

// Tapped implements fyne.Tappable.
func (b *button) Tapped(*fyne.PointEvent) { b.tap() }

// FocusGained implements fyne.Focusable.
func (b *button) FocusGained() { b.focused = true; b.Refresh() }

// FocusLost implements fyne.Focusable.
func (b *button) FocusLost() { b.focused = false; b.Refresh() }

// TypedRune implements fyne.Focusable.
func (b *button) TypedRune(r rune) {
	if r != ' ' { // comes as a key as well
		b.face.typedRune(r)
	}
}

// TypedKey implements fyne.Focusable.
func (b *button) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeySpace && b.face.state.Own.PushToTalk {
		return // it is the talk key; Enter presses buttons
	}
	if e.Name == fyne.KeySpace || e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter {
		b.tap()
		return
	}
	b.face.typedKey(e)
}

// KeyDown implements desktop.Keyable.
func (b *button) KeyDown(e *fyne.KeyEvent) { b.face.keyDown(e) }

// KeyUp implements desktop.Keyable.
func (b *button) KeyUp(e *fyne.KeyEvent) { b.face.keyUp(e) }

// MouseIn implements desktop.Hoverable.
func (b *button) MouseIn(*desktop.MouseEvent) { b.hovered = true; b.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (*button) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (b *button) MouseOut() { b.hovered = false; b.Refresh() }

// CreateRenderer implements fyne.Widget.
func (b *button) CreateRenderer() fyne.WidgetRenderer { return buttonRenderer{b} }

type buttonRenderer struct{ b *button }

func (r buttonRenderer) MinSize() fyne.Size {
	m := r.b.title.MinSize()
	if r.b.hint.Visible() {
		h := r.b.hint.MinSize()
		m = fyne.NewSize(max(m.Width, h.Width), m.Height+h.Height)
	}
	return fyne.NewSize(max(m.Width+24, 56), m.Height+10)
}

func (r buttonRenderer) Layout(size fyne.Size) {
	b := r.b
	b.ground.Resize(size)
	b.ring.Move(fyne.NewPos(-2, -2))
	b.ring.Resize(size.AddWidthHeight(4, 4))
	t := b.title.MinSize().Height
	top := (size.Height - t) / 2
	if b.hint.Visible() {
		h := b.hint.MinSize().Height
		top = (size.Height - t - h) / 2
		b.hint.Move(fyne.NewPos(0, top+t))
		b.hint.Resize(fyne.NewSize(size.Width, h))
	}
	b.title.Move(fyne.NewPos(0, top))
	b.title.Resize(fyne.NewSize(size.Width, t))
}

func (r buttonRenderer) Refresh() {
	r.b.dress()
	r.Layout(r.b.Size())
	for _, o := range r.Objects() {
		canvas.Refresh(o)
	}
}

func (buttonRenderer) Destroy() {}

func (r buttonRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.b.ring, r.b.ground, r.b.title, r.b.hint}
}
