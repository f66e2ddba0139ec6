package tui

import (
	"fmt"
	"image"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"paravent/media/call"
	"paravent/media/sfu"
	"paravent/ui/command"
	"paravent/ui/view"
)

// View returns the text of the screen, with fillers where pictures are.
func (m *model) View() tea.View {
	v := tea.View{AltScreen: true}
	if m.width <= 0 || m.height <= 0 {
		return v
	}
	s, l := newSheet(m.width, m.height), m.layout()
	for i, row := range m.bannerRows(m.width) {
		if i < l.banner.Dy() {
			s.put(0, l.banner.Min.Y+i, m.width, row, m.theme.question)
		}
	}
	if m.help {
		m.drawHelp(s, image.Rect(0, l.banner.Max.Y, m.width, l.notice.Min.Y))
	} else {
		m.drawTiles(s, l.tiles)
		m.drawMembers(s, l.members)
		m.drawChat(s, l.chat)
	}
	for i, row := range m.noticeRows(m.width) {
		if i < l.notice.Dy() {
			s.put(0, l.notice.Min.Y+i, m.width, row, m.theme.strong)
		}
	}
	v.Cursor = m.drawLine(s, l.line)
	for i, row := range m.badgeRows(m.width) {
		if i < l.badges.Dy() {
			for _, p := range row {
				s.put(p.x, l.badges.Min.Y+i, p.width, p.text, p.style)
			}
		}
	}
	v.Content = s.String()
	return v
}

func (m *model) layout() layout {
	return newLayout(m.width, m.height, needs{
		banner:  len(m.bannerRows(m.width)),
		members: 1 + len(m.memberRows(side(m.width))),
		notice:  min(len(m.noticeRows(m.width)), 3),
		badges:  len(m.badgeRows(m.width)),
		tiles:   len(view.Tiles(m.state)),
	})
}

func (m *model) bannerRows(width int) []string {
	q := clean(view.Question(m.state))
	if q == "" {
		return nil
	}
	return wrap(q, width, 0)
}

func (m *model) noticeRows(width int) []string {
	if m.notice == "" {
		return nil
	}
	return wrap("* "+m.notice, width, 2)
}

// badgeRows sets the state line: whole badges, in as many rows as they need.
func (m *model) badgeRows(width int) [][]piece {
	const gap = 2
	var rows [][]piece
	var row []piece
	x := 0
	for _, b := range view.StateLine(m.state) {
		style, text := m.theme.plain, clean(b.Text)
		if b.Alert {
			style, text = m.theme.alert, " "+text+" "
		}
		w := min(ansi.StringWidth(text), max(width, 0))
		if x > 0 && x+w > width {
			rows, row, x = append(rows, row), nil, 0
		}
		row = append(row, piece{x, w, text, style})
		x += w + gap
	}
	return append(rows, row)
}

func (m *model) tileRects(area image.Rectangle, n int) []image.Rectangle {
	if m.podium || m.shares(view.Tiles(m.state)) {
		return podium(area, n, m.stage.cell())
	}
	return grid(area, n, m.stage.cell())
}

// shares reports whether a screen is to be seen: it needs the room.
func (m *model) shares(tiles []view.Tile) bool {
	return slices.ContainsFunc(tiles, func(t view.Tile) bool { return t.Source == sfu.Screen && !t.Own })
}

func (m *model) drawTiles(s *sheet, area image.Rectangle) {
	tiles, all := m.tiles()
	if all == 0 {
		text := m.words.NoPictures
		s.put(area.Min.X+max((area.Dx()-len(text))/2, 0), area.Min.Y+area.Dy()/2, min(len(text), area.Dx()), text, m.theme.plain)
		return
	}
	for i, at := range m.tileRects(area, len(tiles)) {
		for y := at.Min.Y; y < at.Max.Y-1; y++ {
			s.put(at.Min.X, y, at.Dx(), strings.Repeat(filler, at.Dx()), m.theme.plain)
		}
		label, style := clean(tiles[i].Label), m.theme.plain
		if tiles[i].Speaking {
			label, style = "▶ "+label, m.theme.strong
		}
		if i == len(tiles)-1 && all > len(tiles) {
			label += " · " + m.words.NotShown(all-len(tiles))
		}
		s.put(at.Min.X, at.Max.Y-1, at.Dx(), label, style)
	}
}

// title writes the heading of a part, marked if keys go there.
func (m *model) title(s *sheet, at image.Rectangle, p part, text string) {
	mark := "  "
	if m.part == p {
		mark = "> "
	}
	s.put(at.Min.X, at.Min.Y, at.Dx(), mark+text, m.theme.strong)
}

func (m *model) drawMembers(s *sheet, at image.Rectangle) {
	if at.Dy() < 1 {
		return
	}
	title := fmt.Sprintf("%s (%d)", m.words.Members, len(m.state.Roster))
	if m.part == picturesPart {
		title = m.words.Pictures + " · " + title
	}
	rows := m.memberRows(at.Dx())
	rows = rows[min(m.membersDown, max(len(rows)-at.Dy()+1, 0)):]
	if more := len(rows) - at.Dy() + 1; more > 0 {
		title += " · " + m.words.Scrolled(more)
	}
	m.title(s, at, membersPart, title)
	for i, row := range rows {
		if y := at.Min.Y + 1 + i; y < at.Max.Y {
			s.put(at.Min.X, y, at.Dx(), row.text, row.style)
		}
	}
}

// chosenMark stands before the member whom the keys mean.
const chosenMark = "› "

type styled struct {
	text  string
	style lipgloss.Style
}

func (m *model) memberRows(width int) []styled {
	var rows []styled
	for _, r := range view.Roster(m.state) {
		text, style := clean(r.Name), m.theme.plain
		if m.part == membersPart && r.ID == m.chosen && !r.Own {
			text = chosenMark + text
		}
		if len(r.Marks) > 0 {
			text += " · " + clean(strings.Join(r.Marks, " · "))
		}
		if r.Speaking {
			style = m.theme.strong
		}
		for _, row := range wrap(text, width, 2) {
			rows = append(rows, styled{row, style})
		}
	}
	return rows
}

func (m *model) drawChat(s *sheet, at image.Rectangle) {
	if at.Dy() < 1 {
		return
	}
	rows, room := m.chatRows(m.state, at.Dx()), at.Dy()-1
	up := min(m.chatUp, max(len(rows)-room, 0))
	title := m.words.Chat
	if up > 0 {
		title += " · " + m.words.Scrolled(up)
	}
	m.title(s, at, chatPart, title)
	rows = rows[:len(rows)-up]
	rows = rows[max(len(rows)-room, 0):]
	for i, row := range rows {
		s.put(at.Min.X, at.Min.Y+1+i, at.Dx(), row, m.theme.plain)
	}
}

func (m *model) chatRows(state call.State, width int) []string {
	if len(state.Chat) == 0 {
		return wrap(m.words.NoChat, width, 0)
	}
	var rows []string
	for _, c := range state.Chat {
		rows = append(rows, wrap(c.At.Format("15:04")+" "+clean(view.ChatText(c, state)), width, 2)...)
	}
	return rows
}

// drawLine shows what is typed, or the keys. It returns the cursor, if there is
// one.
func (m *model) drawLine(s *sheet, at image.Rectangle) *tea.Cursor {
	if at.Dy() < 1 {
		return nil
	}
	prompt := ""
	switch m.entry.purpose {
	case nothing:
		keys := m.words.Keys
		switch {
		case m.part == membersPart:
			keys = m.words.MemberKeys
		case m.state.Own.PushToTalk:
			keys = m.words.TalkKey + keys
		case m.state.Rehearsal:
			keys = m.words.RecordKey + keys
		}
		s.put(0, at.Min.Y, at.Dx(), keys, m.theme.plain)
		return nil
	case saying:
		prompt = m.words.SayPrompt
		if view.ChatNote(m.state) != "" {
			prompt = m.words.PlainPrompt
		}
	case running:
		prompt = m.words.RunPrompt
	}
	width := len(prompt)
	text, column := m.entry.window(at.Dx() - width)
	s.put(0, at.Min.Y, at.Dx(), prompt+text, m.theme.plain)
	return tea.NewCursor(min(width+column, max(at.Dx()-1, 0)), at.Min.Y)
}

// drawHelp lists the verbs, from their table, and the keys of the screen.
func (m *model) drawHelp(s *sheet, at image.Rectangle) {
	if at.Dy() < 1 {
		return
	}
	const column = 33
	rows, room := m.helpRows(), at.Dy()-1
	m.helpDown = max(min(m.helpDown, len(rows)-room), 0)
	title := m.words.HelpTitle
	if below := len(rows) - room - m.helpDown; below > 0 {
		title += " · " + m.words.Scrolled(below) + m.words.HelpMore
	}
	s.put(0, at.Min.Y, m.width, title+" · "+m.words.HelpClose, m.theme.strong)
	for i, row := range rows[m.helpDown:] {
		if y := at.Min.Y + 1 + i; y < at.Max.Y {
			s.put(0, y, column, "  "+row[0], m.theme.plain)
			s.put(column, y, m.width-column, row[1], m.theme.plain)
		}
	}
}

func (m *model) helpRows() (rows [][2]string) {
	wide := 1
	for _, v := range command.Verbs() {
		if view.Has(v, m.state) {
			wide = max(wide, len(v.Key))
		}
	}
	for _, v := range command.Verbs() {
		if view.Has(v, m.state) {
			rows = append(rows, [2]string{strings.TrimRight(fmt.Sprintf("%-*s  :%s %s", wide, v.Key, v.Name, v.Args), " "), v.Short})
		}
	}
	return append(rows, m.words.HelpKeys...)
}
