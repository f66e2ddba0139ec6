package leak

import (
	"image"

	"paravent/media/frame"
)

// A guess is what the attacker takes the room for: one colour for each cell,
// and how sure it is, 0 for not at all to 255.
type guess struct {
	y         [][4]uint16 // 1/16 level, the cell's four pixels
	cb, cr    []uint16
	certainty []byte
}

const someTimes = 3 // pictures before a colour at an edge is believed

// standing is the colour that each cell showed most.
func (a *Attacker) standing() guess {
	g := newGuess(len(a.y))
	for i := range a.y {
		g.y[i] = [4]uint16(a.fine[4*i:])
		g.cb[i], g.cr[i] = a.cb[i], a.cr[i]
		g.certainty[i] = byte(255 * min(int(a.times[i]), a.n) / max(a.n, 1))
	}
	return g
}

// edges is the colour that each cell showed at edges, and only there.
func (a *Attacker) edges() guess {
	return a.pick(func(w word) int {
		if w.edge < 2 || w.times < someTimes {
			return 0
		}
		edge := int(w.edge)
		return 4*edge - min(max(int(w.times)-edge, 0), 3*edge)
	})
}

// lasting is the passing colour that each cell showed most. One picture is
// enough: where the person never is, even a single glimpse is one of the room.
func (a *Attacker) lasting() guess {
	return a.pick(func(w word) int { return int(w.times) })
}

// pick takes for each cell the passing colour of most worth, and none if none
// is worth anything. A worth of 16 and more is certain.
func (a *Attacker) pick(worth func(word) int) guess {
	g := newGuess(len(a.y))
	for i := range a.y {
		best := 0
		for _, w := range a.words[passing*i:][:passing] {
			if v := worth(w); v > best {
				best = v
				g.y[i], g.cb[i], g.cr[i] = w.y, w.cb, w.cr
			}
		}
		g.certainty[i] = byte(255 * min(best, 16) / 16)
	}
	return g
}

func newGuess(n int) guess {
	return guess{y: make([][4]uint16, n), cb: make([]uint16, n), cr: make([]uint16, n), certainty: make([]byte, n)}
}

// over returns g with what o is certain of laid over it.
func (g guess) over(o guess) guess {
	r := newGuess(len(g.y))
	for i := range g.y {
		from := g
		if o.certainty[i] > 0 {
			from = o
		}
		r.y[i], r.cb[i], r.cr[i], r.certainty[i] = from.y[i], from.cb[i], from.cr[i], from.certainty[i]
	}
	return r
}

// A Rebuilt is the attacker's guess at the room.
type Rebuilt struct {
	// Picture is the best guess: what flickered through, before what stands.
	Picture *frame.Picture

	// Certainty has one byte for each pixel of Picture, row after row: 0 for a
	// mere guess to 255.
	Certainty []byte

	// Standing, Edges, Lasting and Glimpse are the guesses that there are, for
	// those who want to look at, or read, each by itself. What a guess
	// knows nothing of is the standing colour.
	Standing, Edges, Lasting, Glimpse *frame.Picture
}

// Rebuild returns the room as far as the attacker knows it by now. The caller
// owns it. It takes some ten times as long as Add.
func (a *Attacker) Rebuild() Rebuilt {
	s, c, l := a.standing(), a.edges(), a.lasting()
	best := s.over(c)
	r := Rebuilt{
		Picture: a.draw(best), Certainty: make([]byte, a.w*a.h),
		Standing: a.draw(s), Edges: a.draw(s.over(c)), Lasting: a.draw(s.over(l)), Glimpse: a.draw(s.over(a.glimpsed())),
	}
	for y := range a.h {
		for x := range a.w {
			r.Certainty[y*a.w+x] = best.certainty[a.cell(x, y)]
		}
	}
	return r
}

// cell returns the number of the cell of a pixel; an odd last column or row
// takes the one before it.
func (a *Attacker) cell(x, y int) int { return min(y/2, a.gh-1)*a.gw + min(x/2, a.gw-1) }

func (a *Attacker) draw(g guess) *frame.Picture {
	img := image.NewYCbCr(image.Rect(0, 0, a.w, a.h), image.YCbCrSubsampleRatio420)
	for y := range a.h {
		for x := range a.w {
			img.Y[y*img.YStride+x] = level(g.y[a.cell(x, y)][y&1*2+x&1])
		}
	}
	for y := range (a.h + 1) / 2 {
		for x := range (a.w + 1) / 2 {
			i := a.cell(2*x, 2*y)
			img.Cb[y*img.CStride+x], img.Cr[y*img.CStride+x] = level(g.cb[i]), level(g.cr[i])
		}
	}
	return &frame.Picture{Image: img}
}

// level rounds a mean.
func level(v uint16) byte { return byte((int(v) + unit/2) / unit) }
