// Package compose puts a person in front of something else than their room.
//
// It is given a coarse mask that says where the person is, and a picture. It
// knows nothing of how the mask was made, of cameras, of codecs or of networks.
// Everything happens in I420, in place:
//
//	mask ─ guided by the luma ─► alpha ─ gate and smoothing in time ─► mix
//	picture ─ coarse cells without the person ─ quantise ─ blur ─ enlarge ─┘
//
// The refinement is the fast guided filter (He, Sun: Fast Guided Filter, 2015;
// radius 2 at the mask's resolution, epsilon 2e-4) with a ramp from .20 to .80.
// The smoothing in time comes after it and has the weight min(1, .06 + 1.8·|Δ|);
// changes of less than 20 of 255 levels are none, 7 while the person moves.
//
// 2026-11-25: the gate is the least alpha of the last two pictures. So what was
// hidden is shown only once it has been person twice on end, while what is no
// longer person is hidden at once. What lies away from the person's silhouette is
// held back for longer, before it comes here; and the gate stands open while the
// person moves, whom it would cost a seam (kept .95 instead of .96).
//
// 2026-11-22: the blur forgets before it blurs. What is behind the person is
// first averaged in cells of 16 to 32 pixels, then rounded to 32 levels; only
// that is blurred and enlarged, so that no sharpening brings anything back.
//
// 2026-11-25: where people stand, the room is what was last seen of it there. So
// somebody who walks through is not even a shadow in the blur.
package compose

import (
	"errors"
	"fmt"
	"image"

	"paravent/media/frame"
)

// The errors of Apply and New. A picture that Apply failed for must not be
// shown.
var (
	// ErrSize is returned for a size that no Compositor is made for, and by
	// Apply for a picture, or a background image, of another size than that.
	ErrSize = errors.New("picture of another size")

	// ErrLayout is returned for a picture whose planes are not 4:2:0, or are
	// shorter than its size asks for.
	ErrLayout = errors.New("picture with broken planes")

	// ErrMask is returned for a mask whose length is not its size, or whose
	// size makes no sense for the picture.
	ErrMask = errors.New("mask of a wrong size")
)

const (
	maxSide = 8192 // of a picture, in pixels
	maxMask = 1024 // of a mask's side, in pixels
	maxBand = 256  // rows that fall together: their sum must fit 16 bits
)

// A Compositor hides what is not person in pictures of one size. It remembers
// the last pictures' alpha, and so belongs to one camera; it is used by one
// goroutine at a time.
type Compositor struct {
	// Moves says that the person moves more than a little: then the gate at their
	// edge would only cost them a seam, and stands open.
	Moves bool

	// People is a mask of the same size as the one given to Apply, of everybody who
	// is in the picture. The blur leaves them all out, so that not even a blurred
	// somebody stands in the room. Apply borrows it; without it the mask serves.
	People []byte

	w, h   int
	engine engine

	older, shown []byte // alpha at the size of the luma: as refined, and as mixed

	mask   image.Point // the size that grid is made for
	grid   *grid
	column []uint16
	prefix []uint32
	rows   []int16
	line   []byte
	flat   []byte // a row of one colour, for each plane
}

// New returns a Compositor for pictures of w×h pixels, or ErrSize. For pictures
// of another size the caller makes a new one.
func New(w, h int) (*Compositor, error) {
	if w < 1 || h < 1 || w > maxSide || h > maxSide {
		return nil, fmt.Errorf("%w: %d×%d", ErrSize, w, h)
	}
	hw := (w + 1) / 2
	wide := max(w, maxMask)
	return &Compositor{
		w: w, h: h,
		engine: newEngine(),
		older:  make([]byte, w*h),
		shown:  make([]byte, w*h),
		column: make([]uint16, wide),
		prefix: make([]uint32, wide+1),
		rows:   make([]int16, 6*w+4*hw),
		line:   make([]byte, 2*w+3*hw),
		flat:   make([]byte, w+2*hw),
	}, nil
}

// Reset forgets every earlier picture: nothing is shown until a mask has said
// person twice again.
func (c *Compositor) Reset() {
	clear(c.older)
	clear(c.shown)
	c.mask, c.grid = image.Point{}, nil
}

// Apply hides everything in p that is not person, behind e. The mask covers the
// whole picture with maskW×maskH bytes, 0 for the room to 255 for the person;
// every call counts as one picture for the gate, also with a mask used before.
//
// Apply borrows p, mask and e's image until it returns. After an error p must
// not be shown to anyone; as far as p has pixels, they are black then.
// Real-time: it does not allocate, except for the first mask of a size.
func (c *Compositor) Apply(p *frame.Picture, mask []byte, maskW, maskH int, e Effect) error {
	err := c.check(p, mask, maskW, maskH, e)
	if err != nil {
		if p != nil && p.Image != nil {
			p.Fill(frame.Black())
		}
		return err
	}
	img := p.Image
	g := c.gridFor(maskW, maskH)
	c.shrink(g.luma, img.Y, img.YStride, c.w, c.h, g.lumaEdges)
	c.shrinkMask(mask, maskW, maskH)
	c.engine.refine(g)
	b := backdrop{}
	switch e.kind {
	case colour:
		b.image(c.fill(e.colour), 0, 0, c.w)
	case picture:
		b.y, b.cb, b.cr = e.image.Y, e.image.Cb, e.image.Cr
		b.ys, b.cs = e.image.YStride, e.image.CStride
	case blur:
		hw, hh := (c.w+1)/2, (c.h+1)/2
		c.shrink(g.cb, img.Cb, img.CStride, hw, hh, g.chromaEdges)
		c.shrink(g.cr, img.Cr, img.CStride, hw, hh, g.chromaEdges)
		if len(c.People) == len(mask) {
			c.shrinkMask(c.People, maskW, maskH)
		}
		c.engine.gather(g)
		g.cells.blur()
		b.cells = &g.cells
	}
	c.engine.draw(c, img, b)
	return nil
}

func (c *Compositor) check(p *frame.Picture, mask []byte, maskW, maskH int, e Effect) error {
	if p == nil || p.Image == nil {
		return fmt.Errorf("%w: none", ErrLayout)
	}
	if err := c.checkImage(p.Image); err != nil {
		return err
	}
	if maskW < 1 || maskH < 1 || maskW > maxMask || maskH > maxMask || len(mask) != maskW*maskH {
		return fmt.Errorf("%w: %d bytes for %d×%d", ErrMask, len(mask), maskW, maskH)
	}
	gw, gh := gridSize(c.w, c.h, maskW, maskH)
	if gh*maxBand < c.h || gh*maxBand < maskH || gw*maxBand < c.w {
		return fmt.Errorf("%w: %d×%d for a picture of %d×%d", ErrMask, maskW, maskH, c.w, c.h)
	}
	if e.kind == picture {
		if e.image == nil {
			return fmt.Errorf("background: %w: none", ErrLayout)
		}
		if err := c.checkImage(e.image); err != nil {
			return fmt.Errorf("background: %w", err)
		}
	}
	return nil
}

func (c *Compositor) checkImage(img *image.YCbCr) error {
	if img.Rect != image.Rect(0, 0, c.w, c.h) {
		return fmt.Errorf("%w: %v instead of %d×%d", ErrSize, img.Rect, c.w, c.h)
	}
	hw, hh := (c.w+1)/2, (c.h+1)/2
	if img.SubsampleRatio != image.YCbCrSubsampleRatio420 || img.YStride < c.w || img.CStride < hw ||
		short(img.Y, img.YStride, c.w, c.h) || short(img.Cb, img.CStride, hw, hh) || short(img.Cr, img.CStride, hw, hh) {
		return ErrLayout
	}
	return nil
}

// short also answers for a stride so large that h rows overflow.
func short(plane []byte, stride, w, h int) bool {
	return stride > len(plane) && h > 1 || (h-1)*stride+w > len(plane)
}

func (c *Compositor) shrink(dst, src []byte, stride, w, h int, edges []int32) {
	c.engine.shrink(plane{src, stride, w, h, dst, c.grid.w, c.grid.h, edges}, c.column, c.prefix)
}

func (c *Compositor) shrinkMask(mask []byte, w, h int) {
	if w == c.grid.w && h == c.grid.h {
		copy(c.grid.person, mask)
		return
	}
	c.shrink(c.grid.person, mask, w, w, h, c.grid.maskEdges)
}

// fill returns a row of the colour for each plane, one after the other.
func (c *Compositor) fill(v frame.Colour) []byte {
	hw := (c.w + 1) / 2
	for i := range c.flat {
		switch {
		case i < c.w:
			c.flat[i] = v.Y
		case i < c.w+hw:
			c.flat[i] = v.Cb
		default:
			c.flat[i] = v.Cr
		}
	}
	return c.flat
}
