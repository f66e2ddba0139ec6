// Package synth makes films of which the truth is known: people, cut out of
// photographs, move over a room, and for every pixel it is known whose it is.
//
// It is used by tests and measurements, and is no part of the program.
package synth

import (
	"embed"
	"fmt"
	"image"
	_ "image/jpeg" // the photographs
	_ "image/png"  // their alphas
	"math"
)

//go:embed testdata/*.jpg testdata/*.png
var files embed.FS

// A Photo is a picture in red, green and blue, 0 to 255.
type Photo struct {
	W, H int
	RGB  []float32
}

// A Cut is a person cut out: colours, already multiplied by alpha, and alpha, 0 to 1.
type Cut struct {
	Photo
	Alpha []float32
}

// Image returns one of the photographs, such as "person.jpg", or an alpha.
func Image(name string) (image.Image, error) {
	f, err := files.Open("testdata/" + name)
	if err != nil {
		return nil, err
	}
	img, _, err := image.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return img, f.Close()
}

// Room returns one of the rooms: home, left or building.
func Room(name string) (*Photo, error) {
	img, err := Image(name + ".jpg")
	if err != nil {
		return nil, err
	}
	return photo(img), nil
}

// Astronaut is a person in a bright suit, down to the waist.
func Astronaut() (*Cut, error) { return cutOut("astronaut", image.Rect(0, 0, 512, 330)) }

// Person is a person with large hair and dark clothes at a webcam.
func Person() (*Cut, error) { return cutOut("person", image.Rect(0, 0, 640, 480)) }

func photo(img image.Image) *Photo {
	b := img.Bounds()
	p := &Photo{W: b.Dx(), H: b.Dy(), RGB: make([]float32, 3*b.Dx()*b.Dy())}
	for y := range p.H {
		for x := range p.W {
			r, g, bl, _ := img.At(b.Min.X+x, b.Min.Y+y).RGBA()
			i := 3 * (y*p.W + x)
			p.RGB[i], p.RGB[i+1], p.RGB[i+2] = float32(r>>8), float32(g>>8), float32(bl>>8)
		}
	}
	return p
}

func cutOut(name string, part image.Rectangle) (*Cut, error) {
	img, err := Image(name + ".jpg")
	if err != nil {
		return nil, err
	}
	alpha, err := Image(name + "_alpha.png")
	if err != nil {
		return nil, err
	}
	c := &Cut{Photo: Photo{W: part.Dx(), H: part.Dy(), RGB: make([]float32, 3*part.Dx()*part.Dy())}, Alpha: make([]float32, part.Dx()*part.Dy())}
	for y := range c.H {
		for x := range c.W {
			r, g, b, _ := img.At(part.Min.X+x, part.Min.Y+y).RGBA()
			a, _, _, _ := alpha.At(part.Min.X+x, part.Min.Y+y).RGBA()
			i := y*c.W + x
			c.RGB[3*i], c.RGB[3*i+1], c.RGB[3*i+2] = float32(r>>8), float32(g>>8), float32(b>>8)
			c.Alpha[i] = float32(a>>8) / 255
		}
	}
	c.cleanEdge()
	for i, a := range c.Alpha {
		for k := range 3 {
			c.RGB[3*i+k] *= a
		}
	}
	return c, nil
}

// cleanEdge lets the person's own colours grow over the soft edge, where the
// photograph shows what was behind.
func (c *Cut) cleanEdge() {
	next := make([]float32, len(c.RGB))
	for range 12 {
		copy(next, c.RGB)
		for y := 1; y < c.H-1; y++ {
			for x := 1; x < c.W-1; x++ {
				i := y*c.W + x
				if c.Alpha[i] > .97 || c.Alpha[i] < .005 {
					continue
				}
				var sum float32
				var mean [3]float32
				for dy := -1; dy <= 1; dy++ {
					for dx := -1; dx <= 1; dx++ {
						j := i + dy*c.W + dx
						w := c.Alpha[j] * c.Alpha[j] * c.Alpha[j]
						sum += w
						for k := range 3 {
							mean[k] += w * c.RGB[3*j+k]
						}
					}
				}
				if sum < .01 {
					continue
				}
				for k := range 3 {
					next[3*i+k] = c.Alpha[i]*c.RGB[3*i+k] + (1-c.Alpha[i])*mean[k]/sum
				}
			}
		}
		c.RGB, next = next, c.RGB
	}
}

// Tinted returns the cut with red, green and blue multiplied below the line at
// share `from` of its height: other clothes.
func (c *Cut) Tinted(from float64, r, g, b float32) *Cut {
	t := &Cut{Photo: Photo{W: c.W, H: c.H, RGB: append([]float32(nil), c.RGB...)}, Alpha: c.Alpha}
	gain := [3]float32{r, g, b}
	for i := int(from*float64(c.H)) * c.W; i < c.W*c.H; i++ {
		for k := range 3 {
			t.RGB[3*i+k] = min(t.RGB[3*i+k]*gain[k], 255*c.Alpha[i])
		}
	}
	return t
}

// Part returns a part of the cut, such as a hand or somebody without a head.
func (c *Cut) Part(r image.Rectangle) *Cut {
	p := &Cut{Photo: Photo{W: r.Dx(), H: r.Dy()}}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		p.RGB = append(p.RGB, c.RGB[3*(y*c.W+r.Min.X):3*(y*c.W+r.Max.X)]...)
		p.Alpha = append(p.Alpha, c.Alpha[y*c.W+r.Min.X:y*c.W+r.Max.X]...)
	}
	return p
}

// Hand is a forearm with a hand, drawn: skin with light and shade, 100×260, the
// fingers up.
func Hand() *Cut {
	c := &Cut{Photo: Photo{W: 100, H: 260, RGB: make([]float32, 3*100*260)}, Alpha: make([]float32, 100*260)}
	limb := func(x0, y0, x1, y1, r0, r1 float64) {
		for y := range c.H {
			for x := range c.W {
				px, py := float64(x)+.5-x0, float64(y)+.5-y0
				dx, dy := x1-x0, y1-y0
				t := min(max((px*dx+py*dy)/(dx*dx+dy*dy), 0), 1)
				d := math.Hypot(px-t*dx, py-t*dy)
				r := r0 + t*(r1-r0)
				a := float32(min(max(r-d+.5, 0), 1))
				i := y*c.W + x
				if a <= c.Alpha[i] {
					continue
				}
				light := float32(.72 + .28*math.Sqrt(max(1-(d/r)*(d/r), 0)) + .06*(px-t*dx)/r)
				c.Alpha[i] = a
				c.RGB[3*i], c.RGB[3*i+1], c.RGB[3*i+2] = 214*light*a, 164*light*a, 138*light*a
			}
		}
	}
	limb(50, 262, 50, 130, 30, 22) // forearm
	limb(50, 118, 50, 92, 30, 30)  // palm
	limb(28, 92, 20, 30, 8, 6)
	limb(43, 88, 40, 12, 8.5, 6.5)
	limb(58, 88, 60, 10, 8.5, 6.5)
	limb(73, 92, 80, 26, 8, 6)
	limb(76, 118, 95, 84, 9, 6.5) // thumb
	return c
}
