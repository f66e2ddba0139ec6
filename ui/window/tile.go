//go:build !nowindow

package window

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"paravent/media/sfu"
	"paravent/ui/say"
	"paravent/ui/view"
)

// A key names a tile from one state to the next.
type key struct {
	track sfu.TrackID
	own   bool
	src   sfu.Source
}

func keyOf(t view.Tile) key { return key{track: t.Track, own: t.Own, src: t.Source} }

// A tile is one picture with its name. It belongs to the drawing goroutine,
// except for its sheet.
type tile struct {
	widget.BaseWidget

	info  view.Tile
	sheet *sheet

	ground  *canvas.Rectangle
	raster  *canvas.Raster
	strip   *canvas.Rectangle
	label   *canvas.Text
	chip    *canvas.Rectangle
	speaks  *canvas.Text
	waiting *canvas.Text
	border  *canvas.Rectangle

	shape image.Point // of the picture as it came; zero before the first
}

func newTile(info view.Tile, ring func()) *tile {
	c, w := colours(), say.EnglishWindow()
	t := &tile{
		info: info, sheet: newSheet(ring),
		ground: panel(c.dark, 0), strip: panel(c.veil, 4), border: panel(nil, 0), chip: panel(c.speaks, 4),
		label:   words("", c.text, smallSize+1, false),
		speaks:  words(say.English().Speaks, c.dark, smallSize, true),
		waiting: words(w.Waiting, c.quiet, smallSize, false),
	}
	t.waiting.Alignment = fyne.TextAlignCenter
	t.raster = canvas.NewRaster(func(int, int) image.Image { return t.sheet.pixels() })
	t.raster.Hide()
	t.ExtendBaseWidget(t)
	t.dress()
	return t
}

// set gives the tile what the state says of it now.
func (t *tile) set(info view.Tile) {
	if t.info == info {
		return
	}
	t.info = info
	t.dress()
	t.arrange(t.Size())
	t.border.Refresh()
	t.label.Refresh()
}

func (t *tile) dress() {
	c := colours()
	t.border.StrokeColor, t.border.StrokeWidth = c.line, 1
	t.label.TextStyle.Bold = t.info.Speaking
	if t.info.Speaking {
		t.border.StrokeColor, t.border.StrokeWidth = c.speaks, 4
	}
	show(t.speaks, t.info.Speaking)
	show(t.chip, t.info.Speaking)
}

func show(o fyne.CanvasObject, on bool) {
	if on {
		o.Show()
	} else {
		o.Hide()
	}
}

// news repaints the picture if there is a new one.
func (t *tile) news() {
	fresh, shape := t.sheet.news()
	if !fresh {
		return
	}
	if shape != t.shape {
		t.shape = shape
		t.waiting.Hide()
		t.raster.Show()
		t.arrange(t.Size())
	}
	t.raster.Refresh()
}

// arrange places the parts: the picture whole and in its own shape, the words
// on it.
func (t *tile) arrange(size fyne.Size) {
	t.ground.Resize(size)
	t.border.Resize(size)
	pic := size
	if t.shape.X > 0 && t.shape.Y > 0 && size.Height > 0 {
		pic = contain(t.shape, size)
	}
	t.raster.Move(fyne.NewPos((size.Width-pic.Width)/2, (size.Height-pic.Height)/2))
	t.raster.Resize(pic)
	t.waiting.Move(fyne.NewPos(0, size.Height/2-smallSize))
	t.waiting.Resize(fyne.NewSize(size.Width, smallSize*2))

	const edge, pad = 7, 6
	chip := t.speaks.MinSize().AddWidthHeight(2*pad, 4)
	t.chip.Resize(chip)
	t.chip.Move(fyne.NewPos(size.Width-chip.Width-edge, edge))
	t.speaks.Resize(t.speaks.MinSize())
	t.speaks.Move(t.chip.Position().AddXY(pad, 2))
	t.label.Text = fitted(t.info.Label, size.Width-2*edge-2*pad, t.label.TextSize, t.label.TextStyle)
	m := t.label.MinSize()
	t.strip.Resize(m.AddWidthHeight(2*pad, 4))
	t.strip.Move(fyne.NewPos(edge, size.Height-m.Height-4-edge))
	t.label.Resize(m)
	t.label.Move(t.strip.Position().AddXY(pad, 2))
}

// contain returns the largest size of the given shape inside of room.
func contain(shape image.Point, room fyne.Size) fyne.Size {
	w := min(room.Width, room.Height*float32(shape.X)/float32(shape.Y))
	return fyne.NewSize(w, w*float32(shape.Y)/float32(shape.X))
}

// CreateRenderer implements fyne.Widget.
func (t *tile) CreateRenderer() fyne.WidgetRenderer { return tileRenderer{t} }

type tileRenderer struct{ t *tile }

func (r tileRenderer) Layout(size fyne.Size) { r.t.arrange(size) }

func (tileRenderer) MinSize() fyne.Size { return fyne.NewSize(48, 27) }

func (r tileRenderer) Refresh() {
	r.t.dress()
	r.t.arrange(r.t.Size())
	canvas.Refresh(r.t)
}

func (tileRenderer) Destroy() {}

func (r tileRenderer) Objects() []fyne.CanvasObject {
	t := r.t
	return []fyne.CanvasObject{t.ground, t.raster, t.waiting, t.strip, t.label, t.chip, t.speaks, t.border}
}
