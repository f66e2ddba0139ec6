//go:build !nowindow

package window

import (
	"image"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"paravent/media/call"
	"paravent/media/sfu"
	"paravent/ui/say"
	"paravent/ui/view"
)

// An outside is what the face needs beside its window.
type outside struct {
	verb  func(name string, args ...string) // runs a verb, elsewhere
	talk  func(on bool) error               // at once
	loud  func(sfu.MemberID, call.Volume)   // at once
	ring  func()                            // there is a new picture
	want  func(map[key]wish)                // what is seen now
	close func()                            // closes the window for good
	now   func() time.Time
}

// A face is all that is in the window. It belongs to the drawing goroutine.
type face struct {
	out    outside
	window fyne.Window

	state call.State
	tiles map[key]*tile
	own   []*tile
	notes []call.Notice // of this window: verbs that failed

	stage     *stage
	stageBox  *fyne.Container
	ownBox    *fyne.Container
	side      *side
	sideBox   *fyne.Container
	question  *banner
	yes, no   *button
	notice    *banner
	line      *stateLine
	tools     []tool
	toolsBox  *fyne.Container
	root      *fyne.Container
	card      *widget.PopUp // help or the ending
	help      bool          // the card is the help
	asked     time.Time     // when the question came
	chatFront bool          // in a narrow window, the chat is in front
	hidden    bool          // minimised
	over      bool          // the ending is shown
	talking   bool          // the talk key is held
	volumes   *volumes      // on the card; nil if they are not
}

// noticeFor is how long a notice stays in sight; the chat keeps it.
const noticeFor = 15 * time.Second

// thinkFor is how long a question must have been there before a key means yes:
// what was typed before it came is no answer.
const thinkFor = 700 * time.Millisecond

func newFace(w fyne.Window, out outside) *face {
	c := colours()
	f := &face{out: out, window: w, tiles: map[key]*tile{}}
	f.stage = newStage()
	f.stageBox = container.New(f.stage, f.stage.objects()...)
	f.ownBox = container.New(beside{})
	f.side = newSide(f.submit, f.leaveEntry, f.letGo)
	f.sideBox = container.New(f.side, f.side.objects()...)
	f.yes, f.no = f.verbButton("yes", plain), f.verbButton("no", chosen)
	f.question = newBanner(c.alert, f.no, f.yes)
	f.notice = newBanner(c.line)
	f.line = newStateLine()
	f.toolsBox = container.New(flow{gap: 6, rowGap: 6})
	f.newTools()
	f.root = container.New(rootLayout{f}, f.stageBox, f.sideBox, f.ownBox, f.question.box, f.notice.box, f.toolsBox, f.line.box)
	w.SetMainMenu(f.menu())
	w.SetContent(f.root)
	w.Canvas().SetOnTypedRune(f.typedRune)
	w.Canvas().SetOnTypedKey(f.typedKey)
	if c, ok := w.Canvas().(desktop.Canvas); ok {
		c.SetOnKeyDown(f.keyDown)
		c.SetOnKeyUp(f.keyUp)
	}
	return f
}

// update shows s.
func (f *face) update(s call.State) {
	asked := f.state.Question == nil && s.Question != nil
	answered := f.state.Question != nil && s.Question == nil
	f.state = s
	f.window.SetTitle(say.EnglishWindow().Title(short(s.Room)))
	f.side.set(s, f.notes)
	if f.volumes != nil {
		f.volumes.set(s)
	}
	f.updateTiles()
	f.updateTools()
	f.line.set(view.StateLine(s))
	f.question.set(view.Question(s), true)
	f.updateNotice()
	f.relayout()
	switch focus := f.window.Canvas().Focused(); {
	case asked:
		f.asked = f.out.now()
		if focus != fyne.Focusable(f.side.entry) { // what is being typed must not become an answer
			f.window.Canvas().Focus(f.no)
		}
	case answered && (focus == fyne.Focusable(f.yes) || focus == fyne.Focusable(f.no)):
		f.window.Canvas().Unfocus()
	}
}

// relayout places everything anew without painting pictures again.
func (f *face) relayout() { f.root.Layout.Layout(f.root.Objects, f.root.Size()) }

func (f *face) updateTiles() {
	var own, others []view.Tile
	there := map[key]bool{}
	for _, t := range view.Tiles(f.state) {
		there[keyOf(t)] = true
		if t.Own {
			own = append(own, t)
		} else {
			others = append(others, t)
		}
	}
	for k, t := range f.tiles {
		if !there[k] {
			t.Hide()
			t.sheet.close()
			delete(f.tiles, k)
		}
	}
	f.stage.tiles = f.tilesOf(settled(f.stage.tiles, others, f.stage.pages <= 1))
	f.stageBox.Objects = f.stage.objects()
	f.own = f.tilesOf(own)
	f.ownBox.RemoveAll()
	for _, t := range f.own {
		f.ownBox.Add(t)
	}
}

func (f *face) tilesOf(infos []view.Tile) []*tile {
	list := make([]*tile, 0, len(infos))
	for _, info := range infos {
		t := f.tiles[keyOf(info)]
		if t == nil {
			t = newTile(info, f.out.ring)
			f.tiles[keyOf(info)] = t
		}
		t.set(info)
		list = append(list, t)
	}
	return list
}

// seen returns the tiles that can be seen now.
func (f *face) seen() []*tile {
	if f.hidden || f.over {
		return nil
	}
	list := make([]*tile, 0, len(f.tiles))
	if f.stageBox.Visible() {
		list = append(list, f.stage.visible...)
	}
	return append(list, f.own...)
}

// rewatch says which tiles are seen, and with how many pixels.
func (f *face) rewatch() {
	wants := map[key]wish{}
	for _, t := range f.seen() {
		x, y := f.window.Canvas().PixelCoordinateForPosition(fyne.NewPos(t.Size().Width, t.Size().Height))
		if x < 1 || y < 1 {
			continue
		}
		t.sheet.fit(image.Pt(x, y))
		wants[keyOf(t.info)] = wish{view: sfu.View{Width: x, Height: y, FPS: maxFPS}, sink: t.sheet}
	}
	f.out.want(wants)
}

// setHidden tells the face that its window is, or is no longer, minimised.
func (f *face) setHidden(hidden bool) {
	f.hidden = hidden
	f.letGo()
	f.rewatch()
}

// repaint shows the new pictures of the tiles that are seen.
func (f *face) repaint() {
	for _, t := range f.seen() {
		t.news()
	}
}

// fail puts an error of a verb into words.
func (f *face) fail(err error) {
	const most = 50
	f.notes = append(f.notes, call.Notice{At: f.out.now(), Err: err})
	f.notes = f.notes[max(len(f.notes)-most, 0):]
	f.side.set(f.state, f.notes)
	f.updateNotice()
	f.relayout()
}

// updateNotice shows the newest notice while it is new.
func (f *face) updateNotice() {
	var newest call.Notice
	for _, list := range [][]call.Notice{f.state.Notices, f.notes} {
		if n := len(list); n > 0 && !list[n-1].At.Before(newest.At) {
			newest = list[n-1]
		}
	}
	if newest.At.IsZero() || f.out.now().Sub(newest.At) > noticeFor {
		f.notice.set("", false)
		return
	}
	f.notice.set(sentence(view.Notice(newest)), newest.Err != nil)
}

// tick is called now and then, for what goes away by itself.
func (f *face) tick() {
	if !f.notice.box.Visible() {
		return
	}
	if f.updateNotice(); !f.notice.box.Visible() {
		f.relayout()
	}
}

// end shows why the call is over, until the person closes it.
func (f *face) end(p say.Problem) {
	if f.over {
		return
	}
	f.over = true
	f.letGo()
	f.rewatch()
	f.question.set("", false)
	f.showCard(say.EnglishWindow().CallOver, []string{p.Text, p.Hint}, f.out.close)
}

// destroy forgets every picture.
func (f *face) destroy() {
	for _, t := range f.tiles {
		t.sheet.close()
	}
}
