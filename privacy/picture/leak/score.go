package leak

import (
	"fmt"

	"paravent/media/frame"
)

// Figures say how much of the room an attacker got.
type Figures struct {
	// Area is the share of the room's detail that was revealed, 0 to 1: of all
	// cells around which the room has detail, those around which a guess is
	// right about it. Flat walls tell nothing, and are counted on neither side.
	Area float64

	// SSIM is the structural similarity of the best guess, Rebuilt.Picture, to
	// the room; see SSIM. A blurred room already has much of it, so it is only
	// good for comparing.
	SSIM float64

	// Detailed is the share of the room's cells that have detail. Where it is
	// small, Area says little.
	Detailed float64
}

// Cells of 2×2 pixels, levels of luma and their squares.
const (
	around    = 4   // cells on either side that a window takes in: 18 pixels
	support   = 12  // cells of a window that a guess must know
	detail    = 16. // variance of the room's luma around its local mean
	unlike    = 0.4 // of that variance, what a right guess at edges may miss
	unlikeAll = 0.2 // the same, of what was seen longer
	tooBright = 12. // mean error in luma, and in each chroma
	farColour = 12.
	ownError  = 12. // of a cell in a right window, its mean error aside
)

// Score compares what the attacker has with the truth: the room without the
// person. person says where truth is not to be trusted: one byte a pixel, row
// after row, 128 and more for what only the person was seen of; nil trusts all.
//
// A guess is right at a cell if there is a window of 9×9 cells around it, or with
// it at a side or corner, in which at least 12 cells are known, the mean is off by
// no more than 12 levels, and what it misses of the room's luma, the mean aside,
// is at most 0.4 of the room's detail; and if the cell itself is off from that
// mean by no more than 12 levels. What was seen long may miss only 0.2. The detail
// is the variance around local means over such windows, but no more than around
// the window's own.
//
// So a smooth picture scores nothing, however right its colours are: it misses all
// of the detail. A room that shows through by v misses (1 − v)² of it, so that it
// counts from v = .37 on, or .55. Detail is what is smaller than about 16 pixels,
// which a blur over cells of 16 pixels must have forgotten.
//
// It borrows truth and person until it returns, and may take tenths of a second.
func (a *Attacker) Score(truth *frame.Picture, person []byte) (Figures, error) {
	if err := check(truth, a.w, a.h); err != nil {
		return Figures{}, err
	}
	if person != nil && len(person) != a.w*a.h {
		return Figures{}, fmt.Errorf("%w: %d bytes of person", ErrSize, len(person))
	}
	t := a.truth(truth, person)
	var f Figures
	right := make([]bool, len(a.y))
	standing, edges := a.standing(), a.edges()
	t.judge(standing, unlikeAll, right)
	t.judge(a.lasting(), unlikeAll, right)
	t.judge(edges, unlike, right)
	t.judge(a.glimpsed(), unlike, right)
	room, detailed, revealed := 0, 0, 0
	for i := range right {
		switch {
		case t.known[i] == 0:
			continue
		case t.detail[i] && right[i]:
			revealed++
			fallthrough
		case t.detail[i]:
			detailed++
		}
		room++
	}
	f.Area = float64(revealed) / float64(max(detailed, 1))
	f.Detailed = float64(detailed) / float64(max(room, 1))
	f.SSIM = SSIM(truth, a.draw(standing.over(edges)), person)
	return f, nil
}

// A truth is the room in cells.
type truth struct {
	w, h      int
	known     []float32 // 1 or 0
	y, cb, cr []float32 // levels
	fine      []float32 // y less its mean over a window
	detail    []bool    // the window has detail
}

func (a *Attacker) truth(p *frame.Picture, person []byte) truth {
	n := len(a.y)
	t := truth{
		w: a.gw, h: a.gh, known: make([]float32, n), y: make([]float32, n), cb: make([]float32, n), cr: make([]float32, n),
		fine: make([]float32, n), detail: make([]bool, n),
	}
	img := p.Image
	for y := range a.gh {
		for x := range a.gw {
			i, k := y*a.gw+x, 2*y*img.YStride+2*x
			c := cells{img.Y[k:], img.Y[k+img.YStride:], nil, nil}
			t.y[i] = float32(sum(c.luma(0))) / (4 * unit)
			t.cb[i], t.cr[i] = float32(img.Cb[y*img.CStride+x]), float32(img.Cr[y*img.CStride+x])
			t.known[i] = 1
			for d := range 4 {
				if person != nil && person[(2*y+d/2)*a.w+2*x+d%2] >= 128 {
					t.known[i] = 0
				}
			}
		}
	}
	b := newBoxes(a.gw, a.gh)
	count := b.sum(func(i int) float32 { return t.known[i] })
	mean := b.sum(func(i int) float32 { return t.known[i] * t.y[i] })
	for i := range t.fine {
		if t.known[i] > 0 {
			t.fine[i] = t.y[i] - mean[i]/count[i]
		}
	}
	fine := b.sum(func(i int) float32 { return t.fine[i] * t.fine[i] })
	square := b.sum(func(i int) float32 { return t.known[i] * t.y[i] * t.y[i] })
	for i := range t.detail {
		t.detail[i] = t.known[i] > 0 && count[i] >= support && least(fine[i], square[i], mean[i], count[i]) >= detail*count[i]
	}
	return t
}

// least is the detail of a window, times its cells: the variance around local
// means, but no more than that around the window's own. A flat window beside an
// edge has only the first.
func least(fine, square, sum, n float32) float32 { return min(fine, square-sum*sum/max(n, 1)) }

// judge sets right where g is.
func (t truth) judge(g guess, unlike float32, right []bool) {
	b := newBoxes(t.w, t.h)
	known := make([]float32, len(t.y))
	off := make([]float32, len(t.y))
	for i := range known {
		if g.certainty[i] > 0 {
			known[i] = t.known[i]
			off[i] = known[i] * (float32(sum(g.y[i]))/(4*unit) - t.y[i])
		}
	}
	n := b.sum(func(i int) float32 { return known[i] })
	mean := b.sum(func(i int) float32 { return off[i] })
	miss := b.sum(func(i int) float32 { return off[i] * off[i] })
	fine := b.sum(func(i int) float32 { return known[i] * t.fine[i] * t.fine[i] })
	level := b.sum(func(i int) float32 { return known[i] * t.y[i] })
	square := b.sum(func(i int) float32 { return known[i] * t.y[i] * t.y[i] })
	cb := b.sum(func(i int) float32 { return known[i] * (float32(g.cb[i])/unit - t.cb[i]) })
	cr := b.sum(func(i int) float32 { return known[i] * (float32(g.cr[i])/unit - t.cr[i]) })
	far := func(sum, n, most float32) bool { return sum > most*n || sum < -most*n }
	good := func(i int) bool {
		has := least(fine[i], square[i], level[i], n[i])
		return n[i] >= support && has >= detail*n[i] &&
			!far(mean[i], n[i], tooBright) && !far(cb[i], n[i], farColour) && !far(cr[i], n[i], farColour) &&
			miss[i]-mean[i]*mean[i]/n[i] <= unlike*has
	}
	for y := range t.h {
		for x := range t.w {
			i := y*t.w + x
			if known[i] == 0 || right[i] {
				continue
			}
			for d := range 9 {
				v, u := y+(d/3-1)*around, x+(d%3-1)*around
				if v < 0 || u < 0 || v >= t.h || u >= t.w {
					continue
				}
				j := v*t.w + u
				if good(j) && !far(off[i]-mean[j]/n[j], 1, ownError) {
					right[i] = true
					break
				}
			}
		}
	}
}

// boxes sum values over windows of cells, cut at the border.
type boxes struct {
	w, h int
	col  []float64
}

func newBoxes(w, h int) *boxes { return &boxes{w: w, h: h, col: make([]float64, w)} }

func (b *boxes) sum(of func(i int) float32) []float32 {
	v := make([]float32, b.w*b.h)
	for i := range v {
		v[i] = of(i)
	}
	out := make([]float32, len(v))
	clear(b.col)
	add := func(y int, sign float64) {
		for x, f := range v[y*b.w : (y+1)*b.w] {
			b.col[x] += sign * float64(f)
		}
	}
	for y := range min(around, b.h) {
		add(y, 1)
	}
	for y := range b.h {
		if y+around < b.h {
			add(y+around, 1)
		}
		if y > around {
			add(y-around-1, -1)
		}
		run := 0.
		for x := range min(around, b.w) {
			run += b.col[x]
		}
		for x := range b.w {
			if x+around < b.w {
				run += b.col[x+around]
			}
			if x > around {
				run -= b.col[x-around-1]
			}
			out[y*b.w+x] = float32(run)
		}
	}
	return out
}
