package tui

import (
	"slices"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"paravent/ui/command"
)

// What is typed goes to the room, or is a command.
type purpose int

const (
	nothing purpose = iota // keys are verbs
	saying
	running
)

// maxTyped bounds a line; a chat message is no file.
const maxTyped = 4000

// An entry is the line in which the person types.
type entry struct {
	purpose purpose
	text    []rune
	at      int
	past    []string // commands, oldest first
	back    int      // how far back in past; 0 is what is typed now
}

// open begins a line; close ends it.
func (e *entry) open(p purpose) { e.purpose, e.text, e.at, e.back = p, nil, 0, 0 }

func (e *entry) close() { e.open(nothing) }

// take ends the line and returns it.
func (e *entry) take() string {
	line := strings.TrimSpace(string(e.text))
	if e.purpose == running && line != "" {
		e.past = append(slices.DeleteFunc(e.past, func(old string) bool { return old == line }), line)
		e.past = e.past[max(len(e.past)-100, 0):]
	}
	e.open(e.purpose)
	return line
}

func (e *entry) insert(text string) {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, text)
	runes := []rune(text)
	runes = runes[:min(len(runes), maxTyped-len(e.text))]
	e.text = slices.Insert(e.text, e.at, runes...)
	e.at += len(runes)
}

// key edits. It reports whether it knows the key.
func (e *entry) key(k tea.KeyPressMsg) bool {
	switch k.String() {
	case "left", "ctrl+b":
		e.at = max(e.at-1, 0)
	case "right", "ctrl+f":
		e.at = min(e.at+1, len(e.text))
	case "home", "ctrl+a":
		e.at = 0
	case "end", "ctrl+e":
		e.at = len(e.text)
	case "backspace", "ctrl+h":
		e.cut(e.at-1, e.at)
	case "delete", "ctrl+d":
		e.cut(e.at, e.at+1)
	case "ctrl+u":
		e.cut(0, e.at)
	case "ctrl+k":
		e.cut(e.at, len(e.text))
	case "ctrl+w":
		from := e.at
		for from > 0 && e.text[from-1] == ' ' {
			from--
		}
		for from > 0 && e.text[from-1] != ' ' {
			from--
		}
		e.cut(from, e.at)
	case "up", "ctrl+p":
		e.recall(1)
	case "down", "ctrl+n":
		e.recall(-1)
	case "tab":
		e.complete()
	default:
		if k.Text == "" {
			return false
		}
		e.insert(k.Text)
	}
	return true
}

func (e *entry) cut(from, to int) {
	from, to = max(from, 0), min(to, len(e.text))
	if from < to {
		e.text, e.at = slices.Delete(e.text, from, to), from
	}
}

func (e *entry) recall(by int) {
	back := e.back + by
	if e.purpose != running || back < 0 || back > len(e.past) {
		return
	}
	e.back, e.text = back, nil
	if back > 0 {
		e.text = []rune(e.past[len(e.past)-back])
	}
	e.at = len(e.text)
}

// complete adds what all words have in common that may stand here.
func (e *entry) complete() {
	if e.purpose != running || e.at != len(e.text) {
		return
	}
	line := string(e.text)
	head, word := "", line
	if i := strings.LastIndexByte(line, ' '); i >= 0 {
		head, word = line[:i+1], line[i+1:]
	}
	var fits []string
	for _, w := range words(head) {
		if strings.HasPrefix(w, word) {
			fits = append(fits, w)
		}
	}
	if len(fits) == 0 {
		return
	}
	common := fits[0]
	for _, w := range fits[1:] {
		for !strings.HasPrefix(w, common) {
			common = common[:len(common)-1]
		}
	}
	if len(fits) == 1 {
		common += " "
	}
	e.text = []rune(head + common)
	e.at = len(e.text)
}

// words returns what may follow head: a command, or an argument that its help
// names in small letters.
func words(head string) []string {
	var list []string
	fields := strings.Fields(head)
	if len(fields) == 0 {
		for _, v := range command.Verbs() {
			list = append(list, v.Name)
		}
		return list
	}
	if v, ok := command.Find(fields[0]); ok && len(fields) == 1 {
		list = strings.FieldsFunc(v.Args, func(r rune) bool { return !unicode.IsLetter(r) })
		list = slices.DeleteFunc(list, func(w string) bool { return w != strings.ToLower(w) })
	}
	return list
}

// window returns the part of the line that fits into width columns, and the
// column of the cursor in it.
func (e *entry) window(width int) (string, int) {
	if width < 2 {
		return "", 0
	}
	from := 0
	for ansi.StringWidth(string(e.text[from:e.at])) > width-1 {
		from++
	}
	return ansi.Truncate(string(e.text[from:]), width, ""), ansi.StringWidth(string(e.text[from:e.at]))
}
