package leak

import "paravent/media/frame"

// collect puts into the union what was never seen better. The margin plays no
// part in it.
func (e *Exposure) collect(alpha []byte, out *frame.Picture) {
	e.bridge(alpha)
	u, o := e.union.Image, out.Image
	for y := range e.h {
		for x := range e.w {
			i := y*e.w + x
			if alpha[i] >= roomBelow {
				continue
			}
			v := e.now[i]
			if v == unknown || v < visibleSome {
				v = 0
			}
			if v < e.best[i] || v == 0 && e.best[i] > 0 {
				continue
			}
			e.best[i] = v
			u.Y[y*u.YStride+x] = e.shade[i]
			c, k := y/2*u.CStride+x/2, y/2*o.CStride+x/2
			u.Cb[c], u.Cr[c] = o.Cb[k], o.Cr[k]
		}
	}
}

// bridge gives pixels whose visibility is not known, and which lie between known
// ones of a row, the lesser of the two. So flat paper between letters is taken
// along with the letters.
func (e *Exposure) bridge(alpha []byte) {
	for y := range e.h {
		row, a := e.now[y*e.w:][:e.w], alpha[y*e.w:][:e.w]
		last := -1 // the last known pixel, if only room followed
		for x, v := range row {
			switch {
			case a[x] >= roomBelow:
				last = -1
			case v == unknown:
			case last >= 0 && x-last <= bridge:
				for k := last + 1; k < x; k++ {
					row[k] = min(v, row[last])
				}
				last = x
			default:
				last = x
			}
		}
	}
}

// Union returns what an attacker gets who always knows what is room and how much
// of it shows: each pixel as it was outgoing when it was most visible, its
// contrast restored; and as it was outgoing last, where it never was visible.
// What was never room is black. The picture stays e's, and changes with Add.
func (e *Exposure) Union() *frame.Picture { return e.union }
