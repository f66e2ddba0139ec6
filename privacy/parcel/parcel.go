// Package parcel keeps files apart that go from person to person. What leaves is an
// ordinary file without what a camera wrote into it; what arrives goes into a folder of
// its own, where nothing is overwritten and nothing is opened.
//
// It knows no server and sends nothing: a connector carries what it is given.
package parcel

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// The limits: of one file either way, and of all that a folder takes in one call.
const (
	MaxSize  = 64 << 20
	maxTotal = 256 << 20
	maxFiles = 100
)

// The errors. None of them holds a name: those come from the network.
var (
	ErrTooLarge = errors.New("the file is larger than 64 MiB")
	ErrFull     = errors.New("too many files have come in this call, or too large ones")
	ErrNotAFile = errors.New("this is no ordinary file")
	ErrShort    = errors.New("the file ended too early, or is longer than was said")
	errNames    = errors.New("there are too many files of this name")
)

// maxName bounds a name, in bytes: what file systems take, with room for a number.
const maxName = 200

// Name makes of a name from the network one that is safe in a folder: no path, no codes
// that turn or hide text, nothing that a system reserves. It is never empty.
func Name(foreign string) string {
	s := strings.ReplaceAll(strings.ToValidUTF8(foreign, ""), `\`, "/")
	s = path.Base(s)
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), r == unicode.ReplacementChar:
			return -1
		case unicode.IsSpace(r):
			return ' '
		case strings.ContainsRune(`<>:"/\|?*`, r): // Windows
			return '_'
		}
		return r
	}, s)
	ext := path.Ext(s)
	if len(ext) > 20 {
		ext = ""
	}
	stem := strings.TrimSuffix(s, ext)
	for len(stem)+len(ext) > maxName {
		_, n := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-n]
	}
	s = strings.Trim(stem+ext, ". ") // nothing hidden; Windows drops them at the end
	if s == "" {
		return "file"
	}
	if reserved(s) {
		s = "_" + s
	}
	return s
}

// reserved reports whether Windows takes a name for a device.
func reserved(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch strings.TrimSpace(stem) {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	for _, device := range []string{"COM", "LPT"} {
		if rest, ok := strings.CutPrefix(stem, device); ok && utf8.RuneCountInString(rest) == 1 && strings.ContainsAny(rest, "0123456789¹²³") {
			return true
		}
	}
	return false
}

// A Letter is a file that is to leave.
type Letter struct {
	Name string
	Size int64
	io.Reader
	file io.Closer
}

// Close closes the file.
func (l *Letter) Close() error { return l.file.Close() }

// Open opens an ordinary file of at most MaxSize to be sent. If it is a JPEG, where it
// was taken, by what and when is left out, unless it is to go exactly as it is.
func Open(name string, exact bool) (_ *Letter, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, ErrNotAFile
	case info.Size() > MaxSize:
		return nil, ErrTooLarge
	}
	l := &Letter{Name: Name(filepath.Base(name)), Size: info.Size(), Reader: io.LimitReader(f, info.Size()), file: f}
	if exact {
		return l, nil
	}
	all, err := io.ReadAll(l.Reader)
	if err != nil {
		return nil, err
	}
	if isJPEG(all) {
		if all, err = Strip(all); err != nil {
			return nil, err
		}
	}
	l.Size, l.Reader = int64(len(all)), strings.NewReader(string(all))
	return l, nil
}

// A Box is the folder for what arrives in one call. Its methods may be called by
// several goroutines.
type Box struct {
	dir  string
	root *os.Root

	mu    sync.Mutex // guards everything that follows
	files int
	total int64
	next  int
}

// NewBox makes the folder, if it is not there, so that only its owner can read it.
func NewBox(dir string) (*Box, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Box{dir: dir, root: root}, nil
}

// Close closes the folder. What is on its way is dropped.
func (b *Box) Close() error { return b.root.Close() }

// A Parcel is a file that is arriving. It is used by one goroutine at a time.
type Parcel struct {
	box       *Box
	name      string
	temporary string
	file      *os.File
	size, got int64
}

// Take begins a file of the given name and size in bytes, both from the network; −1 is
// a size that is not known.
func (b *Box) Take(name string, size int64) (*Parcel, error) {
	if size > MaxSize {
		return nil, ErrTooLarge
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.files >= maxFiles || b.total+max(size, 0) > maxTotal {
		return nil, ErrFull
	}
	b.files++
	p := &Parcel{box: b, name: Name(name), size: size}
	for {
		b.next++
		p.temporary = fmt.Sprintf(".arriving-%d-%d", os.Getpid(), b.next)
		f, err := b.root.OpenFile(p.temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, fs.ErrExist) && b.next < 10_000 {
			continue
		}
		p.file = f
		return p, err
	}
}

// Write takes a part.
func (p *Parcel) Write(part []byte) (int, error) {
	n := int64(len(part))
	switch {
	case p.got+n > MaxSize:
		return 0, ErrTooLarge
	case p.size >= 0 && p.got+n > p.size:
		return 0, ErrShort
	}
	p.box.mu.Lock()
	full := p.box.total+n > maxTotal
	if !full {
		p.box.total += n
	}
	p.box.mu.Unlock()
	if full {
		return 0, ErrFull
	}
	p.got += n
	return p.file.Write(part)
}

// Done gives the whole file its name, or one with a number if there is such a file, and
// returns where it is. Nothing is overwritten.
func (p *Parcel) Done() (where string, err error) {
	defer func() { err = errors.Join(err, p.box.root.Remove(p.temporary)) }()
	if err := p.file.Close(); err != nil {
		return "", err
	}
	if p.size >= 0 && p.got != p.size {
		return "", ErrShort
	}
	ext := path.Ext(p.name)
	stem := strings.TrimSuffix(p.name, ext)
	for i := 1; i < 1000; i++ {
		name := p.name
		if i > 1 {
			name = fmt.Sprintf("%s (%d)%s", stem, i, ext)
		}
		err := p.box.root.Link(p.temporary, name)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		where = filepath.Join(p.box.dir, name)
		return where, mark(where)
	}
	return "", errNames
}

// Drop forgets a file that does not come to its end.
func (p *Parcel) Drop() {
	_ = p.file.Close() // it is thrown away
	_ = p.box.root.Remove(p.temporary)
}
