//go:build !nowindow

package window

import (
	"math"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"paravent/media/sfu"
	"paravent/ui/say"
	"paravent/ui/view"
)

// The smallest tile on which a face can still be read, and the space between
// tiles.
const (
	leastWidth  = 160
	leastHeight = 90
	tileGap     = 6
)

// A stage is where the others' pictures are: screens large, cameras in a grid,
// and page by page if there are more than fit. It lays itself out and is its
// container's layout.
type stage struct {
	tiles []*tile // in the order of the state
	empty *canvas.Text
	hint  *canvas.Text
	page  int

	pages   int
	visible []*tile
}

func newStage() *stage {
	c, w := colours(), say.EnglishWindow()
	s := &stage{empty: words(w.NoPictures, c.quiet, textSize, false), hint: words("", c.quiet, smallSize, false)}
	s.empty.Alignment, s.hint.Alignment = fyne.TextAlignCenter, fyne.TextAlignCenter
	return s
}

// objects returns what the stage's container holds.
func (s *stage) objects() []fyne.CanvasObject {
	list := make([]fyne.CanvasObject, 0, len(s.tiles)+2)
	for _, t := range s.tiles {
		list = append(list, t)
	}
	return append(list, s.empty, s.hint)
}

// turn goes some pages on or back.
func (s *stage) turn(by int) { s.page = min(max(s.page+by, 0), max(s.pages-1, 0)) }

// MinSize implements fyne.Layout.
func (*stage) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(leastWidth, leastHeight) }

// Layout implements fyne.Layout.
func (s *stage) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	s.visible = s.visible[:0]
	screens := s.of(true)
	cameras := s.of(false)
	show(s.empty, len(s.tiles) == 0)
	s.empty.Move(fyne.NewPos(0, size.Height/2-textSize))
	s.empty.Resize(fyne.NewSize(size.Width, 2*textSize))
	s.hint.Hide()

	main, rest := area{size: size}, area{size: size}
	switch {
	case len(screens) == 0:
	case len(cameras) == 0:
	case size.Width > size.Height*1.15:
		w := min(max(size.Width*0.22, leastWidth), 280)
		main.size.Width -= w + tileGap
		rest = area{fyne.NewPos(size.Width-w, 0), fyne.NewSize(w, size.Height)}
	default:
		h := min(max(size.Height*0.25, leastHeight), 180)
		main.size.Height -= h + tileGap
		rest = area{fyne.NewPos(0, size.Height-h), fyne.NewSize(size.Width, h)}
	}
	for i, box := range grid(len(screens), main) {
		s.put(screens[i], box)
	}
	s.putPage(cameras, rest)
}

func (s *stage) putPage(cameras []*tile, room area) {
	s.pages = 1
	first, last := 0, len(cameras)
	if fits := capacity(room.size); len(cameras) > fits {
		room.size.Height -= 2 * smallSize
		fits = capacity(room.size)
		s.pages = (len(cameras) + fits - 1) / fits
		s.page = min(s.page, s.pages-1)
		first = s.page * fits
		last = min(first+fits, len(cameras))
		s.hint.Text = fitted(say.EnglishWindow().Pages(first+1, last, len(cameras)), room.size.Width, smallSize, s.hint.TextStyle)
		s.hint.Move(room.pos.AddXY(0, room.size.Height+4))
		s.hint.Resize(fyne.NewSize(room.size.Width, smallSize*1.5))
		s.hint.Show()
	} else {
		s.page = 0
	}
	for i, t := range cameras {
		if i < first || i >= last {
			t.Hide()
		}
	}
	for i, box := range grid(last-first, room) {
		s.put(cameras[first+i], box)
	}
}

func (s *stage) put(t *tile, box area) {
	t.Resize(box.size)
	t.Move(box.pos)
	t.Show()
	s.visible = append(s.visible, t)
}

func (s *stage) of(screens bool) []*tile {
	var list []*tile
	for _, t := range s.tiles {
		if (t.info.Source == sfu.Screen) == screens {
			list = append(list, t)
		}
	}
	return list
}

// An area is a place on the stage.
type area struct {
	pos  fyne.Position
	size fyne.Size
}

// capacity is how many tiles of the smallest size fit, at least one.
func capacity(size fyne.Size) int {
	cols := int((size.Width + tileGap) / (leastWidth + tileGap))
	rows := int((size.Height + tileGap) / (leastHeight + tileGap))
	return max(cols, 1) * max(rows, 1)
}

// grid places n tiles of 16:9 in room, as large as they can be, each row in the
// middle.
func grid(n int, room area) []area {
	if n == 0 {
		return nil
	}
	cols, w := 1, float32(0)
	for c := 1; c <= n; c++ {
		rows := (n + c - 1) / c
		fit := min((room.size.Width-float32(c-1)*tileGap)/float32(c), (room.size.Height-float32(rows-1)*tileGap)/float32(rows)*16/9)
		if fit > w {
			cols, w = c, fit
		}
	}
	w = float32(math.Floor(float64(max(w, 48))))
	h := float32(math.Floor(float64(w * 9 / 16)))
	rows := (n + cols - 1) / cols
	top := (room.size.Height - float32(rows)*h - float32(rows-1)*tileGap) / 2
	boxes := make([]area, 0, n)
	for i := range n {
		inRow := min(cols, n-i/cols*cols)
		left := (room.size.Width - float32(inRow)*w - float32(inRow-1)*tileGap) / 2
		boxes = append(boxes, area{
			pos:  room.pos.AddXY(left+float32(i%cols)*(w+tileGap), max(top, 0)+float32(i/cols)*(h+tileGap)),
			size: fyne.NewSize(w, h),
		})
	}
	return boxes
}

// settled returns next in an order in which the tiles of before keep their
// places, so that nobody jumps about with every word. Where not all of them
// fit, the order of the state counts: who speaks comes first.
func settled(before []*tile, next []view.Tile, allFit bool) []view.Tile {
	if !allFit {
		return next
	}
	place := make(map[key]int, len(before))
	for i, t := range before {
		place[keyOf(t.info)] = i
	}
	list := slices.Clone(next)
	slices.SortStableFunc(list, func(a, b view.Tile) int {
		i, oldA := place[keyOf(a)]
		j, oldB := place[keyOf(b)]
		switch {
		case oldA && oldB:
			return i - j
		case oldA:
			return -1
		case oldB:
			return 1
		}
		return 0
	})
	return list
}
