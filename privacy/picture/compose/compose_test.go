package compose

import (
	"errors"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"paravent/media/frame"
)

const maskW, maskH = 256, 144

func eachEngine(t *testing.T, test func(t *testing.T, e engine)) {
	t.Helper()
	engines := nativeEngines()
	if engines == nil {
		engines = map[string]engine{}
	}
	engines["plain"] = plain{}
	for name, e := range engines {
		t.Run(name, func(t *testing.T) { test(t, e) })
	}
}

func newCompositor(t testing.TB, e engine, w, h int) *Compositor {
	t.Helper()
	c, err := New(w, h)
	if err != nil {
		t.Fatal(err)
	}
	c.engine = e
	return c
}

// painted is a picture whose luma is paint's.
func painted(w, h int, paint func(x, y int) byte) *frame.Picture {
	p := frame.NewPool(w, h).Get(0)
	for y := range h {
		for x := range w {
			p.Image.Y[y*p.Image.YStride+x] = paint(x, y)
		}
	}
	return p
}

func copyOf(p *frame.Picture) *frame.Picture {
	q := frame.NewPool(p.Size().X, p.Size().Y).Get(0)
	q.CopyFrom(p)
	return q
}

// oval is a mask with a person in the middle and an edge some pixels wide.
func oval() []byte {
	m := make([]byte, maskW*maskH)
	for y := range maskH {
		for x := range maskW {
			dx, dy := (float64(x)-128)/50, (float64(y)-90)/70
			m[y*maskW+x] = byte(min(max((1.05-math.Hypot(dx, dy))*2550, 0), 255))
		}
	}
	return m
}

// shownAfter returns a copy of p after as many pictures as open the gate fully.
func shownAfter(t testing.TB, c *Compositor, p *frame.Picture, mask []byte, e Effect) *frame.Picture {
	t.Helper()
	var q *frame.Picture
	for range 4 {
		q = copyOf(p)
		if err := c.Apply(q, mask, maskW, maskH, e); err != nil {
			t.Fatal(err)
		}
	}
	return q
}

// echo is how much of in's pattern is left in out, among pixels that are not
// shown: the slope of the regression of out on in, with local brightness
// removed from neither.
func echo(c *Compositor, in, out *frame.Picture) float64 {
	var n, si, so float64
	each := func(do func(i, o float64)) {
		for k, a := range c.shown {
			if a == 0 {
				do(float64(in.Image.Y[k]), float64(out.Image.Y[k]))
			}
		}
	}
	each(func(i, o float64) { n++; si += i; so += o })
	var cov, v float64
	each(func(i, o float64) { cov += (i - si/n) * (o - so/n); v += (i - si/n) * (i - si/n) })
	return math.Abs(cov / v)
}

func TestWhereNobodyIsACheckerboardLeavesNoEcho(t *testing.T) {
	const bound = 0.01 // of the board's contrast
	eachEngine(t, func(t *testing.T, e engine) {
		for _, period := range []int{2, 5, 16} {
			board := painted(640, 360, func(x, y int) byte { return byte(16 + (x/period+y/period)%2*219) })
			for name, mask := range map[string][]byte{"nobody": make([]byte, maskW*maskH), "somebody": oval()} {
				c := newCompositor(t, e, 640, 360)
				if got := echo(c, board, shownAfter(t, c, board, mask, Blur())); got > bound {
					t.Errorf("fields of %d, %s: echo %.4f, want at most %v", period, name, got, bound)
				}
			}
		}
	})
}

func TestWhereNobodyIsNoEdgeSurvives(t *testing.T) {
	const steepest = 6 // levels from a pixel to the next
	rnd := rand.New(rand.NewPCG(1, 2))
	sheet := painted(1280, 720, func(int, int) byte { return 90 })
	for range 4000 { // strokes of letters
		x, y, w, h := rnd.IntN(1250), rnd.IntN(700), 2+rnd.IntN(3), 6+rnd.IntN(12)
		if rnd.IntN(2) == 0 {
			w, h = h, w
		}
		for j := range h {
			for i := range w {
				sheet.Image.Y[(y+j)*1280+x+i] = 235
			}
		}
	}
	for i := range sheet.Image.Cb {
		sheet.Image.Cb[i] = byte(16 + i/3%2*200)
		sheet.Image.Cr[i] = byte(16 + i/640/3%2*200)
	}
	eachEngine(t, func(t *testing.T, e engine) {
		c := newCompositor(t, e, 1280, 720)
		out := shownAfter(t, c, sheet, oval(), Blur())
		var before, after float64
		for y := range 719 {
			for x := range 1279 {
				k := y*1280 + x
				if c.shown[k] != 0 || c.shown[k+1] != 0 || c.shown[k+1280] != 0 {
					continue
				}
				slope := func(p []byte, d int) float64 { return float64(p[k]) - float64(p[k+d]) }
				for _, d := range []int{1, 1280} {
					b, a := slope(sheet.Image.Y, d), slope(out.Image.Y, d)
					before, after = before+b*b, after+a*a
					if math.Abs(a) > steepest {
						t.Fatalf("%v levels of luma between neighbours at %d,%d", a, x, y)
					}
				}
			}
		}
		if after > 1e-3*before {
			t.Errorf("%.2g of the gradients' energy is left", after/before)
		}
		for k := 0; k < 640*40; k++ { // far above the person
			for _, p := range [][]byte{out.Image.Cb, out.Image.Cr} {
				if d := math.Abs(float64(p[k]) - float64(p[k+640])); d > steepest {
					t.Fatalf("%v levels of chroma between neighbours at %d", d, k)
				}
			}
		}
	})
}

func TestWhereNobodyIsAReplacementIsExact(t *testing.T) {
	noise := rand.New(rand.NewPCG(3, 4))
	p := painted(639, 359, func(int, int) byte { return byte(noise.Uint32()) })
	scene := painted(639, 359, func(x, y int) byte { return byte(x ^ y) })
	for i := range scene.Image.Cb {
		scene.Image.Cb[i], scene.Image.Cr[i] = byte(i), byte(i/7)
	}
	flat := copyOf(scene)
	flat.Fill(frame.Colour{Y: 40, Cb: 90, Cr: 200})
	eachEngine(t, func(t *testing.T, e engine) {
		for name, with := range map[string]struct {
			e    Effect
			want *frame.Picture
		}{"image": {Image(scene), scene}, "colour": {Colour(frame.Colour{Y: 40, Cb: 90, Cr: 200}), flat}} {
			c := newCompositor(t, e, 639, 359)
			out := shownAfter(t, c, p, oval(), with.e)
			hidden := 0
			for k, a := range c.shown {
				if a == 0 && out.Image.Y[k] != with.want.Image.Y[k] {
					t.Fatalf("%s: pixel %d is %d, want %d", name, k, out.Image.Y[k], with.want.Image.Y[k])
				}
				if a == 0 {
					hidden++
				}
			}
			for k := range 320 * 5 {
				if out.Image.Cb[k] != with.want.Image.Cb[k] || out.Image.Cr[k] != with.want.Image.Cr[k] {
					t.Fatalf("%s: chroma %d", name, k)
				}
			}
			if hidden < 639*359/2 {
				t.Errorf("%s: only %d pixels are hidden", name, hidden)
			}
		}
	})
}

func TestThePersonIsUnchanged(t *testing.T) {
	noise := rand.New(rand.NewPCG(5, 6))
	p := painted(1280, 720, func(int, int) byte { return byte(100 + noise.IntN(40)) })
	eachEngine(t, func(t *testing.T, e engine) {
		c := newCompositor(t, e, 1280, 720)
		out := shownAfter(t, c, p, oval(), Blur())
		full := 0
		for k, a := range c.shown {
			if a != 255 {
				continue
			}
			full++
			if out.Image.Y[k] != p.Image.Y[k] {
				t.Fatalf("pixel %d is %d, was %d", k, out.Image.Y[k], p.Image.Y[k])
			}
		}
		if want := math.Pi * 50 * 70 * 25 * .85; float64(full) < want {
			t.Errorf("%d pixels are shown fully, want %.0f", full, want)
		}
	})
}

func TestThePersonLeavesNoHalo(t *testing.T) {
	const bound = 5 // levels: rounding to the middle of 8, and one
	mask := oval()
	p := painted(1280, 720, func(x, y int) byte {
		if mask[y/5*maskW+x/5] > 127 {
			return 235
		}
		return 40
	})
	for y := range 360 {
		for x := range 640 {
			if mask[y*2/5*maskW+x*2/5] > 127 {
				p.Image.Cr[y*640+x] = 230
			}
		}
	}
	eachEngine(t, func(t *testing.T, e engine) {
		c := newCompositor(t, e, 1280, 720)
		out := shownAfter(t, c, p, mask, Blur())
		for k, a := range c.shown {
			if v := int(out.Image.Y[k]); a == 0 && (v > 40+bound || v < 40-bound) {
				t.Fatalf("luma %d at %d,%d, want about 40", v, k%1280, k/1280)
			}
		}
		for y := range 360 {
			for x := range 640 {
				k := 2*y*1280 + 2*x
				if c.shown[k]|c.shown[k+1]|c.shown[k+1280]|c.shown[k+1281] != 0 {
					continue
				}
				if v := int(out.Image.Cr[y*640+x]); v > 128+bound || v < 128-bound {
					t.Fatalf("chroma %d at %d,%d, want about 128", v, x, y)
				}
			}
		}
	})
}

func TestWithNoRoomInSightTheBlurIsGrey(t *testing.T) {
	c := newCompositor(t, newEngine(), 320, 180)
	mask := make([]byte, maskW*maskH)
	for i := range mask {
		mask[i] = 255
	}
	p := painted(320, 180, func(x, y int) byte { return byte(x * y) })
	if err := c.Apply(p, mask, maskW, maskH, Blur()); err != nil {
		t.Fatal(err)
	}
	for k, v := range p.Image.Y {
		if v != 128 {
			t.Fatalf("pixel %d of a person not yet trusted is %d", k, v)
		}
	}
}

func largest(b []byte) byte {
	var m byte
	for _, v := range b {
		m = max(m, v)
	}
	return m
}

func TestTheGateOpensAfterTwoPicturesAndClosesAtOnce(t *testing.T) {
	const here, gone = true, false
	eachEngine(t, func(t *testing.T, e engine) {
		c := newCompositor(t, e, 640, 360)
		person, nobody := oval(), make([]byte, maskW*maskH)
		for i, step := range []struct{ person, shown bool }{
			{here, false},
			{here, true},
			{here, true},
			{gone, false},
			{here, false},
			{gone, false},
			{here, false},
			{here, true},
			{gone, false},
		} {
			mask := nobody
			if step.person {
				mask = person
			}
			p := painted(640, 360, func(x, _ int) byte { return byte(60 + x%3) })
			if err := c.Apply(p, mask, maskW, maskH, Colour(frame.Colour{Y: 20, Cb: 1, Cr: 2})); err != nil {
				t.Fatal(err)
			}
			if got := largest(c.shown) == 255; got != step.shown {
				t.Fatalf("picture %d: fully shown: %v, want %v", i, got, step.shown)
			}
			if !step.shown && (largest(p.Image.Y) != 20 || largest(p.Image.Cb) != 1 || largest(p.Image.Cr) != 2) {
				t.Fatalf("picture %d: something of the picture is left", i)
			}
		}
	})
}

func TestTheGateNeverShowsMoreThanTwoPicturesAllow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var shown, older [1]byte
		last := byte(0)
		for range 20 {
			now := rapid.Byte().Draw(t, "alpha")
			was := shown[0]
			gate(shown[:], older[:], []byte{now}, false)
			least := min(last, now)
			last = now
			if shown[0] > max(least, was) || least == 0 && shown[0] != 0 {
				t.Fatalf("shown %d after %d, where %d was", shown[0], least, was)
			}
		}
	})
}

func TestResetForgetsThePerson(t *testing.T) {
	c := newCompositor(t, newEngine(), 320, 180)
	p := painted(320, 180, func(x, _ int) byte { return byte(x) })
	shownAfter(t, c, p, oval(), Blur())
	c.Reset()
	if err := c.Apply(p, oval(), maskW, maskH, Blur()); err != nil {
		t.Fatal(err)
	}
	if largest(c.shown) != 0 {
		t.Error("a person from before Reset is shown")
	}
}

func TestSmoothingCalmsTheEdge(t *testing.T) {
	noise := rand.New(rand.NewPCG(7, 8))
	eachEngine(t, func(t *testing.T, e engine) {
		c := newCompositor(t, e, 640, 360)
		mask := make([]byte, maskW*maskH)
		var raw, calm float64
		var wasRaw, wasShown []byte
		for i := range 20 {
			for k, v := range oval() {
				mask[k] = byte(min(max(int(v)+noise.IntN(31)-15, 0), 255))
			}
			p := painted(640, 360, func(int, int) byte { return byte(90 + noise.IntN(7)) })
			if err := c.Apply(p, mask, maskW, maskH, Blur()); err != nil {
				t.Fatal(err)
			}
			if i > 10 {
				for k, v := range c.older {
					d, s := float64(v)-float64(wasRaw[k]), float64(c.shown[k])-float64(wasShown[k])
					raw, calm = raw+d*d, calm+s*s
				}
			}
			wasRaw, wasShown = append(wasRaw[:0], c.older...), append(wasShown[:0], c.shown...)
		}
		if calm > raw/6 {
			t.Errorf("flicker %.3g, unsmoothed %.3g", calm, raw)
		}
	})
}

func randomPicture(rnd *rand.Rand, w, h int) *frame.Picture {
	slant := 1 + rnd.IntN(9)
	p := painted(w, h, func(x, y int) byte { return byte(x/slant*7 + y*slant + rnd.IntN(20)) })
	for i := range p.Image.Cb {
		p.Image.Cb[i], p.Image.Cr[i] = byte(i/slant), byte(i*slant+rnd.IntN(9))
	}
	return p
}

func randomMask(rnd *rand.Rand, w, h int) []byte {
	m := make([]byte, w*h)
	a, b, soft := rnd.Float64(), rnd.Float64(), 200+rnd.Float64()*2000
	for i := range m {
		x, y := float64(i%w)/float64(w), float64(i/w)/float64(h)
		m[i] = byte(min(max((.4-math.Hypot(x-a, y-b))*soft+rnd.Float64()*20, 0), 255))
	}
	return m
}

func distance(a, b []byte) int {
	far := 0
	for i := range a {
		far = max(far, int(a[i])-int(b[i]), int(b[i])-int(a[i]))
	}
	return far
}

func TestAllEnginesMakeTheSamePictures(t *testing.T) {
	const bound = 1
	for name, e := range nativeEngines() {
		for _, s := range []image.Point{{1, 1}, {2, 1}, {1, 7}, {3, 3}, {17, 5}, {33, 31}, {161, 91}, {320, 180}, {641, 361}, {321, 1081}, {30, 1400}} {
			t.Run(fmt.Sprintf("%s %v", name, s), func(t *testing.T) {
				rnd := rand.New(rand.NewPCG(9, uint64(s.X)))
				scene := randomPicture(rnd, s.X, s.Y)
				for _, with := range []Effect{Blur(), Colour(frame.RGB(9, 100, 200)), Image(scene)} {
					c, g := newCompositor(t, e, s.X, s.Y), newCompositor(t, plain{}, s.X, s.Y)
					mask := randomMask(rnd, maskW, maskH)
					for range 4 {
						p := randomPicture(rnd, s.X, s.Y)
						q := copyOf(p)
						if err := c.Apply(p, mask, maskW, maskH, with); err != nil {
							t.Fatal(err)
						}
						if err := g.Apply(q, mask, maskW, maskH, with); err != nil {
							t.Fatal(err)
						}
						if d := max(distance(p.Image.Y, q.Image.Y), distance(p.Image.Cb, q.Image.Cb), distance(p.Image.Cr, q.Image.Cr)); d > bound {
							t.Fatalf("effect %d: %d levels apart", with.kind, d)
						}
					}
				}
			})
		}
	}
}

func TestEverySizeIsComposedOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 90).Draw(t, "w"), rapid.IntRange(1, 300).Draw(t, "h")
		mw, mh := rapid.IntRange(1, 90).Draw(t, "maskW"), rapid.IntRange(1, 90).Draw(t, "maskH")
		rnd := rand.New(rand.NewPCG(1, rapid.Uint64().Draw(t, "seed")))
		engines := []engine{plain{}, newEngine()}
		c, err := New(w, h)
		if err != nil {
			t.Fatal(err)
		}
		c.engine = engines[rnd.IntN(2)]
		img := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
		if rnd.IntN(2) == 0 { // wider strides, as decoders have them, and no byte more than needed
			img.YStride, img.CStride = w+rnd.IntN(9), (w+1)/2+rnd.IntN(9)
			img.Y = make([]byte, (h-1)*img.YStride+w)
			img.Cb = make([]byte, ((h+1)/2-1)*img.CStride+(w+1)/2)
			img.Cr = make([]byte, len(img.Cb))
		}
		mask := randomMask(rnd, mw, mh)
		for range 4 {
			for i := range img.Y {
				img.Y[i] = 200
			}
			err := c.Apply(&frame.Picture{Image: img}, mask, mw, mh, Blur())
			if err != nil && !errors.Is(err, ErrMask) {
				t.Fatal(err)
			}
			if err != nil && largest(img.Y) != frame.Black().Y {
				t.Fatal("a picture is left after an error")
			}
		}
	})
}

func TestWrongInputIsAnErrorAndLeavesBlack(t *testing.T) {
	mask := oval()
	good := func() *image.YCbCr { return painted(64, 48, func(int, int) byte { return 200 }).Image }
	with := func(change func(*image.YCbCr)) *image.YCbCr { p := good(); change(p); return p }
	for name, c := range map[string]struct {
		img    *image.YCbCr
		mask   []byte
		w, h   int
		effect Effect
		want   error
	}{
		"no planes":      {nil, mask, maskW, maskH, Blur(), ErrLayout},
		"other size":     {painted(64, 50, func(int, int) byte { return 200 }).Image, mask, maskW, maskH, Blur(), ErrSize},
		"moved":          {with(func(p *image.YCbCr) { p.Rect = p.Rect.Add(image.Pt(2, 0)) }), mask, maskW, maskH, Blur(), ErrSize},
		"4:4:4":          {with(func(p *image.YCbCr) { p.SubsampleRatio = image.YCbCrSubsampleRatio444 }), mask, maskW, maskH, Blur(), ErrLayout},
		"short luma":     {with(func(p *image.YCbCr) { p.Y = p.Y[:len(p.Y)-1] }), mask, maskW, maskH, Blur(), ErrLayout},
		"short chroma":   {with(func(p *image.YCbCr) { p.Cr = p.Cr[:len(p.Cr)-1] }), mask, maskW, maskH, Blur(), ErrLayout},
		"narrow stride":  {with(func(p *image.YCbCr) { p.YStride = 60 }), mask, maskW, maskH, Blur(), ErrLayout},
		"huge stride":    {with(func(p *image.YCbCr) { p.YStride = math.MaxInt }), mask, maskW, maskH, Blur(), ErrLayout},
		"short mask":     {good(), mask[1:], maskW, maskH, Blur(), ErrMask},
		"long mask":      {good(), append(mask, 0), maskW, maskH, Blur(), ErrMask},
		"no mask":        {good(), nil, 0, 0, Blur(), ErrMask},
		"negative mask":  {good(), mask, -maskW, -maskH, Blur(), ErrMask},
		"huge mask":      {good(), make([]byte, 2048), 2048, 1, Blur(), ErrMask},
		"no image":       {good(), mask, maskW, maskH, Image(nil), ErrLayout},
		"image too wide": {good(), mask, maskW, maskH, Image(painted(66, 48, func(int, int) byte { return 0 })), ErrSize},
	} {
		t.Run(name, func(t *testing.T) {
			comp := newCompositor(t, newEngine(), 64, 48)
			if err := comp.Apply(&frame.Picture{Image: c.img}, c.mask, c.w, c.h, c.effect); !errors.Is(err, c.want) {
				t.Errorf("error = %v, want %v", err, c.want)
			}
			if c.img != nil && largest(c.img.Y) != frame.Black().Y {
				t.Error("the picture is still there")
			}
		})
	}
	comp := newCompositor(t, newEngine(), 64, 48)
	if err := comp.Apply(nil, mask, maskW, maskH, Blur()); !errors.Is(err, ErrLayout) {
		t.Errorf("no picture: %v", err)
	}
	for _, s := range []image.Point{{0, 1}, {1, 0}, {-4, 4}, {maxSide + 1, 1}} {
		if _, err := New(s.X, s.Y); !errors.Is(err, ErrSize) {
			t.Errorf("New%v: %v", s, err)
		}
	}
}

func TestApplyingDoesNotAllocate(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine) {
		c := newCompositor(t, e, 320, 180)
		p := painted(320, 180, func(x, _ int) byte { return byte(x) })
		scene, mask := copyOf(p), oval()
		for _, with := range []Effect{Blur(), Colour(frame.Black()), Image(scene)} {
			apply := func() {
				if err := c.Apply(p, mask, maskW, maskH, with); err != nil {
					t.Fatal(err)
				}
			}
			apply()
			if n := testing.AllocsPerRun(20, apply); n != 0 {
				t.Errorf("effect %d: %v allocations", with.kind, n)
			}
		}
	})
}

func BenchmarkApply(b *testing.B) {
	for _, s := range []image.Point{{640, 360}, {1280, 720}, {1920, 1080}} {
		p := randomPicture(rand.New(rand.NewPCG(1, 1)), s.X, s.Y)
		scene, mask := copyOf(p), oval()
		engines := nativeEngines()
		if engines == nil {
			engines = map[string]engine{}
		}
		engines["plain"] = plain{}
		for _, with := range []struct {
			name string
			e    Effect
		}{{"blur", Blur()}, {"colour", Colour(frame.Black())}, {"image", Image(scene)}} {
			for name, e := range engines {
				b.Run(fmt.Sprintf("%dp/%s/%s", s.Y, with.name, name), func(b *testing.B) {
					c := newCompositor(b, e, s.X, s.Y)
					if err := c.Apply(p, mask, maskW, maskH, with.e); err != nil {
						b.Fatal(err)
					}
					b.ReportAllocs()
					for b.Loop() {
						if err := c.Apply(p, mask, maskW, maskH, with.e); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

func BenchmarkStages(b *testing.B) {
	c := newCompositor(b, newEngine(), 1280, 720)
	p := randomPicture(rand.New(rand.NewPCG(1, 1)), 1280, 720)
	if err := c.Apply(p, oval(), maskW, maskH, Blur()); err != nil {
		b.Fatal(err)
	}
	g := c.grid
	for name, stage := range map[string]func(){
		"shrink": func() { c.shrink(g.luma, p.Image.Y, p.Image.YStride, c.w, c.h, g.lumaEdges) },
		"refine": func() { c.engine.refine(g) },
		"gather": func() { c.engine.gather(g) },
		"blur":   func() { g.cells.blur() },
		"draw":   func() { c.engine.draw(c, p.Image, backdrop{cells: &g.cells}) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				stage()
			}
		})
	}
}

func TestTheBlurLeavesEverybodyOutOfTheRoom(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine) {
		c := newCompositor(t, e, 640, 360)
		mask, people := make([]byte, maskW*maskH), make([]byte, maskW*maskH)
		for y := 30; y < 110; y++ {
			for x := 150; x < 200; x++ {
				people[y*maskW+x] = 255
			}
		}
		p := painted(640, 360, func(x, y int) byte {
			if x >= 375 && x < 500 && y >= 75 && y < 275 {
				return 235 // somebody bright in a dark room
			}
			return 40
		})
		brightest := func(people []byte) byte {
			q := copyOf(p)
			c.People = people
			if err := c.Apply(q, mask, maskW, maskH, Blur()); err != nil {
				t.Fatal(err)
			}
			return largest(q.Image.Y)
		}
		if got := brightest(nil); got < 150 {
			t.Fatalf("without a mask of people the brightest is %d: the test shows nothing", got)
		}
		c.Reset()
		if got := brightest(people); got > 90 {
			t.Errorf("a bright shape of %d is left", got)
		}
	})
}
