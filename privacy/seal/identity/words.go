package identity

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the words
	"slices"
	"strings"
)

// A Language is one that there are words in.
type Language string

// The languages.
const (
	English Language = "en"
	German  Language = "de"
)

// The lists were made for this program: 256 things to see, a line each, in order.
// Any two differ in three letters or more, and no two begin with the same three, so
// that they are told apart on a bad line and found after a few letters.
var (
	//go:embed words_en.txt
	english string

	//go:embed words_de.txt
	german string
)

// A Safety is what two people compare by ear to know that nobody is between them:
// 64 bits. It is the same on both sides, if there is nobody.
//
// So few bits are enough because nobody can try: each side promises its share of
// the transcript before it sees that of the other (see package group), so that
// somebody in the middle has one guess of 2⁶⁴ each time that people come or leave.
// Without the promise, he could try 2³² of his own keys for each side, which takes
// minutes, until both had the same words.
type Safety [8]byte

// Compare returns what all who have the given identities, in any order, see of a
// group with that transcript.
func Compare(transcript [32]byte, ids ...Public) Safety {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b Public) int { return bytes.Compare(a[:], b[:]) })
	h := sha256.New()
	h.Write([]byte("paravent safety words 1"))
	h.Write(transcript[:])
	for _, id := range ids {
		h.Write(id[:])
	}
	return Safety(h.Sum(nil)[:8])
}

// Words returns the eight words to read out. A language that there are none in is
// English.
func (s Safety) Words(l Language) []string {
	list := english
	if l == German {
		list = german
	}
	lines := strings.Fields(list)
	words := make([]string, len(s))
	for i, b := range s {
		words[i] = lines[b]
	}
	return words
}
