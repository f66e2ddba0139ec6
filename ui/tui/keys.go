package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"paravent/ui/command"
	"paravent/ui/view"
)

// key does what a key says: to the line that is typed, to the screen, or, by the
// table of verbs, to the call.
func (m *model) key(k tea.KeyPressMsg) tea.Cmd {
	if k.String() == "ctrl+c" {
		return m.leave()
	}
	if m.help {
		m.help = false
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
	case "v":
		m.podium, m.first = !m.podium, 0
	case panicKey: // the ears were first, unless it came among other keys; twice does no harm
		return m.do(func(context.Context) error { m.call.Panic(); return nil })
	default:
		return m.verb(k.String())
	}
	return nil
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
		return m.run(v)
	}
	return nil
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
