// Package term shows pictures in a terminal: by the kitty graphics protocol, as
// sixels, or as half blocks in as many colours as there are.
//
// It knows cells and escape sequences and nothing of calls: ui/tui says where a
// picture goes. It only builds bytes; the caller writes them.
//
// 2026-11: pictures are not handed to the text renderer as styled text. Parsing
// and comparing 16,000 styled cells 25 times a second costs more than a core,
// so a Canvas compares cells itself, where they are numbers.
package term

import (
	"image"
	"slices"
	"strings"
)

// A Mode is a way to show a picture.
type Mode string

// The modes.
const (
	None   Mode = "off"    // no pictures
	Kitty  Mode = "kitty"  // kitty graphics protocol
	Sixel  Mode = "sixel"  // DEC sixels, with a fixed palette
	Blocks Mode = "blocks" // half blocks, 24-bit colours
	Cube   Mode = "cube"   // half blocks, the 256 colours of xterm
	Shades Mode = "shades" // block shades without colours
	ASCII  Mode = "ascii"  // letters without colours
)

// Modes returns all modes.
func Modes() []Mode { return []Mode{None, Kitty, Sixel, Blocks, Cube, Shades, ASCII} }

// Abilities are what a terminal can do.
type Abilities struct {
	Mode Mode

	// Cell is the size of a character in pixels; zero if unknown.
	Cell image.Point

	// Passthrough wraps graphics for the terminal around tmux, which must have
	// allow-passthrough on.
	Passthrough bool

	// Slow compresses kitty graphics: the way to the terminal is narrow.
	Slow bool
}

// cell is the size of a character as far as aspect ratios go.
func (a Abilities) cell() image.Point {
	if a.Cell.X <= 0 || a.Cell.Y <= 0 {
		return image.Pt(10, 20)
	}
	return a.Cell
}

// Decide chooses by the environment and by what the terminal answered; the zero
// Answers are a terminal that said nothing. want is what the person asked for,
// or empty.
func Decide(env []string, a Answers, want Mode) Abilities {
	look := Abilities{Mode: want, Cell: a.Cell}
	if want != "" {
		return look
	}
	kind, colours := lookup(env, "TERM"), strings.ToLower(lookup(env, "COLORTERM"))
	switch {
	case Dumb(env):
		look.Mode = None
	case !Colourful(env):
		look.Mode = uncoloured(env)
	case a.Kitty:
		look.Mode = Kitty
	case a.Sixel && a.Cell != image.Point{}:
		look.Mode = Sixel
	case !unicodeLocale(env):
		look.Mode = ASCII
	case colours == "truecolor" || colours == "24bit" || strings.HasSuffix(kind, "-direct") || trueColour(a.Name):
		look.Mode = Blocks
	case strings.Contains(kind, "256color"):
		look.Mode = Cube
	default:
		look.Mode = Shades
	}
	return look
}

// Dumb reports whether the terminal cannot even move its cursor.
func Dumb(env []string) bool {
	kind := lookup(env, "TERM")
	return kind == "" || kind == "dumb"
}

// Colourful reports whether the person wants colours (https://no-color.org).
func Colourful(env []string) bool { return lookup(env, "NO_COLOR") == "" }

// trueColour knows terminals by the name they give themselves.
func trueColour(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"kitty", "wezterm", "ghostty", "foot", "contour", "iterm", "konsole", "vte", "mintty", "xterm(", "alacritty"},
		func(known string) bool { return strings.HasPrefix(name, known) })
}

func uncoloured(env []string) Mode {
	if unicodeLocale(env) {
		return Shades
	}
	return ASCII
}

func unicodeLocale(env []string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(lookup(env, name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}

// lookup returns a variable's last value, as the system does.
func lookup(env []string, name string) string {
	for _, line := range slices.Backward(env) {
		if v, ok := strings.CutPrefix(line, name+"="); ok {
			return v
		}
	}
	return ""
}
