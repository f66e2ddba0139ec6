package compose

import "image"

// plain is the engine in Go, for builds without C, and what the one in C is
// tested against.
type plain struct{}

// shrink averages the pixels that fall together.
func (plain) shrink(p plane, column []uint16, prefix []uint32) {
	col := column[:p.w]
	for r := range p.gh {
		y0, y1 := r*p.h/p.gh, (r+1)*p.h/p.gh
		clear(col)
		for y := y0; y < y1; y++ {
			row := p.src[y*p.stride:][:len(col)]
			for x, v := range row {
				col[x] += uint16(v)
			}
		}
		var sum uint32
		for x, v := range col {
			sum += uint32(v)
			prefix[x+1] = sum
		}
		rows, n := uint32(y1-y0), uint32(p.w/p.gw)
		few, more := (1<<24)/(n*rows), (1<<24)/((n+1)*rows) // instead of a division for each
		out := p.dst[r*p.gw : (r+1)*p.gw]
		for x := range out {
			a, b := p.edges[x], p.edges[x+1]
			k := few
			if uint32(b-a) != n {
				k = more
			}
			out[x] = byte(((prefix[b]-prefix[a])*k + 1<<23) >> 24)
		}
	}
}

// refine makes the guided filter's coefficients: near a pixel, alpha is
// slope·(luma−128) + offset. The sums are of 5×5 and exact; 8128.125 is the
// epsilon, in 25²·255² units.
func (plain) refine(g *grid) {
	n := g.w + 4
	si, sp, sx, sq := g.sums[:n], g.sums[n:2*n], g.sums[2*n:3*n], g.sums[3*n:4*n]
	for y := range g.h {
		clear(g.sums)
		for k := y - 2; k <= y+2; k++ {
			r := min(max(k, 0), g.h-1) * g.w
			m := g.person[r : r+g.w]
			for x, v := range g.luma[r : r+g.w] {
				i, p := int32(v), int32(m[x])
				si[x+2] += i
				sp[x+2] += p
				sx[x+2] += i * p
				sq[x+2] += i * i
			}
		}
		for k := range 4 {
			s := g.sums[k*n : (k+1)*n]
			s[0], s[1], s[n-2], s[n-1] = s[2], s[2], s[n-3], s[n-3]
		}
		slope, offset := g.slope[y*g.w:(y+1)*g.w], g.offset[y*g.w:(y+1)*g.w]
		for x := range slope {
			i, p, ip, ii := five(si[x:]), five(sp[x:]), five(sx[x:]), five(sq[x:])
			a := float32(25*ip-i*p) / (float32(25*ii-i*i) + 8128.125)
			slope[x] = a
			offset[x] = (float32(p) + a*float32(3200-i)) * 0.04
		}
	}
	la, lb := g.means[:g.w+2], g.means[g.w+2:]
	for y := range g.h {
		r0, r1, r2 := max(y-1, 0)*g.w, y*g.w, min(y+1, g.h-1)*g.w
		for x := range g.w {
			la[x+1] = g.slope[r0+x] + g.slope[r1+x] + g.slope[r2+x]
			lb[x+1] = g.offset[r0+x] + g.offset[r1+x] + g.offset[r2+x]
		}
		la[0], lb[0], la[g.w+1], lb[g.w+1] = la[1], lb[1], la[g.w], lb[g.w]
		out := g.coef[y*(g.w+1) : (y+1)*(g.w+1)]
		for x := range g.w {
			a := round((la[x] + la[x+1] + la[x+2]) * (512. / 9))
			b := round((lb[x] + lb[x+1] + lb[x+2]) * (4. / 9))
			out[x] = a<<16 | b&0xffff
		}
		out[g.w] = out[g.w-1]
	}
}

func five(s []int32) int32 { return s[0] + s[1] + s[2] + s[3] + s[4] }

// round takes less than 2^15: a slope is at most .5/(2·√epsilon) = 17.7, times 512.
func round(v float32) int32 { return min(max(int32(v+65536.5)-65536, -16383), 16383) }

// gather sums the room in cells, leaving the person out: a pixel counts fully
// where no neighbour is person at all, and not at all where one is so by a
// quarter.
func (plain) gather(g *grid) {
	c := &g.cells
	n, w := c.w*c.h, g.w
	sw, sy, su, sv := c.band[:w], c.band[w:2*w], c.band[2*w:3*w], c.band[3*w:4*w]
	for r := range c.h {
		clear(c.band)
		for y := r * g.h / c.h; y < (r+1)*g.h/c.h; y++ {
			up, at, down := max(y-1, 0)*w, y*w, min(y+1, g.h-1)*w
			for x := range w {
				c.line[x+1] = max(g.person[up+x], g.person[at+x], g.person[down+x])
			}
			c.line[0], c.line[w+1] = c.line[1], c.line[w]
			for x := range w {
				k := 64 - min(uint32(max(c.line[x], c.line[x+1], c.line[x+2])), 64)
				sw[x] += k
				sy[x] += k * uint32(g.luma[at+x])
				su[x] += k * uint32(g.cb[at+x])
				sv[x] += k * uint32(g.cr[at+x])
			}
		}
		for k := range c.w {
			var t [4]uint32
			for x := c.edges[k]; x < c.edges[k+1]; x++ {
				t[0] += sw[x]
				t[1] += sy[x]
				t[2] += su[x]
				t[3] += sv[x]
			}
			for p, v := range t {
				c.sums[p*n+r*c.w+k] = v
			}
		}
	}
}

// draw goes over the picture once: alpha, gate and smoothing, background, mix.
func (plain) draw(c *Compositor, img *image.YCbCr, b backdrop) {
	w, hw, g := c.w, (c.w+1)/2, c.grid
	rows := c.rows
	var slope, offset, luma, cb, cr pair
	for k := range 2 {
		for _, p := range []struct {
			of *pair
			n  int
		}{{&slope, w}, {&offset, w}, {&luma, w}, {&cb, hw}, {&cr, hw}} {
			p.of.row[k], p.of.has[k] = rows[:p.n], -1
			rows = rows[p.n:]
		}
	}
	now, ly, lu, lv, lc := c.line[:w], c.line[w:2*w], c.line[2*w:2*w+hw], c.line[2*w+hw:2*w+2*hw], c.line[2*w+2*hw:]
	for y := range c.h {
		a0, a1, wt := slope.at(g.y, y, g.coef, g.w, g.x, 16)
		b0, b1, _ := offset.at(g.y, y, g.coef, g.w, g.x, 0)
		row, shown := img.Y[y*img.YStride:][:w], c.shown[y*w:(y+1)*w]
		alpha(now, row, a0, a1, b0, b1, wt)
		gate(shown, c.older[y*w:(y+1)*w], now, c.Moves)
		by := ly
		if k := b.cells; k != nil {
			q0, q1, qw := luma.at(k.y, y, k.out, k.w, k.x, whole)
			between(ly, q0, q1, qw)
		} else {
			by = b.y[y*b.ys:][:w]
		}
		mix(row, by, shown)
		if y&1 == 0 && y+1 < c.h {
			continue
		}
		cy := y / 2
		quarter(lc, c.shown[2*cy*w:][:w], shown)
		bu, bv := lu, lv
		if k := b.cells; k != nil {
			n := (k.w + 1) * k.h
			u0, u1, uw := cb.at(k.cy, cy, k.out[n:2*n], k.w, k.cx, whole)
			v0, v1, _ := cr.at(k.cy, cy, k.out[2*n:], k.w, k.cx, whole)
			between(lu, u0, u1, uw)
			between(lv, v0, v1, uw)
		} else {
			bu, bv = b.cb[cy*b.cs:][:hw], b.cr[cy*b.cs:][:hw]
		}
		mix(img.Cb[cy*img.CStride:][:hw], bu, lc)
		mix(img.Cr[cy*img.CStride:][:hw], bv, lc)
	}
}

// whole says that a coarse value is not one of two that share its 32 bits.
const whole = -1

// A pair keeps the two enlarged rows between which the present one lies.
type pair struct {
	row [2][]int16
	has [2]int32
}

// at returns the rows around y, and the weight of the second in 1/32768. coarse
// has rows of n+1; shift takes one half of its values.
func (p *pair) at(ys steps, y int, coarse []int32, n int, xs steps, shift int) (first, second []int16, weight int32) {
	k0 := ys.at[y]
	k1 := k0
	if ys.weight[y] != 0 {
		k1++
	}
	for k := k0; k <= k1; k++ {
		if p.has[k&1] == k {
			continue
		}
		p.has[k&1] = k
		src, dst := coarse[int(k)*(n+1):int(k+1)*(n+1)], p.row[k&1]
		for x := range dst {
			a, b := src[xs.at[x]], src[xs.at[x]+1]
			if shift != whole {
				a, b = int32(int16(a>>shift)), int32(int16(b>>shift))
			}
			dst[x] = int16(a + (b-a)*int32(xs.weight[x])>>8)
		}
	}
	return p.row[k0&1], p.row[k1&1], int32(ys.weight[y]) << 7
}

func between(dst []byte, a, b []int16, w int32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for x := range dst {
		dst[x] = byte((int32(a[x]) + int32(b[x]-a[x])*2*w>>16 + 8) >> 4)
	}
}

// alpha is 0 below .20 of what the coefficients say, and 255 above .80: 204 and
// 816 in their unit of 1/1020.
func alpha(dst, luma []byte, a0, a1, b0, b1 []int16, w int32) {
	luma, a0, a1, b0, b1 = luma[:len(dst)], a0[:len(dst)], a1[:len(dst)], b0[:len(dst)], b1[:len(dst)]
	for x := range dst {
		a := int32(a0[x]) + int32(a1[x]-a0[x])*w>>16*2
		b := int32(b0[x]) + int32(b1[x]-b0[x])*w>>16*2
		v := a*((int32(luma[x])-128)*256)>>16*2 + b
		dst[x] = byte((min(max(v, 204), 816) - 204) * 27348 >> 16)
	}
}

// gate opens to the least of two pictures only, and moves there by the share of
// .06 + 1.8·|Δ|, at least by one, but stays where less than 20 are to go, 7 of a person who moves. older
// becomes the newest. Of a person who moves, the last picture alone counts.
func gate(shown, older, now []byte, moves bool) {
	older, now = older[:len(shown)], now[:len(shown)]
	idle := int32(20)
	if moves {
		idle = 7
	}
	for x, was := range shown {
		to := now[x]
		if !moves {
			to = min(to, older[x])
		}
		older[x] = now[x]
		if to == 0 {
			shown[x] = 0
			continue
		}
		far := int32(max(to, was)) - int32(min(to, was))
		move := far
		switch {
		case far < idle && to < 255:
			move = 0
		case far <= 135:
			move = min(far, 2*far*(1966+far*227)>>16+1)
		}
		if to < was {
			move = -move
		}
		shown[x] = byte(int32(was) + move)
	}
}

func quarter(dst, a, b []byte) {
	n := len(a) / 2
	for x := range n {
		dst[x] = byte((int(a[2*x]) + int(a[2*x+1]) + int(b[2*x]) + int(b[2*x+1]) + 2) >> 2)
	}
	if len(a)&1 == 1 {
		dst[n] = byte((int(a[len(a)-1]) + int(b[len(a)-1]) + 1) >> 1)
	}
}

func mix(dst, bg, alpha []byte) {
	bg, alpha = bg[:len(dst)], alpha[:len(dst)]
	for x := range dst {
		m := uint32(alpha[x]) + uint32(alpha[x]>>7)
		dst[x] = byte((uint32(dst[x])*m + uint32(bg[x])*(256-m) + 128) >> 8)
	}
}
