package term

import (
	"image"
	"testing"
)

func TestAnswersAreHeardAmongKeysInWhateverPieces(t *testing.T) {
	said := "q\x1b[A\x1b_Gi=31;OK\x1b\\x\x1bP>|kitty(0.36.4)\x1b\\\x1b[6;18;9tm\x1b[?62;4;22c!"
	want := Answers{Kitty: true, Sixel: true, Cell: image.Pt(9, 18), Name: "kitty(0.36.4)"}
	for piece := 1; piece < len(said); piece++ {
		var l Listener
		done := 0
		for i := 0; i < len(said); i += piece {
			done += l.Hear([]byte(said[i:min(i+piece, len(said))]))
		}
		if done != 1 || l.Answers() != want {
			t.Fatalf("in pieces of %d: %d times done, %+v", piece, done, l.Answers())
		}
	}
}

func TestWhatATerminalDoesNotSayIsNotAssumed(t *testing.T) {
	for said, want := range map[string]Answers{
		"\x1b[?1;2c":                 {},
		"\x1b[?4;6c":                 {}, // 4 is the class here, not a feature
		"\x1b_Gi=31;EINVAL:no\x1b\\": {},
		"\x1b[6;0;9t":                {},
		"\x1b[6;9999;9t":             {},
		"\x1b[4;800;600t":            {},
		"\x1b[62;4c":                 {},
	} {
		var l Listener
		l.Hear([]byte(said))
		if l.Answers() != want {
			t.Errorf("%q: %+v", said, l.Answers())
		}
	}
}

func FuzzListener(f *testing.F) {
	f.Add([]byte("\x1b_Gi=31;OK\x1b\\\x1bP>|x\x1b\\\x1b[6;18;9t\x1b[?62;4c"))
	f.Add([]byte("\x1b\x1b[\x1bP\x1b_\x18\x1b]0;title\x07\x1b[?;;;;4c"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var l Listener
		done := l.Hear(b)
		a := l.Answers()
		if done > len(b)/4 {
			t.Errorf("%d answers in %d bytes", done, len(b))
		}
		if len(a.Name) > maxAnswer || a.Cell.X < 0 || a.Cell.X > 200 || a.Cell.Y > 200 {
			t.Errorf("%+v", a)
		}
		for _, r := range a.Name {
			if r < 0x20 || r > 0x7e {
				t.Errorf("a raw character in the name: %q", a.Name)
			}
		}
	})
}

func TestTheModeFollowsWhatTheTerminalCan(t *testing.T) {
	big := image.Pt(9, 18)
	utf := func(more ...string) []string { return append([]string{"LANG=de_DE.UTF-8"}, more...) }
	for name, c := range map[string]struct {
		env  []string
		said Answers
		ask  Mode
		want Mode
	}{
		"kitty before sixel":      {env: utf("TERM=xterm-kitty"), said: Answers{Kitty: true, Sixel: true, Cell: big}, want: Kitty},
		"sixel":                   {env: utf("TERM=xterm"), said: Answers{Sixel: true, Cell: big}, want: Sixel},
		"sixel of unknown size":   {env: utf("TERM=xterm-256color"), said: Answers{Sixel: true}, want: Cube},
		"24 bits":                 {env: utf("TERM=screen", "COLORTERM=truecolor"), want: Blocks},
		"24 bits by name":         {env: utf("TERM=xterm-256color"), said: Answers{Name: "WezTerm 2024"}, want: Blocks},
		"256 colours":             {env: utf("TERM=tmux-256color"), want: Cube},
		"few colours":             {env: utf("TERM=linux"), want: Shades},
		"no colour wanted":        {env: utf("TERM=xterm-kitty", "NO_COLOR=1"), said: Answers{Kitty: true}, want: Shades},
		"an empty wish is none":   {env: utf("TERM=x-direct", "NO_COLOR="), want: Blocks},
		"no Unicode":              {env: []string{"TERM=xterm-256color", "LANG=C"}, want: ASCII},
		"dumb":                    {env: utf("TERM=dumb"), want: None},
		"the person's word rules": {env: utf("TERM=xterm-kitty"), said: Answers{Kitty: true}, ask: Blocks, want: Blocks},
	} {
		if got := Decide(c.env, c.said, c.ask).Mode; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
