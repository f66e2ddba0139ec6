package tui

import (
	"io"
	"os"
	"sync"
	"sync/atomic"

	"paravent/ui/term"
)

// Ears hear what comes from the terminal before anything else does: what it says
// of itself, and the panic key. That key must work even when the drawing is
// stuck, because the terminal takes no more text.
type ears struct {
	in     io.Reader
	panics func()                      // must not block
	said   func(a term.Answers, n int) // must not block

	typing atomic.Bool // the person types a line, in which ! is a character

	mu       sync.Mutex // guards everything that follows
	listener term.Listener
}

// isPanic reports whether nothing but the panic key was pressed, as itself or in
// one of the forms of xterm's modifyOtherKeys and of kitty's keyboard protocol.
func isPanic(got string) bool {
	switch got {
	case panicKey, "\x1b[27;2;33~", "\x1b[33u", "\x1b[33;2u", "\x1b[49;2u", "\x1b[49:33;2u":
		return true
	}
	return false
}

// Read passes on everything. A single ! is the key; among other characters it
// may be pasted.
func (e *ears) Read(b []byte) (int, error) {
	n, err := e.in.Read(b)
	got := b[:n]
	if isPanic(string(got)) && !e.typing.Load() {
		e.panics()
	}
	e.mu.Lock()
	answered := e.listener.Hear(got)
	answers := e.listener.Answers()
	e.mu.Unlock()
	if answered > 0 {
		e.said(answers, answered)
	}
	return n, err
}

// An earsFile lets the text renderer see that the input is a terminal, and wait
// for it without reading.
type earsFile struct {
	*ears
	file *os.File
}

func (e earsFile) Write(b []byte) (int, error) { return e.file.Write(b) }
func (e earsFile) Close() error                { return nil } // the file is the caller's
func (e earsFile) Fd() uintptr                 { return e.file.Fd() }
func (e earsFile) Name() string                { return e.file.Name() }
