package tui

import "charm.land/lipgloss/v2"

// A theme is how text looks. Text that nobody must overlook is reversed and
// bold, so it stands out without colours too; the rest keeps the terminal's own
// colours, which the person has chosen to be readable.
type theme struct {
	plain, strong, alert, question lipgloss.Style
}

// A pair is a colour of letters and the one behind them.
type pair struct{ letters, behind string }

// The pairs have a contrast of at least 4.5:1 (WCAG 2.2, 1.4.3).
const (
	alertLetters, alertBehind       = "#ffffff", "#a00000"
	questionLetters, questionBehind = "#000000", "#ffd75f"
)

func pairs() []pair {
	return []pair{{alertLetters, alertBehind}, {questionLetters, questionBehind}}
}

func newTheme(colours bool) theme {
	plain := lipgloss.NewStyle()
	marked := plain.Bold(true).Reverse(true)
	t := theme{plain: plain, strong: plain.Bold(true), alert: marked, question: marked}
	if colours { // reversed: the foreground is seen behind
		t.alert = marked.Foreground(lipgloss.Color(alertBehind)).Background(lipgloss.Color(alertLetters))
		t.question = marked.Foreground(lipgloss.Color(questionBehind)).Background(lipgloss.Color(questionLetters))
	}
	return t
}
