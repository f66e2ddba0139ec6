package person

// A head is the main face, and how it and the chest below have moved.
type head struct {
	have   bool
	fresh  bool    // locked anew; nothing was learned of it yet
	at     Face    // now
	unseen float32 // seconds since it was detected

	was   [n]byte // the last picture
	look  patch   // of the face
	chest patch
	been  pose       // all that they have moved so far
	pace  [4]float32 // across and down, of head and trunk lately, in cells a second
	speed float32    // the sum of their amounts
	went  float32    // how far the head moved in the last picture, in cells

	trail [32]step // what the last pictures added
	next  int
}

// A pose is how head and trunk have moved.
type pose struct{ head, trunk motion }

// since returns the movement from then to p.
func (p pose) since(then pose) pose {
	return pose{then.head.back().then(p.head), then.trunk.back().then(p.trunk)}
}

type step struct{ dx, dy, gap float32 }

// choose returns which of the found faces is the main one, or -1.
func (h *head) choose(found []Face, late float32) int {
	best, at := float32(0), -1
	for i, f := range found {
		score := f.W * f.H * (1 - abs(f.X+f.W/2-W/2)/W) / (W * H)
		if h.have {
			score = h.likeness(f.moved(h.since(late)))
		}
		if score > best && (!h.have || score > .35) {
			best, at = score, i
		}
	}
	switch {
	case at < 0:
		return -1
	case !h.have:
		*h = head{have: true, fresh: true, at: found[at], been: pose{shift(0, 0), shift(0, 0)}}
		return at
	}
	dx, dy := h.since(late)
	f := found[at].moved(dx, dy)
	old := h.at
	const rate, size = .6, .35
	h.at.W += (f.W - old.W) * size
	h.at.H += (f.H - old.H) * size
	ox, oy := old.centre()
	fx, fy := f.centre()
	h.at.X, h.at.Y = ox+(fx-ox)*rate-h.at.W/2, oy+(fy-oy)*rate-h.at.H/2
	h.unseen = 0
	h.look.ok, h.chest.ok = false, false // taken anew
	return at
}

// likeness is 1 for the same box, and 0 for one that cannot be the same face.
func (h *head) likeness(f Face) float32 {
	ax, ay := h.at.centre()
	bx, by := f.centre()
	reach := h.at.W * (.8 + min(h.unseen, 2)*.5)
	off := (abs(ax-bx) + abs(ay-by)) / reach
	size := min(f.W, h.at.W) / max(f.W, h.at.W)
	return max(1-off, 0) * min(size*1.25, 1)
}

// covers reports whether f is the main face once more, found a second time.
func (h *head) covers(f Face) bool {
	if !h.have {
		return false
	}
	x, y := f.centre()
	return x > h.at.X && x < h.at.X+h.at.W && y > h.at.Y && y < h.at.Y+h.at.H && f.W > .6*h.at.W
}

// since returns how far the head has moved in the last `late` seconds.
func (h *head) since(late float32) (dx, dy float32) {
	for i := 1; i <= len(h.trail) && late > .001; i++ {
		s := h.trail[(h.next-i+len(h.trail))%len(h.trail)]
		dx, dy, late = dx+s.dx, dy+s.dy, late-s.gap
	}
	return dx, dy
}

func (h *head) lose() { *h = head{} }

// follow finds head and chest in the next picture; mine is where the person was in the
// last. The trunk only shifts, with the chest: a fit over all of it is drawn along by
// whoever moves at its outline.
func (h *head) follow(luma, mine *[n]byte, gap float32) {
	if !h.have {
		h.was = *luma
		return
	}
	if h.unseen += gap; h.unseen > forgetFace {
		h.unseen = forgetFace
	}
	dx, dy := h.look.find(luma)
	bx, by := h.chest.find(luma)
	chin := min(max(int(h.at.Y+1.1*h.at.H), 0), H)
	head := refine(shift(dx, dy), &h.was, luma, mine, 0, chin)
	h.was = *luma
	x, y := h.at.centre()
	u, v := head.of(x, y)
	dx, dy = u-x, v-y
	h.at.X, h.at.Y = h.at.X+dx, h.at.Y+dy
	h.been = pose{h.been.head.then(head), h.been.trunk.then(shift(bx, by))}
	if !h.been.head.sane() || !h.been.trunk.sane() {
		h.lose()
		return
	}
	h.went = abs(dx) + abs(dy)
	h.speed = 0 // of means, in which noise cancels out
	for i, d := range [4]float32{dx, dy, bx, by} {
		h.pace[i] += (d/gap - h.pace[i]) * min(gap*8, 1)
		h.speed += abs(h.pace[i])
	}
	h.trail[h.next] = step{dx, dy, gap}
	h.next = (h.next + 1) % len(h.trail)
	if !h.look.ok {
		h.look.take(luma, h.at.X, h.at.Y, h.at.W, h.at.H)
	}
	if !h.chest.ok {
		h.chest.take(luma, h.at.X-.3*h.at.W, h.at.Y+1.4*h.at.H, 1.6*h.at.W, h.at.H)
	}
}

// A patch is a part of a picture that is found again in the next ones.
type patch struct {
	ok         bool
	x, y, w, h int
	at         [2]float32 // where it is now, beside x and y
	pixels     [32 * 32]byte
}

// take remembers what is there. Parts outside the picture are left out; too small
// a rest is not followed.
func (p *patch) take(luma *[n]byte, x, y, w, h float32) {
	x0, y0 := max(int(x), 0), max(int(y), 0)
	x1, y1 := min(int(x+w)+1, W), min(int(y+h)+1, H)
	p.x, p.y, p.w, p.h, p.at = x0, y0, min(x1-x0, 32), min(y1-y0, 32), [2]float32{}
	if p.ok = p.w >= 4 && p.h >= 4; !p.ok {
		return
	}
	for r := range p.h {
		copy(p.pixels[r*p.w:(r+1)*p.w], luma[(y0+r)*W+x0:])
	}
}

// find returns how far the patch has moved since it was last found.
func (p *patch) find(luma *[n]byte) (dx, dy float32) {
	if !p.ok {
		return 0, 0
	}
	const reach = 3
	cx, cy := p.x+round(p.at[0]), p.y+round(p.at[1])
	var cost [2*reach + 1][2*reach + 1]int
	best, bx, by := 1<<30, 0, 0
	for v := -reach; v <= reach; v++ {
		for u := -reach; u <= reach; u++ {
			c := p.cost(luma, cx+u, cy+v)
			cost[v+reach][u+reach] = c
			if c += (u*u + v*v) * p.w * p.h / 16; c < best {
				best, bx, by = c, u, v
			}
		}
	}
	fx, fy := float32(bx), float32(by)
	if bx > -reach && bx < reach && by > -reach && by < reach {
		r, c := by+reach, bx+reach
		fx += vertex(cost[r][c-1], cost[r][c], cost[r][c+1])
		fy += vertex(cost[r-1][c], cost[r][c], cost[r+1][c])
	}
	nx, ny := float32(cx-p.x)+fx, float32(cy-p.y)+fy
	dx, dy = nx-p.at[0], ny-p.at[1]
	p.at = [2]float32{nx, ny}
	return dx, dy
}

// cost is the sum of absolute differences at (x, y), of what lies in the picture.
func (p *patch) cost(luma *[n]byte, x, y int) int {
	x0, x1 := max(0, -x), min(p.w, W-x)
	y0, y1 := max(0, -y), min(p.h, H-y)
	if (x1-x0)*(y1-y0)*2 < p.w*p.h {
		return 1 << 28
	}
	sum := 0
	for r := y0; r < y1; r++ {
		a, b := p.pixels[r*p.w+x0:r*p.w+x1], luma[(y+r)*W+x+x0:]
		b = b[:len(a)]
		for i, v := range a {
			d := int(v) - int(b[i])
			sum += max(d, -d)
		}
	}
	return sum * p.w * p.h / ((x1 - x0) * (y1 - y0))
}

// vertex is where the parabola through three costs is least, within half a cell.
func vertex(a, b, c int) float32 {
	den := a - 2*b + c
	if den <= 0 {
		return 0
	}
	return min(max(float32(a-c)/float32(2*den), -.5), .5)
}

func round(v float32) int {
	if v < 0 {
		return -int(-v + .5)
	}
	return int(v + .5)
}

func abs(v float32) float32 { return max(v, -v) }
