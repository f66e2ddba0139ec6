package tui

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"paravent/media/sfu"
	"paravent/ui/command"
	"paravent/ui/say"
	"paravent/ui/view"
)

// key does what a key says: to the line that is typed, to the screen, or, by the
// table of verbs, to the call.
func (m *model) key(k tea.KeyPressMsg) tea.Cmd {
	if k.String() == "ctrl+c" {
		return m.leave()
	}
	if m.help {
		m.inHelp(k.String())
		return nil
	}
	if m.entry.purpose != nothing {
		return m.typed(k)
	}
	switch k.String() {
	case "?":
		m.help = true
	case ":":
		m.entry.open(running)
	case "i", "enter":
		m.entry.open(saying)
	case "esc":
		m.notice = ""
	case "tab":
		m.part = (m.part + 1) % (membersPart + 1)
	case "shift+tab":
		m.part = (m.part + membersPart) % (membersPart + 1)
	case "pgup":
		m.scroll(-1)
	case "pgdown":
		m.scroll(1)
	case "space":
		if err := m.talker.press(); err != nil {
			return m.tell(inWords(say.Of(err)))
		}
	case "up":
		m.choose(-1)
	case "down":
		m.choose(1)
	case "+", "=", "-", "0":
		return m.loudness(k.String())
	case "v":
		m.podium, m.first = !m.podium, 0
	case panicKey: // the ears were first, unless it came among other keys; twice does no harm
		return m.do(func(context.Context) error { m.call.Panic(); return nil })
	default:
		return m.verb(k.String())
	}
	return nil
}

// inHelp scrolls the help, or closes it.
func (m *model) inHelp(key string) {
	const page = 10
	switch key {
	case "pgdown", "down":
		m.helpDown += page
	case "pgup", "up":
		m.helpDown = max(m.helpDown-page, 0)
	default:
		m.help, m.helpDown = false, 0
	}
}

// verb does what the table says of a key.
func (m *model) verb(key string) tea.Cmd {
	for _, v := range command.Verbs() {
		if v.Key != key || v.Key == "" {
			continue
		}
		if (v.Name == "yes" || v.Name == "no") && m.state.Question == nil {
			return nil
		}
		if v.Name == "yes" && m.now().Sub(m.asked) < thinkFor {
			return nil
		}
		return m.run(v)
	}
	return nil
}

// choose goes on to another member, if the keys go to the members.
func (m *model) choose(by int) {
	if m.part != membersPart {
		return
	}
	var others []sfu.MemberID
	for _, r := range view.Roster(m.state) {
		if !r.Own {
			others = append(others, r.ID)
		}
	}
	if len(others) == 0 {
		return
	}
	at := slices.Index(others, m.chosen)
	if at < 0 && by < 0 {
		at = 0
	}
	m.chosen = others[max(0, min(at+by, len(others)-1))]
	at, room := 0, max(m.layout().members.Dy()-1, 1)
	for i, row := range m.memberRows(m.layout().members.Dx()) {
		if strings.HasPrefix(row.text, chosenMark) {
			at = i
		}
	}
	m.membersDown = max(min(m.membersDown, at), at-room+1)
}

// loudness makes the chosen member louder, quieter, or not heard.
func (m *model) loudness(key string) tea.Cmd {
	if m.part != membersPart {
		return nil
	}
	if m.state.Name(m.chosen) == "?" {
		m.choose(1)
	}
	id := m.chosen
	if id == "" {
		return nil
	}
	return m.do(func(context.Context) error {
		switch key {
		case "0":
			command.ToggleMute(m.call, id)
		case "-":
			command.Louder(m.call, id, -1)
		default:
			command.Louder(m.call, id, 1)
		}
		return nil
	})
}

// typed edits the line, and does what it says on Enter.
func (m *model) typed(k tea.KeyPressMsg) tea.Cmd {
	switch k.String() {
	case "esc":
		m.entry.close()
		return nil
	case "pgup":
		m.scroll(-1)
		return nil
	case "pgdown":
		m.scroll(1)
		return nil
	case "enter":
		return m.enter()
	}
	m.entry.key(k)
	return nil
}

func (m *model) enter() tea.Cmd {
	purpose, line := m.entry.purpose, m.entry.take()
	if purpose == running || line == "" {
		m.entry.close()
	}
	switch {
	case line == "":
		return nil
	case purpose == saying:
		m.chatUp = 0
		return m.do(func(ctx context.Context) error { return m.call.Say(ctx, line) })
	case line == "help" || line == "?":
		m.help = true
		return nil
	}
	if v, ok := command.Find(line); ok && v.Name == "leave" {
		return m.leave()
	}
	return m.do(func(ctx context.Context) error { return command.Run(ctx, m.call, line) })
}

// scroll moves the part of the screen that Tab has chosen by a page.
func (m *model) scroll(by int) {
	l := m.layout()
	switch m.part {
	case chatPart:
		page := max(l.chat.Dy()-2, 1)
		most := max(len(m.chatRows(m.state, l.chat.Dx()))-l.chat.Dy()+1, 0)
		m.chatUp = min(max(m.chatUp-by*page, 0), most)
	case membersPart:
		page := max(l.members.Dy()-2, 1)
		most := max(len(m.memberRows(l.members.Dx()))-l.members.Dy()+1, 0)
		m.membersDown = min(max(m.membersDown+by*page, 0), most)
	case picturesPart:
		all := len(view.Tiles(m.state))
		page := max(len(m.tileRects(l.tiles, all)), 1)
		if next := m.first + by*page; next < all {
			m.first = max(next, 0)
		}
	}
}
