package term

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"paravent/media/frame"
)

// quarters returns a picture of four colours, so that mirrored or shifted
// pictures are seen.
func quarters(w, h int) *frame.Picture {
	p := frame.NewPool(w, h).Get(0)
	for y := range h {
		for x := range w {
			c := frame.RGB(220, 40, 40)
			switch {
			case x >= w/2 && y >= h/2:
				c = frame.RGB(240, 240, 240)
			case x >= w/2:
				c = frame.RGB(40, 200, 40)
			case y >= h/2:
				c = frame.RGB(40, 40, 220)
			}
			p.Image.Y[y*p.Image.YStride+x] = c.Y
			p.Image.Cb[y/2*p.Image.CStride+x/2] = c.Cb
			p.Image.Cr[y/2*p.Image.CStride+x/2] = c.Cr
		}
	}
	return p
}

// scene returns a picture with gradients, an edge and fine lines, which moves
// with n.
func scene(w, h, n int) *frame.Picture {
	p := frame.NewPool(w, h).Get(0)
	cx, cy := w/2+(n*5)%(w/4), h/2
	for y := range h {
		for x := range w {
			c := frame.RGB(byte(40+x*120/w), byte(60+y*140/h), byte(200-x*120/w))
			if d := (x-cx)*(x-cx) + (y-cy)*(y-cy); d < h*h/9 {
				c = frame.RGB(235, byte(180-d*300/(h*h)), 140)
			} else if (x+n)/8%2 == 0 && y > h*3/4 {
				c = frame.RGB(20, 20, 30)
			}
			p.Image.Y[y*p.Image.YStride+x] = c.Y
			p.Image.Cb[y/2*p.Image.CStride+x/2] = c.Cb
			p.Image.Cr[y/2*p.Image.CStride+x/2] = c.Cr
		}
	}
	return p
}

func near(t *testing.T, img *image.RGBA, at image.Point, want color.RGBA, by int) {
	t.Helper()
	got := img.RGBAAt(at.X, at.Y)
	for _, d := range []int{int(got.R) - int(want.R), int(got.G) - int(want.G), int(got.B) - int(want.B)} {
		if max(d, -d) > by {
			t.Errorf("at %v: %v, want about %v", at, got, want)
			return
		}
	}
}

func checkQuarters(t *testing.T, img *image.RGBA, in image.Rectangle, by int) {
	t.Helper()
	w, h := in.Dx(), in.Dy()
	near(t, img, in.Min.Add(image.Pt(w/4, h/4)), color.RGBA{220, 40, 40, 255}, by)
	near(t, img, in.Min.Add(image.Pt(3*w/4, h/4)), color.RGBA{40, 200, 40, 255}, by)
	near(t, img, in.Min.Add(image.Pt(w/4, 3*h/4)), color.RGBA{40, 40, 220, 255}, by)
	near(t, img, in.Min.Add(image.Pt(3*w/4, 3*h/4)), color.RGBA{240, 240, 240, 255}, by)
}

func look(m Mode) Abilities { return Abilities{Mode: m, Cell: image.Pt(10, 20)} }

func TestHalfBlocksShowThePictureInItsPlaceWithoutDistortion(t *testing.T) {
	for mode, by := range map[Mode]int{Blocks: 4, Cube: 45} {
		c, f := NewCanvas(look(mode), 0), newFake(t, 80, 24)
		c.Place(image.Rect(10, 2, 74, 22), 0) // 64 cells wide: 16:9 needs 18 rows of 20
		c.Show(quarters(320, 180))
		f.write(c.Draw(nil))
		checkQuarters(t, f.px, image.Rect(10, 6, 74, 42), by)
		if got := f.px.RGBAAt(12, 5); got != (color.RGBA{}) {
			t.Errorf("%s: the letterbox is painted: %v", mode, got)
		}
	}
}

func TestSixelsShowThePictureInItsPlaceWithoutDistortion(t *testing.T) {
	for _, budget := range []int{0, 50_000} {
		c, f := NewCanvas(look(Sixel), 0), newFake(t, 80, 24)
		c.Place(image.Rect(10, 2, 42, 22), budget) // 320 pixels wide: 9 rows
		c.Show(quarters(640, 360))
		f.write(c.Draw(nil))
		if want := image.Pt(320, 180); f.sixels.Rect.Max != want {
			t.Fatalf("sixels of %v, want %v", f.sixels.Rect.Max, want)
		}
		if want := image.Pt(10, 7); f.sixelAt != want {
			t.Errorf("at %v, want %v", f.sixelAt, want)
		}
		for y := range 180 {
			for x := range 320 {
				if f.sixels.RGBAAt(x, y).A == 0 {
					t.Fatalf("a hole at %d,%d", x, y)
				}
			}
		}
		checkQuarters(t, f.sixels, f.sixels.Rect, 52)
	}
}

func TestKittyShowsThePictureInItsPlaceWithoutDistortion(t *testing.T) {
	for _, slow := range []bool{false, true} {
		a := look(Kitty)
		a.Slow = slow
		c, f := NewCanvas(a, 3), newFake(t, 80, 24)
		c.Place(image.Rect(10, 2, 42, 22), 10_000)
		for range 3 {
			c.Show(quarters(640, 360))
			f.write(c.Draw(nil))
		}
		img := f.picture()
		if n := img.Rect.Dx() * img.Rect.Dy(); n > 10_000 || n < 8_000 {
			t.Errorf("%d pixels, want nearly 10,000", n)
		}
		checkQuarters(t, img, img.Rect, 4)
		for _, keys := range f.pictures {
			if keys["x"] != "10" || keys["y"] != "7" || keys["c"] != "32" || keys["r"] != "9" {
				t.Errorf("placed by %v", keys)
			}
		}
		f.write(c.Erase(nil))
		if len(f.pictures) != 0 {
			t.Errorf("%d pictures are left behind", len(f.pictures))
		}
	}
}

func TestTmuxGetsGraphicsWrappedAndPlaceholdersOnlyWhenAsked(t *testing.T) {
	a := look(Kitty)
	a.Passthrough = true
	c := NewCanvas(a, 0)
	c.Place(image.Rect(0, 0, 4, 2), 0)
	c.Show(quarters(64, 36))
	out := c.Draw(nil)
	if !bytes.Contains(out, []byte("\x1bPtmux;\x1b\x1b_Ga=T")) || !bytes.Contains(out, []byte("\U0010EEEE")) {
		t.Errorf("not wrapped: %.200q", out)
	}
	if bytes.Contains(bytes.ReplaceAll(out, []byte("\x1b\x1b_G"), nil), []byte("\x1b_G")) {
		t.Error("a sequence is not wrapped")
	}
}

func TestShadesShowBrightnessOnly(t *testing.T) {
	for mode, want := range map[Mode][2]rune{Shades: {'░', '█'}, ASCII: {'-', '@'}} {
		c, f := NewCanvas(look(mode), 0), newFake(t, 40, 20)
		c.Place(image.Rect(0, 0, 32, 9), 0)
		c.Show(quarters(320, 180))
		out := c.Draw(nil)
		f.write(out)
		if bytes.Contains(out, []byte("[38;")) || bytes.Contains(out, []byte("[48;")) {
			t.Errorf("%s: colours in %.100q", mode, out)
		}
		if got := f.text[7][28]; got != want[1] {
			t.Errorf("%s: the bright quarter is %q, want %q", mode, got, want[1])
		}
		if got := f.text[7][2]; got == want[1] {
			t.Errorf("%s: the dark quarter is as bright as the bright one", mode)
		}
	}
}

func TestOnlyWhatChangedIsDrawnAgain(t *testing.T) {
	c := NewCanvas(look(Blocks), 0)
	c.Place(image.Rect(0, 0, 64, 18), 0)
	p := quarters(320, 180)
	c.Show(p)
	all := len(c.Draw(nil))
	if n := len(c.Draw(nil)); n != 0 {
		t.Errorf("%d bytes although nothing is new", n)
	}
	c.Show(p)
	if n := len(c.Draw(nil)); n != 0 {
		t.Errorf("%d bytes for the same picture", n)
	}
	for y := range 20 {
		for x := range 20 {
			p.Image.Y[y*p.Image.YStride+x] = 235
		}
	}
	c.Show(p)
	if n := len(c.Draw(nil)); n == 0 || n > all/10 {
		t.Errorf("%d bytes for a small change; %d for all", n, all)
	}
	c.Spoil()
	if n := len(c.Draw(nil)); n < all {
		t.Errorf("%d bytes after the screen was lost; %d for all", n, all)
	}
}

func TestAMovedCanvasClearsItsNewPlaceAndWaitsForAPicture(t *testing.T) {
	for _, mode := range []Mode{Blocks, Kitty, Sixel, Shades} {
		c, f := NewCanvas(look(mode), 0), newFake(t, 80, 24)
		c.Place(image.Rect(0, 0, 20, 6), 0)
		c.Show(quarters(320, 180))
		f.write(c.Draw(nil))
		f.text[12][50] = 'x'
		c.Place(image.Rect(40, 10, 60, 16), 0)
		f.write(c.Draw(nil))
		if f.text[12][50] != ' ' {
			t.Errorf("%s: the new place is not clear", mode)
		}
		if len(f.pictures) != 0 {
			t.Errorf("%s: the picture stays at the old place", mode)
		}
		c.Place(image.Rectangle{}, 0)
		c.Show(quarters(320, 180))
		if out := c.Draw(nil); len(out) != 0 {
			t.Errorf("%s: a hidden canvas draws %.40q", mode, out)
		}
		if c.Pixels() != (image.Point{}) {
			t.Errorf("%s: a hidden canvas has %v pixels", mode, c.Pixels())
		}
	}
}

func TestNoSizeOfPictureOrPlaceGoesOutside(t *testing.T) {
	for _, mode := range Modes() {
		a := look(mode)
		if mode == Kitty {
			a.Slow = true
		}
		c := NewCanvas(a, 0)
		for _, at := range []image.Rectangle{image.Rect(3, 3, 4, 4), image.Rect(0, 0, 80, 1), image.Rect(79, 0, 80, 24), image.Rect(0, 0, 80, 24), {}} {
			for _, size := range []image.Point{{1, 1}, {2, 2}, {3, 5}, {1, 700}, {1300, 2}, {321, 181}} {
				for _, budget := range []int{0, 1, 77} {
					c.Place(at, budget)
					c.Show(quarters(size.X, size.Y))
					newFake(t, 80, 24).write(c.Draw(nil))
				}
			}
		}
	}
}

func TestShowingAndDrawingDoNotAllocate(t *testing.T) {
	for _, mode := range Modes() {
		for _, slow := range []bool{false, true} {
			a := look(mode)
			a.Slow = slow
			c := NewCanvas(a, 0)
			c.Place(image.Rect(0, 0, 40, 12), 0)
			pictures := []*frame.Picture{scene(320, 180, 0), scene(320, 180, 7)}
			var buf []byte
			i := 0
			step := func() {
				c.Show(pictures[i%2])
				buf = c.Draw(buf[:0])
				i++
			}
			for range 6 {
				step()
			}
			if n := testing.AllocsPerRun(50, step); n != 0 {
				t.Errorf("%s: %v allocations a picture", mode, n)
			}
		}
	}
}

// TestWhatIsSeen keeps pictures of what each mode makes of a scene, for eyes, in
// the folder that PARAVENT_LOOK names.
func TestWhatIsSeen(t *testing.T) {
	dir := os.Getenv("PARAVENT_LOOK")
	for _, mode := range []Mode{Blocks, Cube, Sixel, Kitty} {
		c, f := NewCanvas(look(mode), 0), newFake(t, 80, 24)
		c.Place(image.Rect(0, 0, 64, 18), 0)
		c.Show(scene(640, 360, 3))
		f.write(c.Draw(nil))
		img := f.px.SubImage(image.Rect(0, 0, 64, 36)).(*image.RGBA)
		switch mode { //nolint:exhaustive // the others are drawn in cells
		case Sixel:
			img = f.sixels
		case Kitty:
			img = f.picture()
		}
		in := img.Bounds()
		near(t, img, image.Pt(in.Dx()/2, in.Dy()/2), color.RGBA{235, 175, 140, 255}, 60)
		if dir == "" {
			continue
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, string(mode)+".png"), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// BenchmarkRefresh draws 24 moving pictures of 180p on a screen of 240×67 cells,
// as a grid of 6×4.
func BenchmarkRefresh(b *testing.B) {
	for _, mode := range []Mode{Kitty, Sixel, Blocks, Cube, Shades} {
		b.Run(string(mode), func(b *testing.B) {
			const n = 24
			pictures := make([]*frame.Picture, 8)
			for i := range pictures {
				pictures[i] = scene(320, 180, 9*i)
			}
			var canvases [n]*Canvas
			for i := range canvases {
				canvases[i] = NewCanvas(look(mode), i)
				x, y := i%6*40, i/6*16
				canvases[i].Place(image.Rect(x, y, x+39, y+15), Budget/n)
			}
			var buf []byte
			b.ReportAllocs()
			frames := 0
			for b.Loop() {
				buf = buf[:0]
				for i, c := range canvases {
					c.Show(pictures[(i+frames)%len(pictures)])
					buf = c.Draw(buf)
				}
				frames++
			}
			b.ReportMetric(float64(len(buf))/1000, "kB/refresh")
		})
	}
}
