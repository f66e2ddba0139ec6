package receipt

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Book is the folder of all receipts. Several programs may use one at once.
type Book struct{ dir string }

// At returns the book in a folder, which need not exist.
func At(dir string) Book { return Book{dir} }

// Dir is the book's folder.
func (b Book) Dir() string { return b.dir }

const (
	bookName = "book"
	lockName = "lock"
	suffix   = ".jsonl"
)

func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// names are those of calls: when, to the millisecond, so that they are in order, and
// something that makes them unique.
var names = regexp.MustCompile(`^[0-9]{8}-[0-9]{6}-[0-9]{3}-[a-z2-7]{4}$`)

func newName(at time.Time) string {
	return strings.Replace(at.Format("20060102-150405.000"), ".", "-", 1) + "-" + strings.ToLower(rand.Text()[:4])
}

// Begin opens the receipt of a call that begins now. Call and Book of s are set by
// it. An error says that there will be no receipt, and why.
func (b Book) Begin(s Start, k Key) (w *Writer, err error) {
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return nil, err
	}
	unlock, err := b.lock()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	n, prev, err := b.end()
	if err != nil {
		return nil, err
	}
	at := now()
	s.Call, s.Book = newName(at), prev
	f, err := os.OpenFile(b.file(s.Call), os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	w = &Writer{book: b, call: s.Call, key: k, f: f}
	if err := w.write(Line{At: at, What: Began, Start: &s, Key: k.Public().String()}); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	if err := b.append(k, n, prev, Line{What: opened, Call: s.Call, Hash: w.prev}); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return w, nil
}

func (b Book) file(call string) string { return filepath.Join(b.dir, call+suffix) }

// end returns the number and the hash of the book's last line.
func (b Book) end() (n int, last string, err error) {
	f, err := os.Open(filepath.Join(b.dir, bookName))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return 0, "", err
	}
	part := make([]byte, min(size, maxLine+1))
	if _, err := f.ReadAt(part, size-int64(len(part))); err != nil {
		return 0, "", err
	}
	line := part[bytes.LastIndexByte(part[:len(part)-1], '\n')+1:]
	l, signed, sig, err := split(line)
	if err == nil {
		var key Public
		if key, err = keyOf(l); err == nil && !key.signed(signed, sig) {
			err = errBadSignature
		}
	}
	if err != nil {
		return 0, "", fmt.Errorf("the book of receipts in %s is broken: its last line: %w", b.dir, err)
	}
	return l.N, hash(line), nil
}

func keyOf(l Line) (Public, error) { return ParsePublic(l.Key) }

// append writes the line after the n-th, whose hash is prev. The book must be locked.
func (b Book) append(k Key, n int, prev string, l Line) (err error) {
	l.N, l.At, l.Key, l.Prev = n+1, now(), k.Public().String(), prev
	line, err := k.sign(l)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(b.dir, bookName), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(line); err != nil {
		return err
	}
	return f.Sync()
}

// add appends a line of its own.
func (b Book) add(k Key, l Line) (err error) {
	unlock, err := b.lock()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	n, prev, err := b.end()
	if err != nil {
		return err
	}
	return b.append(k, n, prev, l)
}

// A Call is a call as the book tells of it.
type Call struct {
	Name    string
	Receipt *Receipt // nil if it was deleted, or Err says why
	Err     error    // why its receipt is not good
}

// A Finding is what Verify found.
type Finding struct {
	Calls []Call   // oldest first, without the deleted ones
	Gone  int      // calls that were deleted
	Keys  []Public // that signed, each once
	Err   error    // why the book itself is not good
}

// Good reports whether everything is whole and unchanged.
func (f Finding) Good() bool {
	return f.Err == nil && !slices.ContainsFunc(f.Calls, func(c Call) bool { return c.Err != nil })
}

// Verify reads and verifies the book and all receipts. The error is of reading; what
// does not fit is in the Finding.
func (b Book) Verify() (f Finding, err error) {
	bytes, err := os.ReadFile(filepath.Join(b.dir, bookName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	c, err := follow(bookName, bytes, keyOf)
	f.Err = err
	told := make(map[string]*entry)
	var order []*entry
	for i, l := range c.lines {
		key, _ := keyOf(l) // it has verified the line
		f.learn(key)
		e := told[l.Call]
		if !e.take(l) {
			f.Err = errors.Join(f.Err, &BadLineError{bookName, i + 1, "it does not belong there"})
			continue
		}
		if e == nil {
			e = &entry{name: l.Call, first: l.Hash, book: l.Prev}
			told[l.Call] = e
			order = append(order, e)
		}
	}
	for _, e := range order {
		if e.gone {
			f.Gone++
			if _, err := os.Lstat(b.file(e.name)); err == nil {
				f.Err = errors.Join(f.Err, fmt.Errorf("%s was deleted, and is there", e.name+suffix))
			}
			continue
		}
		r, err := b.read(e)
		if err == nil {
			f.learn(r.Key)
			f.Calls = append(f.Calls, Call{Name: e.name, Receipt: &r})
		} else {
			f.Calls = append(f.Calls, Call{Name: e.name, Err: err})
		}
	}
	return f, b.strangers(&f, told)
}

// strangers finds receipts that the book does not know.
func (b Book) strangers(f *Finding, told map[string]*entry) error {
	all, err := os.ReadDir(b.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, file := range all {
		if name := strings.TrimSuffix(file.Name(), suffix); name != bookName && name != lockName && told[name] == nil {
			f.Err = errors.Join(f.Err, fmt.Errorf("the book does not know %s", file.Name()))
		}
	}
	return nil
}

func (f *Finding) learn(p Public) {
	if !slices.ContainsFunc(f.Keys, func(q Public) bool { return bytes.Equal(p, q) }) {
		f.Keys = append(f.Keys, p)
	}
}

// An entry is what the book tells of a call.
type entry struct {
	name        string
	first, last string // hashes of lines; last is empty while it goes on
	book        string // hash of the book's line before
	gone        bool
}

// take reports whether l may follow what is known, and remembers it. Of a call that is
// not known e is nil.
func (e *entry) take(l Line) bool {
	switch l.What {
	case opened:
		return e == nil && names.MatchString(l.Call)
	case closed:
		ok := e != nil && e.last == "" && !e.gone
		if ok {
			e.last = l.Hash
		}
		return ok
	case deleted:
		if e != nil {
			e.gone = true // once more, where the file was still there
		}
		return e != nil
	case Began, Changed, Asked, Moved, Full, Ended:
	}
	return false
}

// read reads the receipt of a call, and compares it with what the book tells.
func (b Book) read(e *entry) (r Receipt, err error) {
	f, err := os.Open(b.file(e.name))
	if errors.Is(err, fs.ErrNotExist) {
		return r, errors.New("its receipt is missing")
	}
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r, c, err := read(e.name+suffix, f)
	switch {
	case err != nil:
		return r, err
	case r.Call != e.name || c.hashes[0] != e.first || r.Book != e.book:
		return r, errors.New("it is not the receipt that the book knows")
	case e.last != "" && c.last() != e.last:
		return r, errors.New("its end is not the one that the book knows")
	}
	return r, nil
}

// ErrNoCall is wrapped by errors about a call that there is not.
var ErrNoCall = errors.New("there is no such call")

// Delete deletes the receipt of a call. The book then tells that there was one.
func (b Book) Delete(call string, k Key) error {
	if !names.MatchString(call) {
		return fmt.Errorf("%w: %s", ErrNoCall, call)
	}
	if _, err := os.Lstat(b.file(call)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s", ErrNoCall, call)
	}
	if err := b.add(k, Line{What: deleted, Call: call}); err != nil {
		return err
	}
	return os.Remove(b.file(call))
}

// Names are those of the calls that have a receipt, oldest first. Nothing is verified.
func (b Book) Names() ([]string, error) {
	all, err := os.ReadDir(b.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var found []string
	for _, f := range all {
		if name, ok := strings.CutSuffix(f.Name(), suffix); ok && names.MatchString(name) {
			found = append(found, name)
		}
	}
	return found, nil
}

// Open opens the receipt of a call as it is kept, to be read or exported.
func (b Book) Open(call string) (*os.File, error) {
	if !names.MatchString(call) {
		return nil, fmt.Errorf("%w: %s", ErrNoCall, call)
	}
	f, err := os.Open(b.file(call))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNoCall, call)
	}
	return f, err
}

// Expire deletes the receipts of calls that began before t.
func (b Book) Expire(t time.Time, k Key) error {
	all, err := b.Names()
	if err != nil {
		return err
	}
	for _, name := range all {
		if began, err := time.Parse("20060102-150405", name[:len("20060102-150405")]); err != nil || !began.Before(t) {
			continue
		}
		if err := b.Delete(name, k); err != nil {
			return err
		}
	}
	return nil
}
