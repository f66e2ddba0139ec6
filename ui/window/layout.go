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
	if f.notice.box.Visible() {
		under(f.notice.box, f.notice.height(w))
	}
	if f.question.box.Visible() {
		h := f.question.height(w)
		put(f.question.box, edge, top, w, h)
		top += h + edge
	}
	high := max(bottom-top, 0)
	owns := float32(len(f.own))
	if size.Width >= wideWindow {
		side := min(max(w*0.26, 250), 340)
		x := edge + w - side
		show(f.stageBox, true)
		show(f.sideBox, true)
		y := top
		if owns > 0 {
			h := min((side-(owns-1)*tileGap)/owns*9/16, high*0.28)
			ow := min(h*16/9*owns+(owns-1)*tileGap, side)
			put(f.ownBox, x+(side-ow)/2, top, ow, h)
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
	put(f.stageBox, edge, top, w, high)
	if owns > 0 {
		const least, most = 190, 220
		ow := min(max(w*0.25, least), most)
		oh := min(ow*9/16, high*0.45)
		ow = min(ow*owns+(owns-1)*tileGap, w)
		if f.chatFront {
			oh = 0
		}
		put(f.ownBox, edge+w-ow-4, top+high-oh-4, ow, oh)
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
