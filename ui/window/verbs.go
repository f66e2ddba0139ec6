//go:build !nowindow

package window

import (
	"cmp"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"paravent/media/call"
	"paravent/media/sfu"
	"paravent/ui/command"
	"paravent/ui/say"
	"paravent/ui/view"
)

// A tool is a verb with its button.
type tool struct {
	verb   command.Verb
	button *button
}

// verbState returns the word for how far the verb's device is, whether something
// leaves this machine, and whether this call has the verb at all.
func verbState(v command.Verb, s call.State) (word string, on, has bool) {
	w := say.EnglishWindow()
	can := func(src sfu.Source) bool { return s.Caps.Publish == nil || s.Caps.Publish[src] }
	device := func(d call.Sending, src sfu.Source) (string, bool, bool) {
		switch d.Phase {
		case call.On:
			return w.On, true, true
		case call.Opening, call.Closing:
			return string(d.Phase), false, true
		case call.Off:
		}
		return w.Off, false, can(src)
	}
	if !view.Has(v, s) {
		return "", false, false
	}
	switch v.Name {
	case "mic":
		return device(s.Own.Microphone, sfu.Microphone)
	case "camera":
		return device(s.Own.Camera, sfu.Camera)
	case "screen":
		return device(s.Own.Screen, sfu.Screen)
	case talkVerb:
		return "", s.Own.Heard(), can(sfu.Microphone)
	case "record":
		return "", s.Take.Phase != call.NoTake, true
	case "mute", "unmute", "kick", "lock": // they need a name, or another word
		return "", false, false
	case "hand":
		return "", s.Own.Hand, s.Caps.Hand || s.Own.Hand
	case sayVerb:
		return "", false, s.Caps.Chat
	case sendVerb:
		return "", false, s.Caps.Files
	}
	return "", false, true
}

// do does what a verb says, or what it takes to say more.
func (f *face) do(v command.Verb) {
	_, _, has := verbState(v, f.state)
	answer := v.Name == "yes" || v.Name == "no"
	switch {
	case f.over || !has || answer && f.state.Question == nil:
	case v.Name == sayVerb:
		f.enterEntry("")
	case v.Name == sendVerb:
		f.enterEntry(":" + sendVerb + " ")
	case v.Name == volumeVerb:
		f.showVolumes()
	default:
		f.out.verb(v.Name)
	}
}

// key does what a verb's key says. A yes needs a question that was there to be
// read.
func (f *face) key(v command.Verb) {
	if v.Name == "yes" && f.out.now().Sub(f.asked) < thinkFor {
		return
	}
	f.do(v)
}

func (f *face) verbButton(name string, l look) *button {
	v, _ := command.Find(name)
	return f.newButton(v.Name, v.Key, l, func() { f.key(v) })
}

// newTools makes the buttons: all verbs but the answers, which the question
// has.
func (f *face) newTools() {
	for _, v := range command.Verbs() {
		l := plain
		switch v.Name {
		case "yes", "no":
			continue
		case "panic":
			l = danger
		}
		b := f.newButton(v.Name, cmp.Or(keyOfVerb(v), lineKey+v.Name), l, func() { f.do(v) })
		f.tools = append(f.tools, tool{v, b})
		f.toolsBox.Add(b)
	}
}

func (f *face) updateTools() {
	for _, t := range f.tools {
		word, on, has := verbState(t.verb, f.state)
		l := t.button.look
		if l != danger {
			l = plain
			if on {
				l = active
			}
		}
		t.button.set(strings.TrimSpace(t.verb.Name+" "+word), l)
		show(t.button, has)
	}
}

// menu makes the window's menus of the verbs.
func (f *face) menu() *fyne.MainMenu {
	w := say.EnglishWindow()
	items := make([]*fyne.MenuItem, 0, len(command.Verbs()))
	for _, v := range command.Verbs() {
		label := v.Name + ": " + v.Short
		if v.Key != "" {
			label += "  [" + v.Key + "]"
		}
		item := fyne.NewMenuItem(label, func() { f.do(v) })
		item.IsQuit = v.Name == leaveVerb // or Fyne adds a Quit that does not leave
		items = append(items, item)
	}
	help := fyne.NewMenuItem(w.HelpTitle+"  ["+helpKey+"]", f.toggleHelp)
	return fyne.NewMainMenu(fyne.NewMenu(w.MenuCall, items...), fyne.NewMenu(w.MenuHelp, help))
}

// The keys that are no verb's.
const (
	helpKey   = "?"
	lineKey   = ":"
	volumeKey = "+"
	enterKey  = "Enter"
	escapeKey = "Escape"
	pageKeys  = "Page Up, Page Down"
)

// keyOfVerb is the key that people press for v: for what has to be written,
// the one that leads to the entry.
func keyOfVerb(v command.Verb) string {
	switch v.Name {
	case sayVerb:
		return enterKey
	case talkVerb:
		return "Space, held"
	case volumeVerb:
		return volumeKey
	}
	return v.Key
}

// typedRune is every key that no entry took.
func (f *face) typedRune(r rune) {
	switch string(r) {
	case helpKey:
		f.toggleHelp()
		return
	case lineKey:
		f.enterEntry(lineKey)
		return
	case volumeKey:
		f.showVolumes()
		return
	}
	for _, v := range command.Verbs() {
		if v.Key == string(r) {
			f.key(v)
		}
	}
}

// keyDown and keyUp are the keys as they go down and up: of the talk key both
// count, and it does nothing else.
func (f *face) keyDown(e *fyne.KeyEvent) {
	if e.Name == fyne.KeySpace && f.state.Own.PushToTalk && !f.over {
		f.talk(true)
	}
}

func (f *face) keyUp(e *fyne.KeyEvent) {
	if e.Name == fyne.KeySpace {
		f.letGo()
	}
}

// talk is the person holding the key, or no longer. It does not wait.
func (f *face) talk(on bool) {
	f.talking = on
	if err := f.out.talk(on); err != nil {
		f.fail(err)
	}
}

// letGo ends talking, wherever the key was let go.
func (f *face) letGo() {
	if f.talking {
		f.talk(false)
	}
}

// typedKey is every key without a letter that nothing took.
func (f *face) typedKey(e *fyne.KeyEvent) {
	if do := map[fyne.KeyName]func(){
		fyne.KeyEscape: f.escape,
		fyne.KeyReturn: f.write, fyne.KeyEnter: f.write,
		fyne.KeyPageDown: func() { f.turn(1) }, fyne.KeyPageUp: func() { f.turn(-1) },
	}[e.Name]; do != nil {
		do()
	}
}

func (f *face) escape() {
	if f.help || f.volumes != nil {
		f.hideCard()
		return
	}
	f.leaveEntry()
}

func (f *face) write() {
	if !f.help {
		f.enterEntry("")
	}
}

func (f *face) turn(by int) {
	f.stage.turn(by)
	f.relayout()
}

// enterEntry lets the person write.
func (f *face) enterEntry(with string) {
	if f.over || f.side.entry.Disabled() {
		return
	}
	f.hideCard()
	f.chatFront = true
	f.relayout()
	if with != "" {
		f.side.entry.SetText(with)
		f.side.entry.CursorColumn = len(with)
	}
	f.window.Canvas().Focus(f.side.entry)
}

// leaveEntry gives the keys back to the verbs.
func (f *face) leaveEntry() {
	f.window.Canvas().Unfocus()
	f.chatFront = false
	f.relayout()
}

// submit sends what was written. A colon before a letter makes it a command.
func (f *face) submit(text string) {
	f.side.entry.SetText("")
	rest, colon := strings.CutPrefix(strings.TrimSpace(text), lineKey)
	switch {
	case rest == "":
	case colon && unicode.IsLetter([]rune(rest)[0]):
		fields := strings.Fields(rest)
		f.out.verb(fields[0], fields[1:]...)
	default:
		f.out.verb(sayVerb, strings.TrimSpace(text))
	}
}

func (f *face) toggleHelp() {
	if f.help {
		f.hideCard()
		return
	}
	if f.over {
		return
	}
	w := say.EnglishWindow()
	var rows [][2]string
	for _, v := range command.Verbs() {
		if !view.Has(v, f.state) {
			continue
		}
		rows = append(rows, [2]string{keyOfVerb(v), strings.TrimSpace(v.Name+" "+v.Args) + ": " + v.Short})
	}
	rows = append(rows, [2]string{escapeKey, w.HelpWrite}, [2]string{pageKeys, w.HelpPage}, [2]string{helpKey, w.HelpKey})
	lines := make([]fyne.CanvasObject, 0, 2*len(rows))
	for _, r := range rows {
		lines = append(lines, words(r[0], colours().alert, textSize, true), words(r[1], colours().text, textSize, false))
	}
	f.popUp(w.HelpTitle, container.New(layout.NewFormLayout(), lines...), f.hideCard)
	f.help = true
}

// showCard shows sentences that the person closes.
func (f *face) showCard(title string, texts []string, closed func()) {
	box := container.NewVBox()
	for _, t := range texts {
		if t != "" {
			l := widget.NewLabel(t)
			l.Wrapping = fyne.TextWrapWord
			box.Add(l)
		}
	}
	f.popUp(title, box, closed)
}

func (f *face) popUp(title string, body fyne.CanvasObject, closed func()) {
	f.hideCard()
	ok := f.newButton(say.EnglishWindow().Close, "", chosen, closed)
	head := widget.NewLabel(title)
	head.TextStyle.Bold, head.SizeName = true, theme.SizeNameSubHeadingText
	box := container.NewBorder(head, container.NewCenter(ok), nil, nil, container.NewVScroll(body))
	f.letGo() // the card takes the keys
	f.card = widget.NewModalPopUp(container.NewPadded(box), f.window.Canvas())
	room := f.window.Canvas().Size()
	want := fyne.NewSize(min(room.Width*0.9, 620), body.MinSize().Height+140)
	f.card.Resize(fyne.NewSize(want.Width, min(want.Height, room.Height*0.92)))
	f.card.Show()
	f.window.Canvas().Focus(ok)
}

func (f *face) hideCard() {
	if f.card != nil && !f.over {
		f.card.Hide()
		f.card, f.help, f.volumes = nil, false, nil
	}
}
