package picture

import "paravent/privacy/picture/person"

// isPerson is how much of a cell must be people at least to count as people.
const isPerson = 128

// count returns how many cells are people by at least least; with hidden, only
// those that are not kept.
func (g *grid) count(least byte, hidden bool) float32 {
	n := 0
	for i, m := range g.people {
		if m >= least && (!hidden || g.keep[i] == 0) {
			n++
		}
	}
	return float32(n)
}

// backlit reports whether the face is in the shade of a bright room: all of it is
// dark, and a part of the room is next to clipped. A dark skin in good light is
// not: it has lights of its own, and the camera does not clip the room.
func backlit(face person.Face, c *grid) bool {
	x0, x1 := max(int(face.X+.15*face.W), 0), min(int(face.X+.85*face.W), person.W-1)
	y0, y1 := max(int(face.Y+.1*face.H), 0), min(int(face.Y+.9*face.H), person.H-1)
	sum, n, light := 0, 0, 0
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			v := int(c.y[y*person.W+x])
			sum += v
			n++
			if v >= shade {
				light++
			}
		}
	}
	if n == 0 || sum >= dark*n || float32(light) > brightPart*float32(n) {
		return false
	}
	mean, room, glaring := float32(sum)/float32(n), 0, 0
	sum = 0
	for i, v := range c.y {
		if c.keep[i] == 0 && c.people[i] < isRoom {
			sum += int(v)
			room++
			if v >= glare {
				glaring++
			}
		}
	}
	return float32(sum) > contrast*mean*float32(room) && float32(glaring) > leastGlare*float32(room)
}
