//go:build !nowindow

package window

import "fyne.io/fyne/v2"

// Below these widths the roster and the chat make room for the pictures, and
// the buttons leave their keys out.
const (
	wideWindow    = 820
	compactWindow = 640
)

// rootLayout places the parts of the face:
//
//	wide                            narrow
//	┌ question ─────────────────┐   ┌ question ────┐
//	│ ┌ stage ────────┐ ┌ own ┐ │   │ ┌ stage ───┐ │   or, while something
//	│ │               │ ├ side┤ │   │ │    ┌ own ┐ │   is written, the side
//	│ └───────────────┘ └─────┘ │   │ └────┴─────┘ │
//	│ notice                    │   │ notice       │
//	│ buttons                   │   │ buttons      │
//	└ state line ───────────────┘   └ state line ──┘
type rootLayout struct{ f *face }

const edge = 8

// MinSize implements fyne.Layout.
func (rootLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(360, 300) }

// Layout implements fyne.Layout.
func (l rootLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	f := l.f
	w := size.Width - 2*edge
	top, bottom := float32(edge), size.Height-edge
	put := func(o fyne.CanvasObject, x, y, w, h float32) {
		o.Move(fyne.NewPos(x, y))
		o.Resize(fyne.NewSize(max(w, 0), max(h, 0)))
	}
	under := func(o fyne.CanvasObject, h float32) {
		bottom -= h
		put(o, edge, bottom, w, h)
		bottom -= edge
	}
	for _, t := range f.tools {
		t.button.compact = size.Width < compactWindow
		t.button.dress()
	}
	under(f.line.box, f.line.height(w))
	under(f.toolsBox, flow{gap: 6, rowGap: 6}.height(f.toolsBox.Objects, w))
	if f.question.box.Visible() {
		h := f.question.height(w)
		put(f.question.box, edge, top, w, h)
		top += h + edge
	}
	if f.notice.box.Visible() {
		const least = 140 // of the pictures; the chat has the notice as well
		if h := f.notice.height(w); bottom-top-h > least {
			under(f.notice.box, h)
		} else {
			f.notice.box.Hide()
		}
	}
	high := max(bottom-top, 0)
	owns := float32(len(f.own))
	if size.Width >= wideWindow {
		side := min(max(w*0.26, 250), 340)
		x := edge + w - side
		show(f.stageBox, true)
		show(f.sideBox, true)
		show(f.ownBox, owns > 0)
		y := top
		if owns > 0 {
			h := min((side-(owns-1)*tileGap)/owns*9/16, high*0.28)
			own := min(h*16/9*owns+(owns-1)*tileGap, side)
			put(f.ownBox, x+(side-own)/2, top, own, h)
			y += h + edge
		}
		put(f.sideBox, x, y, side, top+high-y)
		put(f.stageBox, edge, top, w-side-edge, high)
		f.relayStage()
		return
	}
	show(f.stageBox, !f.chatFront)
	show(f.sideBox, f.chatFront)
	put(f.sideBox, edge, top, w, high)
	const least, most = 200, 230 // so that the words on the own picture fit
	switch room := min(max(w*0.25, least), most); {
	case owns == 0:
		put(f.stageBox, edge, top, w, high)
	case w > high*1.3:
		h := min(room*9/16*owns+(owns-1)*tileGap, high)
		put(f.ownBox, edge+w-room, top+high-h, room, h)
		put(f.stageBox, edge, top, w-room-edge, high)
	default:
		h := min(room*9/16, high*0.35)
		own := min(room*owns+(owns-1)*tileGap, w)
		put(f.ownBox, edge+w-own, top+high-h, own, h)
		put(f.stageBox, edge, top, w, high-h-edge)
	}
	show(f.ownBox, owns > 0 && !f.chatFront)
	f.relayStage()
}

// relayStage places the parts of the parts, even those whose size is what it
// was, and says what is seen.
func (f *face) relayStage() {
	f.stage.Layout(nil, f.stageBox.Size())
	f.ownBox.Layout.Layout(f.ownBox.Objects, f.ownBox.Size())
	f.sideBox.Layout.Layout(f.sideBox.Objects, f.sideBox.Size())
	f.toolsBox.Layout.Layout(f.toolsBox.Objects, f.toolsBox.Size())
	f.line.box.Layout.Layout(f.line.box.Objects, f.line.box.Size())
	f.rewatch()
}

// beside puts its objects in one row, or in one column where that is taller
// than wide, all of one size.
type beside struct{}

func (beside) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(48, 27) }

func (beside) Layout(o []fyne.CanvasObject, size fyne.Size) {
	n := float32(max(len(o), 1))
	each, step := fyne.NewSize((size.Width-(n-1)*tileGap)/n, size.Height), fyne.NewPos(1, 0)
	if size.Height > size.Width*0.7 {
		each, step = fyne.NewSize(size.Width, (size.Height-(n-1)*tileGap)/n), fyne.NewPos(0, 1)
	}
	for i, t := range o {
		t.Resize(each)
		t.Move(fyne.NewPos(step.X*float32(i)*(each.Width+tileGap), step.Y*float32(i)*(each.Height+tileGap)))
	}
}
