package person

// A backdrop is how the room looks where nobody is.
type backdrop struct {
	plate
	known [n]byte // pictures in which a cell was seen without a person

	key   plate   // an earlier picture
	have  bool    // there is one
	then  motion  // of the head then
	age   int     // pictures since
	quiet [n]byte // how often on end a cell stood still while the head moved
}

const isKnown = 8

// A plate is a picture on the grid.
type plate struct{ y, cb, cr [n]byte }

// like reports whether cell i of v looks as it does in p.
func (p *plate) like(v View, i int) bool {
	return apart(p.y[i], v.Y[i])+2*apart(p.cb[i], v.Cb[i])+2*apart(p.cr[i], v.Cr[i]) <= 22
}

// learn takes the cells that are no person. mine is what is shown, or nil.
func (b *backdrop) learn(v View, mine *[n]byte) {
	for i, m := range v.Person {
		if m >= 77 || mine != nil && mine[i] != 0 {
			continue
		}
		if b.known[i] == 0 {
			b.y[i], b.cb[i], b.cr[i] = v.Y[i], v.Cb[i], v.Cr[i]
		}
		b.known[i] = min(b.known[i]+1, 250)
		b.y[i], b.cb[i], b.cr[i] = closer(b.y[i], v.Y[i]), closer(b.cb[i], v.Cb[i]), closer(b.cr[i], v.Cr[i])
	}
}

func closer(a, b byte) byte { return byte((7*int(a) + int(b) + 4) / 8) }

// differs reports whether cell i certainly looks otherwise than the room there.
func (b *backdrop) differs(v View, i int) bool {
	return b.known[i] >= isKnown && !b.like(v, i)
}

func apart(a, b byte) int {
	d := int(a) - int(b)
	return max(d, -d)
}

// watch finds what stands still beside a head that moves: it is not hair and no
// hand, so it is the room, whatever the mask says. It looks only above the
// shoulders and outside the face, where a head that moves moves everything. Two
// pictures between which the head has moved are compared, and twice is a proof.
func (b *backdrop) watch(v View, h *head) {
	m := b.then.back().then(h.been.head)
	cx, cy := h.at.centre()
	ox, oy := m.back().of(cx, cy)
	far := max(abs(cx-ox), abs(cy-oy))
	if b.age++; b.have && far < leastFar && b.age < longest {
		return
	}
	if b.have && far >= leastFar && far < mostFar {
		b.vote(v, h, m.back())
	}
	b.key.y, b.key.cb, b.key.cr = *v.Y, *v.Cb, *v.Cr
	b.then, b.have, b.age = h.been.head, true, 0
}

const (
	leastFar  = 1.25 // cells that the head moves between two pictures that are compared
	mostFar   = 4    // more, and they may be hard to compare
	longest   = 90   // pictures
	leastVote = 40   // levels, over 3×3 cells in three planes
	farEnough = 2    // votes
)

// vote compares the last key picture with the present one: has what is there stood,
// or gone with the head, which back takes to where it was?
func (b *backdrop) vote(v View, h *head, back motion) {
	f := h.at
	cx, cy := f.centre()
	for y := 1; y < H-1; y++ {
		if (float32(y)+.5-cy)/f.W >= .85 {
			break
		}
		for x := 1; x < W-1; x++ {
			i := y*W + x
			if abs(float32(x)+.5-cx)/f.W < .5 || v.Person[i] < isPerson {
				b.quiet[i] = 0
				continue
			}
			stood, moved := 0, 0
			for o := -1; o <= 1; o++ {
				for u := -1; u <= 1; u++ {
					j := i + o*W + u
					stood += apart(v.Y[j], b.key.y[j]) + apart(v.Cb[j], b.key.cb[j]) + apart(v.Cr[j], b.key.cr[j])
					px, py := back.of(float32(x+u), float32(y+o))
					moved += apart(v.Y[j], sample(&b.key.y, px, py)) + apart(v.Cb[j], sample(&b.key.cb, px, py)) + apart(v.Cr[j], sample(&b.key.cr, px, py))
				}
			}
			switch {
			case moved-stood > leastVote && moved > 2*stood:
				b.quiet[i] = min(b.quiet[i]+1, 200)
			case stood-moved > leastVote:
				b.quiet[i] = 0
			}
		}
	}
	for i, q := range b.quiet {
		if q >= farEnough {
			b.y[i], b.cb[i], b.cr[i] = v.Y[i], v.Cb[i], v.Cr[i]
			b.known[i] = max(b.known[i], isKnown)
		}
	}
}

// textured reports whether a movement of one cell would be seen at cell i.
func (b *backdrop) textured(v View, i int) bool {
	return max(apart(v.Y[i-1], v.Y[i+1]), apart(v.Y[i-W], v.Y[i+W])) > 16
}

// alike reports whether cell i looks as the room there, and whether that means
// something: dark clothes before a dark wall look the same, a shelf and a tower
// do not.
func (b *backdrop) alike(v View, i int, beside bool) bool {
	x, y := i%W, i/W
	return b.same(v, i) && (beside || x > 0 && x < W-1 && y > 0 && y < H-1 && b.textured(v, i))
}

// same reports whether cell i looks as the room there is known to.
func (b *backdrop) same(v View, i int) bool {
	return b.known[i] >= isKnown && !b.differs(v, i)
}
