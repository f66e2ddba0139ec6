package term

import (
	"io"
	"os"
	"strings"
	"testing"
)

func TestALifelineThatIsClosedNeedsNoRescueAndABrokenOneDoes(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(l *Lifeline, w io.Closer)
		want bool
	}{
		"closed": {func(l *Lifeline, _ io.Closer) { _ = l.Close() }, true},
		"broken": {func(_ *Lifeline, w io.Closer) { _ = w.Close() }, false},
	} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		c.end(NewLifeline(w), w)
		got, err := endedSafely(r)
		if err != nil || got != c.want {
			t.Errorf("%s: ended safely %v, %v", name, got, err)
		}
		_ = r.Close()
	}
}

func TestWhatIsNoTerminalCannotBeRescued(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if _, err := NewRescue(w); err == nil {
		t.Error("no error")
	}
}

func TestResetLeavesTheAlternateScreenBeforeItShowsTheCursor(t *testing.T) {
	s := Reset()
	if i, j := strings.Index(s, "\x1b[?1049l"), strings.Index(s, "\x1b[?25h"); i < 0 || j < i {
		t.Errorf("%q", s)
	}
}
