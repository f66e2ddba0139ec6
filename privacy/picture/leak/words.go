package leak

// cells are one row of them in a picture: two rows of luma, one of chroma.
type cells struct{ above, below, cb, cr []byte }

// luma returns the four pixels of cell x, in 1/16 level.
func (c cells) luma(x int) [4]uint16 {
	return [4]uint16{
		unit * uint16(c.above[2*x]), unit * uint16(c.above[2*x+1]),
		unit * uint16(c.below[2*x]), unit * uint16(c.below[2*x+1]),
	}
}

func sum(y [4]uint16) int { return int(y[0]) + int(y[1]) + int(y[2]) + int(y[3]) }

// begin takes the first picture for what stands.
func (a *Attacker) begin(r int, c cells) {
	for x := range a.gw {
		i := r*a.gw + x
		y := c.luma(x)
		a.y[i], a.cb[i], a.cr[i] = uint16(sum(y)/4), unit*uint16(c.cb[x]), unit*uint16(c.cr[x])
		a.times[i] = 1
		copy(a.fine[4*i:], y[:])
	}
}

// row tells for each cell of row r whether it shows what stands. It is the
// attack's inner loop: most cells do. It returns how many suddenly do not.
func (a *Attacker) row(r int, c cells) (left int) {
	i0, n := r*a.gw, a.gw
	sy, scb, scr := a.y[i0:][:n], a.cb[i0:][:n], a.cr[i0:][:n]
	times, away := a.times[i0:][:n], a.away[i0:][:n]
	cb, cr := c.cb[:n], c.cr[:n]
	above, below := c.above[:2*n], c.below[:2*n]
	for x := range sy {
		k := 2 * x
		v := 4 * (int(above[k]) + int(above[k+1]) + int(below[k]) + int(below[k+1]))
		d, db, dr := v-int(sy[x]), unit*int(cb[x])-int(scb[x]), unit*int(cr[x])-int(scr[x])
		if uint(d+nearLuma) > 2*nearLuma || uint(db+nearColour) > 2*nearColour || uint(dr+nearColour) > 2*nearColour {
			if away[x] == stands {
				away[x] = suddenly
				left++
			} else {
				away[x] = passes
			}
			continue
		}
		away[x] = stands
		if d|db|dr != 0 {
			sy[x] = uint16(int(sy[x]) + sign(d))
			scb[x] = uint16(int(scb[x]) + sign(db))
			scr[x] = uint16(int(scr[x]) + sign(dr))
		}
		if times[x] < most {
			times[x]++
		}
	}
	return left
}

func sign(d int) int { return d>>63 | int(uint(-d)>>63) }

// pass enters the colours that cells of row r show instead of what stands.
func (a *Attacker) pass(r int, c cells) {
	away := a.away[r*a.gw:][:a.gw]
	over, under := a.away[max(r-edge, 0)*a.gw:][:a.gw], a.away[min(r+edge, a.gh-1)*a.gw:][:a.gw]
	for x := range away {
		if away[x] != stands {
			atEdge := over[x] == stands || under[x] == stands || away[max(x-edge, 0)] == stands || away[min(x+edge, a.gw-1)] == stands
			a.enter(r*a.gw+x, c.luma(x), unit*uint16(c.cb[x]), unit*uint16(c.cr[x]), atEdge)
		}
	}
}

// enter gives a colour of cell i to the word that is like it, or to the weakest.
func (a *Attacker) enter(i int, y [4]uint16, cb, cr uint16, atEdge bool) {
	words := a.words[passing*i:][:passing]
	weakest := 0
	for k := range words {
		w := &words[k]
		if w.times > 0 && w.like(y, cb, cr) {
			w.take(y, cb, cr, atEdge)
			if int(w.times) > int(a.times[i])+turn {
				a.stand(i, w)
			}
			return
		}
		if w.strength() < words[weakest].strength() {
			weakest = k
		}
	}
	w := &words[weakest]
	if w.times >= 2 && !atEdge || w.times >= 4 { // it must wear off first
		w.times--
		return
	}
	*w = word{}
	w.take(y, cb, cr, atEdge)
}

func (w *word) like(y [4]uint16, cb, cr uint16) bool {
	return abs(sum(y)-sum(w.y)) <= 4*nearLuma && abs(int(cb)-int(w.cb)) <= nearColour && abs(int(cr)-int(w.cr)) <= nearColour
}

// strength says how much it would cost the attacker to forget w.
func (w *word) strength() int { return 4*int(w.edge) + min(int(w.times), 64) }

// take moves w's means towards a colour: the mean of up to 16 pictures.
func (w *word) take(y [4]uint16, cb, cr uint16, atEdge bool) {
	n := min(int(w.times), 15) + 1
	move := func(to *uint16, v uint16) { *to = uint16(int(*to) + (int(v)-int(*to))/n) }
	for k := range w.y {
		move(&w.y[k], y[k])
	}
	move(&w.cb, cb)
	move(&w.cr, cr)
	if w.times < most {
		w.times++
	}
	if atEdge && w.edge < most {
		w.edge++
	}
}

// stand makes w what stands at cell i, and what stood a passing colour.
func (a *Attacker) stand(i int, w *word) {
	old := word{cb: a.cb[i], cr: a.cr[i], times: a.times[i]}
	copy(old.y[:], a.fine[4*i:])
	a.y[i], a.cb[i], a.cr[i], a.times[i] = uint16(sum(w.y)/4), w.cb, w.cr, w.times
	copy(a.fine[4*i:], w.y[:])
	*w = old
}

// refine brings the standing luma at full size up to date where row r shows it.
func (a *Attacker) refine(r int, c cells) {
	for x := range a.gw {
		i := r*a.gw + x
		if a.away[i] != stands {
			continue
		}
		y := c.luma(x)
		f := a.fine[4*i:][:4]
		for k := range f {
			f[k] = uint16(int(f[k]) + (int(y[k])-int(f[k]))/8)
		}
	}
}

func abs(d int) int {
	if d < 0 {
		return -d
	}
	return d
}
