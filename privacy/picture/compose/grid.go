package compose

import "image"

// A plane is to be averaged onto a grid of gw×gh; column x takes the pixels from
// edges[x] to edges[x+1].
type plane struct {
	src          []byte
	stride, w, h int
	dst          []byte
	gw, gh       int
	edges        []int32
}

// A grid has the resolution of the mask, or that of the chroma where that is
// less.
type grid struct {
	w, h                              int
	luma, cb, cr, person              []byte
	lumaEdges, chromaEdges, maskEdges []int32

	coef          []int32 // h rows of w+1: slope·512 above, offset·4 below
	sums          []int32
	slope, offset []float32
	means         []float32
	x, y          steps // of the picture's luma on the grid

	cells cells
}

// A backdrop is one of: planes of the picture's size, or cells.
type backdrop struct {
	y, cb, cr []byte
	ys, cs    int
	cells     *cells
}

// image takes rows of w luma and then chroma pixels out of one slice.
func (b *backdrop) image(row []byte, ys, cs, w int) {
	hw := (w + 1) / 2
	b.y, b.cb, b.cr, b.ys, b.cs = row[:w], row[w:w+hw], row[w+hw:], ys, cs
}

// An engine holds the inner loops. All give the same pictures, to a level or
// two.
type engine interface {
	shrink(p plane, column []uint16, prefix []uint32)
	refine(g *grid)
	gather(g *grid)
	draw(c *Compositor, img *image.YCbCr, b backdrop)
}

func gridSize(w, h, maskW, maskH int) (gw, gh int) {
	return min(maskW, (w+1)/2), min(maskH, (h+1)/2)
}

func (c *Compositor) gridFor(maskW, maskH int) *grid {
	size := image.Pt(maskW, maskH)
	if c.grid != nil && c.mask == size {
		return c.grid
	}
	gw, gh := gridSize(c.w, c.h, maskW, maskH)
	n := gw * gh
	hw := (c.w + 1) / 2
	c.mask = size
	c.grid = &grid{
		w: gw, h: gh,
		luma: make([]byte, n), cb: make([]byte, n), cr: make([]byte, n), person: make([]byte, n),
		lumaEdges: edges(c.w, gw), chromaEdges: edges(hw, gw), maskEdges: edges(maskW, gw),
		coef:  make([]int32, (gw+1)*gh),
		sums:  make([]int32, 4*(gw+4)),
		slope: make([]float32, n), offset: make([]float32, n),
		means: make([]float32, 2*(gw+2)),
		x:     stepsOf(c.w, gw), y: stepsOf(c.h, gh),
		cells: newCells(c.w, c.h, gw, gh),
	}
	return c.grid
}

// edges divides n pixels among m columns.
func edges(n, m int) []int32 {
	e := make([]int32, m+1)
	for i := range e {
		e[i] = int32(i * n / m)
	}
	return e
}

// steps say where each of n pixels lies between the centres of m coarser ones:
// the one before it, and the weight of the one after, in 1/256.
type steps struct {
	at     []int32
	weight []int16
}

func stepsOf(n, m int) steps {
	s := steps{make([]int32, n), make([]int16, n)}
	for i := range n {
		f := max((2*i+1)*m*128/n-128, 0)
		k := f >> 8
		if k >= m-1 {
			s.at[i] = int32(m - 1)
			continue
		}
		s.at[i], s.weight[i] = int32(k), int16(f&255)
	}
	return s
}
