package picture_test

import (
	"errors"
	"image"
	"image/color"
	_ "image/jpeg"
	_ "image/png"
	"math"
	"os"
	"testing"

	"paravent/assets"
	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/picture"
	"paravent/privacy/picture/segment"
	"paravent/privacy/policy"
)

var _ filter.PictureFilter = (*picture.Background)(nil)

const w, h = 640, 360

// A scene is a person in front of a checkerboard, and where the person is.
type scene struct {
	pool  *frame.Pool
	image *frame.Picture
	alpha []byte
}

func load(t *testing.T, name string) image.Image {
	t.Helper()
	f, err := os.Open("segment/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// board is the room: squares that a blur must forget.
func board(x, y int) byte {
	if (x/8+y/8)%2 == 0 {
		return 60
	}
	return 190
}

func newScene(t *testing.T) *scene {
	t.Helper()
	person, alpha := load(t, "person.jpg"), load(t, "person_alpha.png")
	s := &scene{pool: frame.NewPool(w, h), alpha: make([]byte, w*h)}
	s.image = frame.NewPool(w, h).Get(0)
	b := person.Bounds()
	side := 340
	for y := range h {
		for x := range w {
			c := frame.Colour{Y: board(x, y), Cb: 128, Cr: 128}
			if px, py := x-150, y-(h-side); px >= 0 && px < side && py >= 0 {
				at := image.Pt(b.Min.X+px*b.Dx()/side, b.Min.Y+py*b.Dy()/side)
				a := color.GrayModel.Convert(alpha.At(at.X, at.Y)).(color.Gray).Y
				s.alpha[y*w+x] = a
				if a > 128 {
					r, g, bl, _ := person.At(at.X, at.Y).RGBA()
					c = frame.RGB(byte(r>>8), byte(g>>8), byte(bl>>8))
				}
			}
			s.image.Image.Y[y*s.image.Image.YStride+x] = c.Y
			s.image.Image.Cb[y/2*s.image.Image.CStride+x/2] = c.Cb
			s.image.Image.Cr[y/2*s.image.Image.CStride+x/2] = c.Cr
		}
	}
	return s
}

func (s *scene) picture() *frame.Picture {
	p := s.pool.Get(0)
	p.CopyFrom(s.image)
	return p
}

func leave(t testing.TB) policy.Leave {
	t.Helper()
	l, err := policy.Default().RawPicture()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func newBackground(t testing.TB, look picture.Look) *picture.Background {
	t.Helper()
	b, err := picture.NewBackground(leave(t), assets.SegmentationModel(), look)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// checkers is how much of the board is seen where the room is, from 0 to 1.
func (s *scene) checkers(p *frame.Picture) float64 {
	var sum, n float64
	for y := range h {
		for x := range w {
			if s.alpha[y*w+x] == 0 {
				sum += (float64(p.Image.Y[y*p.Image.YStride+x]) - 125) * (float64(board(x, y)) - 125) / (65 * 65)
				n++
			}
		}
	}
	return math.Abs(sum / n)
}

// kept is the share of the person's pixels that are shown as they are.
func (s *scene) kept(p *frame.Picture) float64 {
	var same, n float64
	for i, a := range s.alpha {
		if a == 255 {
			y, x := i/w, i%w
			d := int(p.Image.Y[y*p.Image.YStride+x]) - int(s.image.Image.Y[y*s.image.Image.YStride+x])
			if d > -6 && d < 6 {
				same++
			}
			n++
		}
	}
	return same / n
}

func TestThePersonStaysAndTheRoomGoes(t *testing.T) {
	s := newScene(t)
	for _, look := range []picture.Look{
		picture.Blur(), picture.Colour(frame.RGB(0x33, 0x44, 0x55)), picture.Image(load(t, "person.jpg")),
	} {
		t.Run(look.Name(), func(t *testing.T) {
			b := newBackground(t, look)
			var p *frame.Picture
			for n := range 12 {
				p = s.picture()
				if err := b.Apply(p); err != nil {
					t.Fatal(err)
				}
				if c := s.checkers(p); c > 0.05 {
					t.Fatalf("picture %d shows %.0f %% of the room", n, 100*c)
				}
				if n == 0 && s.kept(p) > 0.5 {
					t.Error("the first picture shows the person before the mask has settled")
				}
			}
			if k := s.kept(p); k < 0.9 {
				t.Errorf("only %.0f %% of the person is shown", 100*k)
			}
		})
	}
}

func TestAChangeOfSizeShowsNothingOfTheRoom(t *testing.T) {
	s := newScene(t)
	b := newBackground(t, picture.Blur())
	for range 5 {
		if err := b.Apply(s.picture()); err != nil {
			t.Fatal(err)
		}
	}
	small := frame.NewPool(w/2, h/2).Get(0)
	frame.Shrink(small, s.image)
	if err := b.Apply(small); err != nil {
		t.Fatal(err)
	}
	if err := b.Apply(s.picture()); err != nil {
		t.Fatal(err)
	}
	p := s.picture()
	if err := b.Apply(p); err != nil {
		t.Fatal(err)
	}
	if c := s.checkers(p); c > 0.05 {
		t.Errorf("%.0f %% of the room is seen", 100*c)
	}
}

func TestAnotherModelIsRefused(t *testing.T) {
	model := assets.SegmentationModel()
	model[len(model)/2] ^= 1
	if _, err := picture.NewBackground(leave(t), model, picture.Blur()); !errors.Is(err, segment.ErrUnknownModel) {
		t.Errorf("error = %v, want ErrUnknownModel", err)
	}
}

func TestABackgroundOnTrialNeedsAPolicysLeave(t *testing.T) {
	if _, err := picture.NewBackground(policy.Leave{}, assets.SegmentationModel(), picture.Blur()); !errors.Is(err, policy.ErrRaw) {
		t.Errorf("error = %v, want ErrRaw", err)
	}
}

func TestABackgroundDoesNotAllocate(t *testing.T) {
	s := newScene(t)
	b := newBackground(t, picture.Blur())
	p := s.picture()
	apply := func() {
		if err := b.Apply(p); err != nil {
			t.Fatal(err)
		}
	}
	apply()
	if n := testing.AllocsPerRun(20, apply); n != 0 {
		t.Errorf("%v allocations a picture", n)
	}
}

func BenchmarkBlur360p(b *testing.B) {
	f := newBackground(b, picture.Blur())
	p := frame.NewPool(w, h).Get(0)
	b.ReportAllocs()
	for b.Loop() {
		if err := f.Apply(p); err != nil {
			b.Fatal(err)
		}
	}
}
