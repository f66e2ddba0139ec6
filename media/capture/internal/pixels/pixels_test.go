package pixels

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"paravent/media/frame"
)

func picture(w, h int) *image.YCbCr {
	return image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
}

func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// at is what the pixel and its colour should be, from the picture's own planes.
func check(t *testing.T, got *image.YCbCr, luma func(x, y int) int, cb, cr func(x, y int) int, within int) {
	t.Helper()
	near := func(name string, x, y int, got byte, want int) {
		if d := int(got) - want; d < -within || d > within {
			t.Fatalf("%s at %d,%d is %d, want %d", name, x, y, got, want)
		}
	}
	for y := range got.Rect.Dy() {
		for x := range got.Rect.Dx() {
			near("Y", x, y, got.Y[y*got.YStride+x], luma(x, y))
		}
	}
	for y := range got.Rect.Dy() / 2 {
		for x := range got.Rect.Dx() / 2 {
			near("Cb", x, y, got.Cb[y*got.CStride+x], cb(x, y))
			near("Cr", x, y, got.Cr[y*got.CStride+x], cr(x, y))
		}
	}
}

// The sizes leave a rest after every width of vector.
func sizes() []image.Point {
	return []image.Point{{2, 2}, {6, 4}, {30, 2}, {64, 4}, {94, 6}, {642, 10}}
}

func TestPackedPixelsBecomeI420WithTheMeanColourOfTwoRows(t *testing.T) {
	for _, size := range sizes() {
		stride := 2*size.X + 6
		src := noise(stride * size.Y)
		at := func(x, y, c int) int { return int(src[y*stride+x/2*4+c]) }
		mean := func(c int) func(x, y int) int {
			return func(x, y int) int { return (at(2*x, 2*y, c) + at(2*x, 2*y+1, c) + 1) / 2 }
		}
		dst := picture(size.X, size.Y)
		YUYV(dst, src, stride)
		check(t, dst, func(x, y int) int { return at(x, y, x%2*2) }, mean(1), mean(3), 0)
		UYVY(dst, src, stride)
		check(t, dst, func(x, y int) int { return at(x, y, x%2*2+1) }, mean(0), mean(2), 0)
	}
}

func TestPlanarPixelsBecomeI420(t *testing.T) {
	for _, size := range sizes() {
		stride, height := size.X+2, size.Y+2
		src := noise(stride * height * 2)
		luma := func(x, y int) int { return int(src[y*stride+x]) }
		turns := func(c int) func(x, y int) int {
			return func(x, y int) int { return int(src[stride*height+y*stride+2*x+c]) }
		}
		plane := func(from int) func(x, y int) int {
			return func(x, y int) int { return int(src[from+y*(stride/2)+x]) }
		}
		dst := picture(size.X, size.Y)
		NV12(dst, src, stride, height)
		check(t, dst, luma, turns(0), turns(1), 0)
		NV21(dst, src, stride, height)
		check(t, dst, luma, turns(1), turns(0), 0)
		I420(dst, src, stride, height)
		check(t, dst, luma, plane(stride*height), plane(stride*height+stride/2*height/2), 0)
	}
}

func TestScreenPixelsBecomeI420(t *testing.T) {
	for _, size := range sizes() {
		stride := 4*size.X + 12
		src := noise(stride * size.Y)
		px := func(x, y, c int) int { return int(src[y*stride+4*x+c]) }
		colour := func(x, y, red int) frame.Colour {
			mean := func(c int) byte {
				return byte((px(2*x, 2*y, c) + px(2*x+1, 2*y, c) + px(2*x, 2*y+1, c) + px(2*x+1, 2*y+1, c) + 2) / 4)
			}
			return frame.RGB(mean(red), mean(1), mean(2-red))
		}
		for red, convert := range map[int]func(*image.YCbCr, []byte, int){2: BGRA, 0: RGBA} {
			dst := picture(size.X, size.Y)
			convert(dst, src, stride)
			check(t, dst,
				func(x, y int) int {
					return int(frame.RGB(byte(px(x, y, red)), byte(px(x, y, 1)), byte(px(x, y, 2-red))).Y)
				},
				func(x, y int) int { return int(colour(x, y, red).Cb) },
				func(x, y int) int { return int(colour(x, y, red).Cr) }, 1)
		}
	}
}

func TestTheEndsOfEveryColourStayInRange(t *testing.T) {
	for i := range 8 {
		r, g, b := byte(i&1*255), byte(i>>1&1*255), byte(i>>2*255)
		src := []byte{b, g, r, 9, b, g, r, 9, b, g, r, 9, b, g, r, 9}
		dst := picture(2, 2)
		BGRA(dst, src, 8)
		want := frame.RGB(r, g, b)
		check(t, dst, func(int, int) int { return int(want.Y) },
			func(int, int) int { return int(want.Cb) }, func(int, int) int { return int(want.Cr) }, 1)
	}
}

func TestFullRangeBecomesLimitedRange(t *testing.T) {
	img := picture(32, 32)
	for i := range img.Y {
		img.Y[i] = byte(i)
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = byte(i), byte(255-i)
	}
	Limit(img)
	for i := range 256 {
		if want := 16 + float64(i)*219/255; math.Abs(float64(img.Y[i])-want) > 0.6 {
			t.Errorf("Y of %d is %d, want %.1f", i, img.Y[i], want)
		}
		if want := 128 + float64(i-128)*224/255; math.Abs(float64(img.Cb[i])-want) > 0.6 || img.Cr[255-i] != img.Cb[i] {
			t.Errorf("Cb of %d is %d, want %.1f", i, img.Cb[i], want)
		}
	}
	if img.Y[0] != 16 || img.Y[255] != 235 || img.Cb[128] != 128 || img.Cb[0] != 16 || img.Cb[255] != 240 {
		t.Error("the ends and the middle do not meet")
	}
}

func TestHalvingTakesTheMean(t *testing.T) {
	src := noise(64 * 64)
	for _, size := range []image.Point{{1, 1}, {17, 3}, {32, 32}} {
		dst := make([]byte, size.X*size.Y)
		HalveRows(dst, size.X, src, 64, size.X, size.Y)
		for i := range dst {
			a := i/size.X*128 + i%size.X
			if want := (int(src[a]) + int(src[a+64]) + 1) / 2; int(dst[i]) != want {
				t.Fatalf("%v: rows: byte %d is %d, want %d", size, i, dst[i], want)
			}
		}
		HalveBoth(dst, size.X, src, 64, size.X, size.Y)
		for i := range dst {
			a := i/size.X*128 + i%size.X*2
			want := (int(src[a]) + int(src[a+1]) + int(src[a+64]) + int(src[a+65]) + 2) / 4
			if int(dst[i]) != want {
				t.Fatalf("%v: both: byte %d is %d, want %d", size, i, dst[i], want)
			}
		}
	}
}

func TestABufferThatIsTooShortIsRefusedBeforeC(t *testing.T) {
	dst := picture(64, 64)
	for name, f := range map[string]func(){
		"YUYV":        func() { YUYV(dst, make([]byte, 64*64*2-1), 128) },
		"UYVY":        func() { UYVY(dst, make([]byte, 10), 128) },
		"NV12":        func() { NV12(dst, make([]byte, 64*64*3/2-1), 64, 64) },
		"I420":        func() { I420(dst, make([]byte, 64*64*3/2-1), 64, 64) },
		"BGRA":        func() { BGRA(dst, make([]byte, 64*64*4-1), 256) },
		"row overlap": func() { BGRA(dst, make([]byte, 64*64*4), 255) },
		"odd":         func() { RGBA(picture(3, 3), make([]byte, 64), 16) },
		"halve":       func() { HalveBoth(make([]byte, 16), 4, make([]byte, 63), 8, 4, 4) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}

func conversions() map[string]func() {
	dst, full := picture(1280, 720), picture(1920, 1080)
	src := noise(1920 * 1080 * 4)
	return map[string]func(){
		"YUYV 720p":  func() { YUYV(dst, src, 2560) },
		"UYVY 720p":  func() { UYVY(dst, src, 2560) },
		"NV12 720p":  func() { NV12(dst, src, 1280, 720) },
		"I420 720p":  func() { I420(dst, src, 1280, 720) },
		"BGRA 1080p": func() { BGRA(full, src, 1920*4) },
		"Limit 720p": func() { Limit(dst) },
		"4:2:2 720p": func() { HalveRows(dst.Cb, 640, src, 640, 640, 360) },
		"4:4:4 720p": func() { HalveBoth(dst.Cb, 640, src, 1280, 640, 360) },
	}
}

func TestConversionsDoNotAllocate(t *testing.T) {
	for name, f := range conversions() {
		if n := testing.AllocsPerRun(10, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkToI420(b *testing.B) {
	for name, f := range conversions() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
		})
	}
}

func BenchmarkYUYVToI420(b *testing.B) {
	dst, src := picture(1280, 720), noise(1280*720*2)
	b.ReportAllocs()
	for b.Loop() {
		YUYV(dst, src, 2560)
	}
}

func BenchmarkBGRAToI420(b *testing.B) {
	dst, src := picture(1920, 1080), noise(1920*1080*4)
	b.ReportAllocs()
	for b.Loop() {
		BGRA(dst, src, 1920*4)
	}
}
