package synth

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"time"

	"paravent/media/frame"
)

// A Pose is where a cut stands in a picture.
type Pose struct {
	X, Y   float64 // of the middle of the cut's lower edge, in heights of the picture; y grows downwards
	Height float64 // of the cut, in heights of the picture
	Turn   float64 // around that point, in radians, clockwise
	Mirror bool
	Gone   bool // not in the picture at all
}

// An Actor is a cut that moves; t is in seconds.
type Actor struct {
	Cut  *Cut
	Pose func(t float64) Pose
	Blur float64 // how far it moves while the shutter is open, in heights a frame: a fast walker is smeared
}

// A Scene is a film. Others stand behind User; Props belong to the user and are
// in front (a hand).
type Scene struct {
	Name   string
	W, H   int
	FPS    float64
	Frames int
	Room   *Photo
	User   Actor
	Props  []Actor
	Others []Actor
	Light  float64 // gain of all; 0 counts as 1
	Noise  float64 // standard deviation, in levels
	Seed   uint64
	Warm   int  // frames before anything is judged
	Apart  bool // nothing was tuned on it

	room, rgb, alpha []float32
	user, other      []byte
}

// A Truth says of every pixel how much of it is the user, and how much somebody
// else who can be seen, 0 to 255.
type Truth struct{ User, Other []byte }

// At returns the time of frame i.
func (s *Scene) At(i int) time.Duration {
	return time.Duration(float64(i) / s.FPS * float64(time.Second))
}

// Draw renders frame i into p, which must have the scene's size, and returns the
// truth, which is overwritten by the next call.
func (s *Scene) Draw(i int, p *frame.Picture) Truth {
	n := s.W * s.H
	if s.room == nil {
		s.room, s.rgb, s.alpha = s.Room.cover(s.W, s.H), make([]float32, 3*n), make([]float32, n)
		s.user, s.other = make([]byte, n), make([]byte, n)
	}
	p.At = s.At(i)
	t := float64(i) / s.FPS
	copy(s.rgb, s.room)
	clear(s.user)
	clear(s.other)
	for _, a := range s.Others {
		s.paste(a, t)
		for k, v := range s.alpha {
			b := byte(255*v + .5)
			s.other[k] = max(b, byte((255-uint32(b))*uint32(s.other[k])/255))
		}
	}
	for _, a := range append([]Actor{s.User}, s.Props...) {
		s.paste(a, t)
		for k, v := range s.alpha {
			s.other[k] = byte(float32(s.other[k])*(1-v) + .5)
			s.user[k] = byte(min(float32(s.user[k])*(1-v)+255*v+.5, 255))
		}
	}
	s.finish(i, p)
	return Truth{s.user, s.other}
}

func (s *Scene) finish(i int, p *frame.Picture) {
	gain := float32(s.Light)
	if gain == 0 {
		gain = 1
	}
	r := rand.New(rand.NewPCG(s.Seed, uint64(i))) //nolint:gosec // noise of a film, the same each time
	img := p.Image
	for y := range s.H {
		for x := range s.W {
			c := s.rgb[3*(y*s.W+x):]
			l := gain*(.257*c[0]+.504*c[1]+.098*c[2]) + 16
			if s.Noise > 0 {
				l += float32(r.NormFloat64() * s.Noise)
			}
			img.Y[y*img.YStride+x] = level(l)
			if x&1 == 0 && y&1 == 0 {
				var m [3]float32
				for _, o := range [4]int{0, 3, 3 * s.W, 3*s.W + 3} {
					at := min(3*(y*s.W+x)+o, len(s.rgb)-3)
					for k := range m {
						m[k] += gain / 4 * s.rgb[at+k]
					}
				}
				cb, cr := 128-.148*m[0]-.291*m[1]+.439*m[2], 128+.439*m[0]-.368*m[1]-.071*m[2]
				if s.Noise > 0 {
					cb, cr = cb+float32(r.NormFloat64()*s.Noise/2), cr+float32(r.NormFloat64()*s.Noise/2)
				}
				img.Cb[y/2*img.CStride+x/2], img.Cr[y/2*img.CStride+x/2] = level(cb), level(cr)
			}
		}
	}
}

func level(v float32) byte { return byte(min(max(v+.5, 0), 255)) }

// paste draws a over the picture and leaves its alpha.
func (s *Scene) paste(a Actor, t float64) {
	clear(s.alpha)
	steps := 1
	if a.Blur > 0 {
		steps = 5
	}
	for k := range steps {
		pose := a.Pose(t)
		if pose.Gone {
			return
		}
		pose.X += a.Blur * (float64(k)/float64(steps) - .5)
		s.stamp(a.Cut, pose, 1/float32(steps))
	}
}

// stamp adds the share of one instant.
func (s *Scene) stamp(c *Cut, p Pose, share float32) {
	scale := float64(c.H) / (p.Height * float64(s.H)) // cut's pixels a pixel
	sin, cos := math.Sincos(p.Turn)
	x0, y0 := p.X*float64(s.H), p.Y*float64(s.H)
	reach := math.Hypot(float64(c.W), float64(c.H)) / scale
	box := image.Rect(int(x0-reach)-1, int(y0-reach)-1, int(x0+reach)+2, int(y0+reach)+2).Intersect(image.Rect(0, 0, s.W, s.H))
	taps := max(1, int(math.Ceil(scale)))
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			var sum [4]float32
			for v := range taps {
				for u := range taps {
					dx, dy := float64(x)+(float64(u)+.5)/float64(taps)-x0, float64(y)+(float64(v)+.5)/float64(taps)-y0
					cx, cy := (dx*cos+dy*sin)*scale, (dy*cos-dx*sin)*scale
					if p.Mirror {
						cx = -cx
					}
					c.add(&sum, cx+float64(c.W)/2, cy+float64(c.H))
				}
			}
			k := share / float32(taps*taps)
			if sum[3] == 0 {
				continue
			}
			i := y*s.W + x
			under := sum[3] * k
			for j := range 3 {
				// In several instants the room is only an estimate; the error is below a level.
				s.rgb[3*i+j] = s.rgb[3*i+j]*(1-under/max(1-s.alpha[i], .001)) + sum[j]*k
			}
			s.alpha[i] += under
		}
	}
}

// add adds what lies at (x, y), between four pixels.
func (c *Cut) add(sum *[4]float32, x, y float64) {
	x, y = x-.5, y-.5
	ix, iy := int(math.Floor(x)), int(math.Floor(y))
	fx, fy := float32(x-float64(ix)), float32(y-float64(iy))
	for k, w := range [4]float32{(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy} {
		px, py := ix+k&1, iy+k>>1
		py = min(py, c.H-1+max(0, py-c.H)) // the lower edge is sharp: people go on below
		if px < 0 || py < 0 || px >= c.W || py >= c.H {
			continue
		}
		i := py*c.W + px
		sum[0] += w * c.RGB[3*i]
		sum[1] += w * c.RGB[3*i+1]
		sum[2] += w * c.RGB[3*i+2]
		sum[3] += w * c.Alpha[i]
	}
}

// cover returns p scaled and cut to fill w×h.
func (p *Photo) cover(w, h int) []float32 {
	out := make([]float32, 3*w*h)
	scale := min(float64(p.W)/float64(w), float64(p.H)/float64(h))
	ox, oy := (float64(p.W)-scale*float64(w))/2, (float64(p.H)-scale*float64(h))/2
	for y := range h {
		for x := range w {
			sx, sy := ox+(float64(x)+.5)*scale-.5, oy+(float64(y)+.5)*scale-.5
			ix, iy := int(math.Floor(sx)), int(math.Floor(sy))
			fx, fy := float32(sx-float64(ix)), float32(sy-float64(iy))
			for k, wt := range [4]float32{(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy} {
				i := min(max(iy+k>>1, 0), p.H-1)*p.W + min(max(ix+k&1, 0), p.W-1)
				for c := range 3 {
					out[3*(y*w+x)+c] += wt * p.RGB[3*i+c]
				}
			}
		}
	}
	return out
}

// String names the scene and its size.
func (s *Scene) String() string { return fmt.Sprintf("%s %d×%d", s.Name, s.W, s.H) }
