package y4m

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"paravent/media/capture"
	"paravent/media/frame"
)

// file returns count pictures whose planes are all filled with their number
// plus 16, 100 and 200.
func file(header string, planes [3]int, count int) []byte {
	var b bytes.Buffer
	b.WriteString(header + "\n")
	for i := range count {
		b.WriteString("FRAME Ip XANY\n")
		for p, n := range planes {
			b.Write(bytes.Repeat([]byte{byte(i + []int{16, 100, 200}[p])}, n))
		}
	}
	return b.Bytes()
}

func read(t testing.TB, r *Reader) (*frame.Picture, error) {
	t.Helper()
	size := r.Header().Size()
	p := frame.NewPool(size.X, size.Y).Get(0)
	return p, r.Next(p)
}

func TestEveryLayoutBecomesI420(t *testing.T) {
	for _, c := range []struct {
		header string
		planes [3]int
		size   image.Point
		want   frame.Colour
	}{
		{"YUV4MPEG2 W6 H4 F25:1", [3]int{24, 6, 6}, image.Pt(6, 4), frame.Colour{Y: 16, Cb: 100, Cr: 200}},
		{"YUV4MPEG2 W6 H4 C420jpeg", [3]int{24, 6, 6}, image.Pt(6, 4), frame.Colour{Y: 16, Cb: 100, Cr: 200}},
		{"YUV4MPEG2 W6 H4 C420paldv Ip A1:1", [3]int{24, 6, 6}, image.Pt(6, 4), frame.Colour{Y: 16, Cb: 100, Cr: 200}},
		{"YUV4MPEG2 W6 H4 C420mpeg2 XFOO", [3]int{24, 6, 6}, image.Pt(6, 4), frame.Colour{Y: 16, Cb: 100, Cr: 200}},
		{"YUV4MPEG2 W7 H5 C420", [3]int{35, 12, 12}, image.Pt(6, 4), frame.Colour{Y: 16, Cb: 100, Cr: 200}},
		{"YUV4MPEG2 W6 H4 C422", [3]int{24, 12, 12}, image.Pt(6, 4), frame.Colour{Y: 16, Cb: 100, Cr: 200}},
		{"YUV4MPEG2 W7 H5 C422", [3]int{35, 20, 20}, image.Pt(6, 4), frame.Colour{Y: 16, Cb: 100, Cr: 200}},
		{"YUV4MPEG2 W6 H4 C444", [3]int{24, 24, 24}, image.Pt(6, 4), frame.Colour{Y: 16, Cb: 100, Cr: 200}},
		{"YUV4MPEG2 W7 H5 C444", [3]int{35, 35, 35}, image.Pt(6, 4), frame.Colour{Y: 16, Cb: 100, Cr: 200}},
		{"YUV4MPEG2 W6 H4 Cmono", [3]int{24, 0, 0}, image.Pt(6, 4), frame.Colour{Y: 16, Cb: 128, Cr: 128}},
		{"YUV4MPEG2 W6 H4 XCOLORRANGE=FULL", [3]int{24, 6, 6}, image.Pt(6, 4), frame.Colour{Y: 30, Cb: 103, Cr: 191}},
	} {
		data := file(c.header, c.planes, 2)
		r, err := NewReader(iotest.HalfReader(bytes.NewReader(data)))
		if err != nil {
			t.Errorf("%s: %v", c.header, err)
			continue
		}
		want := frame.NewPool(c.size.X, c.size.Y).Get(0)
		for i := range byte(2) {
			got, err := read(t, r)
			if err != nil || got.Size() != c.size {
				t.Fatalf("%s: picture %d: %v, %v", c.header, i, got.Size(), err)
			}
			if i == 0 {
				want.Fill(c.want)
				if !bytes.Equal(got.Image.Y, want.Image.Y) || !bytes.Equal(got.Image.Cb, want.Image.Cb) || !bytes.Equal(got.Image.Cr, want.Image.Cr) {
					t.Errorf("%s: got %d %d %d", c.header, got.Image.Y, got.Image.Cb, got.Image.Cr)
				}
			}
		}
		if _, err := read(t, r); !errors.Is(err, io.EOF) {
			t.Errorf("%s: at the end: %v", c.header, err)
		}
		if _, n, err := Scan(bytes.NewReader(data), int64(len(data))); n != 2 || err != nil {
			t.Errorf("%s: scan: %d, %v", c.header, n, err)
		}
	}
}

func TestAHostileHeaderIsRefusedWithWords(t *testing.T) {
	for header, words := range map[string]string{
		"":                              "no Y4M",
		"YUV4MPEG3 W2 H2":               "no Y4M",
		"YUV4MPEG2":                     "names no size",
		"YUV4MPEG2 W4":                  "names no size",
		"YUV4MPEG2 W0 H2":               "pixels",
		"YUV4MPEG2 W-4 H4":              "pixels",
		"YUV4MPEG2 W99999 H2":           "pixels",
		"YUV4MPEG2 W65536 H65536":       "pixels",
		"YUV4MPEG2 W8193 H4":            "pixels",
		"YUV4MPEG2 W4 H4 F0:1":          "rate",
		"YUV4MPEG2 W4 H4 F5000:1":       "rate",
		"YUV4MPEG2 W4 H4 F1:2147483647": "rate",
		"YUV4MPEG2 W4 H4 F25":           "rate",
		"YUV4MPEG2 W4 H4 C420p10":       "8 bits",
		"YUV4MPEG2 W4 H4 C444alpha":     "8 bits",
		"YUV4MPEG2 W4 H4 It":            "interlaced",
		"YUV4MPEG2 W4 H4 X" + strings.Repeat("x", 2000): "does not end",
	} {
		_, err := NewReader(strings.NewReader(header + "\nFRAME\n"))
		if !errors.Is(err, capture.ErrFormat) || !strings.Contains(err.Error(), words) {
			t.Errorf("%.40q: got %v", header, err)
		}
		_, _, err = Scan(strings.NewReader(header+"\nFRAME\n"), int64(len(header)+7))
		if !errors.Is(err, capture.ErrFormat) {
			t.Errorf("%.40q: scan: got %v", header, err)
		}
	}
	if _, err := NewReader(strings.NewReader("YUV4MPEG2 W4 H4")); !errors.Is(err, capture.ErrFormat) {
		t.Errorf("without an end: got %v", err)
	}
	disk := errors.New("disk")
	if _, err := NewReader(iotest.ErrReader(disk)); !errors.Is(err, disk) || errors.Is(err, capture.ErrFormat) {
		t.Errorf("a broken disk: got %v", err)
	}
}

func TestAFileThatIsCutShortSaysWhere(t *testing.T) {
	whole := file("YUV4MPEG2 W6 H4 C422", [3]int{24, 12, 12}, 2)
	start, _ := headerBytes(whole)
	second := start + (len(whole)-start)/2
	for n := second + 1; n < len(whole); n++ {
		r, err := NewReader(bytes.NewReader(whole[:n]))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := read(t, r); err != nil {
			t.Fatal(err)
		}
		_, err = read(t, r)
		if !errors.Is(err, capture.ErrFormat) || !strings.Contains(err.Error(), "ends within picture 2") {
			t.Fatalf("%d of %d bytes: %v", n, len(whole), err)
		}
		_, count, err := Scan(bytes.NewReader(whole[:n]), int64(n))
		if !errors.Is(err, capture.ErrFormat) || !strings.Contains(err.Error(), "ends within picture 2") || count != 1 {
			t.Fatalf("%d of %d bytes: scan: %d, %v", n, len(whole), count, err)
		}
	}
}

func TestAPictureWithoutItsMarkerIsRefused(t *testing.T) {
	for _, marker := range []string{"FRAMES\n", "\n", "frame\n", "FRAME " + strings.Repeat("x", 300) + "\n"} {
		data := "YUV4MPEG2 W2 H2\n" + marker + "123456"
		r, err := NewReader(strings.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := read(t, r); !errors.Is(err, capture.ErrFormat) || !strings.Contains(err.Error(), "FRAME") {
			t.Errorf("%.20q: %v", marker, err)
		}
		if _, _, err := Scan(strings.NewReader(data), int64(len(data))); !errors.Is(err, capture.ErrFormat) {
			t.Errorf("%.20q: scan: %v", marker, err)
		}
	}
	if _, _, err := Scan(strings.NewReader("YUV4MPEG2 W2 H2\n"), 16); !errors.Is(err, capture.ErrFormat) {
		t.Errorf("no picture: %v", err)
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	for _, size := range []image.Point{{2, 2}, {64, 36}, {640, 360}} {
		var b bytes.Buffer
		w, err := NewWriter(&b, size, Rate{30000, 1001})
		if err != nil {
			t.Fatal(err)
		}
		p := frame.NewPool(size.X, size.Y).Get(0)
		for i := range p.Image.Y {
			p.Image.Y[i] = byte(i)
		}
		for i := range p.Image.Cb {
			p.Image.Cb[i], p.Image.Cr[i] = byte(i*3), byte(i*5)
		}
		for range 3 {
			if err := w.Write(p); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		r, err := NewReader(&b)
		if err != nil {
			t.Fatal(err)
		}
		if h := r.Header(); h.Size() != size || h.Rate != (Rate{30000, 1001}) {
			t.Errorf("%+v", h)
		}
		for range 3 {
			got, err := read(t, r)
			if err != nil || !bytes.Equal(got.Image.Y, p.Image.Y) || !bytes.Equal(got.Image.Cb, p.Image.Cb) || !bytes.Equal(got.Image.Cr, p.Image.Cr) {
				t.Fatalf("%v: %v", size, err)
			}
		}
		if err := w.Write(frame.NewPool(4, 4).Get(0)); err == nil {
			t.Error("took a picture of another size")
		}
	}
}

func TestReadingAndWritingDoNotAllocate(t *testing.T) {
	data := file("YUV4MPEG2 W64 H36 C444", [3]int{64 * 36, 64 * 36, 64 * 36}, 30)
	r, err := NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWriter(io.Discard, image.Pt(64, 36), Rate{25, 1})
	if err != nil {
		t.Fatal(err)
	}
	p := frame.NewPool(64, 36).Get(0)
	if n := testing.AllocsPerRun(20, func() {
		if err := errors.Join(r.Next(p), w.Write(p)); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzReadY4M(f *testing.F) {
	for _, h := range []string{
		"YUV4MPEG2 W6 H4 F25:1 Ip A1:1 C420jpeg", "YUV4MPEG2 W7 H5 C422", "YUV4MPEG2 W7 H5 C444 XCOLORRANGE=FULL",
		"YUV4MPEG2 W2 H2 Cmono F0:0", "YUV4MPEG2 W8192 H8192", "YUV4MPEG2 W", "", "YUV4MPEG2 W4 H4 F1:0",
	} {
		f.Add(file(h, [3]int{35, 20, 20}, 2))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h, scanned, scanErr := Scan(bytes.NewReader(data), int64(len(data)))
		r, err := NewReader(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, capture.ErrFormat) || scanErr == nil {
				t.Fatalf("read: %v, scan: %v", err, scanErr)
			}
			return
		}
		if r.Header() != h {
			t.Fatalf("read %+v, scanned %+v", r.Header(), h)
		}
		size := r.Header().Size()
		if size.X*size.Y > 1<<20 {
			return
		}
		p, n := frame.NewPool(size.X, size.Y).Get(0), 0
		for err = r.Next(p); err == nil; err = r.Next(p) {
			n++
		}
		whole := scanErr == nil || n == 0 && errors.Is(err, io.EOF) // no picture is a fault for Scan only
		if n != scanned || errors.Is(err, io.EOF) != whole {
			t.Fatalf("read %d pictures, then %v; scanned %d, then %v", n, err, scanned, scanErr)
		}
	})
}

func ExampleHeader_Size() {
	r, _ := NewReader(strings.NewReader("YUV4MPEG2 W641 H361 F30000:1001\n"))
	fmt.Println(r.Header().Size(), r.Header().Rate)
	// Output: (640,360) {30000 1001}
}

func TestAWholeReaderKeepsOddSizesAndSinglePixels(t *testing.T) {
	for _, c := range []struct {
		header string
		planes [3]int
		size   image.Point
	}{
		{"YUV4MPEG2 W7 H5 C420", [3]int{35, 12, 12}, image.Pt(7, 5)},
		{"YUV4MPEG2 W7 H5 C422", [3]int{35, 20, 20}, image.Pt(7, 5)},
		{"YUV4MPEG2 W7 H5 C444", [3]int{35, 35, 35}, image.Pt(7, 5)},
		{"YUV4MPEG2 W6 H5 C444", [3]int{30, 30, 30}, image.Pt(6, 5)},
		{"YUV4MPEG2 W1 H1 C420", [3]int{1, 1, 1}, image.Pt(1, 1)},
		{"YUV4MPEG2 W1 H1 C422", [3]int{1, 1, 1}, image.Pt(1, 1)},
		{"YUV4MPEG2 W1 H1 C444", [3]int{1, 1, 1}, image.Pt(1, 1)},
		{"YUV4MPEG2 W1 H9 C444", [3]int{9, 9, 9}, image.Pt(1, 9)},
		{"YUV4MPEG2 W9 H1 Cmono", [3]int{9, 0, 0}, image.Pt(9, 1)},
	} {
		r, err := NewWholeReader(bytes.NewReader(file(c.header, c.planes, 2)))
		if err != nil || r.Header().Size() != c.size {
			t.Errorf("%s: %v, %v", c.header, r.Header().Size(), err)
			continue
		}
		for i := range byte(2) {
			p, err := read(t, r)
			if err != nil {
				t.Fatalf("%s: picture %d: %v", c.header, i, err)
			}
			want := frame.Colour{Y: 16 + i, Cb: 100 + i, Cr: 200 + i}
			if c.planes[1] == 0 {
				want.Cb, want.Cr = 128, 128
			}
			for k, plane := range [][]byte{p.Image.Y, p.Image.Cb, p.Image.Cr} {
				for _, v := range plane {
					if v != []byte{want.Y, want.Cb, want.Cr}[k] {
						t.Fatalf("%s: plane %d of picture %d is %v", c.header, k, i, plane)
					}
				}
			}
		}
		if _, err := read(t, r); !errors.Is(err, io.EOF) {
			t.Errorf("%s: at the end: %v", c.header, err)
		}
	}
	if _, err := NewReader(strings.NewReader("YUV4MPEG2 W1 H1 C420\n")); !errors.Is(err, capture.ErrFormat) {
		t.Errorf("a camera of one pixel: %v", err)
	}
}
