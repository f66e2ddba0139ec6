package receipt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxChain bounds a file in bytes.
const maxChain = 64 << 20

// A BadLineError says which line of a file does not fit, and why.
type BadLineError struct {
	File string
	N    int // from 1
	Why  string
}

func (e *BadLineError) Error() string { return fmt.Sprintf("%s, line %d: %s", e.File, e.N, e.Why) }

var errBadSignature = errors.New("its signature does not fit")

// A chain is a file that was read and found whole.
type chain struct {
	lines  []Line
	hashes []string // of each line
}

// last is the hash of the last line, "" if there is none.
func (c chain) last() string {
	if len(c.hashes) == 0 {
		return ""
	}
	return c.hashes[len(c.hashes)-1]
}

// follow reads lines that follow each other. keyOf says who signs a line, which was
// not verified yet.
func follow(file string, b []byte, keyOf func(Line) (Public, error)) (chain, error) {
	var c chain
	for n := 1; len(b) > 0; n++ {
		bad := func(why string) error { return &BadLineError{file, n, why} }
		end := bytes.IndexByte(b, '\n') + 1
		if end == 0 {
			return c, bad("it is cut off")
		}
		line := b[:end]
		b = b[end:]
		l, signed, sig, err := split(line)
		if err != nil {
			return c, bad(err.Error())
		}
		key, err := keyOf(l)
		if err != nil {
			return c, bad(err.Error())
		}
		if !key.signed(signed, sig) {
			return c, bad(errBadSignature.Error())
		}
		if l.N != n || l.Prev != c.last() {
			return c, bad("it does not follow the line before")
		}
		c.lines = append(c.lines, l)
		c.hashes = append(c.hashes, hash(line))
	}
	return c, nil
}

// A Receipt is what is kept of one call.
type Receipt struct {
	Start
	Lines []Line // the first is Began
	Key   Public // that signed all of them
	Whole bool   // it ends with Ended
}

// End returns the last line.
func (r Receipt) End() Line { return r.Lines[len(r.Lines)-1] }

// Read reads and verifies one receipt, such as one that was exported. It tells that
// nothing was changed since Key signed it, and not whose key that is.
func Read(file string, in io.Reader) (Receipt, error) {
	r, _, err := read(file, in)
	return r, err
}

func read(file string, in io.Reader) (Receipt, chain, error) {
	b, err := io.ReadAll(io.LimitReader(in, maxChain+1))
	if err != nil {
		return Receipt{}, chain{}, err
	}
	if len(b) > maxChain {
		return Receipt{}, chain{}, fmt.Errorf("%s is too large to be a receipt", file)
	}
	var key Public
	c, err := follow(file, b, func(l Line) (Public, error) {
		if key == nil {
			if l.What != Began || l.Start == nil {
				return nil, errors.New("a receipt begins with how the call began")
			}
			if key, err = ParsePublic(l.Key); err != nil {
				return nil, err
			}
		}
		return key, nil
	})
	if err != nil {
		return Receipt{}, c, err
	}
	if len(c.lines) == 0 {
		return Receipt{}, c, &BadLineError{file, 1, "there is none"}
	}
	r := Receipt{Start: *c.lines[0].Start, Lines: c.lines, Key: key}
	for i, l := range c.lines {
		if err := l.fits(i == 0, i == len(c.lines)-1); err != nil {
			return Receipt{}, c, &BadLineError{file, i + 1, err.Error()}
		}
	}
	r.Whole = r.End().What == Ended
	return r, c, nil
}

// fits reports whether a line may stand where it does in a receipt.
func (l Line) fits(first, last bool) error {
	ok := false
	switch l.What {
	case Began:
		ok = first
	case Changed:
		ok = l.Facts != nil
	case Asked:
		ok = l.Consent != nil
	case Moved, Full:
		ok = true
	case Ended:
		ok = last
	case opened, closed, deleted:
	}
	if !ok {
		return errors.New("it does not belong there")
	}
	return nil
}
