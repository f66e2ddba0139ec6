package person

// A motion is a turn, a growth and a shift in the plane: z becomes p·z + q, where
// the real part is across, and the imaginary part down.
type motion struct{ p, q complex64 }

func shift(dx, dy float32) motion { return motion{1, complex(dx, dy)} }

// of returns where (x, y) goes.
func (m motion) of(x, y float32) (float32, float32) {
	z := m.p*complex(x, y) + m.q
	return real(z), imag(z)
}

// then returns m, and o after it.
func (m motion) then(o motion) motion { return motion{o.p * m.p, o.p*m.q + o.q} }

// back returns what undoes m.
func (m motion) back() motion { return motion{1 / m.p, -m.q / m.p} }

const (
	fewest = 40 // cells that a motion is found from
	rounds = 6
	large  = 8  // a difference, in levels
	arm    = 16 // cells: a turn or growth counts as the shift that it is there
	rest   = 6  // weight of no movement, in squares of levels, for each cell
)

// sane reports whether m can be what somebody has moved since they came.
func (m motion) sane() bool {
	size := real(m.p)*real(m.p) + imag(m.p)*imag(m.p)
	return size > 1./256 && size < 256 && abs(real(m.q))+abs(imag(m.q)) < 1e5
}

// refine returns how what where marks moved between two pictures, in the rows from y0
// to y1, beginning from start: least squares over the differences of luma, large ones
// counting less (Lucas and Kanade 1981; inverse compositional as in Baker and Matthews
// 2004; Huber's weights). What shows no movement, such as plain clothes, stays with it.
func refine(start motion, was, now, where *[n]byte, y0, y1 int) motion {
	var mx, my, all float32
	for y := y0; y < y1; y++ {
		for x := range W {
			if where[y*W+x] >= 128 {
				mx, my, all = mx+float32(x), my+float32(y), all+1
			}
		}
	}
	if all < fewest {
		return start
	}
	m := start
	mx, my = mx/all, my/all
	for range rounds {
		var a [4][5]float32
		for y := max(y0, 1); y < min(y1, H-1); y++ {
			for x := 1 + y&1; x < W-1; x += 2 {
				i := y*W + x
				if where[i] < 128 {
					continue
				}
				tx, ty := m.of(float32(x), float32(y))
				if tx < 0 || ty < 0 || tx > W-1 || ty > H-1 {
					continue
				}
				gx, gy := float32(int(was[i+1])-int(was[i-1]))/2, float32(int(was[i+W])-int(was[i-W]))/2
				e := between(now, tx, ty) - float32(was[i])
				w := float32(1)
				if d := abs(e); d > large {
					w = large / d
				}
				u, v := float32(x)-mx, float32(y)-my
				j := [4]float32{gx, gy, (gx*u + gy*v) / arm, (gy*u - gx*v) / arm}
				for r := range 4 {
					for c := range 4 {
						a[r][c] += w * j[r] * j[c]
					}
					a[r][4] -= w * j[r] * e
				}
			}
		}
		for r := range 4 {
			a[r][r] += rest * all
		}
		d, ok := solve(a)
		if !ok {
			return start
		}
		if !(abs(d[0])+abs(d[1]) < W && abs(d[2])+abs(d[3]) < arm/2) {
			return start
		}
		p := complex(1+d[2]/arm, d[3]/arm)
		centre := complex(mx, my)
		m = motion{p, centre - p*centre + complex(d[0], d[1])}.then(m)
		if abs(d[0])+abs(d[1])+abs(d[2])+abs(d[3]) < .01 {
			break
		}
	}
	return m
}

// between is the level between four cells.
func between(m *[n]byte, x, y float32) float32 {
	x, y = min(max(x, 0), W-1.001), min(max(y, 0), H-1.001)
	i, j := int(x), int(y)
	a, b := x-float32(i), y-float32(j)
	r := m[j*W+i:]
	top := float32(r[0])*(1-a) + float32(r[1])*a
	low := float32(r[W])*(1-a) + float32(r[W+1])*a
	return top*(1-b) + low*b
}

// solve is Gauss's elimination.
func solve(a [4][5]float32) (x [4]float32, ok bool) {
	for c := range 4 {
		if a[c][c] < 1e-3 {
			return x, false
		}
		for r := c + 1; r < 4; r++ {
			f := a[r][c] / a[c][c]
			for k := c; k < 5; k++ {
				a[r][k] -= f * a[c][k]
			}
		}
	}
	for r := 3; r >= 0; r-- {
		x[r] = a[r][4]
		for c := r + 1; c < 4; c++ {
			x[r] -= a[r][c] * x[c]
		}
		x[r] /= a[r][r]
	}
	return x, true
}
