package receipt

import (
	"errors"
	"os"
	"sync"
)

// A Writer writes the receipt of a call that goes on. It may be used by several
// goroutines, and writes to the disk before it returns.
type Writer struct {
	book Book
	call string
	key  Key

	mu    sync.Mutex // guards everything that follows
	f     *os.File   // nil when it has ended
	n     int
	prev  string
	facts *Facts // of the last such line
	full  bool
	err   error // the first
}

// maxLines bounds a receipt: a day of one line every five seconds.
const maxLines = 17280

// Call names the receipt.
func (w *Writer) Call() string { return w.call }

// Facts writes what leaves from now on. The same facts again are not written.
func (w *Writer) Facts(f Facts) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.facts != nil && *w.facts == f {
		return w.err
	}
	w.facts = &f
	return w.note(Line{What: Changed, Facts: &f})
}

// Consent writes what the person answered.
func (w *Writer) Consent(c Consent) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.note(Line{What: Asked, Consent: &c})
}

// Traffic writes what has gone to hosts since the call began.
func (w *Writer) Traffic(flows []Flow) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.note(Line{What: Moved, Flows: flows})
}

// End writes why the call ended, and what has gone to hosts. Later lines are not
// written. It may be called again.
func (w *Writer) End(why string, flows []Flow) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.f == nil {
		return w.err
	}
	err := w.write(Line{At: now(), What: Ended, Why: why, Flows: flows})
	err = errors.Join(err, w.f.Sync(), w.f.Close())
	w.f = nil
	if err == nil {
		err = w.book.add(w.key, Line{What: closed, Call: w.call, Hash: w.prev})
	}
	w.err = errors.Join(w.err, err)
	return w.err
}

// note writes l while there is room. mu must be held.
func (w *Writer) note(l Line) error {
	if w.f == nil || w.full || w.err != nil {
		return w.err
	}
	if w.n >= maxLines {
		w.full, l = true, Line{What: Full}
	}
	l.At = now()
	w.err = w.write(l)
	return w.err
}

func (w *Writer) write(l Line) error {
	l.N, l.Prev = w.n+1, w.prev
	line, err := w.key.sign(l)
	if err != nil {
		return err
	}
	if _, err := w.f.Write(line); err != nil {
		return err
	}
	w.n, w.prev = l.N, hash(line)
	return nil
}
