package face

import (
	"errors"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"paravent/assets"
	"paravent/media/frame"
	"paravent/privacy/picture/net"
)

// both are the detectors, by name.
func both(t testing.TB) map[string]*Detector {
	return map[string]*Detector{"full range": full(t), "short range": short(t)}
}

func full(t testing.TB) *Detector {
	t.Helper()
	d, err := NewFullRange(assets.FullRangeFaceModel())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func short(t testing.TB) *Detector {
	t.Helper()
	d, err := NewShortRange(assets.ShortRangeFaceModel())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func find(t testing.TB, d *Detector, p *frame.Picture, least float32) []Face {
	t.Helper()
	faces, err := d.Find(p, p.Image.Rect, least, nil)
	if err != nil {
		t.Fatal(err)
	}
	return faces
}

func TestFacesAreFoundWhereTheyAre(t *testing.T) {
	rooms := map[string]*frame.Picture{"grey": blank(640, 360), "home.jpg": room(t, "home.jpg", 640, 360)}
	for name, d := range both(t) {
		for back, r := range rooms {
			for _, q := range []portrait{person(t), astronaut(t)} {
				for _, at := range []struct{ width, x, y float64 }{{75, 250, 120}, {75, 451, 133}, {100, 130, 160}, {100, 433, 203}, {140, 321, 170}} {
					p := scene(r, q, at.width, at.x, at.y)
					faces := find(t, d, p, .5)
					if len(faces) != 1 || !hits(faces[0], p, q, at.width, at.x, at.y) {
						t.Errorf("%s, %s in %s at %v: %+v", name, q.name, back, at, faces)
					}
				}
			}
		}
	}
}

func TestTheFullRangeModelFindsSmallFaces(t *testing.T) {
	d, back := full(t), blank(1280, 720)
	for _, c := range []struct {
		q     portrait
		width float64
		least float32
	}{{person(t), 46, .35}, {person(t), 60, .4}, {astronaut(t), 70, .35}, {astronaut(t), 80, .45}} {
		const n = 8
		found := 0
		for i := range n {
			x, y := 150+130*float64(i), 150+float64(i*107%400)
			p := scene(back, c.q, c.width, x, y)
			for _, f := range find(t, d, p, c.least) {
				if math.Abs(float64(f.X+f.W/2)*1280-x) < c.width/2 && math.Abs(float64(f.Y+f.H/2)*720-y) < c.width/2 {
					found++
					break
				}
			}
		}
		if found < n-1 {
			t.Errorf("%s, %g pixels from ear to ear: found %d of %d", c.q.name, c.width, found, n)
		}
	}
}

func TestTheShortRangeModelFindsFacesThatTheEdgeCuts(t *testing.T) {
	d, far, back := short(t), full(t), blank(640, 360)
	for _, q := range []portrait{person(t), astronaut(t)} {
		for _, width := range []float64{120, 200} {
			for _, at := range []spot{{width / 4, 180}, {640 - width/4, 180}, {320, width / 3}, {320, 360 - width/3}, {320, 360}} {
				p := scene(back, q, width, at.x, at.y)
				faces := find(t, d, p, .35)
				if len(faces) == 0 || math.Abs(float64(faces[0].X+faces[0].W/2)*640-at.x) > width/3 {
					t.Errorf("%s, %g pixels wide at %v: %+v", q.name, width, at, faces)
				}
				if at.y == 360 && (len(find(t, far, p, .5)) > 0 || faces[0].Score < .5) {
					t.Errorf("%s, %g pixels wide at %v: the full-range model was thought to miss this one", q.name, width, at)
				}
			}
		}
	}
}

func TestTwoFacesAreTwoBestFirst(t *testing.T) {
	a, b := person(t), astronaut(t)
	for name, d := range both(t) {
		p := scene(blank(640, 360), a, 120, 150, 170)
		p = scene(p, b, 100, 480, 180)
		faces := find(t, d, p, .5)
		if len(faces) != 2 || faces[0].Score < faces[1].Score {
			t.Fatalf("%s: %+v", name, faces)
		}
		if faces[0].X > faces[1].X {
			faces[0], faces[1] = faces[1], faces[0]
		}
		if !hits(faces[0], p, a, 120, 150, 170) || !hits(faces[1], p, b, 100, 480, 180) {
			t.Errorf("%s: %+v", name, faces)
		}
	}
}

func TestNoFaceIsFoundInAnEmptyRoom(t *testing.T) {
	for name, d := range both(t) {
		for _, w := range []int{320, 640} {
			if faces := find(t, d, room(t, "home.jpg", w, w*3/4), .5); len(faces) > 0 {
				t.Errorf("%s, home.jpg, %d wide: %+v", name, w, faces)
			}
			// left.jpg has a face after all, painted on a book; what is beside it has none
			p := room(t, "left.jpg", w, w*3/4)
			for _, crop := range []image.Rectangle{image.Rect(w*45/100, 0, w, w*3/4), image.Rect(0, w/2, w, w*3/4)} {
				faces, err := d.Find(p, crop, .5, nil)
				if err != nil || len(faces) > 0 {
					t.Errorf("%s, left.jpg, %d wide, %v: %+v, %v", name, w, crop, faces, err)
				}
			}
			for _, f := range find(t, d, p, .5) {
				if x, y := f.X+f.W/2, f.Y+f.H/2; x < .2 || x > .45 || y < .2 || y > .7 {
					t.Errorf("%s, left.jpg, %d wide: %+v", name, w, f)
				}
			}
		}
	}
}

func TestAFaceInACropIsInSharesOfTheWholePicture(t *testing.T) {
	q := person(t)
	p := scene(blank(640, 360), q, 90, 420, 210)
	for name, d := range both(t) {
		for _, crop := range []image.Rectangle{image.Rect(300, 100, 560, 330), image.Rect(341, 111, 640, 360), image.Rect(371, 1, 481, 359)} {
			faces, err := d.Find(p, crop, .5, nil)
			if err != nil || len(faces) != 1 || !hits(faces[0], p, q, 90, 420, 210) {
				t.Errorf("%s, %v: %+v, %v", name, crop, faces, err)
			}
		}
		if faces, err := d.Find(p, image.Rect(0, 0, 250, 360), .5, nil); err != nil || len(faces) > 0 {
			t.Errorf("%s: %+v, %v outside of the crop", name, faces, err)
		}
	}
}

func TestSampleAndRunMayBeOnTwoGoroutines(t *testing.T) {
	q, d := person(t), full(t)
	p := scene(blank(640, 360), q, 120, 300, 170)
	if err := d.Sample(p, p.Image.Rect); err != nil {
		t.Fatal(err)
	}
	p.Fill(frame.Black()) // whose it was may do that at once
	found := make(chan []Face)
	go func() { found <- d.Run(.5, nil) }()
	if faces := <-found; len(faces) != 1 || !hits(faces[0], p, q, 120, 300, 170) {
		t.Errorf("%+v", faces)
	}
}

func TestNewRefusesAnyOtherModel(t *testing.T) {
	spoilt := assets.FullRangeFaceModel()
	spoilt[len(spoilt)/2] ^= 1
	for _, b := range [][]byte{nil, spoilt, assets.SegmentationModel(), append(assets.FullRangeFaceModel(), 0)} {
		if _, err := NewFullRange(b); !errors.Is(err, net.ErrUnknownModel) {
			t.Errorf("full range, %d bytes: %v", len(b), err)
		}
		if _, err := NewShortRange(b); !errors.Is(err, net.ErrUnknownModel) {
			t.Errorf("short range, %d bytes: %v", len(b), err)
		}
	}
	if _, err := NewFullRange(assets.ShortRangeFaceModel()); !errors.Is(err, net.ErrUnknownModel) {
		t.Errorf("the other model: %v", err)
	}
	if _, err := NewShortRange(assets.FullRangeFaceModel()); !errors.Is(err, net.ErrUnknownModel) {
		t.Errorf("the other model: %v", err)
	}
}

func TestFindRefusesWhatIsNoPicture(t *testing.T) {
	d, whole := full(t), image.Rect(0, 0, 64, 48)
	cut := blank(64, 48)
	cut.Image.Cr = cut.Image.Cr[:5]
	for name, c := range map[string]struct {
		p    *frame.Picture
		crop image.Rectangle
	}{
		"no picture":   {nil, whole},
		"no image":     {&frame.Picture{}, whole},
		"short plane":  {cut, whole},
		"empty crop":   {blank(64, 48), image.Rectangle{}},
		"crop outside": {blank(64, 48), image.Rect(0, 0, 65, 48)},
		"a huge crop":  {blank(64, 48), image.Rect(0, 0, math.MaxInt, math.MaxInt)},
		"crop before":  {blank(64, 48), image.Rect(-1, 0, 60, 48)},
	} {
		into := make([]Face, 1)
		if got, err := d.Find(c.p, c.crop, .5, into); err == nil || len(got) != 1 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestPicturesOfEverySizeAreLookedAt(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, d := range both(t) {
		for _, size := range []image.Point{{1, 1}, {1, 700}, {1201, 1}, {2, 3}, {191, 193}, {333, 77}} {
			p := blank(size.X, size.Y)
			for i := range p.Image.Y {
				p.Image.Y[i] = byte(r.Uint32())
			}
			// as low a score as there can be, so that there are many
			faces := find(t, d, p, -1)
			if len(faces) > Most {
				t.Errorf("%s, %v: %d faces", name, size, len(faces))
			}
			for _, f := range faces {
				if !sound(f) {
					t.Errorf("%s, %v: %+v", name, size, f)
				}
			}
		}
	}
}

// sound reports whether all of f is finite, and it has a size and a score.
func sound(f Face) bool {
	all := []float32{f.X, f.Y, f.W, f.H, f.Score}
	for _, p := range f.Points {
		all = append(all, p.X, p.Y)
	}
	for _, v := range all {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return false
		}
	}
	return f.W > 0 && f.H > 0 && f.Score > 0 && f.Score <= 1
}

func TestFindDoesNotAllocate(t *testing.T) {
	p := scene(blank(640, 360), person(t), 120, 300, 170)
	into := make([]Face, 0, Most)
	for name, d := range both(t) {
		crops := []image.Rectangle{p.Image.Rect, image.Rect(100, 0, 500, 330)}
		for _, least := range []float32{.5, 0} {
			allocs := testing.AllocsPerRun(3, func() {
				for _, crop := range crops {
					if _, err := d.Find(p, crop, least, into); err != nil {
						t.Fatal(err)
					}
				}
			})
			if allocs != 0 {
				t.Errorf("%s, scores from %g: %g allocations", name, least, allocs)
			}
		}
	}
}

func BenchmarkFind(b *testing.B) {
	p := scene(blank(1280, 720), person(b), 200, 600, 370)
	into := make([]Face, 0, Most)
	for name, d := range both(b) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := d.Find(p, p.Image.Rect, .5, into); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSample(b *testing.B) {
	for _, size := range []image.Point{{640, 360}, {1280, 720}, {1920, 1080}} {
		p := blank(size.X, size.Y)
		for name, d := range both(b) {
			b.Run(name+"/"+size.String(), func(b *testing.B) {
				for b.Loop() {
					if err := d.Sample(p, p.Image.Rect); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
