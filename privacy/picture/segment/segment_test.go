package segment

import (
	"errors"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"paravent/assets"
	"paravent/media/frame"
	"paravent/privacy/picture/net"
	"paravent/privacy/picture/synth"
)

func segmenter(t testing.TB) *Segmenter {
	t.Helper()
	s, err := New(assets.SegmentationModel())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func decode(t testing.TB, name string) image.Image {
	t.Helper()
	img, err := synth.Image(name)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func blank(w, h int) *frame.Picture {
	return &frame.Picture{Image: image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)}
}

// at returns the colour of img at a place between its pixels, edges repeated.
func at(img image.Image, x, y float64) [3]float64 {
	var sum [3]float64
	x, y = max(x-.5, 0), max(y-.5, 0)
	b := img.Bounds()
	for _, d := range []image.Point{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
		px, py := int(x)+d.X, int(y)+d.Y
		w := (1 - math.Abs(x-float64(px))) * (1 - math.Abs(y-float64(py)))
		c := color.NRGBAModel.Convert(img.At(min(px, b.Max.X-1), min(py, b.Max.Y-1))).(color.NRGBA)
		sum[0] += w * float64(c.R)
		sum[1] += w * float64(c.G)
		sum[2] += w * float64(c.B)
	}
	return sum
}

// compose puts the person, size times as large and moved by x and y, before the
// room. It returns the picture and how much of each pixel is the person, 0 to 1.
func compose(t testing.TB, room string, w, h int, size, x, y float64) (*frame.Picture, []float64) {
	t.Helper()
	person, alpha, back := decode(t, "person.jpg"), decode(t, "person_alpha.png"), decode(t, room)
	p, truth := blank(w, h), make([]float64, w*h)
	pb, bb := person.Bounds(), back.Bounds()
	fit := min(float64(bb.Dx())/float64(w), float64(bb.Dy())/float64(h))
	for v := range h {
		for u := range w {
			px, py := (float64(u)+.5-x)/size, (float64(v)+.5-y)/size
			c := at(back, (float64(u)+.5)*fit, (float64(v)+.5)*fit)
			if px >= 0 && py >= 0 && px < float64(pb.Dx()) && py < float64(pb.Dy()) {
				a := at(alpha, px, py)[0] / 255
				f := at(person, px, py)
				for i := range c {
					c[i] = a*f[i] + (1-a)*c[i]
				}
				truth[v*w+u] = a
			}
			col := frame.RGB(byte(c[0]), byte(c[1]), byte(c[2]))
			p.Image.Y[v*p.Image.YStride+u] = col.Y
			p.Image.Cb[v/2*p.Image.CStride+u/2] = col.Cb
			p.Image.Cr[v/2*p.Image.CStride+u/2] = col.Cr
		}
	}
	return p, truth
}

// overlap returns the intersection over union of the mask, scaled up to w by h,
// and the truth, both from one half on.
func overlap(mask []byte, truth []float64, w, h int) float64 {
	grey := &image.Gray{Pix: mask, Stride: Width, Rect: image.Rect(0, 0, Width, Height)}
	both, either := 0, 0
	for y := range h {
		for x := range w {
			is := truth[y*w+x] >= .5
			seen := at(grey, (float64(x)+.5)*Width/float64(w), (float64(y)+.5)*Height/float64(h))[0] >= 127.5
			if is && seen {
				both++
			}
			if is || seen {
				either++
			}
		}
	}
	return float64(both) / float64(either)
}

func TestTheMaskCoversThePerson(t *testing.T) {
	s, mask := segmenter(t), make([]byte, Width*Height)
	const w, h = 320, 180
	sum, n := 0., 0
	for _, room := range []string{"home.jpg", "left.jpg"} {
		for _, place := range []struct{ size, x, y float64 }{{.5, 0, -55}, {.4, 30, -15}, {.28, 82, 50}} {
			p, truth := compose(t, room, w, h, place.size, place.x, place.y)
			if err := s.Mask(p, image.Rect(0, 0, w, h), mask); err != nil {
				t.Fatal(err)
			}
			iou := overlap(mask, truth, w, h)
			t.Logf("%s, %v: IoU %.3f", room, place, iou)
			if iou < .8 {
				t.Errorf("%s, %v: IoU %.3f", room, place, iou)
			}
			sum += iou
			n++
		}
	}
	if mean := sum / float64(n); mean < .9 {
		t.Errorf("mean IoU %.3f", mean)
	}
}

func TestNewRefusesAnyOtherModel(t *testing.T) {
	model := assets.SegmentationModel()
	model[len(model)/2] ^= 1
	for _, b := range [][]byte{nil, model, assets.SegmentationModel()[1:], append(assets.SegmentationModel(), 0)} {
		if _, err := New(b); !errors.Is(err, net.ErrUnknownModel) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
}

func TestMaskRefusesWhatIsNoPicture(t *testing.T) {
	s, mask := segmenter(t), make([]byte, Width*Height)
	whole := image.Rect(0, 0, 64, 48)
	short := blank(64, 48)
	short.Image.Cr = short.Image.Cr[:5]
	narrow := blank(64, 48)
	narrow.Image.YStride = 0
	full := &frame.Picture{Image: image.NewYCbCr(whole, image.YCbCrSubsampleRatio444)}
	for name, c := range map[string]struct {
		p    *frame.Picture
		crop image.Rectangle
		out  []byte
	}{
		"no picture":    {nil, whole, mask},
		"no image":      {&frame.Picture{}, whole, mask},
		"short plane":   {short, whole, mask},
		"no stride":     {narrow, whole, mask},
		"4:4:4":         {full, whole, mask},
		"empty crop":    {blank(64, 48), image.Rectangle{}, mask},
		"crop outside":  {blank(64, 48), image.Rect(0, 0, 65, 48), mask},
		"crop before":   {blank(64, 48), image.Rect(-1, 0, 60, 48), mask},
		"a small mask":  {blank(64, 48), whole, mask[1:]},
		"empty picture": {blank(0, 0), image.Rect(0, 0, 0, 0), mask},
	} {
		if s.Mask(c.p, c.crop, c.out) == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func noise(r *rand.Rand, w, h int) *frame.Picture {
	p := blank(w, h)
	for _, plane := range [][]byte{p.Image.Y, p.Image.Cb, p.Image.Cr} {
		for i := range plane {
			plane[i] = byte(r.Uint32())
		}
	}
	return p
}

func TestMaskDoesNotAllocate(t *testing.T) {
	s, mask := segmenter(t), make([]byte, Width*Height)
	p := noise(rand.New(rand.NewPCG(7, 8)), 640, 360)
	allocs := testing.AllocsPerRun(5, func() {
		if err := s.Mask(p, image.Rect(10, 10, 500, 300), mask); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%g allocations", allocs)
	}
}

func BenchmarkMask(b *testing.B) {
	for _, size := range []image.Point{{640, 360}, {1280, 720}, {1920, 1080}} {
		b.Run(size.String(), func(b *testing.B) {
			s, mask := segmenter(b), make([]byte, Width*Height)
			p := noise(rand.New(rand.NewPCG(9, 9)), size.X, size.Y)
			for b.Loop() {
				if err := s.Mask(p, p.Image.Rect, mask); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
