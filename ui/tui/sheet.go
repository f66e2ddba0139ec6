package tui

import (
	"slices"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"paravent/media/sfu"
)

// filler is what the text holds where pictures are. It looks like a space but is
// none, so the text renderer never clears it together with its surroundings; and
// when it is written, pictures were overwritten.
const filler = "\u00a0"

// A sheet is the text of the screen, put together from pieces.
type sheet struct {
	width int
	rows  [][]piece
}

type piece struct {
	x, width int
	text     string // plain
	style    lipgloss.Style
}

func newSheet(width, height int) *sheet {
	return &sheet{width: width, rows: make([][]piece, max(height, 0))}
}

// put writes text at x, y into width columns, cut or filled up. What lies
// outside of the sheet is left out.
func (s *sheet) put(x, y, width int, text string, style lipgloss.Style) {
	width = min(width, s.width-x)
	if y < 0 || y >= len(s.rows) || x < 0 || width <= 0 {
		return
	}
	s.rows[y] = append(s.rows[y], piece{x, width, text, style})
}

// String returns the rows, each as wide as the sheet. Pieces must not overlap.
func (s *sheet) String() string {
	var b strings.Builder
	for y, row := range s.rows {
		if y > 0 {
			b.WriteByte('\n')
		}
		slices.SortFunc(row, func(a, b piece) int { return a.x - b.x })
		x := 0
		for _, p := range row {
			b.WriteString(strings.Repeat(" ", max(p.x-x, 0)))
			b.WriteString(p.style.Render(fill(p.text, p.width)))
			x = p.x + p.width
		}
		b.WriteString(strings.Repeat(" ", max(s.width-x, 0)))
	}
	return b.String()
}

// fill makes text exactly width columns wide.
func fill(text string, width int) string {
	text = ansi.Truncate(text, width, "…")
	return text + strings.Repeat(" ", max(width-ansi.StringWidth(text), 0))
}

// wrap breaks text into rows of at most width columns; rows after the first are
// indented.
func wrap(text string, width, indent int) []string {
	if width <= 0 {
		return nil
	}
	if indent >= width/2 {
		indent = 0
	}
	rows := strings.Split(ansi.Wrap(text, width-indent, ""), "\n")
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " ")
		if i > 0 {
			rows[i] = strings.Repeat(" ", indent) + rows[i]
		}
	}
	return rows
}

// clean is the last sieve before the screen. What the network said is cleaned
// already, when it enters the state; errors may quote it.
func clean(text string) string {
	return strings.ReplaceAll(sfu.Foreign(text).Clean(), filler, " ")
}
