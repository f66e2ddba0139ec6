//go:build !nowindow

package window

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"paravent/media/frame"
)

func noise(w, h int) *frame.Picture {
	p := frame.NewPool(w, h).Get(0)
	r := rand.New(rand.NewPCG(1, 2))
	for _, plane := range [][]byte{p.Image.Y, p.Image.Cb, p.Image.Cr} {
		for i := range plane {
			plane[i] = byte(r.Uint32())
		}
	}
	return p
}

func TestColoursComeOutAsTheyWentIn(t *testing.T) {
	for _, want := range [][3]byte{{0, 0, 0}, {255, 255, 255}, {255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {51, 68, 85}, {200, 120, 30}} {
		p := frame.NewPool(6, 4).Get(0)
		p.Fill(frame.RGB(want[0], want[1], want[2]))
		dst := image.NewRGBA(p.Image.Rect)
		toRGBA(dst, p.Image)
		for i := range 6 * 4 {
			got := dst.Pix[4*i : 4*i+4]
			for c := range 3 {
				if math.Abs(float64(got[c])-float64(want[c])) > 4 {
					t.Fatalf("colour %v came out as %v", want, got)
				}
			}
			if got[3] != 255 {
				t.Fatalf("pixel %d of %v is translucent: %v", i, want, got)
			}
		}
	}
}

func TestEveryPixelFollowsBT601AtOddSizesAndStrides(t *testing.T) {
	whole := noise(700, 11).Image
	for _, r := range []image.Rectangle{image.Rect(0, 0, 1, 1), image.Rect(2, 2, 5, 9), image.Rect(4, 0, 601, 11), image.Rect(0, 0, 700, 10)} {
		src := whole.SubImage(r).(*image.YCbCr)
		dst := image.NewRGBA(image.Rectangle{Max: r.Size()})
		toRGBA(dst, src)
		for y := range r.Dy() {
			for x := range r.Dx() {
				c := src.YCbCrAt(r.Min.X+x, r.Min.Y+y)
				l, cb, cr := 255.0/219*(float64(c.Y)-16), float64(c.Cb)-128, float64(c.Cr)-128
				want := [3]float64{l + 1.596*cr, l - 0.392*cb - 0.813*cr, l + 2.017*cb}
				got := dst.RGBAAt(x, y)
				for i, v := range [3]byte{got.R, got.G, got.B} {
					if math.Abs(float64(v)-min(max(want[i], 0), 255)) > 4 {
						t.Fatalf("%v: pixel %d,%d is %v, want %.0f", r, x, y, got, want)
					}
				}
			}
		}
	}
}

func TestShrinkingGivesTheMeanOfEachSquare(t *testing.T) {
	src := noise(101, 67).Image
	for _, k := range []int{2, 3, 5, 16} {
		size := shrunk(src.Rect.Size(), k)
		dst := image.NewYCbCr(image.Rectangle{Max: size}, image.YCbCrSubsampleRatio420)
		shrink(dst, src, k)
		for y := range size.Y {
			for x := range size.X {
				sum := 0
				for v := range k {
					for u := range k {
						sum += int(src.Y[(y*k+v)*src.YStride+x*k+u])
					}
				}
				if got, want := int(dst.Y[y*dst.YStride+x]), sum/(k*k); got < want-1 || got > want+1 {
					t.Fatalf("k=%d: pixel %d,%d is %d, want %d", k, x, y, got, want)
				}
			}
		}
	}
}

func TestASheetShowsTheNewestPictureAndForgetsItWhenClosed(t *testing.T) {
	rung := 0
	s := newSheet(func() { rung++ })
	s.fit(image.Pt(160, 90))
	p := frame.NewPool(640, 360).Get(0)
	p.Fill(frame.RGB(255, 0, 0))
	s.Show(p)
	p.Fill(frame.RGB(0, 0, 255))
	s.Show(p)
	got := s.pixels().(*image.RGBA)
	if got.Rect.Size() != image.Pt(160, 90) || got.Pix[2] < 250 || got.Pix[0] > 4 {
		t.Fatalf("shown are %v pixels of %v, want 160×90 of the blue that came last", got.Rect.Size(), got.Pix[:4])
	}
	if rung != 2 || s.painted() != 1 {
		t.Fatalf("rung %d times and painted %d, want 2 and 1", rung, s.painted())
	}
	s.close()
	for i, b := range got.Pix {
		if b != 0 {
			t.Fatalf("byte %d of the picture is %d after closing", i, b)
		}
	}
	if s.Show(p); rung != 2 {
		t.Fatal("a closed sheet takes pictures")
	}
}

func TestShowingAPictureDoesNotAllocate(t *testing.T) {
	s := newSheet(func() {})
	s.fit(image.Pt(320, 180))
	p := noise(640, 360)
	s.Show(p)
	s.pixels()
	if n := testing.AllocsPerRun(50, func() { s.Show(p); s.pixels() }); n != 0 {
		t.Fatalf("%v allocations a picture", n)
	}
}

func benchmarkSheet(b *testing.B, size, room image.Point) {
	s := newSheet(func() {})
	s.fit(room)
	p := noise(size.X, size.Y)
	s.Show(p)
	s.pixels()
	b.SetBytes(int64(size.X * size.Y * 3 / 2))
	b.ReportAllocs()
	for b.Loop() {
		s.Show(p)
		s.pixels()
	}
}

func BenchmarkTile180p(b *testing.B) {
	benchmarkSheet(b, image.Pt(320, 180), image.Pt(320, 180))
}

func BenchmarkTile720pIn180p(b *testing.B) {
	benchmarkSheet(b, image.Pt(1280, 720), image.Pt(320, 180))
}

func BenchmarkTile720p(b *testing.B) {
	benchmarkSheet(b, image.Pt(1280, 720), image.Pt(1280, 720))
}

func BenchmarkScreen1080pIn720p(b *testing.B) {
	benchmarkSheet(b, image.Pt(1920, 1080), image.Pt(1280, 720))
}

func BenchmarkScreen1080pIn480p(b *testing.B) {
	benchmarkSheet(b, image.Pt(1920, 1080), image.Pt(640, 360))
}
