package picture

import (
	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/picture/person"
)

// How the guard judges, in shares of the picture, levels of 0 to 255 and seconds.
// The levels were tuned on composites of people and rooms (2026-11-25).
const (
	settle     = 1.0            // for which a note must hold, or not hold any more
	blindAfter = 1.5            // after a Finding's Seen is gone, so 3 s after the last detection
	faceLately = 1.5            // for which another face counts after it was detected
	leastHeld  = .04            // of the cells: somebody without a face who is held back
	leastBody  = .05            // of the cells: a person without a face
	asideX     = .22            // of the middle, of the face's centre
	topY       = .15            // the same, from the upper edge
	bottomY    = .72            // the same
	nearHeight = .75            // of the face
	overEdge   = .5             // cells of the face beyond an edge
	dark       = 70             // mean of a face in the shade
	shade      = 110            // level that next to nothing of such a face reaches
	contrast   = 1.8            // of the room's mean to the face's
	glare      = 215            // a cell this bright is next to clipped
	leastGlare = .12            // of the room's cells
	readEvery  = .5 / readParts // between two looks for text, each at a part of the picture
	longestGap = .5             // that counts of a camera that halts
	isRoom     = 26             // below: not person
	mostFaces  = 8              // that are looked at
	brightPart = 1. / 12        // of the face's cells that may be brighter: eyes and glasses
)

// A guard watches how the picture is framed, and says what a person should know.
// All it looks at is what the filter has anyway, but for text, which it looks for
// in the picture itself, twice a second. It is used by one goroutine at a time;
// its zero value is ready.
type guard struct {
	found   [mostFaces]person.Face // at the last detection
	count   int
	other   float32 // seconds for which another face still counts
	unseen  float32 // seconds without a face, but with a person
	reader  reader
	glow    glow
	read    float32 // seconds until the next look for text
	off     latch
	second  latch
	legible latch
	back    latch
	near    latch
	blind   bool
}

// A latch follows what held for a while.
type latch struct {
	on    bool
	since float32 // seconds for which it has been otherwise
}

// follow returns what held for the last second, or held before that.
func (l *latch) follow(now bool, gap float32) bool {
	if now == l.on {
		l.since = 0
	} else if l.since += gap; l.since >= settle {
		l.on, l.since = now, 0
	}
	return l.on
}

// faces takes a new detection, in cells of the grid.
func (g *guard) faces(found []person.Face) { g.count = copy(g.found[:], found) }

// notes judges the picture p, which is not composed yet, gap seconds after the
// last one. Away is as sudden as f.Present, which has a hysteresis of its own:
// the picture is covered by it. Every other note comes after it held for a second
// and goes a second after it last did; those on the face go with the person.
// Real-time: it does not allocate.
func (g *guard) notes(f person.Finding, c *grid, p *frame.Picture, gap float32) filter.Notes {
	gap = min(max(gap, 0), longestGap)
	var n filter.Notes
	if f.Present {
		n |= g.framing(f, c, gap)
	} else {
		n |= filter.Away
		g.off, g.back, g.near = latch{}, latch{}, latch{}
	}
	if g.faceless(f, c, gap) {
		n |= filter.NoFace
	}
	if g.second.follow(g.company(f, c, gap), gap) {
		n |= filter.SecondPerson
	}
	if g.read -= gap; g.read <= 0 {
		g.read = max(g.read+readEvery, 0)
		g.reader.look(p.Image, &c.keep)
	}
	if screen := g.glow.look(c, gap); g.legible.follow(g.reader.found || screen, gap) {
		n |= filter.Readable
	}
	return n
}

// framing says what can be said of the face.
func (g *guard) framing(f person.Finding, c *grid, gap float32) filter.Notes {
	var n filter.Notes
	b := f.Face
	x, y := (b.X+b.W/2)/person.W, (b.Y+b.H/2)/person.H
	if g.off.follow(x < .5-asideX || x > .5+asideX || y < topY || y > bottomY, gap) {
		n |= filter.OffCentre
	}
	cut := b.X < -overEdge || b.Y < -overEdge || b.X+b.W > person.W+overEdge || b.Y+b.H > person.H+overEdge
	if g.near.follow(cut || b.H > nearHeight*person.H, gap) {
		n |= filter.Close
	}
	if g.back.follow(backlit(b, c), gap) {
		n |= filter.Backlight
	}
	return n
}

// faceless reports whether somebody has been there for three seconds, and no face.
func (g *guard) faceless(f person.Finding, c *grid, gap float32) bool {
	if f.Seen && f.Present || !f.Present && c.count(isPerson, false) < leastBody*cells {
		if g.unseen = max(min(g.unseen, settle)-gap, 0); g.unseen == 0 {
			g.blind = false
		}
		return g.blind
	}
	after := float32(blindAfter)
	if !f.Present {
		after *= 2
	}
	if g.unseen += gap; g.unseen >= after {
		g.blind = true
	}
	return g.blind
}

// company reports whether somebody else is there, as far as the main person is
// known: a Finding's Others alone may be a moving curtain.
func (g *guard) company(f person.Finding, c *grid, gap float32) bool {
	g.other = max(g.other-gap, 0)
	for _, o := range g.found[:g.count] {
		x, y := o.X+o.W/2, o.Y+o.H/2
		if f.Present && (x < f.Face.X || x > f.Face.X+f.Face.W || y < f.Face.Y || y > f.Face.Y+f.Face.H) {
			g.other = faceLately
		}
	}
	g.count = 0
	return f.Others && (g.other > 0 || c.count(isPerson, true) >= leastHeld*cells)
}
