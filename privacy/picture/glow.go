package picture

import (
	"image"

	"paravent/privacy/picture/person"
)

// What a screen does, in cells of the grid, levels of luma and seconds. Tuned on
// drawn rooms (2026-11-25).
const (
	lookEvery  = .2            // between two looks
	leastJump  = 8             // of a cell from look to look, beside what the whole room does
	leastWide  = 8             // of a screen
	leastHigh  = 5             //
	mostScreen = cells * 2 / 5 // more is the camera's doing, or the lamp's
	leastFull  = 80            // in a hundred of the cells in the screen's box
	mostBeside = 4             // the room's cells outside that jump, too, of as many in the screen
	leastLight = 80            // mean luma of a screen that shines, at its brighter
	sameBox    = 65            // in a hundred: what two boxes have in common, of both
	leastJumps = 3             // of one box, until it is a screen
	glowsFor   = 15.0          // after the last jump
	mostGlows  = 4             // boxes that are remembered
)

// A glow looks for screens without text: a box in the room, all of which becomes
// brighter or darker at once, again and again, while the rest of the room does not. A
// window does so once when a cloud comes, and leaves before it flicker each for
// itself. A screen that shows a still picture is not told from a picture.
type glow struct {
	wait  float32 // until the next look
	began bool
	was   [cells]byte
	jump  [cells]int8 // 1 brighter, -1 darker, 0 neither, or no room
	stack [cells]uint16
	boxes [mostGlows]lit
}

// A lit box is where something jumped.
type lit struct {
	image.Rectangle
	jumps int
	ago   float32 // seconds since the last
}

// look takes in the grid, gap seconds after the last one, and reports whether there
// is a screen. Real-time: it does not allocate.
func (g *glow) look(c *grid, gap float32) bool {
	for i := range g.boxes {
		if g.boxes[i].ago += gap; g.boxes[i].ago > glowsFor {
			g.boxes[i].jumps = 0
		}
	}
	if g.wait -= gap; g.wait <= 0 {
		g.wait = max(g.wait+lookEvery, 0)
		if g.began {
			g.compare(c)
		}
		g.was, g.began = c.y, true
	}
	for _, b := range g.boxes {
		if b.jumps >= leastJumps {
			return true
		}
	}
	return false
}

// compare looks for boxes that have jumped since the last look.
func (g *glow) compare(c *grid) {
	shift, all := g.shift(c), 0
	for i, y := range c.y {
		d := int(y) - int(g.was[i]) - shift
		g.jump[i] = 0
		if c.keep[i] != 0 || c.people[i] >= isRoom {
			continue
		}
		switch {
		case d >= leastJump:
			g.jump[i] = 1
			all++
		case d <= -leastJump:
			g.jump[i] = -1
			all++
		}
	}
	if all < leastWide*leastHigh || all > mostScreen*(mostBeside+1)/mostBeside {
		return
	}
	for i := range g.jump {
		if g.jump[i] != 0 {
			if box, n := g.flood(i); g.shines(c, box, n, all) {
				g.remember(box)
			}
		}
	}
}

// shift is by how much most of the room is brighter than at the last look: the
// median, so that a screen of less than half the room does not count.
func (g *glow) shift(c *grid) int {
	var levels [511]int
	n := 0
	for i, y := range c.y {
		if c.keep[i] == 0 && c.people[i] < isRoom {
			levels[255+int(y)-int(g.was[i])]++
			n++
		}
	}
	at := 0
	for half := n / 2; half >= levels[at] && at < len(levels)-1; at++ {
		half -= levels[at]
	}
	return at - 255
}

// flood takes the piece of cells at i that have jumped the same way out of jump, and
// returns its box and how many they are.
func (g *glow) flood(i int) (box image.Rectangle, n int) {
	way := g.jump[i]
	g.jump[i] = 0
	g.stack[0] = uint16(i)
	for top := 1; top > 0; {
		top--
		at := int(g.stack[top])
		x, y := at%person.W, at/person.W
		box = box.Union(image.Rect(x, y, x+1, y+1))
		n++
		for _, d := range [4]image.Point{{-1, 0}, {1, 0}, {0, -1}, {0, 1}} {
			u, v := x+d.X, y+d.Y
			if u < 0 || v < 0 || u >= person.W || v >= person.H || g.jump[v*person.W+u] != way {
				continue
			}
			g.jump[v*person.W+u] = 0
			g.stack[top] = uint16(v*person.W + u)
			top++
		}
	}
	return box, n
}

// shines reports whether n cells with that box, of all that have jumped, can be a
// screen.
func (g *glow) shines(c *grid, box image.Rectangle, n, all int) bool {
	if box.Dx() < leastWide || box.Dy() < leastHigh || n > mostScreen || (all-n)*mostBeside > n {
		return false
	}
	room, now, was := 0, 0, 0
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			if i := y*person.W + x; c.keep[i] == 0 && c.people[i] < isRoom {
				room++
				now += int(c.y[i])
				was += int(g.was[i])
			}
		}
	}
	return 100*n >= leastFull*room && 2*room >= box.Dx()*box.Dy() && max(now, was) >= leastLight*room
}

// remember counts a jump of a box: of one that is known, or in place of the one that
// has not jumped for longest.
func (g *glow) remember(box image.Rectangle) {
	oldest := &g.boxes[0]
	for i := range g.boxes {
		b := &g.boxes[i]
		if b.jumps > 0 && alikeBoxes(b.Rectangle, box) {
			b.jumps, b.ago = b.jumps+1, 0
			return
		}
		if b.ago > oldest.ago || b.jumps == 0 && oldest.jumps > 0 {
			oldest = b
		}
	}
	*oldest = lit{Rectangle: box, jumps: 1}
}

func alikeBoxes(a, b image.Rectangle) bool {
	both := a.Intersect(b)
	in := both.Dx() * both.Dy()
	return 100*in >= sameBox*(a.Dx()*a.Dy()+b.Dx()*b.Dy()-in)
}
