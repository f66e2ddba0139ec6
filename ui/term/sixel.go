package term

// sixel draws with a palette of 6×6×6 colours and an ordered dither. Every
// column of a band goes straight to the text of its colours, so that the work
// grows with the pixels and not with the colours.
//
// DEC STD 070, chapter 9; https://vt100.net/docs/vt3xx-gp/chapter14.html
type sixel struct {
	pen    *pen
	level  [256 + ditherSpan]uint8 // of a channel and its dither: 0 to 5
	plane  []uint8                 // the picture in palette colours
	known  [paletteSize]bool       // defined in this picture
	layers [paletteSize]layer
	active []uint8 // the colours of this band
}

const (
	paletteSize = 216
	ditherSpan  = 51 // of a channel: from one level of the palette to the next
)

// A layer is one colour's part of a band of six pixel rows.
type layer struct {
	text  []byte
	end   int  // where text ends
	char  byte // of the run that is not in text yet
	run   int
	stamp int // the column that bits belongs to, from 1
	bits  byte
}

func newSixel(p *pen) *sixel {
	s := &sixel{pen: p, active: make([]uint8, 0, paletteSize)}
	for i := range s.level {
		s.level[i] = uint8(min(i/ditherSpan, 5))
	}
	return s
}

func (s *sixel) draw(dst []byte, r *raster, _ bool) []byte {
	w, h, scale := r.size.X, r.size.Y, r.fit.scale
	s.quantize(r, w, h)
	dst = s.pen.move(dst, r.fit.cells.Min.X, r.fit.cells.Min.Y)
	dst = append(dst, "\x1b[0m\x1bP0;1q\"1;1;"...) // what is not set stays; square pixels
	dst = s.pen.number(dst, w*scale)
	dst = append(dst, ';')
	dst = s.pen.number(dst, h*scale)
	for c, used := range s.known {
		if used {
			dst = s.define(dst, c)
		}
	}
	for y := 0; y < h; y += 6 / scale {
		if y > 0 {
			dst = append(dst, '-')
		}
		dst = s.band(dst, y, w, min(h-y, 6/scale), scale)
	}
	return append(dst, "\x1b\\"...)
}

// erase has nothing to do: text that is written over sixels takes them away.
func (s *sixel) erase(dst []byte) []byte { return dst }

// define gives a colour in percent.
func (s *sixel) define(dst []byte, c int) []byte {
	dst = s.pen.number(append(dst, '#'), c)
	dst = append(dst, ";2"...)
	for _, level := range [3]int{c / 36, c / 6 % 6, c % 6} {
		dst = s.pen.number(append(dst, ';'), level*20)
	}
	return dst
}

// quantize fills the plane. The dither is Bayer's 4×4 matrix.
func (s *sixel) quantize(r *raster, w, h int) {
	if cap(s.plane) < w*h {
		s.plane = make([]uint8, w*h)
	}
	s.plane = s.plane[:w*h]
	s.known = [paletteSize]bool{}
	bayer := [4][4]int{{0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}}
	for y := range h {
		row, out := r.pix[y*w*3:(y+1)*w*3], s.plane[y*w:(y+1)*w]
		var lift [4]int
		for i, b := range bayer[y&3] {
			lift[i] = (2*b + 1) * ditherSpan / 32
		}
		for x := range out {
			d := lift[x&3]
			c := 36*s.level[int(row[3*x])+d] + 6*s.level[int(row[3*x+1])+d] + s.level[int(row[3*x+2])+d]
			out[x] = c
			s.known[c] = true
		}
	}
}

// band writes rows pixel rows from y on; each becomes scale rows of a sixel.
func (s *sixel) band(dst []byte, y, w, rows, scale int) []byte {
	s.active = s.active[:0]
	for x := range w {
		var touched [6]uint8
		n := 0
		for k := range rows {
			c := s.plane[(y+k)*w+x]
			l := &s.layers[c]
			if l.stamp != x+1 {
				if l.stamp == 0 {
					s.active = append(s.active, c)
				}
				l.stamp, l.bits = x+1, 0
				touched[n] = c
				n++
			}
			if scale == 2 {
				l.bits |= 3 << (2 * k)
			} else {
				l.bits |= 1 << k
			}
		}
		for _, c := range touched[:n] {
			s.layers[c].column(s.pen, x, scale)
		}
	}
	for i, c := range s.active {
		l := &s.layers[c]
		l.flush(s.pen)
		if i > 0 {
			dst = append(dst, '$')
		}
		dst = s.pen.byte(append(dst, '#'), c)
		dst = append(dst, l.text...)
		*l = layer{text: l.text[:0]}
	}
	return dst
}

// column adds the bits of a pixel column.
func (l *layer) column(p *pen, x, scale int) {
	at, char := x*scale, l.bits+63
	if gap := at - l.end - l.run; gap > 0 {
		l.flush(p)
		l.repeat(p, 63, gap)
	}
	if char != l.char {
		l.flush(p)
		l.char = char
	}
	l.run += scale
}

// flush writes the run that is open.
func (l *layer) flush(p *pen) {
	l.repeat(p, l.char, l.run)
	l.run, l.char = 0, 0
}

func (l *layer) repeat(p *pen, char byte, n int) {
	l.end += n
	if n > 3 {
		l.text = append(p.number(append(l.text, '!'), n), char)
		return
	}
	for range n {
		l.text = append(l.text, char)
	}
}
