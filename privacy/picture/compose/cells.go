package compose

const (
	step  = 8   // levels of a pixel that become one
	stay  = 6   // levels that a cell may move from the middle of its own before it leaves
	least = 312 // weight of the mean of all, 1/512 of a cell's full weight after the blur
	reach = 2   // cells on either side that the blur takes in, twice
)

// cells are what is left of the room: its coarse means without the person,
// quantised and blurred.
type cells struct {
	w, h  int
	edges []int32  // of the columns, on the grid
	sums  []uint32 // four planes: weight, then luma, Cb and Cr times weight
	band  []uint32 // one row of the grid for each of them
	line  []byte

	level  []byte   // three planes: what each cell was rounded to last
	seen   []bool   // whether a cell was ever seen without person
	weight []uint32 // 256 for a cell without person
	spread [4][]uint32
	tmp    []uint32

	out          []int32 // three planes of h rows of w+1, 16 times a pixel's value
	x, y, cx, cy steps   // of the picture's luma and chroma on the cells
	full         uint32  // the weight that a cell has at least without person
}

// side returns the width of a cell in pixels, for pictures of height h.
func side(h int) int {
	switch {
	case h <= 720:
		return 16
	case h <= 1080:
		return 24
	default:
		return 32
	}
}

func newCells(w, h, gw, gh int) cells {
	s := side(h)
	cw, ch := min((w+s-1)/s, gw), min((h+s-1)/s, gh)
	n := cw * ch
	c := cells{
		w: cw, h: ch,
		edges: edges(gw, cw),
		sums:  make([]uint32, 4*n), band: make([]uint32, 4*gw), line: make([]byte, gw+2),
		level: make([]byte, 3*n), seen: make([]bool, n), weight: make([]uint32, n), tmp: make([]uint32, n),
		out: make([]int32, 3*(cw+1)*ch),
		x:   stepsOf(w, cw), y: stepsOf(h, ch), cx: stepsOf((w+1)/2, cw), cy: stepsOf((h+1)/2, ch),
		full: uint32(64 * (gw / cw) * (gh / ch)),
	}
	for i := range c.spread {
		c.spread[i] = make([]uint32, n)
	}
	return c
}

// blur makes out of sums. Where nothing but person is for a long way, it is the
// mean of the whole room, and grey where there is no room at all.
func (c *cells) blur() {
	n := c.w * c.h
	mean := c.mean()
	weight := c.spread[0]
	for i := range n {
		k := c.sums[i]
		w := min(k*256/c.full, 256)
		known := k > 0
		switch {
		case k*4 >= c.full:
			c.seen[i] = true
		case c.seen[i]: // somebody stands there: what was there before is remembered
			w, known = 256, false
		}
		weight[i] = w
		for p := range 3 {
			if known {
				c.level[p*n+i] = settle(c.level[p*n+i], byte((c.sums[(p+1)*n+i]+k/2)/k))
			}
			c.spread[p+1][i] = w * uint32(c.level[p*n+i])
		}
	}
	for _, plane := range c.spread {
		for range 2 {
			box(c.tmp, plane, c.h, c.w, c.w, 1)
			box(plane, c.tmp, c.w, c.h, 1, c.w)
		}
	}
	for y := range c.h {
		for x := range c.w {
			i := y*c.w + x
			w := weight[i] + least
			for p := range 3 {
				c.out[(p*c.h+y)*(c.w+1)+x] = int32(uint64(c.spread[p+1][i]+least*mean[p]) * 16 / uint64(w))
			}
		}
	}
	for y := range 3 * c.h {
		row := c.out[y*(c.w+1) : (y+1)*(c.w+1)]
		row[c.w] = row[c.w-1]
	}
}

// mean is that of all cells, quantised.
func (c *cells) mean() [3]uint32 {
	n := c.w * c.h
	var sum [4]uint64
	for p := range sum {
		for _, v := range c.sums[p*n : (p+1)*n] {
			sum[p] += uint64(v)
		}
	}
	if sum[0] == 0 {
		return [3]uint32{128, 128, 128}
	}
	var m [3]uint32
	for p := range m {
		m[p] = uint32(sum[p+1]/sum[0])/step*step + step/2
	}
	return m
}

// settle rounds v to the middle of its step, and stays with the last one while v
// is near: noise at the edge of a step must not flicker.
func settle(last, v byte) byte {
	if d := int(v) - int(last); last != 0 && d <= stay && d >= -stay {
		return last
	}
	return v/step*step + step/2
}

// box sums 2·reach+1 neighbours of each of n values in each of m lines, the
// outermost repeated. Values of a line are stride apart, lines are next apart.
func box(dst, src []uint32, m, n, next, stride int) {
	for j := range m {
		in, out := src[j*next:], dst[j*next:]
		last := (n - 1) * stride
		sum := reach * in[0]
		for i := range reach {
			sum += in[min(i*stride, last)]
		}
		ahead, behind := reach*stride, -reach*stride
		for i := 0; i <= last; i += stride {
			sum += in[min(ahead, last)]
			out[i] = sum
			sum -= in[max(behind, 0)]
			ahead, behind = ahead+stride, behind+stride
		}
	}
}
