package synth

import "paravent/media/frame"

// A Judge compares what was shown of a scene with the truth. All shares are of
// pixels, weighted with how much of each pixel is meant.
type Judge struct {
	Background frame.Colour // that was put in place of the room

	shown, prev, prevUser, edge []byte
	frames                      int
	inter, union                float64
	user, kept                  float64
	other, leaked               float64
	room, bare                  float64
	flicker, edges, edgePixels  float64
	WorstKept, WorstLeak        float64 // of single frames
	LeakAt, KeptAt              int
}

// A Verdict are the figures of a film.
type Verdict struct {
	IoU             float64 // of shown and user, at one half
	Kept, WorstKept float64 // of the user
	Leak, WorstLeak float64 // of others
	Room            float64 // of the room that is shown
	Flicker         float64 // mean |Δshown − Δuser| between frames
	Edge            float64 // mean |shown − user| within 12 pixels (of 720) of the contour
	LeakAt, KeptAt  int     // frames of the worst
}

// Alpha estimates how much of raw is in out, where the rest is the background
// colour: 0 to 255 a pixel. Where raw has that colour itself, nothing is known
// and 0 is returned.
func Alpha(dst []byte, raw, out *frame.Picture, bg frame.Colour) {
	w, h := raw.Size().X, raw.Size().Y
	a, b := raw.Image, out.Image
	for y := range h {
		for x := range w {
			i, c := y*a.YStride+x, y/2*a.CStride+x/2
			r0, r1, r2 := int(a.Y[i])-int(bg.Y), int(a.Cb[c])-int(bg.Cb), int(a.Cr[c])-int(bg.Cr)
			o0, o1, o2 := int(b.Y[y*b.YStride+x])-int(bg.Y), int(b.Cb[y/2*b.CStride+x/2])-int(bg.Cb), int(b.Cr[y/2*b.CStride+x/2])-int(bg.Cr)
			den := 4*r0*r0 + r1*r1 + r2*r2
			if den < 400 {
				dst[y*w+x] = 0
				continue
			}
			dst[y*w+x] = byte(min(max((4*r0*o0+r1*o1+r2*o2)*255/den, 0), 255))
		}
	}
}

// Add judges one frame.
func (j *Judge) Add(s *Scene, i int, raw, out *frame.Picture, t Truth) {
	n := s.W * s.H
	if j.shown == nil {
		j.shown, j.prev, j.prevUser, j.edge = make([]byte, n), make([]byte, n), make([]byte, n), make([]byte, n)
		j.WorstKept = 1
	}
	Alpha(j.shown, raw, out, j.Background)
	if i >= s.Warm {
		j.add(s, i, t)
	}
	copy(j.prev, j.shown)
	copy(j.prevUser, t.User)
}

func (j *Judge) add(s *Scene, i int, t Truth) {
	var user, kept, other, leaked float64
	contour(j.edge, t.User, s.W, s.H, max(1, 12*s.H/720))
	for k, a := range j.shown {
		u, o, v := float64(t.User[k]), float64(t.Other[k]), float64(a)
		user, kept = user+u, kept+u*v/255
		other, leaked = other+o, leaked+o*v/255
		r := 255 - u - o
		j.room, j.bare = j.room+r, j.bare+r*v/255
		in, is := t.User[k] >= 128, a >= 128
		if in && is {
			j.inter++
		}
		if in || is {
			j.union++
		}
		if j.edge[k] != 0 && o == 0 {
			j.edges += abs(v-u) / 255
			j.edgePixels++
		}
		if j.frames > 0 {
			j.flicker += abs((v-float64(j.prev[k]))-(u-float64(j.prevUser[k]))) / 255
		}
	}
	j.frames++
	j.user, j.kept, j.other, j.leaked = j.user+user, j.kept+kept, j.other+other, j.leaked+leaked
	if user > 0 && kept/user < j.WorstKept {
		j.WorstKept, j.KeptAt = kept/user, i
	}
	if other > 255*float64(s.W*s.H)/500 && leaked/other > j.WorstLeak {
		j.WorstLeak, j.LeakAt = leaked/other, i
	}
}

func abs(v float64) float64 { return max(v, -v) }

// contour marks what lies within r pixels of where user passes one half, across
// or down.
func contour(dst, user []byte, w, h, r int) {
	clear(dst)
	for y := range h {
		for x := range w {
			in := user[y*w+x] >= 128
			if x+1 < w && (user[y*w+x+1] >= 128) != in {
				for k := max(x-r+1, 0); k < min(x+r+1, w); k++ {
					dst[y*w+k] = 1
				}
			}
			if y+1 < h && (user[(y+1)*w+x] >= 128) != in {
				for k := max(y-r+1, 0); k < min(y+r+1, h); k++ {
					dst[k*w+x] = 1
				}
			}
		}
	}
}

// Verdict returns the figures so far.
func (j *Judge) Verdict() Verdict {
	share := func(a, b float64) float64 {
		if b == 0 {
			return 0
		}
		return a / b
	}
	return Verdict{
		IoU: share(j.inter, j.union), Kept: share(j.kept, j.user), WorstKept: j.WorstKept,
		Leak: share(j.leaked, j.other), WorstLeak: j.WorstLeak, Room: share(j.bare, j.room),
		Flicker: share(j.flicker, float64(j.frames-1)*float64(len(j.shown))), Edge: share(j.edges, j.edgePixels),
		LeakAt: j.LeakAt, KeptAt: j.KeptAt,
	}
}
