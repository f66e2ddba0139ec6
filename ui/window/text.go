//go:build !nowindow

package window

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// maxLabel bounds, in characters, what one label takes of a name that came from
// the network, before it is measured.
const maxLabel = 80

// short cuts s to maxLabel characters.
func short(s string) string {
	n := 0
	for i := range s {
		if n == maxLabel {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// fitted cuts s so that it is at most width wide.
func fitted(s string, width, size float32, style fyne.TextStyle) string {
	s = short(s)
	if fyne.MeasureText(s, size, style).Width <= width {
		return s
	}
	runes := []rune(s)
	lo, hi := 0, len(runes)
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if fyne.MeasureText(string(runes[:mid])+"…", size, style).Width <= width {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return string(runes[:lo]) + "…"
}

// words returns a line of plain text.
func words(s string, c color.Color, size float32, bold bool) *canvas.Text {
	t := canvas.NewText(s, c)
	t.TextSize, t.TextStyle.Bold = size, bold
	return t
}

// panel returns a rectangle with round corners.
func panel(fill color.Color, radius float32) *canvas.Rectangle {
	r := canvas.NewRectangle(fill)
	r.CornerRadius = radius
	return r
}

// A flow lays its objects out in rows, as words in a paragraph.
type flow struct{ gap, rowGap float32 }

func (l flow) Layout(objects []fyne.CanvasObject, size fyne.Size) { l.run(objects, size.Width, true) }

// height is how high the rows are at the given width.
func (l flow) height(objects []fyne.CanvasObject, width float32) float32 {
	return l.run(objects, width, false)
}

func (l flow) run(objects []fyne.CanvasObject, width float32, move bool) float32 {
	var x, y, row float32
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		m := o.MinSize()
		m.Width = min(m.Width, width)
		if x > 0 && x+m.Width > width {
			x, y, row = 0, y+row+l.rowGap, 0
		}
		if move {
			o.Resize(m)
			o.Move(fyne.NewPos(x, y))
		}
		x, row = x+m.Width+l.gap, max(row, m.Height)
	}
	return y + row
}

// MinSize is that of the largest object: a flow is as narrow as it must be.
func (l flow) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	for _, o := range objects {
		if o.Visible() {
			m = m.Max(o.MinSize())
		}
	}
	return m
}
