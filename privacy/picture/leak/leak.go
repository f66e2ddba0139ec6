// Package leak measures how much of the hidden room a receiver could collect
// from the pictures that leave.
//
//	outgoing pictures ─► Attacker ─► a rebuilt room ──┐
//	raw camera, where hidden ─► Room ─► the truth ────┴─► Figures
//	truth, raw and outgoing (tests only) ─► Exposure ─► shares, union picture
//
// The attack is that of Hilgefort, Arzaga et al., "Spying through Virtual
// Backgrounds of Video Calls" (AISec 2021): whoever records a call takes away
// what stands, and what is the person, and keeps what is left, picture after
// picture. Theirs needs a network that knows people. This one uses only time,
// per cell of 2×2 pixels:
//
//   - Each cell keeps a small codebook of the colours it showed (Kim et al.,
//     "Real-time foreground-background segmentation using codebook model",
//     2005; the decrements are those of Misra and Gries, 1982). The colour seen
//     most is the standing one: the backdrop, or whatever the filter takes for a
//     person all the time, such as a sheet of paper beside the head. It follows
//     slow changes by steps of 1/16 level, which makes it a running median
//     (Manzanera, Richefeu, "A new motion detection algorithm based on Σ-Δ
//     background estimation", 2007).
//   - The room stands still, so that a cell shows the same colour whenever the
//     room flickers through. At a person's edge that happens where the next
//     cells still, or already, show what stands: colours seen within 4 pixels of
//     such cells get credit for it, colours seen in the midst of others (clothes,
//     skin) lose.
//   - A filter that opens for a moment lets many cells leave what stands at
//     once: the four pictures in which most did are kept.
//   - So there are four guesses at each cell: the standing colour, the colour of
//     the edges, the passing colour seen most, and the kept glimpse. No guess
//     looks at the truth.
//
// Whether a guess is right is not the attacker's to say: see Attacker.Score.
//
// 2026-11-25: what the attack cannot do. It has no idea of people, so that where
// the person is most of the time, only glimpses are told from them; of a fringe of
// 3 pixels around somebody who sways for ten seconds it gets about a third of what
// was visible, see Exposure. It takes noise up to a sigma of about 4 levels.
//
// 2026-11-25: the attacker sees pictures before they are encoded. A codec at a
// low rate destroys thin fringes; what is measured here is the worst case.
package leak

import (
	"errors"
	"fmt"
	"image"

	"paravent/media/frame"
)

// The errors of this package.
var (
	// ErrSize is returned for pictures and planes of another size than was said.
	ErrSize = errors.New("leak: picture of another size")

	// ErrLayout is returned for pictures that are not 4:2:0, or whose planes
	// are too short.
	ErrLayout = errors.New("leak: picture with broken planes")
)

const (
	passing    = 3        // colours that a cell remembers beside the standing one
	unit       = 16       // of all means: 1/16 level
	nearLuma   = 7 * unit // two colours less far apart are one; 4 sigma of a noise of 3
	nearColour = 10 * unit
	edge       = 2 // cells from what stands that are an edge
	turn       = 8 // cell rows of which one a picture is refreshed at full size
	most       = 1<<16 - 1
)

// An Attacker collects what a receiver could. It takes pictures of one size, is
// used by one goroutine at a time, and needs about 115 bytes for each cell of 2×2
// pixels: 27 MB for 720p, 60 MB for 1080p.
type Attacker struct {
	w, h   int // of a picture, in pixels
	gw, gh int // in cells; an odd last column or row belongs to none
	n      int // pictures seen

	y, cb, cr []uint16 // the standing colour
	times     []uint16 // pictures that showed it
	away      []state  // whether this picture shows another
	fine      []uint16 // standing luma at full size

	words []word // passing colours, several for each cell

	glimpses [glimpses]glimpse
}

// A state says whether a cell shows what stands.
type state uint8

const (
	stands   state = iota
	suddenly       // no longer, since this picture
	passes         // no longer
)

// A word is a colour that a cell showed for some time.
type word struct {
	y      [4]uint16 // of the cell's pixels
	cb, cr uint16
	times  uint16 // pictures that showed it
	edge   uint16 // those of them at an edge
}

// New returns an Attacker for pictures of w×h pixels, or ErrSize.
func New(w, h int) (*Attacker, error) {
	if w < 32 || h < 32 || w > 8192 || h > 8192 {
		return nil, fmt.Errorf("%w: %d×%d", ErrSize, w, h)
	}
	n := (w / 2) * (h / 2)
	return &Attacker{
		w: w, h: h, gw: w / 2, gh: h / 2,
		y: make([]uint16, n), cb: make([]uint16, n), cr: make([]uint16, n),
		times: make([]uint16, n), away: make([]state, n),
		fine:  make([]uint16, 4*n),
		words: make([]word, passing*n),

		glimpses: newGlimpses(n),
	}, nil
}

// Pictures returns how many pictures were added.
func (a *Attacker) Pictures() int { return a.n }

// Add lets the attacker see one outgoing picture, which it borrows until it
// returns. Real-time: it does not allocate.
func (a *Attacker) Add(out *frame.Picture) error {
	if err := check(out, a.w, a.h); err != nil {
		return err
	}
	if a.n == 0 {
		for r := range a.gh {
			a.begin(r, a.cells(out, r))
		}
		a.n++
		return nil
	}
	left := 0
	for r := range a.gh + edge {
		if r < a.gh {
			left += a.row(r, a.cells(out, r))
		}
		if r >= edge { // all that is near to it has been looked at
			a.pass(r-edge, a.cells(out, r-edge))
		}
	}
	a.glance(out, left)
	for r := a.n % turn; r < a.gh; r += turn {
		a.refine(r, a.cells(out, r))
	}
	a.n++
	return nil
}

func (a *Attacker) cells(p *frame.Picture, r int) cells {
	img := p.Image
	return cells{
		above: img.Y[2*r*img.YStride:][:2*a.gw],
		below: img.Y[(2*r+1)*img.YStride:][:2*a.gw],
		cb:    img.Cb[r*img.CStride:][:a.gw],
		cr:    img.Cr[r*img.CStride:][:a.gw],
	}
}

// check reports what is wrong with a picture that should have w×h pixels.
func check(p *frame.Picture, w, h int) error {
	if p == nil || p.Image == nil {
		return ErrLayout
	}
	img := p.Image
	if img.Rect != image.Rect(0, 0, w, h) {
		return fmt.Errorf("%w: %v instead of %d×%d", ErrSize, img.Rect, w, h)
	}
	cw, ch := (w+1)/2, (h+1)/2
	if img.SubsampleRatio != image.YCbCrSubsampleRatio420 || img.YStride < w || img.CStride < cw ||
		len(img.Y) < (h-1)*img.YStride+w || len(img.Cb) < (ch-1)*img.CStride+cw || len(img.Cr) < (ch-1)*img.CStride+cw {
		return ErrLayout
	}
	return nil
}
