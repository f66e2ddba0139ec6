//go:build !nowindow

package window

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"paravent/ui/view"
)

// alertMark stands before what must not be overlooked, for those who do not
// see the colour.
const alertMark = "!"

// A stateLine is the line that never goes away. Its words are those of
// view.StateLine.
type stateLine struct {
	flow   flow
	box    *fyne.Container
	badges []view.Badge

	tall, width float32 // height that was last given, at which width
}

func newStateLine() *stateLine {
	l := &stateLine{flow: flow{gap: 6, rowGap: 4}}
	l.box = container.New(l.flow)
	return l
}

// set shows the badges; it reports whether they are others than before.
func (l *stateLine) set(badges []view.Badge) bool {
	if slices.Equal(l.badges, badges) {
		return false
	}
	l.badges = badges
	l.box.RemoveAll()
	for _, b := range badges {
		l.box.Add(newBadge(b))
	}
	return true
}

// height is how high the line is at the given width. It keeps a row that is no
// longer needed, so that the pictures do not jump with each word of advice.
func (l *stateLine) height(width float32) float32 {
	need := l.flow.height(l.box.Objects, width)
	spare := l.tall - need
	if width != l.width || spare < 0 || len(l.box.Objects) == 0 || spare > l.box.Objects[0].MinSize().Height+l.flow.rowGap+1 {
		l.width, l.tall = width, need
	}
	return l.tall
}

func newBadge(b view.Badge) *fyne.Container {
	c := colours()
	ground := panel(c.panel, 5)
	ground.StrokeColor, ground.StrokeWidth = c.line, 1
	text := words(short(b.Text), c.text, smallSize+1, b.Alert)
	if !b.Alert {
		return container.New(badgeLayout{}, ground, text)
	}
	ground.FillColor, ground.StrokeColor, ground.StrokeWidth = c.alertGround, c.alert, 2
	text.Color = c.alert
	return container.New(badgeLayout{}, ground, words(alertMark, c.alert, textSize, true), text)
}

// badgeLayout puts the first object behind the others, which stand in a row.
type badgeLayout struct{}

func (badgeLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	for i, o := range objects[1:] {
		s := o.MinSize()
		m = fyne.NewSize(m.Width+s.Width, max(m.Height, s.Height))
		if i > 0 {
			m.Width += 6
		}
	}
	return m.AddWidthHeight(16, 6)
}

func (badgeLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(size)
	x := float32(8)
	for _, o := range objects[1:] {
		m := o.MinSize()
		o.Resize(m)
		o.Move(fyne.NewPos(x, (size.Height-m.Height)/2))
		x += m.Width + 6
		if t, ok := o.(*canvas.Text); ok && x > size.Width { // wider than the window
			o.Resize(fyne.NewSize(size.Width-o.Position().X-8, m.Height))
			t.Text = fitted(t.Text, o.Size().Width, t.TextSize, t.TextStyle)
		}
	}
}
