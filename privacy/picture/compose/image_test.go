package compose

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"paravent/media/frame"
)

func encoded(t testing.TB, as string, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	err := png.Encode(&b, img)
	if as == "jpeg" {
		b.Reset()
		err = jpeg.Encode(&b, img, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// halves is red on the left and blue on the right.
func halves(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{R: 255, A: 255}
			if 2*x >= w {
				c = color.NRGBA{B: 255, A: 255}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	return img
}

func TestReadImageReadsPNGAndJPEG(t *testing.T) {
	for _, as := range []string{"png", "jpeg"} {
		img, err := ReadImage(bytes.NewReader(encoded(t, as, halves(30, 20))))
		if err != nil || img.Bounds().Size() != image.Pt(30, 20) {
			t.Errorf("%s: %v", as, err)
		}
	}
}

func TestReadImageRefusesWhatIsNoImageOrTooLarge(t *testing.T) {
	huge := encoded(t, "png", halves(4, 4))
	binary.BigEndian.PutUint32(huge[16:], 60000) // the header's width; its checksum is then wrong as well
	binary.BigEndian.PutUint32(huge[20:], 60000)
	jpg := encoded(t, "jpeg", halves(4, 4))
	at := bytes.Index(jpg, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(jpg[at+5:], 60000)
	binary.BigEndian.PutUint16(jpg[at+7:], 60000)
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"nothing":      {nil, ErrNoImage},
		"text":         {[]byte("a holiday"), ErrNoImage},
		"damaged PNG":  {huge, ErrNoImage},
		"half a PNG":   {encoded(t, "png", halves(40, 40))[:60], ErrNoImage},
		"huge JPEG":    {jpg, ErrTooLarge},
		"endless file": {make([]byte, maxFile+1), ErrTooLarge},
	} {
		if _, err := ReadImage(bytes.NewReader(c.data)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestFitCoversThePictureFromTheMiddle(t *testing.T) {
	red, blue := frame.RGB(255, 0, 0), frame.RGB(0, 0, 255)
	for _, s := range []image.Point{{64, 36}, {7, 31}, {1, 1}, {200, 20}, {33, 33}} {
		for _, from := range []image.Point{{40, 40}, {900, 100}, {100, 900}, {1, 1}, {2, 2}} {
			p, err := Fit(halves(from.X, from.Y), s.X, s.Y)
			if err != nil || p.Size() != s {
				t.Fatalf("%v from %v: %v", s, from, err)
			}
			if s.X < 7 || from.X < 40 {
				continue
			}
			for y := range s.Y {
				row, c := p.Image.Y[y*p.Image.YStride:], y/2*p.Image.CStride
				if row[0] != red.Y || row[s.X-1] != blue.Y || p.Image.Cr[c] != red.Cr || p.Image.Cb[c+(s.X-1)/2] != blue.Cb {
					t.Fatalf("%v from %v: row %d begins with %d and ends with %d", s, from, y, row[0], row[s.X-1])
				}
			}
		}
	}
}

func TestFitShowsTransparencyAsBlackAndAveragesWhatItShrinks(t *testing.T) {
	p, err := Fit(image.NewNRGBA(image.Rect(5, 5, 9, 9)), 4, 4)
	if err != nil || p.Image.Y[5] != frame.Black().Y {
		t.Errorf("transparent: %v", err)
	}
	board := image.NewGray(image.Rect(-8, -8, 56, 56))
	for i := range board.Pix {
		board.Pix[i] = byte((i + i/64) % 2 * 255)
	}
	p, err = Fit(board, 8, 8)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range p.Image.Y {
		if want := frame.RGB(128, 128, 128).Y; v < want-1 || v > want+1 {
			t.Fatalf("pixel %d is %d, want %d", i, v, want)
		}
	}
}

func TestFitRefusesNothing(t *testing.T) {
	if _, err := Fit(image.NewGray(image.Rectangle{}), 4, 4); !errors.Is(err, ErrNoImage) {
		t.Errorf("empty image: %v", err)
	}
	if _, err := Fit(halves(4, 4), 0, 4); !errors.Is(err, ErrSize) {
		t.Errorf("empty picture: %v", err)
	}
}

func FuzzReadImage(f *testing.F) {
	f.Add(encoded(f, "png", halves(5, 3)))
	f.Add(encoded(f, "jpeg", halves(5, 3)))
	f.Fuzz(func(t *testing.T, data []byte) {
		img, err := ReadImage(bytes.NewReader(data))
		if err != nil || img.Bounds().Dx()*img.Bounds().Dy() > 1<<16 {
			return
		}
		if _, err := Fit(img, 16, 9); err != nil {
			t.Error(err)
		}
	})
}
