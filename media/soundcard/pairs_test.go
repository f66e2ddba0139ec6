package soundcard

import (
	"math"

	"paravent/media/frame"
)

// furthest is how much later than it was paired a block may come back, in samples: 200 ms.
const furthest = 9600

// pairs looks for every block of the far end in what comes after it at the near end. A cause that came after its echo would not be found.
type pairs struct {
	near, far []float32
	looked    int // blocks of far that were looked for
	same      int // and found
	row       int // of those, the last ones in a row with one lag
	longest   int // such row
	longLag   int // its lag, in samples
	lag       int
	last      int // lag at which a block was found
	moves     int // how often that changed
}

func (p *pairs) add(s *frame.Sound) {
	for len(p.near) < int(s.At/frame.BlockFor)*frame.BlockLen { // the reader was late, and missed some
		p.near, p.far = append(p.near, 0), append(p.far, 0)
	}
	p.near, p.far = append(p.near, s.Near[:]...), append(p.far, s.Far[:]...)
	for ; (p.looked+1)*frame.BlockLen+furthest <= len(p.near); p.looked++ {
		p.look(p.looked * frame.BlockLen)
	}
}

// look looks for the block of far that begins at at.
func (p *pairs) look(at int) {
	if !p.begins(at, p.lag) {
		p.row, p.lag = 0, 0
		for p.lag < furthest && !p.begins(at, p.lag) {
			p.lag++
		}
	}
	if p.lag != p.last && p.lag != furthest {
		p.last = p.lag
		p.moves++
	}
	if p.far[at] == 0 || p.lag == furthest || !equal(p.near[at+p.lag:], p.far[at:], frame.BlockLen) {
		p.row = 0
		return
	}
	p.same++
	if p.row++; p.row > p.longest {
		p.longest, p.longLag = p.row, p.lag
	}
}

func (p *pairs) begins(at, lag int) bool {
	return p.far[at] != 0 && equal(p.near[at+lag:], p.far[at:], 64)
}

func equal(a, b []float32, n int) bool {
	for i := range n {
		if math.Abs(float64(a[i]-b[i])) > 2.0/32768 {
			return false
		}
	}
	return true
}
