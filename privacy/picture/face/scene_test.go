package face

import (
	"image"
	"image/draw"
	"math"
	"testing"

	"paravent/media/frame"
	"paravent/privacy/picture/synth"
)

func decode(t testing.TB, name string) *image.RGBA {
	t.Helper()
	img, err := synth.Image(name)
	if err != nil {
		t.Fatal(err)
	}
	rgba := image.NewRGBA(img.Bounds())
	draw.Draw(rgba, rgba.Rect, img, img.Bounds().Min, draw.Src)
	return rgba
}

// A portrait is a picture of one person, and where the face is in it, in pixels,
// as seen by eye.
type portrait struct {
	name           string
	img            *image.RGBA
	eyes, mouth    spot    // the middle between the eyes, and the middle of the mouth
	between, width float64 // between the pupils; from ear to ear
}

type spot struct{ x, y float64 }

func person(t testing.TB) portrait {
	return portrait{"person", decode(t, "person.jpg"), spot{348, 242}, spot{350, 332}, 86, 180}
}

func astronaut(t testing.TB) portrait {
	return portrait{"astronaut", decode(t, "astronaut.jpg"), spot{225, 102}, spot{223, 146}, 46, 95}
}

// room is an empty room of w by h pixels.
func room(t testing.TB, name string, w, h int) *frame.Picture {
	img := decode(t, name)
	p, b := blank(w, h), img.Bounds()
	paste(p, img, max(float64(w)/float64(b.Dx()), float64(h)/float64(b.Dy()))+.01, 0, 0)
	return p
}

func blank(w, h int) *frame.Picture {
	p := &frame.Picture{Image: image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)}
	p.Fill(frame.RGB(120, 120, 120))
	return p
}

// paste puts img into p, size times as large, its upper left corner at x, y. A
// pixel is the mean of those that it covers.
func paste(p *frame.Picture, img *image.RGBA, size float64, x, y int) {
	b := img.Bounds()
	w, h := int(float64(b.Dx())*size), int(float64(b.Dy())*size)
	at := image.Rect(x, y, x+w, y+h).Intersect(p.Image.Rect)
	for v := at.Min.Y; v < at.Max.Y; v++ {
		for u := at.Min.X; u < at.Max.X; u++ {
			c := mean(img, float64(u-x)/size, float64(v-y)/size, 1/size)
			p.Image.Y[v*p.Image.YStride+u] = c.Y
			p.Image.Cb[v/2*p.Image.CStride+u/2] = c.Cb
			p.Image.Cr[v/2*p.Image.CStride+u/2] = c.Cr
		}
	}
}

// mean returns the colour of the pixels of img from x, y on, side of them.
func mean(img *image.RGBA, x, y, side float64) frame.Colour {
	b := img.Bounds()
	var r, g, bl, n int
	for v := int(y); v < max(int(y+side), int(y)+1); v++ {
		for u := int(x); u < max(int(x+side), int(x)+1); u++ {
			c := img.Pix[img.PixOffset(min(u, b.Max.X-1), min(v, b.Max.Y-1)):]
			r, g, bl, n = r+int(c[0]), g+int(c[1]), bl+int(c[2]), n+1
		}
	}
	return frame.RGB(byte(r/n), byte(g/n), byte(bl/n))
}

// scene is a picture of q, whose face is width pixels from ear to ear with its
// middle at x, y, before back, which stays as it is.
func scene(back *frame.Picture, q portrait, width, x, y float64) *frame.Picture {
	p := blank(back.Size().X, back.Size().Y)
	p.CopyFrom(back)
	size := width / q.width
	paste(p, q.img, size, int(x-size*q.eyes.x), int(y-size*(q.eyes.y+q.mouth.y)/2))
	return p
}

// hits reports whether f is q's face in scene: its box around eyes and mouth and
// of a likely size, its points near the true ones.
func hits(f Face, p *frame.Picture, q portrait, width, x, y float64) bool {
	w, h := float64(p.Size().X), float64(p.Size().Y)
	size := width / q.width
	half := size * (q.mouth.y - q.eyes.y) / 2
	mouth := spot{x + size*(q.mouth.x-q.eyes.x), y + half}
	near := func(at Point, s spot) bool {
		return math.Hypot(float64(at.X)*w-s.x, float64(at.Y)*h-s.y) < .35*size*q.between
	}
	eyes := Point{(f.Points[RightEye].X + f.Points[LeftEye].X) / 2, (f.Points[RightEye].Y + f.Points[LeftEye].Y) / 2}
	left, right := float64(f.X)*w, float64(f.X+f.W)*w
	top, bottom := float64(f.Y)*h, float64(f.Y+f.H)*h
	return near(eyes, spot{x, y - half}) && near(f.Points[Mouth], mouth) &&
		left < x && right > x && top < y-half && bottom > y+half && right-left > .8*width && right-left < 1.7*width &&
		f.Points[RightEye].X < f.Points[LeftEye].X && f.Points[RightEar].X < f.Points[LeftEar].X && f.Points[NoseTip].Y > eyes.Y
}
