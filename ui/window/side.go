//go:build !nowindow

package window

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"paravent/media/call"
	"paravent/ui/say"
	"paravent/ui/view"
)

// How many members and messages are on the screen at most; the call itself
// remembers more.
const (
	maxRows  = 200
	maxLines = 200
)

// leastChat is the height that the chat always has beside a short roster.
const leastChat = 150

// A side is the roster above the chat. It is its container's layout.
type side struct {
	ground       *canvas.Rectangle
	count, title *canvas.Text
	members, log *fyne.Container
	roster, chat *container.Scroll
	entry        *entry
	rows         []view.Row
	lines        []line
}

func newSide(submit func(string), leave, letGo func()) *side {
	c, w := colours(), say.EnglishWindow()
	s := &side{
		ground: panel(c.panel, 6),
		count:  words("", c.quiet, smallSize, true), title: words(w.Chat, c.quiet, smallSize, true),
		members: container.New(layout.NewCustomPaddedVBoxLayout(0)), log: container.New(layout.NewCustomPaddedVBoxLayout(0)),
	}
	s.roster, s.chat = container.NewVScroll(s.members), container.NewVScroll(s.log)
	s.entry = newEntry(submit, leave, letGo)
	s.entry.SetPlaceHolder(w.WriteHere)
	return s
}

func (s *side) objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{s.ground, s.count, s.roster, s.title, s.chat, s.entry}
}

// MinSize implements fyne.Layout.
func (*side) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(200, 120) }

// Layout implements fyne.Layout.
func (s *side) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	const pad, head = 8, smallSize + 8
	w := size.Width - 2*pad
	s.ground.Resize(size)
	entry := s.entry.MinSize().Height
	free := max(size.Height-4*pad-2*head-entry, 0)
	roster := min(s.members.MinSize().Height, max(free*0.45, free-max(s.log.MinSize().Height, leastChat)))
	y := float32(pad)
	put := func(o fyne.CanvasObject, h float32) {
		o.Move(fyne.NewPos(pad, y))
		o.Resize(fyne.NewSize(w, h))
		y += h
	}
	put(s.count, head)
	put(s.roster, roster)
	y += pad
	put(s.title, head)
	put(s.chat, free-roster)
	y += pad
	put(s.entry, entry)
}

// set shows the roster and the chat.
func (s *side) set(st call.State, own []call.Notice) {
	s.setChat(st, own)
	rows := view.Roster(st)
	if slices.EqualFunc(s.rows, rows, func(a, b view.Row) bool {
		return a.Name == b.Name && a.ID == b.ID && slices.Equal(a.Marks, b.Marks)
	}) {
		return
	}
	s.rows = rows
	w := say.EnglishWindow()
	s.count.Text = w.Members(len(rows))
	s.count.Refresh()
	texts := make([][2]string, 0, len(rows))
	for _, r := range rows[:min(len(rows), maxRows)] {
		texts = append(texts, [2]string{short(r.Name), strings.Join(r.Marks, " · ")})
	}
	if n := len(rows) - maxRows; n > 0 {
		texts = append(texts, [2]string{w.More(n), ""})
	}
	fill(s.members, texts)
}

// A line is one row of the chat: a message, or a notice to this person.
type line struct {
	at         time.Time
	from, text string
}

// linesOf merges the chat with the notices by time.
func linesOf(st call.State, own []call.Notice) []line {
	list := make([]line, 0, len(st.Chat)+len(st.Notices)+len(own))
	for _, c := range st.Chat {
		from := short(c.From)
		if c.Own {
			from += " (" + say.English().You + ")"
		}
		list = append(list, line{c.At, from, view.ChatWords(c, st)})
	}
	for _, n := range slices.Concat(st.Notices, own) {
		p := view.Notice(n)
		list = append(list, line{n.At, say.EnglishWindow().Program, sentence(p)})
	}
	slices.SortStableFunc(list, func(a, b line) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
	return list[max(len(list)-maxLines, 0):]
}

// sentence puts a problem and its hint on one line.
func sentence(p say.Problem) string {
	if p.Hint == "" {
		return p.Text
	}
	return p.Text + " – " + p.Hint
}

func (s *side) setChat(st call.State, own []call.Notice) {
	chat := st.Caps.Chat
	if w := say.EnglishWindow(); chat == s.entry.Disabled() {
		if chat {
			s.entry.SetPlaceHolder(w.WriteHere)
			if view.ChatNote(st) != "" {
				s.entry.SetPlaceHolder(w.WritePlain)
			}
			s.entry.Enable()
		} else {
			s.entry.SetPlaceHolder(w.NoChat)
			s.entry.Disable()
		}
	}
	lines := linesOf(st, own)
	if slices.Equal(lines, s.lines) {
		return
	}
	s.lines = lines
	texts := make([][2]string, 0, len(lines))
	for _, l := range lines {
		head := l.from
		if !l.at.IsZero() {
			head = l.at.Format("15:04") + "  " + head
		}
		texts = append(texts, [2]string{head, l.text})
	}
	atEnd := s.chat.Offset.Y+s.chat.Size().Height >= s.log.MinSize().Height-textSize
	fill(s.log, texts)
	s.chat.Refresh()
	if atEnd {
		s.chat.ScrollToBottom()
	}
}

// fill makes box show the texts, each a bold line and plain text below. It
// changes only what differs.
func fill(box *fyne.Container, texts [][2]string) {
	for i, t := range texts {
		if i == len(box.Objects) {
			head, body := widget.NewLabel(t[0]), widget.NewLabel(t[1])
			head.TextStyle.Bold, head.Truncation = true, fyne.TextTruncateEllipsis
			head.SizeName = theme.SizeNameCaptionText
			body.Wrapping, body.SizeName = fyne.TextWrapWord, theme.SizeNameCaptionText
			show(body, t[1] != "")
			box.Objects = append(box.Objects, container.New(tight{}, head, body))
			continue
		}
		pair := box.Objects[i].(*fyne.Container).Objects
		for j, o := range pair {
			if l := o.(*widget.Label); l.Text != t[j] {
				l.SetText(t[j])
			}
		}
		show(pair[1], t[1] != "")
	}
	box.Objects = box.Objects[:len(texts)]
	box.Refresh()
}

// tight puts a line right above its text, without the space that labels keep.
type tight struct{}

const overlap = 11

func (tight) MinSize(o []fyne.CanvasObject) fyne.Size {
	m := o[0].MinSize()
	if o[1].Visible() {
		m.Height += o[1].MinSize().Height - overlap
	}
	return fyne.NewSize(40, m.Height)
}

func (tight) Layout(o []fyne.CanvasObject, size fyne.Size) {
	h := o[0].MinSize().Height
	o[0].Resize(fyne.NewSize(size.Width, h))
	o[1].Move(fyne.NewPos(0, h-overlap))
	o[1].Resize(fyne.NewSize(size.Width, max(size.Height-h+overlap, 0)))
}

// An entry is where a message is written. Escape leaves it. Whoever writes does not
// hold the talk key.
type entry struct {
	widget.Entry
	leave, letGo func()
}

func newEntry(submit func(string), leave, letGo func()) *entry {
	e := &entry{leave: leave, letGo: letGo}
	e.ExtendBaseWidget(e)
	e.OnSubmitted = submit
	return e
}

// FocusGained implements fyne.Focusable.
func (e *entry) FocusGained() {
	e.letGo()
	e.Entry.FocusGained()
}

// TypedKey implements fyne.Focusable.
func (e *entry) TypedKey(k *fyne.KeyEvent) {
	if k.Name == fyne.KeyEscape {
		e.leave()
		return
	}
	e.Entry.TypedKey(k)
}
