// Package spoil makes broken inputs of good ones, for tests of whatever reads what
// others wrote. It makes the same ones each time.
package spoil

import (
	"bytes"
	"iter"
	"math/rand/v2"
)

// Times is how many broken inputs a parser is tried with in every run of the tests.
const Times = 10_000

// Each returns Times broken copies of good inputs: with bits flipped, and with pieces
// left out, doubled, put in anew or cut off. Some are good still.
func Each(good ...[]byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		r := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // the same each time
		for i := range Times {
			if !yield(One(r, good[i%len(good)])) {
				return
			}
		}
	}
}

// One returns a broken copy of a good input.
func One(r *rand.Rand, good []byte) []byte {
	b := bytes.Clone(good)
	for range 1 + r.IntN(4) {
		if len(b) == 0 {
			return b
		}
		from := r.IntN(len(b))
		to := min(len(b), from+r.IntN(20))
		switch r.IntN(6) {
		case 0:
			b[from] ^= 1 << r.IntN(8)
		case 1:
			b[from] = byte(r.Uint32())
		case 2:
			b = append(b[:from], b[to:]...)
		case 3: // a number, where a length or a value may stand
			b = append(b[:from], append([]byte{byte('0' + r.IntN(10)), byte('0' + r.IntN(10))}, b[from:]...)...)
		case 4:
			b = append(b[:to], append(bytes.Clone(b[from:to]), b[to:]...)...)
		case 5:
			b = b[:max(from, 1)]
		}
	}
	return b
}
