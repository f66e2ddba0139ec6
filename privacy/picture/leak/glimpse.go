package leak

import (
	"slices"

	"paravent/media/frame"
)

const (
	glimpses = 4  // pictures kept
	apart    = 10 // pictures at least between two of them
)

// A glimpse is a picture in which more cells than in most others suddenly left
// what stands: a filter that opened for a moment, or somebody who comes in.
type glimpse struct {
	cells  int // that suddenly left
	at     int // number of the picture
	y      [][4]uint16
	colour [2][]uint16
	fresh  []bool // the cells that left
}

func newGlimpses(n int) (all [glimpses]glimpse) {
	for i := range all {
		all[i] = glimpse{y: make([][4]uint16, n), colour: [2][]uint16{make([]uint16, n), make([]uint16, n)}, fresh: make([]bool, n)}
	}
	return all
}

// glance keeps p, in which so many cells suddenly left what stands, in place of
// the kept one that showed least, or of one just before it that showed less.
func (a *Attacker) glance(p *frame.Picture, left int) {
	g := &a.glimpses[0]
	for i := range a.glimpses {
		k := &a.glimpses[i]
		if k.cells > 0 && a.n-k.at < apart {
			g = k
			break
		}
		if k.cells < g.cells {
			g = k
		}
	}
	if left <= g.cells {
		return
	}
	g.cells, g.at = left, a.n
	for r := range a.gh {
		c := a.cells(p, r)
		for x := range a.gw {
			i := r*a.gw + x
			g.y[i], g.colour[0][i], g.colour[1][i] = c.luma(x), unit*uint16(c.cb[x]), unit*uint16(c.cr[x])
			g.fresh[i] = a.away[i] == suddenly
		}
	}
}

// glimpsed is what each cell showed in the kept pictures: the colour that most of
// them agree on, since the room is in all of them the same and the person is not;
// if they do not, that of the picture that showed most.
func (a *Attacker) glimpsed() guess {
	all := slices.Clone(a.glimpses[:])
	slices.SortFunc(all, func(x, y glimpse) int { return y.cells - x.cells })
	g := newGuess(len(a.y))
	for i := range a.y {
		best := 0
		for _, k := range all {
			if !k.fresh[i] {
				continue
			}
			agree := 0
			for _, o := range all {
				w := word{y: o.y[i], cb: o.colour[0][i], cr: o.colour[1][i]}
				if o.fresh[i] && w.like(k.y[i], k.colour[0][i], k.colour[1][i]) {
					agree++
				}
			}
			if agree > best {
				best = agree
				g.y[i], g.cb[i], g.cr[i] = k.y[i], k.colour[0][i], k.colour[1][i]
			}
		}
		g.certainty[i] = byte(255 * best / glimpses)
	}
	return g
}
