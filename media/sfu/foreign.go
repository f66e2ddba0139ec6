package sfu

import (
	"strings"
	"unicode"
)

// Foreign is text that came from the network. It may hold anything, also
// codes that change a terminal; Clean is the only way to show it.
type Foreign string

// maxForeign bounds what one text may take of a screen, in bytes.
const maxForeign = 16 << 10

// Clean returns the text on one line, without control and direction codes,
// valid UTF-8, cut to 16 KiB. The joiners that some scripts and emoji need
// stay.
func (f Foreign) Clean() string {
	s := string(f)
	if len(s) > maxForeign {
		s = s[:maxForeign]
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case r == unicode.ReplacementChar, unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		case r == '\ufeff', r >= 0xe0000 && r <= 0xe007f: // invisible: byte order mark, tags
			return -1
		}
		return r
	}, s)
}
