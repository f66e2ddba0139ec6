package term

// A colour is 0xRRGGBB, or an index of the 256 colours of xterm.
type colour uint32

// unset is no colour.
const unset = colour(1 << 31)

// A cell is two pixels, one above the other, in one character.
type cell struct{ top, bottom colour }

// blocks draws two pixels in every cell: the upper as the colour of ▀, the lower
// as its background. It compares with what it has drawn before, and passes over
// cells whose colour changed less than can be seen.
type blocks struct {
	pen   *pen
	cube  bool // 256 colours
	shown []cell
}

// unseen is how far the channels of a cell may drift apart, added up, before it
// is drawn again. Codecs let still pictures shimmer by about one step.
const unseen = 8

func (b *blocks) draw(dst []byte, r *raster, anew bool) []byte {
	w, h := r.size.X, r.size.Y/2
	if n := w * h; anew || len(b.shown) != n {
		if cap(b.shown) < n {
			b.shown = make([]cell, n)
		}
		b.shown = b.shown[:n]
		for i := range b.shown {
			b.shown[i] = cell{unset, unset}
		}
	}
	start := len(dst)
	ink := cell{unset, unset}
	for y := range h {
		upper, lower := r.pix[2*y*w*3:(2*y+1)*w*3], r.pix[(2*y+1)*w*3:(2*y+2)*w*3]
		shown := b.shown[y*w : (y+1)*w]
		next := -1 // where the cursor is in this row; -1 elsewhere
		for x := range shown {
			now := cell{b.at(upper, x), b.at(lower, x)}
			if b.same(shown[x].top, now.top) && b.same(shown[x].bottom, now.bottom) {
				continue
			}
			shown[x] = now
			switch {
			case next < 0:
				dst = b.pen.move(dst, r.fit.cells.Min.X+x, r.fit.cells.Min.Y+y)
			case next < x:
				dst = b.pen.forward(dst, x-next)
			}
			dst, ink = b.cell(dst, now, ink)
			next = x + 1
		}
	}
	if len(dst) > start {
		dst = append(dst, "\x1b[0m"...)
	}
	return dst
}

func (b *blocks) erase(dst []byte) []byte {
	b.shown = b.shown[:0]
	return dst
}

func (b *blocks) at(row []byte, x int) colour {
	if b.cube {
		return nearest(row[3*x], row[3*x+1], row[3*x+2])
	}
	return colour(row[3*x])<<16 | colour(row[3*x+1])<<8 | colour(row[3*x+2])
}

func (b *blocks) same(old, now colour) bool {
	if old == now {
		return true
	}
	if b.cube || old == unset {
		return false
	}
	d := apart(old>>16, now>>16) + apart(old>>8, now>>8) + apart(old, now)
	return d <= unseen
}

func apart(a, b colour) int {
	d := int(a&0xff) - int(b&0xff)
	return max(d, -d)
}

// cell writes one character, and only as much colour as changes.
func (b *blocks) cell(dst []byte, c, ink cell) ([]byte, cell) {
	plain := c.top == c.bottom
	if c.bottom != ink.bottom || !plain && c.top != ink.top {
		dst = append(dst, "\x1b["...)
		if !plain && c.top != ink.top {
			dst = b.sgr(dst, "38;", c.top)
			ink.top = c.top
			if c.bottom != ink.bottom {
				dst = append(dst, ';')
			}
		}
		if c.bottom != ink.bottom {
			dst = b.sgr(dst, "48;", c.bottom)
			ink.bottom = c.bottom
		}
		dst = append(dst, 'm')
	}
	if plain {
		return append(dst, ' '), ink
	}
	return append(dst, "▀"...), ink
}

func (b *blocks) sgr(dst []byte, ground string, c colour) []byte {
	dst = append(dst, ground...)
	if b.cube {
		return b.pen.byte(append(dst, "5;"...), byte(c))
	}
	return b.pen.triple(dst, "2;", c)
}

// nearest returns the closest of xterm's 6×6×6 cube, whose steps are 0, 95, 135,
// 175, 215 and 255, or of its 24 greys 8, 18, … 238.
func nearest(r, g, b byte) colour {
	if high, low := max(r, g, b), min(r, g, b); high-low < 10 && high >= 4 && low < 247 {
		return 232 + (colour(g)-min(colour(g), 3))/10
	}
	return 16 + 36*step(r) + 6*step(g) + step(b)
}

func step(v byte) colour {
	switch {
	case v < 48:
		return 0
	case v < 115:
		return 1
	}
	return (colour(v) - 35) / 40
}

// shades draws without colours: one pixel a cell, by how much ink it has.
type shades struct {
	pen   *pen
	ramp  []string // from dark to bright
	shown []int8   // places in the ramp; -1 unknown
}

func ramp(m Mode) []string {
	if m == ASCII {
		return []string{" ", ".", ":", "-", "=", "+", "*", "#", "%", "@"}
	}
	return []string{" ", "░", "▒", "▓", "█"}
}

func (s *shades) draw(dst []byte, r *raster, anew bool) []byte {
	w, n := r.size.X, r.size.X*r.size.Y
	if anew || len(s.shown) != n {
		if cap(s.shown) < n {
			s.shown = make([]int8, n)
		}
		s.shown = s.shown[:n]
		for i := range s.shown {
			s.shown[i] = -1
		}
	}
	start := len(dst)
	for y := range r.size.Y {
		next := -1
		for x := range w {
			i := y*w + x
			now := s.shade(r.pix[3*i:3*i+3], s.shown[i])
			if now == s.shown[i] {
				continue
			}
			s.shown[i] = now
			if next != x {
				dst = s.pen.move(dst, r.fit.cells.Min.X+x, r.fit.cells.Min.Y+y)
				if len(dst)-start < 16 {
					dst = append(dst, "\x1b[0m"...)
				}
			}
			dst = append(dst, s.ramp[now]...)
			next = x + 1
		}
	}
	return dst
}

// shade returns a place in the ramp. Near the edge of a place the old one stays,
// so that nothing flickers.
func (s *shades) shade(px []byte, old int8) int8 {
	luma := (77*int(px[0]) + 150*int(px[1]) + 29*int(px[2])) >> 8
	n := len(s.ramp)
	if old >= 0 {
		low, high := int(old)*256/n-4, (int(old)+1)*256/n+4
		if luma >= low && luma < high {
			return old
		}
	}
	return int8(luma * n / 256)
}

func (s *shades) erase(dst []byte) []byte {
	s.shown = s.shown[:0]
	return dst
}
