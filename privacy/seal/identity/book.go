package identity

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Verdict is what the book says of somebody with a name and an identity.
type Verdict int

// The verdicts.
const (
	Unknown  Verdict = iota // the name was never seen: trusted for now, and remembered
	Known                   // seen before, never compared
	Verified                // the words were compared once
	Renamed                 // known by another name
	Changed                 // the name is known with another identity: needs a yes
)

const (
	maxName  = 64   // bytes
	maxKnown = 1000 // entries
)

// A Book remembers identities. It is a value: what changes it returns another one.
type Book struct{ known []entry } // in the order of name and key, never changed

type entry struct {
	name     string
	id       Public
	verified bool
	seen     uint32 // days since 1970, last time
}

// Judge says what is known of an identity that goes by a name. Names are compared
// without regard to case and spaces. To look alike is not to be the same: who calls
// himself almost like somebody else is new.
func (b Book) Judge(name string, id Public) Verdict {
	name = plain(name)
	verdict := Unknown
	for _, e := range b.known {
		switch {
		case e.name == name && e.id == id && e.verified:
			return Verified
		case e.name == name && e.id == id:
			return Known
		case e.name == name:
			verdict = Changed
		case e.id == id && verdict == Unknown:
			verdict = Renamed
		}
	}
	return verdict
}

// Remember notes that an identity with a name was met. For one that is Changed it
// is the person's yes: both identities are that name's from then on.
func (b Book) Remember(name string, id Public, now time.Time) Book {
	return b.with(name, id, now, false)
}

// Verify notes that the person compared the words.
func (b Book) Verify(name string, id Public, now time.Time) Book { return b.with(name, id, now, true) }

// Forget drops a name with all its identities.
func (b Book) Forget(name string) Book {
	name = plain(name)
	return Book{slices.DeleteFunc(slices.Clone(b.known), func(e entry) bool { return e.name == name })}
}

// Len is how many identities the book has.
func (b Book) Len() int { return len(b.known) }

func (b Book) with(name string, id Public, now time.Time, verified bool) Book {
	e := entry{name: plain(name), id: id, verified: verified, seen: uint32(max(0, now.Unix()/86400))}
	known := slices.Clone(b.known)
	at, found := slices.BinarySearchFunc(known, e, compare)
	if found {
		e.verified = e.verified || known[at].verified
		known[at] = e
		return Book{known}
	}
	known = slices.Insert(known, at, e)
	if len(known) > maxKnown { // the one to go was not compared, if there is one, and is the longest not seen
		oldest := slices.MinFunc(known, func(x, y entry) int {
			if x.verified != y.verified {
				if y.verified {
					return -1
				}
				return 1
			}
			return cmp.Compare(x.seen, y.seen)
		})
		at, _ := slices.BinarySearchFunc(known, oldest, compare)
		known = slices.Delete(known, at, at+1)
	}
	return Book{known}
}

func compare(x, y entry) int {
	return cmp.Or(strings.Compare(x.name, y.name), bytes.Compare(x.id[:], y.id[:]))
}

// plain is the form of a name that is compared and kept.
func plain(name string) string {
	name = strings.Join(strings.Fields(strings.ToLower(strings.ToValidUTF8(name, "?"))), " ")
	for len(name) > maxName {
		name = strings.ToValidUTF8(name[:maxName], "")
	}
	return strings.TrimSpace(name)
}

// ErrBook is returned for bytes that are no book.
var ErrBook = errors.New("the memory of known identities is damaged; delete it to begin anew, and compare the words again")

// Marshal writes the book: a version, and for each entry the length of the name,
// the name, the key, the day it was seen last, and whether it was compared.
func (b Book) Marshal() []byte {
	out := binary.BigEndian.AppendUint16([]byte{version}, uint16(len(b.known)))
	for _, e := range b.known {
		out = append(append(out, byte(len(e.name))), e.name...)
		out = binary.BigEndian.AppendUint32(append(out, e.id[:]...), e.seen)
		verified := byte(0)
		if e.verified {
			verified = 1
		}
		out = append(out, verified)
	}
	return out
}

// ReadBook reads what Marshal wrote, and nothing else, or returns ErrBook.
func ReadBook(in []byte) (Book, error) {
	if len(in) < 3 || in[0] != version {
		return Book{}, ErrBook
	}
	n := int(binary.BigEndian.Uint16(in[1:]))
	if n > maxKnown {
		return Book{}, ErrBook
	}
	in = in[3:]
	known := make([]entry, 0, min(n, len(in)/38))
	for range n {
		if len(in) == 0 || len(in) < 1+int(in[0])+len(Public{})+5 {
			return Book{}, ErrBook
		}
		e := entry{name: string(in[1 : 1+in[0]])}
		in = in[1+len(e.name):]
		e.id = Public(in[:len(Public{})])
		in = in[len(Public{}):]
		e.seen, e.verified = binary.BigEndian.Uint32(in), in[4] == 1
		if in[4] > 1 || e.name != plain(e.name) || len(known) > 0 && compare(known[len(known)-1], e) >= 0 {
			return Book{}, ErrBook
		}
		in = in[5:]
		known = append(known, e)
	}
	if len(in) > 0 {
		return Book{}, ErrBook
	}
	return Book{known}, nil
}

// LoadBook returns the book in s, an empty one if there is none.
func LoadBook(s Store) (Book, error) {
	kept, found, err := s.Get(bookName)
	if err != nil {
		return Book{}, fmt.Errorf("read the known identities: %w", err)
	}
	if !found {
		return Book{}, nil
	}
	return ReadBook(kept)
}

// Save keeps the book in s.
func (b Book) Save(s Store) error {
	if err := s.Set(bookName, b.Marshal()); err != nil {
		return fmt.Errorf("keep the known identities: %w", err)
	}
	return nil
}
