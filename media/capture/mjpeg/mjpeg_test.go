package mjpeg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"paravent/media/capture"
	"paravent/media/frame"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quarters is red, green, blue and white.
func quarters(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, colours()[y*2/h*2+x*2/w])
		}
	}
	return img
}

func colours() [4]color.RGBA {
	return [4]color.RGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}}
}

func encode(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// without drops the segments of a marker, as cameras do with the tables.
func without(data []byte, marker byte) []byte {
	out := bytes.Clone(data[:2])
	for i := 2; data[i+1] != 0xda; {
		n := 2 + int(binary.BigEndian.Uint16(data[i+2:]))
		if data[i+1] != marker {
			out = append(out, data[i:i+n]...)
		}
		i += n
		if data[i+1] == 0xda {
			return append(out, data[i:]...)
		}
	}
	return out
}

func decode(t testing.TB, w, h int, data []byte) (*frame.Picture, error) {
	t.Helper()
	d, err := NewDecoder(w, h)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	p := frame.NewPool(w&^1, h&^1).Get(0)
	return p, d.Decode(p, data)
}

func checkQuarters(t *testing.T, p *frame.Picture) {
	t.Helper()
	size := p.Size()
	for i, c := range colours() {
		x, y := size.X/4+i%2*size.X/2, size.Y/4+i/2*size.Y/2
		want := frame.RGB(c.R, c.G, c.B)
		got := frame.Colour{Y: p.Image.Y[p.Image.YOffset(x, y)], Cb: p.Image.Cb[p.Image.COffset(x, y)], Cr: p.Image.Cr[p.Image.COffset(x, y)]}
		for _, d := range []int{int(got.Y) - int(want.Y), int(got.Cb) - int(want.Cb), int(got.Cr) - int(want.Cr)} {
			if d < -3 || d > 3 {
				t.Errorf("quarter %d is %v, want %v", i, got, want)
			}
		}
	}
}

func TestAPictureBecomesI420InLimitedRange(t *testing.T) {
	for _, size := range []image.Point{{64, 64}, {640, 360}, {101, 67}, {1280, 720}} {
		p, err := decode(t, size.X, size.Y, encode(t, quarters(size.X, size.Y)))
		if err != nil {
			t.Fatal(err)
		}
		checkQuarters(t, p)
	}
}

func TestTablesThatTheCameraLeavesOutAreKnown(t *testing.T) {
	whole := encode(t, quarters(64, 64))
	bare := without(whole, 0xc4)
	if len(whole)-len(bare) < 400 {
		t.Fatal("the tables are still there")
	}
	p, err := decode(t, 64, 64, bare)
	if err != nil {
		t.Fatal(err)
	}
	checkQuarters(t, p)
}

func TestEverySamplingOfCamerasIsTaken(t *testing.T) {
	for _, ratio := range []image.YCbCrSubsampleRatio{image.YCbCrSubsampleRatio420, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio444} {
		p, err := decode(t, 64, 64, compress(t, 64, 64, ratio))
		if err != nil {
			t.Fatalf("%v: %v", ratio, err)
		}
		checkQuarters(t, p)
	}
	grey := image.NewGray(image.Rect(0, 0, 50, 40))
	for i := range grey.Pix {
		grey.Pix[i] = 255
	}
	p, err := decode(t, 50, 40, encode(t, grey))
	if err != nil {
		t.Fatal(err)
	}
	if i := p.Image; i.Y[999] != 235 || i.Cb[99] != 128 || i.Cr[99] != 128 {
		t.Errorf("grey: %d %d %d", i.Y[999], i.Cb[99], i.Cr[99])
	}
	if _, err := decode(t, 64, 64, compress(t, 64, 64, image.YCbCrSubsampleRatio410)); !errors.Is(err, capture.ErrFormat) {
		t.Errorf("4:1:0: %v", err)
	}
}

func TestPaddingAfterThePictureIsNoFault(t *testing.T) {
	data := encode(t, quarters(64, 64))
	end := len(data) - 2
	for name, padded := range map[string][]byte{
		"after":  append(bytes.Clone(data), make([]byte, 500)...),
		"before": append(append(bytes.Clone(data[:end]), 0, 0, 0, 0, 0, 0), data[end:]...),
	} {
		p, err := decode(t, 64, 64, padded)
		if err != nil {
			t.Errorf("%s the end: %v", name, err)
			continue
		}
		checkQuarters(t, p)
	}
}

func TestADamagedPictureIsRefused(t *testing.T) {
	data := encode(t, quarters(640, 360))
	for name, c := range map[string]struct {
		data  []byte
		words string
	}{
		"empty":        {nil, "no picture"},
		"garbage":      {[]byte("not a JPEG at all"), "damaged"},
		"cut":          {data[:len(data)*2/3], "damaged"},
		"header only":  {data[:600], "damaged"},
		"another size": {encode(t, quarters(320, 180)), "changed its size"},
	} {
		if _, err := decode(t, 640, 360, c.data); !errors.Is(err, capture.ErrFormat) || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for _, side := range []int{-1, 0, 1, 8193} {
		if _, err := NewDecoder(side, 480); !errors.Is(err, capture.ErrFormat) {
			t.Errorf("a decoder of %d: %v", side, err)
		}
	}
	d, err := NewDecoder(64, 64)
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
	d.Close()
	if d.Decode(frame.NewPool(64, 64).Get(0), data) == nil {
		t.Error("decoded after Close")
	}
}

func TestDecodingDoesNotAllocate(t *testing.T) {
	d, err := NewDecoder(320, 180)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	p, data := frame.NewPool(320, 180).Get(0), encode(t, quarters(320, 180))
	if n := testing.AllocsPerRun(20, func() {
		if err := d.Decode(p, data); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzDecode(f *testing.F) {
	for _, ratio := range []image.YCbCrSubsampleRatio{image.YCbCrSubsampleRatio420, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio410} {
		f.Add(compress(f, 33, 17, ratio))
	}
	f.Add(without(encode(f, quarters(33, 17)), 0xc4))
	f.Add([]byte("\xff\xd8\xff\xd9"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := decode(t, 33, 17, data); err != nil && !errors.Is(err, capture.ErrFormat) {
			t.Error(err)
		}
	})
}

// scene is a picture with edges and soft parts, of the bytes that a camera sends.
func scene(t testing.TB, w, h int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.RGBA{byte(x * y / 97), byte(x/3 ^ y/5), byte(x + y), 255})
		}
	}
	return encode(t, img)
}

func BenchmarkDecode720p(b *testing.B) {
	data := scene(b, 1280, 720)
	d, err := NewDecoder(1280, 720)
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	p := frame.NewPool(1280, 720).Get(0)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Decode(p, data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStandardLibrary720p(b *testing.B) {
	data := scene(b, 1280, 720)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := jpeg.Decode(bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}
