//go:build !nowindow

package window

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// A banner is a sentence across the window, with buttons if it is a question.
// It is its container's layout.
type banner struct {
	box     *fyne.Container
	ground  *canvas.Rectangle
	mark    *canvas.Text
	label   *widget.Label
	buttons []*button
}

func newBanner(stroke color.Color, buttons ...*button) *banner {
	c := colours()
	b := &banner{
		ground: panel(c.panel, 6), mark: words(alertMark, c.alert, textSize+4, true),
		label: widget.NewLabel(""), buttons: buttons,
	}
	b.ground.StrokeColor, b.ground.StrokeWidth = stroke, 2
	b.label.Wrapping = fyne.TextWrapWord
	objects := []fyne.CanvasObject{b.ground, b.mark, b.label}
	for _, o := range buttons {
		objects = append(objects, o)
	}
	b.box = container.New(b, objects...)
	b.box.Hide()
	return b
}

// set shows the text, or nothing if it is empty.
func (b *banner) set(text string, alert bool) {
	b.label.TextStyle.Bold = len(b.buttons) > 0
	if b.label.Text != text {
		b.label.SetText(text)
	}
	show(b.mark, alert)
	show(b.box, text != "")
}

const bannerPad = 8

// height is how high the banner is at the given width.
func (b *banner) height(width float32) float32 { return b.arrange(width) }

// MinSize implements fyne.Layout.
func (*banner) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(200, 40) }

// Layout implements fyne.Layout.
func (b *banner) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	b.ground.Resize(size)
	b.arrange(size.Width)
}

// arrange places the parts and returns the height they take: the buttons are on
// the right, or below where the window is narrow.
func (b *banner) arrange(width float32) float32 {
	x, right := float32(bannerPad), width-bannerPad
	if b.mark.Visible() {
		x += b.mark.MinSize().Width + 2*bannerPad
	}
	var row, tall float32
	for _, o := range b.buttons {
		m := o.MinSize()
		row, tall = row+max(m.Width, 96)+bannerPad, max(tall, m.Height)
	}
	below := row > 0 && width < 2.2*row
	if !below {
		right -= row
	}
	b.label.Resize(fyne.NewSize(right-x, b.label.MinSize().Height))
	text := b.label.MinSize().Height
	b.label.Resize(fyne.NewSize(right-x, text))
	h := max(text, tall)
	top := bannerPad + (h-tall)/2
	if below {
		h, top = text+bannerPad+tall, bannerPad+text+bannerPad
		b.label.Move(fyne.NewPos(x, bannerPad))
	} else {
		b.label.Move(fyne.NewPos(x, bannerPad+(h-text)/2))
	}
	m := b.mark.MinSize()
	b.mark.Resize(m)
	b.mark.Move(fyne.NewPos(2*bannerPad, b.label.Position().Y+(text-m.Height)/2))
	left := width - row
	for _, o := range b.buttons {
		w := max(o.MinSize().Width, 96)
		o.Resize(fyne.NewSize(w, tall))
		o.Move(fyne.NewPos(left, top))
		left += w + bannerPad
	}
	return h + 2*bannerPad
}
