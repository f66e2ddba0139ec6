package term

import (
	"errors"
	"fmt"
	"io"
	"os"

	xterm "golang.org/x/term"
)

// safe is what a program writes into its Lifeline when it ends in good order.
const safe = 's'

// Reset takes back every mode that the terminal face may have set: mouse,
// pasting, keyboard protocols, half-done drawing, colours, a hidden cursor and
// the alternate screen.
func Reset() string {
	return "\x1b\\\x1b[?2026l\x1b[0m\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l" +
		"\x1b[>4m\x1b[<u\x1b[?1049l\x1b[r\x1b[?25h\r\n"
}

// A Lifeline is held by a program that changes the terminal. When it breaks,
// because the program was killed or crashed in foreign code, where nothing can
// be caught, a Rescue at its other end restores the terminal.
type Lifeline struct{ w io.WriteCloser }

// NewLifeline returns a lifeline over the writing end of a pipe.
func NewLifeline(w io.WriteCloser) *Lifeline { return &Lifeline{w} }

// Close says that the terminal is as it was.
func (l *Lifeline) Close() error {
	_, err := l.w.Write([]byte{safe})
	return errors.Join(err, l.w.Close())
}

// A Rescue knows a terminal as it was before.
type Rescue struct {
	tty    *os.File
	before *xterm.State
}

// NewRescue remembers the modes of tty. It is called in a process of its own,
// which from then on outlives the program, before the program changes the modes.
func NewRescue(tty *os.File) (*Rescue, error) {
	before, err := xterm.GetState(int(tty.Fd()))
	if err != nil {
		return nil, fmt.Errorf("terminal modes: %w", err)
	}
	background()
	return &Rescue{tty, before}, nil
}

// Wait reads the lifeline until it ends, and restores the terminal if it broke.
// It reports whether it did.
func (r *Rescue) Wait(lifeline io.Reader) (bool, error) {
	ended, err := endedSafely(lifeline)
	if ended {
		return false, err
	}
	_, errWrite := io.WriteString(r.tty, Reset())
	return true, errors.Join(err, errWrite, xterm.Restore(int(r.tty.Fd()), r.before))
}

// endedSafely reports whether the last byte was the word that all is well.
func endedSafely(lifeline io.Reader) (bool, error) {
	all, err := io.ReadAll(io.LimitReader(lifeline, 16))
	return len(all) > 0 && all[len(all)-1] == safe, err
}
