package person

// A backdrop is how the room looks where nobody is.
type backdrop struct {
	y, cb, cr [n]byte
	known     [n]byte // pictures in which a cell was seen without a person

	sy, scb, scr [n]byte // what is looked at for whether it stands still
	quiet        [n]byte // how far the head has moved while nothing changed there, in 1/16 cell
}

const isKnown = 8

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
	return b.known[i] >= isKnown && apart(b.y[i], v.Y[i])+2*apart(b.cb[i], v.Cb[i])+2*apart(b.cr[i], v.Cr[i]) > 22
}

func apart(a, b byte) int {
	d := int(a) - int(b)
	return max(d, -d)
}

// watch finds what stands still beside a head that moves: it is not hair and no
// hand, so it is the room, whatever the mask says. It looks only above the
// shoulders and outside the face, where a head that moves moves everything.
func (b *backdrop) watch(v View, h *head) {
	went := byte(min(h.went*16, 64)) // less than 1/16 of a cell a picture is no movement
	f := h.at
	cx, cy := f.centre()
	for y := range H {
		beside := (float32(y)+.5-cy)/f.W < .85
		for x := range W {
			i := y*W + x
			if apart(b.sy[i], v.Y[i])+2*apart(b.scb[i], v.Cb[i])+2*apart(b.scr[i], v.Cr[i]) > 14 {
				b.sy[i], b.scb[i], b.scr[i], b.quiet[i] = v.Y[i], v.Cb[i], v.Cr[i], 0
				continue
			}
			u := abs(float32(x)+.5-cx) / f.W
			if !beside || u < .5 {
				b.quiet[i] = 0
				continue
			}
			b.quiet[i] = min(b.quiet[i], 255-went) + went
		}
	}
	for y := 2; y < H-2; y++ {
		for x := 2; x < W-2; x++ {
			if i := y*W + x; b.quiet[i] >= farEnough && b.textured(v, i) {
				b.settle(v, i)
			}
		}
	}
}

const farEnough = 40 // 2.5 cells

// textured reports whether a movement of one cell would be seen at cell i.
func (b *backdrop) textured(v View, i int) bool {
	return max(apart(v.Y[i-1], v.Y[i+1]), apart(v.Y[i-W], v.Y[i+W])) > 16
}

// settle takes cell i, and those around it which are as quiet, for the room.
func (b *backdrop) settle(v View, i int) {
	for dy := -2 * W; dy <= 2*W; dy += W {
		for j := i + dy - 2; j <= i+dy+2; j++ {
			if b.quiet[j] >= farEnough {
				b.y[j], b.cb[j], b.cr[j] = v.Y[j], v.Cb[j], v.Cr[j]
				b.known[j] = max(b.known[j], isKnown)
			}
		}
	}
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
