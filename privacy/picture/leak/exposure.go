package leak

import (
	"fmt"

	"paravent/media/frame"
)

const (
	roomBelow   = 8   // alpha of the person, of what counts as room
	personFrom  = 128 // alpha from which on it is the silhouette
	visibleHalf = 128 // of 255
	visibleSome = 64
	unknown     = 0xff // in the plane of visibilities, which ends at 254
	reach       = 2    // pixels on either side that are looked at together
	contrast    = 64   // variance of luma from which on a visibility is known
	bridge      = 16   // pixels of unknown visibility between known ones
)

// An Exposure measures, with the truth at hand, how much of the room was
// visible: it is what a perfect attacker would get. It is for tests, where the
// person's alpha is known exactly; it takes some tens of milliseconds a picture
// at 720p.
//
// The visibility v of a pixel is the slope of the regression of the outgoing
// picture on the raw one, over those pixels of the 5×5 around it that are room.
// Where the backdrop B is given exactly, both are taken less B, as the model is
// out = v·raw + (1−v)·B; else B is taken to be smooth, and both are taken less
// their means. Where the raw picture is too flat, or too near to B, to tell
// (variance below 64), v is not known, and the pixel is not counted.
type Exposure struct {
	w, h, margin int

	half, some []uint16 // pictures in which a pixel was visible by a half, by a quarter
	counted    []bool   // was room, beyond the margin, and known, once
	room       []bool   // was room, beyond the margin, once

	best  []byte // largest visibility, for the union
	union *frame.Picture

	now   []byte // visibilities of this picture
	shade []byte // luma to put into the union
	close []bool // within the margin of the silhouette
	seam  []int  // for close: the last row, and its columns
	cols  []window
}

// window holds the sums over a window of room pixels.
type window struct{ n, r, o, rr, ro int }

// NewExposure returns an Exposure for pictures of w×h pixels, or ErrSize. What
// is within margin pixels (in x and in y) of the true silhouette, alpha 128, is
// not counted in that picture; nor is what has any of the person in it, alpha 8.
func NewExposure(w, h, margin int) (*Exposure, error) {
	if w < 32 || h < 32 || w > 8192 || h > 8192 || margin < 0 {
		return nil, fmt.Errorf("%w: %d×%d, margin %d", ErrSize, w, h, margin)
	}
	n := w * h
	e := &Exposure{
		w: w, h: h, margin: margin,
		half: make([]uint16, n), some: make([]uint16, n), counted: make([]bool, n), room: make([]bool, n),
		best: make([]byte, n), union: frame.NewPool(w, h).Get(0),
		now: make([]byte, n), shade: make([]byte, n), close: make([]bool, n), seam: make([]int, w), cols: make([]window, w),
	}
	return e, nil
}

// Add looks at one picture: alpha is the person's true one, one byte a pixel,
// row after row; backdrop is what was put in place of the room, or nil if it is
// smooth. It borrows all of them until it returns.
func (e *Exposure) Add(alpha []byte, raw, out, backdrop *frame.Picture) error {
	if len(alpha) != e.w*e.h {
		return fmt.Errorf("%w: %d bytes of alpha", ErrSize, len(alpha))
	}
	for _, p := range []*frame.Picture{raw, out, backdrop} {
		if p == nil && backdrop == nil {
			continue
		}
		if err := check(p, e.w, e.h); err != nil {
			return err
		}
	}
	if raw == nil || out == nil {
		return ErrLayout
	}
	e.nearness(alpha)
	e.look(alpha, raw, out, backdrop)
	e.count(alpha)
	e.collect(alpha, out)
	return nil
}

// look fills now and shade.
func (e *Exposure) look(alpha []byte, raw, out, backdrop *frame.Picture) {
	clear(e.cols)
	row := func(y, sign int) {
		a := alpha[y*e.w:][:e.w]
		r, o := raw.Image.Y[y*raw.Image.YStride:][:e.w], out.Image.Y[y*out.Image.YStride:][:e.w]
		for x := range a {
			if a[x] >= roomBelow {
				continue
			}
			p, q := int(r[x]), int(o[x])
			if backdrop != nil {
				b := int(backdrop.Image.Y[y*backdrop.Image.YStride+x])
				p, q = p-b, q-b
			}
			c := &e.cols[x]
			c.n += sign
			c.r += sign * p
			c.o += sign * q
			c.rr += sign * p * p
			c.ro += sign * p * q
		}
	}
	for y := range reach {
		row(y, 1)
	}
	for y := range e.h {
		if y+reach < e.h {
			row(y+reach, 1)
		}
		if y > reach {
			row(y-reach-1, -1)
		}
		var s window
		for x := range reach {
			s.add(e.cols[x], 1)
		}
		for x := range e.w {
			if x+reach < e.w {
				s.add(e.cols[x+reach], 1)
			}
			if x > reach {
				s.add(e.cols[x-reach-1], -1)
			}
			i := y*e.w + x
			o := out.Image.Y[y*out.Image.YStride+x]
			e.now[i], e.shade[i] = unknown, o
			if alpha[i] >= roomBelow {
				continue
			}
			v, ok := s.visibility(backdrop != nil)
			if !ok {
				continue
			}
			e.now[i] = byte(254 * v)
			if e.now[i] >= visibleSome {
				base := float64(s.o) / float64(s.n)
				if backdrop != nil {
					base = float64(backdrop.Image.Y[y*backdrop.Image.YStride+x])
				}
				e.shade[i] = byte(min(max(base+(float64(o)-base)/v, 0), 255))
			}
		}
	}
}

func (s *window) add(c window, sign int) {
	s.n += sign * c.n
	s.r += sign * c.r
	s.o += sign * c.o
	s.rr += sign * c.rr
	s.ro += sign * c.ro
}

// visibility returns the slope, 0 to 1; ok is false if it cannot be known.
func (s *window) visibility(exact bool) (v float64, ok bool) {
	if s.n < 6 {
		return 0, false
	}
	n := float64(s.n)
	rr, ro := float64(s.rr), float64(s.ro)
	if !exact {
		rr -= float64(s.r) * float64(s.r) / n
		ro -= float64(s.r) * float64(s.o) / n
	}
	if rr < contrast*n {
		return 0, false
	}
	return min(max(ro/rr, 0), 1), true
}

// nearness fills close: what has silhouette within the margin, in x and in y.
func (e *Exposure) nearness(alpha []byte) {
	for x := range e.seam {
		e.seam[x] = -e.margin - 1 // the last row with silhouette near in x
	}
	across := func(y int, do func(x int)) {
		from := 0 // the first pixel not done yet
		for x, a := range alpha[y*e.w:][:e.w] {
			if a < personFrom {
				continue
			}
			for from = max(from, x-e.margin); from <= min(x+e.margin, e.w-1); from++ {
				do(from)
			}
		}
	}
	clear(e.close)
	for y := range e.h + e.margin {
		if y < e.h {
			across(y, func(x int) { e.seam[x] = y })
		}
		if y >= e.margin { // row y−margin knows all rows down to y
			for x, last := range e.seam {
				e.close[(y-e.margin)*e.w+x] = last >= y-2*e.margin
			}
		}
	}
}

func (e *Exposure) count(alpha []byte) {
	for i, v := range e.now {
		if alpha[i] >= roomBelow || e.close[i] {
			continue
		}
		e.room[i] = true
		if v == unknown {
			continue
		}
		e.counted[i] = true
		if v >= visibleSome && e.some[i] < most {
			e.some[i]++
		}
		if v >= visibleHalf && e.half[i] < most {
			e.half[i]++
		}
	}
}

// An Exposed says how much was visible: shares of the room's pixels, 0 to 1.
type Exposed struct {
	Half    float64 // visible by a half or more
	Quarter float64 // visible by a quarter or more
	Known   float64 // those of which it is known; the other two are shares of these
}

// Exposed returns what was visible in at least that many pictures, on end or
// not.
func (e *Exposure) Exposed(pictures int) Exposed {
	var room, counted, half, some int
	n := uint16(min(max(pictures, 1), most))
	for i := range e.room {
		if e.room[i] {
			room++
		}
		if !e.counted[i] {
			continue
		}
		counted++
		if e.half[i] >= n {
			half++
		}
		if e.some[i] >= n {
			some++
		}
	}
	c := float64(max(counted, 1))
	return Exposed{float64(half) / c, float64(some) / c, float64(counted) / float64(max(room, 1))}
}
