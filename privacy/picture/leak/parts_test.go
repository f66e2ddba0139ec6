package leak

import (
	"bytes"
	"errors"
	"image"
	"math"
	"testing"

	"paravent/media/frame"
	"paravent/privacy/picture/leak/leaktest"
)

func TestAddRefusesOtherPictures(t *testing.T) {
	a, err := New(64, 48)
	if err != nil {
		t.Fatal(err)
	}
	short := frame.NewPool(64, 48).Get(0)
	short.Image.Cr = short.Image.Cr[:5]
	for name, c := range map[string]struct {
		p    *frame.Picture
		want error
	}{
		"none":         {nil, ErrLayout},
		"no image":     {&frame.Picture{}, ErrLayout},
		"another size": {frame.NewPool(48, 64).Get(0), ErrSize},
		"short planes": {short, ErrLayout},
		"4:4:4":        {&frame.Picture{Image: image.NewYCbCr(image.Rect(0, 0, 64, 48), image.YCbCrSubsampleRatio444)}, ErrLayout},
	} {
		if err := a.Add(c.p); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := a.Score(c.p, nil); !errors.Is(err, c.want) {
			t.Errorf("%s: score: %v", name, err)
		}
	}
	if _, err := a.Score(frame.NewPool(64, 48).Get(0), make([]byte, 3)); !errors.Is(err, ErrSize) {
		t.Errorf("a short plane of the person: %v", err)
	}
	for _, size := range []image.Point{{0, 0}, {31, 64}, {64, 9000}} {
		if _, err := New(size.X, size.Y); !errors.Is(err, ErrSize) {
			t.Errorf("%v: %v", size, err)
		}
	}
}

func TestAnyEvenOrOddSizeIsRebuilt(t *testing.T) {
	for _, size := range []image.Point{{32, 32}, {33, 47}, {641, 359}, {64, 35}} {
		a, err := New(size.X, size.Y)
		if err != nil {
			t.Fatal(err)
		}
		p := frame.NewPool(size.X, size.Y).Get(0)
		p.Fill(frame.RGB(200, 100, 50))
		for range 5 {
			if err := a.Add(p); err != nil {
				t.Fatal(err)
			}
		}
		r := a.Rebuild()
		for _, q := range []*frame.Picture{r.Picture, r.Standing, r.Edges, r.Lasting, r.Glimpse} {
			if !bytes.Equal(q.Image.Y, p.Image.Y) || !bytes.Equal(q.Image.Cb, p.Image.Cb) || !bytes.Equal(q.Image.Cr, p.Image.Cr) {
				t.Errorf("%v: another picture", size)
			}
		}
	}
}

func TestAddDoesNotAllocate(t *testing.T) {
	s := newStage(t)
	a, err := New(sceneW, sceneH)
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRoom(sceneW, sceneH)
	if err != nil {
		t.Fatal(err)
	}
	alpha, mask, x := make([]byte, sceneW*sceneH), make([]byte, 256*144), 0
	allocs := testing.AllocsPerRun(20, func() {
		s.person.Before(s.raw, alpha, image.Pt(x, 60))
		x += 3
		if a.Add(s.raw) != nil || r.Add(s.raw, mask, 256, 144) != nil {
			t.Fatal("refused")
		}
	})
	if allocs != 0 {
		t.Errorf("%g allocations", allocs)
	}
}

func TestASingleGlimpseOfTheRoomCounts(t *testing.T) {
	s := newStage(t)
	area := func(glimpses int) float64 {
		a, err := New(sceneW, sceneH)
		if err != nil {
			t.Fatal(err)
		}
		s.behind.Fill(frame.Black())
		for n := range 60 {
			p := s.behind
			if n%20 == 10 && n/20 < glimpses {
				p = s.room
			}
			if err := a.Add(p); err != nil {
				t.Fatal(err)
			}
		}
		f, err := a.Score(s.room, nil)
		if err != nil {
			t.Fatal(err)
		}
		return f.Area
	}
	if none, one, three := area(0), area(1), area(3); none > 0 || one < .9 || three < .9 {
		t.Errorf("%.3f without, %.3f with one, %.3f with three", none, one, three)
	}
}

func TestTheRoomIsLearntWhereItIsHidden(t *testing.T) {
	s := newStage(t)
	r, err := NewRoom(sceneW, sceneH)
	if err != nil {
		t.Fatal(err)
	}
	alpha, mask := make([]byte, sceneW*sceneH), make([]byte, 80*45)
	always := bytes.Repeat([]byte{255}, sceneW*sceneH)
	for n := range 80 {
		s.raw.CopyFrom(s.room)
		s.person.Before(s.raw, alpha, image.Pt(80+n*2, 60))
		for i, v := range alpha {
			always[i] = min(always[i], v)
		}
		for i := range mask { // coarse, and as wide as any pixel of the cell
			mask[i] = 0
			for d := range 64 {
				mask[i] = max(mask[i], alpha[(i/80*8+d/8)*sceneW+i%80*8+d%8])
			}
		}
		if err := r.Add(s.raw, mask, 80, 45); err != nil {
			t.Fatal(err)
		}
	}
	room, person := r.Truth()
	known, never := 0, 0
	for i := range person {
		if person[i] != 0 {
			never++
			continue
		}
		known++
		if d := math.Abs(float64(room.Image.Y[i]) - float64(s.room.Image.Y[i])); d > 2 {
			t.Fatalf("pixel %d is off by %v", i, d)
		}
	}
	if known < sceneW*sceneH*2/3 || never == 0 {
		t.Errorf("%d known, %d never seen", known, never)
	}
	for i, v := range always {
		if v == 255 && person[i] == 0 {
			t.Fatalf("pixel %d was always the person", i)
		}
	}
	r.Wipe()
	if room, person = r.Truth(); bytes.IndexByte(person, 0) >= 0 || bytes.ContainsFunc(room.Image.Y, func(r rune) bool { return r > 0 }) {
		t.Error("something is left after Wipe")
	}
	if err := r.Add(s.raw, mask, 80, 44); !errors.Is(err, ErrSize) {
		t.Error(err)
	}
}

func TestSSIMIsThatOfThePaper(t *testing.T) {
	s := newStage(t)
	if v := SSIM(s.room, s.room, nil); v != 1 {
		t.Errorf("%v of a picture to itself", v)
	}
	a, b := frame.NewPool(64, 64).Get(0), frame.NewPool(64, 64).Get(0)
	a.Fill(frame.Colour{Y: 100})
	b.Fill(frame.Colour{Y: 120})
	// Flat windows have only the first factor, (2ab + C1)/(a² + b² + C1).
	const want = (2*100*120 + 6.5025) / (100*100 + 120*120 + 6.5025)
	if v := SSIM(a, b, nil); math.Abs(v-want) > 1e-9 {
		t.Errorf("%v instead of %v", v, want)
	}
	if v := SSIM(s.room, leaktest.Forget(s.room), nil); v > .7 {
		t.Errorf("%v of a blurred room", v)
	}
	person := bytes.Repeat([]byte{255}, 64*64)
	if v := SSIM(a, b, person); v != 0 {
		t.Errorf("%v of no windows", v)
	}
}

func TestWhatIsNearTheSilhouetteIsNotCounted(t *testing.T) {
	const w, h = 96, 64
	raw, out := frame.NewPool(w, h).Get(0), frame.NewPool(w, h).Get(0)
	alpha := make([]byte, w*h)
	for y := range h {
		for x := range w {
			raw.Image.Y[y*raw.Image.YStride+x] = byte(60 + 120*((x/2+y/2)&1))
			out.Image.Y[y*out.Image.YStride+x] = 100
			switch { // the person on the left, six pixels of the room beside
			case x < 40:
				alpha[y*w+x] = 255
				fallthrough
			case x < 46:
				out.Image.Y[y*out.Image.YStride+x] = raw.Image.Y[y*raw.Image.YStride+x]
			}
		}
	}
	last := 1.
	for _, c := range []struct {
		margin   int
		min, max float64 // pixels across, visible by a half
	}{{0, 5, 7}, {3, 2, 4}, {6, 0, 1}} {
		e, err := NewExposure(w, h, c.margin)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := e.Add(alpha, raw, out, nil); err != nil {
				t.Fatal(err)
			}
		}
		x := e.Exposed(3)
		if across := x.Half * float64(w-40-c.margin); across < c.min || across > c.max || x.Known < .99 || x.Half > x.Quarter || x.Half >= last {
			t.Errorf("margin %d: %+v, %.1f pixels across", c.margin, x, across)
		}
		if e.Exposed(4) != (Exposed{Known: x.Known}) {
			t.Errorf("margin %d: visible in four pictures of three", c.margin)
		}
		last = x.Half
		for y := range h {
			if !e.close[y*w+39+c.margin] || e.close[y*w+40+c.margin] {
				t.Fatalf("margin %d ends elsewhere in row %d", c.margin, y)
			}
		}
	}
}

func TestVisibilityIsMeasuredWithAndWithoutABackdrop(t *testing.T) {
	s := newStage(t)
	alpha, shown := make([]byte, sceneW*sceneH), make([]byte, sceneW*sceneH)
	for _, c := range []struct {
		v         byte
		half, qtr bool
	}{{255, true, true}, {150, true, true}, {90, false, true}, {40, false, false}} {
		for i := range shown {
			shown[i] = c.v
		}
		for name, behind := range map[string]*frame.Picture{"exact": s.other, "smooth": leaktest.Forget(s.room)} {
			leaktest.Mix(s.out, s.room, behind, shown)
			e, err := NewExposure(sceneW, sceneH, 2)
			if err != nil {
				t.Fatal(err)
			}
			known := behind
			if name == "smooth" {
				known = nil
			}
			if err := e.Add(alpha, s.room, s.out, known); err != nil {
				t.Fatal(err)
			}
			x := e.Exposed(1)
			if c.half != (x.Half > .9) || !c.half && x.Half > .01 || c.qtr != (x.Quarter > .9) || !c.qtr && x.Quarter > .01 {
				t.Errorf("%s, visible by %d of 255: %+v", name, c.v, x)
			}
		}
	}
	e, err := NewExposure(sceneW, sceneH, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Add(alpha[1:], s.room, s.out, nil); !errors.Is(err, ErrSize) {
		t.Error(err)
	}
	if err := e.Add(alpha, s.room, nil, nil); !errors.Is(err, ErrLayout) {
		t.Error(err)
	}
	if err := e.Add(alpha, nil, s.out, s.other); !errors.Is(err, ErrLayout) {
		t.Error(err)
	}
}
