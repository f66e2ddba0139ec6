package picture

import (
	"image"

	"paravent/privacy/picture/person"
)

// The tiles in which a reader looks for text: four cells of the grid wide and two
// high, 40×20 pixels of 1280×720, of which it reads five rows.
const (
	tileW, tileH = 4, 2
	tilesX       = person.W / tileW
	tilesY       = person.H / tileH
	tileRows     = 5
	readWidth    = 1280 // columns that are read of a row, at most not quite twice as many
	readParts    = 4    // that a picture is read in, from top to bottom
)

// What text is, in levels of luma.
const (
	stroke      = 30 // the least contrast of ink and paper
	leastTurns  = 4  // in a row of a tile: from paper to ink or back
	leastRows   = 2  // of a tile
	evenPart    = 25 // in a hundred of the levels: paper, or the ground of a screen
	evenShare   = 48 // in a hundred of a tile that is
	levels      = 64 // that are told apart
	leastChange = .1 // from row to row, in contrasts: bars do not change
	blockX      = 4  // tiles that text is looked for in together
	blockY      = 4
	leastTiles  = 5  // of such a block
	samePaper   = 24 // levels between the papers of its tiles
)

// A reader looks for text that could be read. Text turns from light to dark and
// back many times within a short way, in several rows, differently in each, and
// about half of the place has one level, that of the paper; foliage, grass and
// ornaments have all levels, and bars, blinds and book spines are the same in each
// row. It does not know letters.
type reader struct {
	tiles [tilesY][tilesX]text
	part  int  // the next
	found bool // when all parts were read the last time
}

// A text has the levels of its light parts and its dark parts, plus one, as far
// as they are even; the zero value is no text.
type text struct{ light, dark int }

// A tile is what was found in a part of a picture.
type tile struct {
	rows   int         // with turns enough
	change int         // sum of the differences to the next row
	levels [levels]int // how many pixels have which level
	pixels int
}

// look reads the next part of the picture; after the last one found is whether
// there is text in what is hidden. Real-time: it reads every fourth row of 720,
// and does not allocate.
func (r *reader) look(img *image.YCbCr, keep *[cells]byte) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	if w < 2*tilesX || h < 2*tilesY*tileRows {
		r.part, r.found = 0, false
		return
	}
	for ty := r.part * tilesY / readParts; ty < (r.part+1)*tilesY/readParts; ty++ {
		for tx := range tilesX {
			r.tiles[ty][tx] = text{}
			if hidden(keep, tx, ty) {
				r.tiles[ty][tx] = readTile(img, tx, ty, w, h)
			}
		}
	}
	if r.part++; r.part == readParts {
		r.part, r.found = 0, r.block()
	}
}

// block reports whether there is a place with tiles of text enough, on the same
// paper or in the same ink.
func (r *reader) block() bool {
	for ty := range tilesY - blockY + 1 {
		for tx := range tilesX - blockX + 1 {
			for i := range blockX * blockY {
				t := r.tiles[ty+i/blockX][tx+i%blockX]
				if (t != text{}) && r.like(tx, ty, t) >= leastTiles {
					return true
				}
			}
		}
	}
	return false
}

// like counts the tiles of the block at (tx, ty) that are like a.
func (r *reader) like(tx, ty int, a text) int {
	light, dark := 0, 0
	for i := range blockX * blockY {
		b := r.tiles[ty+i/blockX][tx+i%blockX]
		if alike(a.light, b.light) {
			light++
		}
		if alike(a.dark, b.dark) {
			dark++
		}
	}
	return max(light, dark)
}

func alike(a, b int) bool { return a != 0 && b != 0 && max(a-b, b-a) <= samePaper }

// hidden reports whether nothing of a tile, and of the cells around it, is kept.
func hidden(keep *[cells]byte, tx, ty int) bool {
	for y := max(ty*tileH-1, 0); y < min(ty*tileH+tileH+1, person.H); y++ {
		for _, k := range keep[y*person.W+max(tx*tileW-1, 0) : y*person.W+min(tx*tileW+tileW+1, person.W)] {
			if k != 0 {
				return false
			}
		}
	}
	return true
}

func readTile(img *image.YCbCr, tx, ty, w, h int) text {
	var t tile
	step := max(1, w/readWidth)
	down := max(1, h/(tilesY*tileRows))
	x0, x1 := tx*w/tilesX, (tx+1)*w/tilesX
	row := func(k int) []byte {
		y := min((ty*tileRows+k)*h/(tilesY*tileRows), h-1)
		return img.Y[y*img.YStride+x0 : y*img.YStride+x1]
	}
	for k := range tileRows {
		if turns(row(k), step) >= leastTurns {
			t.rows++
		}
	}
	if t.rows < leastRows {
		return text{}
	}
	for k := range tileRows {
		y := min((ty*tileRows+k)*h/(tilesY*tileRows)+down, h-1)
		t.add(row(k), img.Y[y*img.YStride+x0:y*img.YStride+x1], step)
	}
	return t.text()
}

// turns counts how often a row goes from light to dark or back.
func turns(row []byte, step int) int {
	n, rises := 0, false
	far := int(row[0]) // the furthest level since the last turn
	for x := 0; x < len(row); x += step {
		v := int(row[x])
		switch {
		case rises && v > far, !rises && v < far:
			far = v
		case rises && far-v >= stroke, !rises && v-far >= stroke:
			rises, far = !rises, v
			n++
		}
	}
	return n
}

// add counts the levels of a row, and sums up how it differs from the next.
func (t *tile) add(row, next []byte, step int) {
	for x := 0; x < len(row); x += step {
		d := int(row[x]) - int(next[x])
		t.change += max(d, -d)
		t.levels[row[x]>>2]++
		t.pixels++
	}
}

// text returns what is even in the tile, which is nothing if there is no text.
func (t *tile) text() (even text) {
	low, high := t.span()
	if float32(t.change) < leastChange*float32(4*(high-low)*t.pixels) {
		return text{}
	}
	part := max((high-low)*evenPart/100, 1)
	light, dark := 0, 0
	for i, n := range t.levels {
		if i > high-part {
			light += n
		}
		if i < low+part {
			dark += n
		}
	}
	if light*100 >= evenShare*t.pixels {
		even.light = 4 * high
	}
	if dark*100 >= evenShare*t.pixels {
		even.dark = 4*low + 1
	}
	return even
}

// span returns the levels, over four, that all but a twentieth of the pixels lie
// between.
func (t *tile) span() (low, high int) {
	least := t.pixels / 40
	n := t.levels[0]
	for low < levels-1 && n <= least {
		low++
		n += t.levels[low]
	}
	high = levels - 1
	for n = t.levels[high]; high > 0 && n <= least; n += t.levels[high] {
		high--
	}
	return low, high
}
