package camera

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/draw"
	stdjpeg "image/jpeg"
	"testing"

	"paravent/media/capture"
	"paravent/media/frame"
)

// office is what a usual camera on USB 2 lists.
func office() []mode {
	return []mode{
		{mjpg, 640, 480, 30},
		{mjpg, 1280, 720, 30},
		{mjpg, 1920, 1080, 30},
		{mjpg, 640, 360, 30},
		{yuyv, 160, 120, 30},
		{yuyv, 640, 480, 30},
		{yuyv, 640, 360, 30},
		{yuyv, 1280, 720, 10},
		{yuyv, 1920, 1080, 5},
	}
}

func TestTheModeFitsTheWish(t *testing.T) {
	wish := func(w, h int, fps float64) capture.VideoWish {
		return capture.VideoWish{Width: w, Height: h, FPS: fps}
	}
	for name, c := range map[string]struct {
		modes []mode
		wish  capture.VideoWish
		want  mode
	}{
		"small is plain":               {office(), wish(640, 360, 30), mode{yuyv, 640, 360, 30}},
		"the next larger size":         {office(), wish(600, 400, 30), mode{yuyv, 640, 480, 30}},
		"large is JPEG":                {office(), wish(1280, 720, 30), mode{mjpg, 1280, 720, 30}},
		"more than there is":           {office(), wish(3840, 2160, 30), mode{mjpg, 1920, 1080, 30}},
		"more pictures than there are": {office(), wish(640, 480, 60), mode{yuyv, 640, 480, 30}},
		"tiny":                         {office(), wish(1, 1, 30), mode{yuyv, 160, 120, 30}},
		"a slow wish":                  {office(), wish(1280, 720, 5), mode{yuyv, 1280, 720, 10}},
		"moving before large":          {office()[4:], wish(1280, 720, 30), mode{yuyv, 640, 480, 30}},
		"a fast cable":                 {append(office(), mode{nv12, 1280, 720, 30}), wish(1280, 720, 30), mode{nv12, 1280, 720, 30}},
		"cheapest first": {
			[]mode{{yuyv, 640, 360, 0}, {nv21, 640, 360, 0}, {i420, 640, 360, 0}, {mjpg, 640, 360, 0}},
			wish(640, 360, 30),
			mode{i420, 640, 360, 0},
		},
		"nothing known but one": {[]mode{{fourcc(7), 640, 360, 30}, {jpeg, 320, 200, 3}, {yuyv, 1, 1, 30}}, wish(640, 360, 30), mode{jpeg, 320, 200, 3}},
	} {
		for range 2 { // in both orders
			got, ok := choose(c.modes, c.wish)
			if !ok || got != c.want {
				t.Errorf("%s: %+v, want %+v", name, got, c.want)
			}
			for i, j := 0, len(c.modes)-1; i < j; i, j = i+1, j-1 {
				c.modes[i], c.modes[j] = c.modes[j], c.modes[i]
			}
		}
	}
	if m, ok := choose([]mode{{fourcc(7), 640, 360, 30}}, Wish()); ok {
		t.Errorf("chose %+v", m)
	}
}

func TestARangeOfSizesIsCutToTheWish(t *testing.T) {
	for _, c := range [][5]int{ // wish, low, high, step, want
		{640, 320, 320, 0, 320},
		{640, 16, 1920, 16, 640},
		{641, 16, 1920, 16, 656},
		{5000, 16, 1921, 16, 1920},
		{8, 16, 1920, 16, 16},
		{640, 2, 1920, 0, 640},
		{640, 700, 100, 4, 700},
	} {
		if got := within(c[0], c[1], c[2], c[3]); got != c[4] {
			t.Errorf("%v: got %d", c, got)
		}
	}
}

// one returns a picture of 4 × 4 pixels with Y 50, Cb 100 and Cr 200.
func one(f fourcc, stride int) []byte {
	packed := func(px ...byte) []byte {
		var b []byte
		for range 4 {
			row := make([]byte, stride)
			copy(row, bytes.Repeat(px, 2))
			b = append(b, row...)
		}
		return b
	}
	luma, half := bytes.Repeat([]byte{50}, 4*stride), 2*stride
	switch f {
	case yuyv:
		return packed(50, 100, 50, 200)
	case uyvy:
		return packed(100, 50, 200, 50)
	case nv12:
		return append(luma, bytes.Repeat([]byte{100, 200}, half/2)...)
	case nv21:
		return append(luma, bytes.Repeat([]byte{200, 100}, half/2)...)
	case i420, mjpg, jpeg:
	}
	return append(append(luma, bytes.Repeat([]byte{100}, half/2)...), bytes.Repeat([]byte{200}, half/2)...)
}

func TestEveryFormatBecomesI420(t *testing.T) {
	for _, f := range []fourcc{yuyv, uyvy, nv12, nv21, i420} {
		for _, gap := range []int{0, 8} {
			for full, want := range map[bool]frame.Colour{false: {Y: 50, Cb: 100, Cr: 200}, true: {Y: 59, Cb: 103, Cr: 191}} {
				stated := format{fourcc: f, width: 4, height: 4, full: full}
				stride := stated.row() + gap
				if gap > 0 {
					stated.stride = stride
				}
				c, err := newConverter(stated)
				if err != nil {
					t.Fatal(err)
				}
				p, solid := frame.NewPool(4, 4).Get(0), frame.NewPool(4, 4).Get(0)
				if err := c.convert(p, one(f, stride)); err != nil {
					t.Fatalf("%08x: %v", uint32(f), err)
				}
				solid.Fill(want)
				if !bytes.Equal(p.Image.Y, solid.Image.Y) || !bytes.Equal(p.Image.Cb, solid.Image.Cb) || !bytes.Equal(p.Image.Cr, solid.Image.Cr) {
					t.Errorf("%08x, gap %d, full %v: %d %d %d, want %v", uint32(f), gap, full, p.Image.Y, p.Image.Cb, p.Image.Cr, want)
				}
				if err := c.convert(p, one(f, stride)[:c.format.bytes()-1]); !errors.Is(err, capture.ErrFormat) {
					t.Errorf("%08x: took a short picture: %v", uint32(f), err)
				}
				if err := c.convert(p, one(f, stride)[:c.format.bytes()]); err != nil {
					t.Errorf("%08x: %v", uint32(f), err)
				}
			}
		}
	}
}

func TestOddSizesLoseTheLastRowAndColumn(t *testing.T) {
	for _, f := range []fourcc{yuyv, uyvy, nv12, nv21, i420} {
		c, err := newConverter(format{fourcc: f, width: 101, height: 67})
		if err != nil {
			t.Fatal(err)
		}
		p := frame.NewPool(100, 66).Get(0)
		if err := c.convert(p, make([]byte, c.format.bytes())); err != nil || p.Image.Y[100*66-1] != 0 {
			t.Errorf("%08x: %v", uint32(f), err)
		}
	}
}

func TestADriverThatTalksNonsenseIsRefused(t *testing.T) {
	for name, f := range map[string]format{
		"format": {fourcc: 7, width: 640, height: 480},
		"size":   {fourcc: yuyv},
		"huge":   {fourcc: nv12, width: 1 << 20, height: 1 << 20},
		"narrow": {fourcc: yuyv, width: 640, height: 480, stride: 640},
		"wide":   {fourcc: i420, width: 640, height: 480, stride: 1 << 30},
		"jpeg":   {fourcc: mjpg, width: 1, height: 480},
	} {
		if _, err := newConverter(f); !errors.Is(err, capture.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func jpegPicture(t testing.TB, size image.Point, c color.Color) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(img, img.Rect, image.NewUniform(c), image.Point{}, draw.Src)
	var b bytes.Buffer
	if err := stdjpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestConvertingDoesNotAllocate(t *testing.T) {
	for _, f := range []fourcc{yuyv, uyvy, nv12, nv21, i420, mjpg} {
		c, err := newConverter(format{fourcc: f, width: 64, height: 48, full: true})
		if err != nil {
			t.Fatal(err)
		}
		raw := make([]byte, 64*48*2)
		if f == mjpg {
			raw = jpegPicture(t, image.Pt(64, 48), color.White)
		}
		p := frame.NewPool(64, 48).Get(0)
		if n := testing.AllocsPerRun(10, func() {
			if err := c.convert(p, raw); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%08x: %v allocations", uint32(f), n)
		}
		c.close()
	}
}

func FuzzConvert(f *testing.F) {
	for _, code := range []fourcc{yuyv, uyvy, nv12, nv21, i420} {
		f.Add(uint32(code), 4, 4, 0, one(code, 8))
	}
	f.Add(uint32(mjpg), 8, 8, 0, jpegPicture(f, image.Pt(8, 8), color.White))
	f.Fuzz(func(t *testing.T, code uint32, w, h, stride int, raw []byte) {
		if w > 256 || h > 256 {
			return
		}
		c, err := newConverter(format{fourcc: fourcc(code), width: w, height: h, stride: stride})
		if err != nil {
			return
		}
		defer c.close()
		if err := c.convert(frame.NewPool(w&^1, h&^1).Get(0), raw); err != nil && !errors.Is(err, capture.ErrFormat) {
			t.Error(err)
		}
	})
}
