package sample

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"paravent/media/frame"
)

func blank(w, h int) *frame.Picture {
	return &frame.Picture{Image: image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)}
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

// cells is a target without gaps, and room for it.
func cells(w, h int) (Target, []float32) {
	return Target{W: w, H: h, Stride: 3 * w, White: 1}, make([]float32, 3*w*h)
}

func TestSamplingInCAndInGoAreAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	a, b := new(Sampler), new(Sampler)
	for range 60 {
		to := Target{W: 1 + r.IntN(256), H: 1 + r.IntN(256), Black: -1, White: 1}
		to.Stride = 3*to.W + r.IntN(9)
		x, y := make([]float32, to.Stride*to.H), make([]float32, to.Stride*to.H)
		w, h := 1+r.IntN(900), 1+r.IntN(700)
		p := noise(r, w, h)
		x0, y0 := r.IntN(w), r.IntN(h)
		crop := image.Rect(x0, y0, x0+1+r.IntN(w-x0), y0+1+r.IntN(h-y0))
		if err := a.Sample(x, to, p, crop); err != nil {
			t.Fatal(err)
		}
		cw, ch := (w+1)/2, (h+1)/2
		b.grow(to, w)
		fill(b.cols, crop.Min.X, crop.Dx(), 1, w)
		fill(b.rows, crop.Min.Y, crop.Dy(), 1, h)
		b.planePlain(b.y, p.Image.Y, p.Image.YStride)
		fill(b.cols, crop.Min.X, crop.Dx(), 2, cw)
		fill(b.rows, crop.Min.Y, crop.Dy(), 2, ch)
		b.planePlain(b.cb, p.Image.Cb, p.Image.CStride)
		b.planePlain(b.cr, p.Image.Cr, p.Image.CStride)
		b.colourPlain(y, to)
		for i := range x {
			if d := math.Abs(float64(x[i] - y[i])); !(d <= 2e-4) {
				t.Fatalf("%d×%d, %v to %v: value %d differs by %g", w, h, crop, to, i, d)
			}
		}
	}
}

func TestSamplingKeepsAColour(t *testing.T) {
	s := new(Sampler)
	to, out := cells(256, 144)
	for _, size := range []image.Point{{1, 1}, {3, 5}, {255, 143}, {256, 144}, {641, 361}, {1920, 1080}} {
		p := blank(size.X, size.Y)
		p.Fill(frame.RGB(200, 100, 50))
		for _, to.Black = range []float32{0, -1} {
			if err := s.Sample(out, to, p, image.Rectangle{Max: size}); err != nil {
				t.Fatal(err)
			}
			for i, want := range []float32{200, 100, 50} {
				for k := i; k < len(out); k += 3 {
					is := (out[k] - to.Black) / (to.White - to.Black) * 255
					if d := is - want; d < -2 || d > 2 {
						t.Fatalf("%v, black %g: %g instead of %g", size, to.Black, is, want)
					}
				}
			}
		}
	}
}

func TestSamplingAveragesWhatACellCovers(t *testing.T) {
	s := new(Sampler)
	to, out := cells(256, 144)
	p := blank(4*to.W, 4*to.H)
	p.Fill(frame.Colour{Y: 16, Cb: 128, Cr: 128})
	for y := range 4 * to.H { // every second column white
		for x := 0; x < 4*to.W; x += 2 {
			p.Image.Y[y*p.Image.YStride+x] = 235
		}
	}
	if err := s.Sample(out, to, p, p.Image.Rect); err != nil {
		t.Fatal(err)
	}
	for i, v := range out {
		if v < .499 || v > .501 {
			t.Fatalf("value %d: %g", i, v)
		}
	}
}

func TestSamplingLeavesWhatLiesBetweenRows(t *testing.T) {
	to := Target{W: 5, H: 4, Stride: 20, Black: -1, White: 1}
	out := make([]float32, 3*to.Stride+15)
	for i := range out {
		out[i] = 9
	}
	if err := new(Sampler).Sample(out, to, blank(64, 48), image.Rect(3, 3, 60, 40)); err != nil {
		t.Fatal(err)
	}
	for i, v := range out {
		if within := i%to.Stride < 15; within != (v != 9) {
			t.Errorf("value %d: %g", i, v)
		}
	}
}

func TestSampleRefusesATargetThatDoesNotFit(t *testing.T) {
	out := make([]float32, 99)
	for _, to := range []Target{
		{W: 0, H: 3, Stride: 33},
		{W: 11, H: 0, Stride: 33},
		{W: 11, H: 3, Stride: 32},
		{W: 11, H: 4, Stride: 33},
		{W: 34, H: 1, Stride: 102},
		{W: -1, H: -1, Stride: -3},
	} {
		if new(Sampler).Sample(out, to, blank(8, 8), image.Rect(0, 0, 8, 8)) == nil {
			t.Errorf("%+v: no error", to)
		}
	}
}

func FuzzSample(f *testing.F) {
	f.Add(uint16(64), uint16(48), int16(0), int16(0), int16(64), int16(48), byte(255), byte(143))
	f.Add(uint16(1), uint16(1), int16(0), int16(0), int16(1), int16(1), byte(0), byte(0))
	f.Add(uint16(641), uint16(3), int16(640), int16(2), int16(641), int16(3), byte(191), byte(0))
	s := new(Sampler)
	f.Fuzz(func(t *testing.T, w, h uint16, x0, y0, x1, y1 int16, cw, ch byte) {
		to, out := cells(int(cw)+1, int(ch)+1)
		p := blank(int(w%1025), int(h%1025))
		if s.Sample(out, to, p, image.Rect(int(x0), int(y0), int(x1), int(y1))) != nil {
			return
		}
		for i, v := range out {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("value %d: %g", i, v)
			}
		}
	})
}

func BenchmarkSample(b *testing.B) {
	for _, size := range []image.Point{{640, 360}, {1280, 720}, {1920, 1080}} {
		b.Run(size.String(), func(b *testing.B) {
			s := new(Sampler)
			to, out := cells(256, 144)
			p := noise(rand.New(rand.NewPCG(9, 9)), size.X, size.Y)
			for b.Loop() {
				if err := s.Sample(out, to, p, p.Image.Rect); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
