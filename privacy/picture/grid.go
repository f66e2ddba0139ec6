package picture

import (
	"image"

	"paravent/media/frame"
	"paravent/privacy/picture/person"
	"paravent/privacy/picture/sample"
)

const cells = person.W * person.H

// A grid is a canvas at a fourth of its resolution, with the colours of the picture, the
// way a person.Keeper wants it.
type grid struct {
	people, y, cb, cr, keep [cells]byte

	sampler sample.Sampler
	rgb     [3 * cells]float32
}

func (g *grid) view() person.View {
	return person.View{Person: &g.people, Y: &g.y, Cb: &g.cb, Cr: &g.cr}
}

// shrink takes the means of the mask, which is a canvas.
func (g *grid) shrink(canvas []byte) {
	for y := range person.H {
		var rows [perCell][]byte
		for k := range rows {
			rows[k] = canvas[(perCell*y+k)*canvasW:][:canvasW]
		}
		for x := range person.W {
			sum := 0
			for _, r := range rows {
				c := r[perCell*x : perCell*x+perCell]
				sum += int(c[0]) + int(c[1]) + int(c[2]) + int(c[3])
			}
			g.people[y*person.W+x] = byte((sum + 8) / 16)
		}
	}
}

// colour takes in the colours of the picture.
func (g *grid) colour(p *frame.Picture) error {
	t := sample.Target{W: person.W, H: person.H, Stride: 3 * person.W, White: 255}
	if err := g.sampler.Sample(g.rgb[:], t, p, image.Rectangle{Max: p.Size()}); err != nil {
		return err
	}
	for i := range g.y {
		red, green, blue := g.rgb[3*i], g.rgb[3*i+1], g.rgb[3*i+2]
		l := .299*red + .587*green + .114*blue
		g.y[i] = byte(l + .5)
		g.cb[i] = byte((blue-l)*.564 + 128.5)
		g.cr[i] = byte((red-l)*.713 + 128.5)
	}
	return nil
}

// hide takes out of the canvas what is not to be kept, with soft borders.
func (g *grid) hide(canvas []byte) {
	for y := range canvasH {
		// between the centres of two rows of cells, in eighths
		at := 2*y + 1 - perCell
		r0 := max(at/(2*perCell), 0)
		wt := uint32(max(at-r0*2*perCell, 0))
		r1 := min(r0+1, person.H-1)
		up, low := g.keep[r0*person.W:(r0+1)*person.W], g.keep[r1*person.W:(r1+1)*person.W]
		row := canvas[y*canvasW : (y+1)*canvasW]
		for x := range person.W {
			l, r := max(x-1, 0), min(x+1, person.W-1)
			c := uint32(up[x])*(8-wt) + uint32(low[x])*wt
			left := uint32(up[l])*(8-wt) + uint32(low[l])*wt
			right := uint32(up[r])*(8-wt) + uint32(low[r])*wt
			if c == 255*8 && left == c && right == c {
				continue
			}
			q := row[perCell*x : perCell*x+perCell]
			q[0] = byte(uint32(q[0]) * (5*c + 3*left) / (64 * 255))
			q[1] = byte(uint32(q[1]) * (7*c + left) / (64 * 255))
			q[2] = byte(uint32(q[2]) * (7*c + right) / (64 * 255))
			q[3] = byte(uint32(q[3]) * (5*c + 3*right) / (64 * 255))
		}
	}
}

// agrees reports whether the canvas shows nothing that hide has hidden. It is asked
// last before compositing, so that whatever happened to the mask in between does
// not show the room.
func (g *grid) agrees(canvas []byte) bool {
	for y := range canvasH {
		row := canvas[y*canvasW : (y+1)*canvasW]
		keep := g.keep[y/perCell*person.W:][:person.W]
		for x, k := range keep {
			if k == 0 && row[perCell*x]|row[perCell*x+1]|row[perCell*x+2]|row[perCell*x+3] != 0 && !g.besideKept(x, y/perCell) {
				return false
			}
		}
	}
	return true
}

// besideKept reports whether a cell next to (x, y), across corners too, is kept: the border there is
// soft.
func (g *grid) besideKept(x, y int) bool {
	for v := max(y-1, 0); v <= min(y+1, person.H-1); v++ {
		for u := max(x-1, 0); u <= min(x+1, person.W-1); u++ {
			if g.keep[v*person.W+u] != 0 {
				return true
			}
		}
	}
	return false
}
