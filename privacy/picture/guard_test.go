package picture

import (
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"paravent/assets"
	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/picture/leak/leaktest"
	"paravent/privacy/picture/person"
	"paravent/privacy/picture/synth"
)

// A still is a labelled picture of somebody in a room.
type still struct {
	name string
	room string
	user func(*crew) *synth.Cut
	pose synth.Pose
	more []synth.Actor
	pin  func(*testing.T, *frame.Picture) // behind the person
	luma func(y byte, user bool) byte     // nil leaves it
	want filter.Notes
	may  filter.Notes // either answer is right
}

// A crew are the people of the stills.
type crew struct{ astronaut, person *synth.Cut }

func newCrew(t testing.TB) *crew {
	t.Helper()
	a, err := synth.Astronaut()
	if err != nil {
		t.Fatal(err)
	}
	p, err := synth.Person()
	if err != nil {
		t.Fatal(err)
	}
	return &crew{a, p}
}

const (
	stillW, stillH = 1280, 720
	middle         = float64(stillW) / stillH / 2
)

func isAstronaut(c *crew) *synth.Cut { return c.astronaut }
func isAtDesk(c *crew) *synth.Cut    { return c.person }

// paint draws s.
func (s still) paint(t testing.TB, c *crew) *frame.Picture {
	t.Helper()
	room, err := synth.Room(s.room)
	if err != nil {
		t.Fatal(err)
	}
	cut, p := s.user(c), s.pose
	sc := synth.Scene{
		W: stillW, H: stillH, FPS: 10, Room: room, Noise: 2, Seed: 3, Others: s.more,
		User: synth.Actor{Cut: cut, Pose: func(float64) synth.Pose { return p }},
	}
	pic, bare := frame.NewPool(stillW, stillH).Get(0), frame.NewPool(stillW, stillH).Get(0)
	truth := append([]byte(nil), sc.Draw(0, pic).User...)
	if tt, ok := t.(*testing.T); ok && s.pin != nil {
		p.Gone = true
		sc.Draw(0, bare)
		s.pin(tt, bare)
		lens(bare)
		mix(pic, bare, truth)
	}
	if s.luma != nil {
		for y := range stillH {
			for x := range stillW {
				i := y*pic.Image.YStride + x
				a := int(truth[y*stillW+x])
				v := pic.Image.Y[i]
				pic.Image.Y[i] = byte((int(s.luma(v, true))*a + int(s.luma(v, false))*(255-a)) / 255)
			}
		}
	}
	return pic
}

// lens makes p as soft and noisy as a camera does: means over three columns and
// rows, and noise with a deviation of three levels.
func lens(p *frame.Picture) {
	r := rand.New(rand.NewPCG(1, 2))
	was := append([]byte(nil), p.Image.Y...)
	stride := p.Image.YStride
	for y := 1; y < stillH-1; y++ {
		for x := 1; x < stillW-1; x++ {
			sum := 0.
			for d := range 9 {
				sum += float64(was[(y+d/3-1)*stride+x+d%3-1])
			}
			p.Image.Y[y*stride+x] = byte(min(max(sum/9+3*r.NormFloat64(), 0), 255))
		}
	}
}

// mix puts under where p is not the user.
func mix(p, under *frame.Picture, user []byte) {
	blend := func(a *byte, b, k byte) { *a = byte((int(*a)*int(k) + int(b)*(255-int(k))) / 255) }
	for y := range stillH {
		for x := range stillW {
			k := user[y*stillW+x]
			i := y*p.Image.YStride + x
			blend(&p.Image.Y[i], under.Image.Y[i], k)
			if x&1 == 0 && y&1 == 0 {
				i = y/2*p.Image.CStride + x/2
				blend(&p.Image.Cb[i], under.Image.Cb[i], k)
				blend(&p.Image.Cr[i], under.Image.Cr[i], k)
			}
		}
	}
}

func newBackground(t testing.TB) *Background {
	t.Helper()
	b, err := New(Options{
		Models: Models{assets.SegmentationModel(), assets.FullRangeFaceModel()},
		Look:   Blur(), Cover: frame.RGB(40, 50, 60), InStep: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// hold shows p for d at ten pictures a second and returns the last notes.
func hold(t testing.TB, b *Background, p *frame.Picture, from, d time.Duration) filter.Notes {
	t.Helper()
	out := frame.NewPool(p.Size().X, p.Size().Y).Get(0)
	for at := from; at < from+d; at += time.Second / 10 {
		out.CopyFrom(p)
		out.At = at
		if err := b.Apply(out); err != nil {
			t.Fatal(err)
		}
	}
	return b.Notes()
}

// typed returns a sheet with lines of a bitmap font, each of its pixels scale
// pixels wide.
func typed(ink, paper color.Gray, scale int, lines ...string) image.Image {
	w := 0
	for _, l := range lines {
		w = max(w, 7*len(l)+14)
	}
	img := image.NewGray(image.Rect(0, 0, w, 15*len(lines)+10))
	draw.Draw(img, img.Rect, image.NewUniform(paper), image.Point{}, draw.Src)
	d := font.Drawer{Dst: img, Src: image.NewUniform(ink), Face: basicfont.Face7x13}
	for i, l := range lines {
		d.Dot = fixed.P(7, 15*(i+1)+2)
		d.DrawString(l)
	}
	big := image.NewGray(image.Rect(0, 0, scale*img.Rect.Dx(), scale*img.Rect.Dy()))
	for y := range big.Rect.Dy() {
		for x := range big.Rect.Dx() {
			big.SetGray(x, y, img.GrayAt(x/scale, y/scale))
		}
	}
	return big
}

func printed(at image.Point, ink, paper byte, scale int) func(*testing.T, *frame.Picture) {
	return func(_ *testing.T, p *frame.Picture) {
		leaktest.Pin(p, typed(color.Gray{ink}, color.Gray{paper}, scale, "Account 4711", "Balance 812.40", "Rent overdue"), at)
	}
}

func sheet(at image.Point, height int) func(*testing.T, *frame.Picture) {
	return func(t *testing.T, p *frame.Picture) {
		img, err := leaktest.Sheet(height)
		if err != nil {
			t.Fatal(err)
		}
		leaktest.Pin(p, img, at)
	}
}

// bars are a blind, or spines of books: no text.
func bars(at image.Point, width int) func(*testing.T, *frame.Picture) {
	return func(_ *testing.T, p *frame.Picture) {
		img := image.NewGray(image.Rect(0, 0, 260, 300))
		for i := range img.Pix {
			img.Pix[i] = byte(60 + 140*(i%img.Stride/width&1))
		}
		leaktest.Pin(p, img, at)
	}
}

func stills() []still {
	centre := synth.Pose{X: middle, Y: 1.02, Height: 1.1}
	at := func(x, y, h float64) synth.Pose { return synth.Pose{X: x, Y: y, Height: h} }
	against := func(y byte, user bool) byte {
		if user {
			return byte(16 + (int(y)-16)*2/9)
		}
		return byte(min(16+(int(y)-16)*9/5, 235))
	}
	corner := image.Pt(60, 60)
	a, p := isAstronaut, isAtDesk
	book := filter.Readable // left.jpg shows two books with large titles
	return []still{
		{name: "in the middle", room: "home", user: p, pose: centre},
		{name: "another in the middle", room: "building", user: a, pose: centre},
		{name: "in the middle before books", room: "left", user: a, pose: centre, may: book},
		{name: "near, but whole", room: "home", user: p, pose: at(middle, 1.1, 1.4)},
		{name: "far, in the middle", room: "building", user: a, pose: at(middle, 1.01, .7)},
		{name: "far left", room: "home", user: a, pose: at(.4, 1.02, 1), want: filter.OffCentre},
		{name: "far right", room: "building", user: p, pose: at(2*middle-.35, 1.02, 1), want: filter.OffCentre},
		{name: "too low", room: "home", user: a, pose: at(middle, 1.42, 1), want: filter.OffCentre},
		{name: "cut by the upper edge", room: "home", user: a, pose: at(middle, 1.4, 2), want: filter.Close, may: filter.OffCentre},
		{name: "very near", room: "home", user: a, pose: at(middle+.1, 3.1, 3.8), want: filter.Close, may: filter.OffCentre},
		{name: "dark before a bright room", room: "building", user: a, pose: centre, luma: against, want: filter.Backlight},
		{name: "dark before a bright sky", room: "home", user: a, pose: centre, luma: against, want: filter.Backlight},
		{name: "all dark", room: "building", user: a, pose: centre, luma: func(y byte, _ bool) byte { return byte(16 + (int(y)-16)/3) }},
		{name: "a sheet behind", room: "home", user: p, pose: centre, pin: sheet(corner, 300), want: filter.Readable},
		{name: "a large sheet behind", room: "building", user: a, pose: centre, pin: sheet(image.Pt(20, 40), 420), want: filter.Readable},
		{name: "print behind", room: "home", user: p, pose: centre, pin: printed(corner, 25, 235, 2), want: filter.Readable},
		{name: "large print behind", room: "building", user: a, pose: at(middle+.3, 1.02, 1), pin: printed(image.Pt(20, 60), 25, 235, 3), want: filter.Readable},
		{name: "a dark screen behind", room: "left", user: a, pose: centre, pin: printed(corner, 200, 30, 2), want: filter.Readable},
		{name: "print behind, low contrast", room: "building", user: p, pose: at(middle+.3, 1.02, 1), pin: printed(image.Pt(20, 60), 90, 170, 2), want: filter.Readable},
		{name: "small print behind, soft", room: "home", user: p, pose: centre, pin: sheet(corner, 200), want: filter.Readable},
		{name: "a blind behind", room: "home", user: p, pose: centre, pin: bars(corner, 8)},
		{name: "spines behind", room: "building", user: a, pose: centre, pin: bars(corner, 14)},
	}
}

func TestGuardSaysWhatHoldsOfLabelledStills(t *testing.T) {
	c := newCrew(t)
	var right, wrong, missed [32]int
	for _, s := range stills() {
		t.Run(s.name, func(t *testing.T) {
			n := hold(t, newBackground(t), s.paint(t, c), 0, 35*time.Second/10)
			if n&^s.may != s.want&^s.may {
				t.Errorf("got %q, want %q", n, s.want)
			}
			for i := range right {
				bit := filter.Notes(1) << i
				switch got, want := n.Has(bit), s.want.Has(bit); {
				case s.may.Has(bit):
				case got && want:
					right[i]++
				case got:
					wrong[i]++
				case want:
					missed[i]++
				}
			}
		})
	}
	for i := range right {
		if all := right[i] + wrong[i] + missed[i]; all > 0 {
			t.Logf("%-12s %d right, %d wrong, %d missed", filter.Notes(1)<<i, right[i], wrong[i], missed[i])
		}
	}
}

func TestGuardSaysAwayWithinASecondOfLeaving(t *testing.T) {
	c := newCrew(t)
	for _, s := range stills()[1:3] {
		b := newBackground(t)
		if n := hold(t, b, s.paint(t, c), 0, 2*time.Second); n&^s.may != 0 {
			t.Fatalf("%s, before: %q", s.name, n)
		}
		s.pose.Gone = true
		if n := hold(t, b, s.paint(t, c), 2*time.Second, time.Second); n&^s.may != filter.Away {
			t.Fatalf("%s, after a second: %q", s.name, n)
		}
	}
}

func TestGuardSaysThatSomebodyElseIsThereOnlyWhileTheyAre(t *testing.T) {
	c := newCrew(t)
	s := stills()[0]
	s.pose.X = middle - .3
	alone := s.paint(t, c)
	s.more = []synth.Actor{{Cut: c.astronaut, Pose: func(float64) synth.Pose { return synth.Pose{X: middle + .45, Y: 1.02, Height: .9} }}}
	both := s.paint(t, c)
	b := newBackground(t)
	if n := hold(t, b, alone, 0, 2*time.Second); n != 0 {
		t.Fatalf("alone: %q", n)
	}
	if n := hold(t, b, both, 2*time.Second, 2*time.Second); n != filter.SecondPerson {
		t.Fatalf("together: %q", n)
	}
	if n := hold(t, b, alone, 4*time.Second, 5*time.Second); n != 0 {
		t.Fatalf("alone again: %q", n)
	}
}

// watch gives g the same finding for d seconds at ten pictures a second.
func watch(g *guard, f person.Finding, c *grid, p *frame.Picture, d float32) (n filter.Notes) {
	for range int(d*10 + .5) {
		n = g.notes(f, c, p, .1)
	}
	return n
}

func TestGuardSaysThatNoFaceWasSeenForThreeSeconds(t *testing.T) {
	p := frame.NewPool(stillW, stillH).Get(0)
	var g guard
	var c grid
	f := person.Finding{Present: true, Seen: true, Face: person.Face{X: 54, Y: 20, W: 20, H: 20}}
	unseen := f
	unseen.Seen = false
	if n := watch(&g, f, &c, p, 5); n != 0 {
		t.Fatalf("seen: %q", n)
	}
	if n := watch(&g, unseen, &c, p, 1.4); n != 0 {
		t.Fatalf("too early: %q", n) // Seen itself lasts for 1.5 s
	}
	if n := watch(&g, unseen, &c, p, .3); n != filter.NoFace {
		t.Fatalf("after three seconds: %q", n)
	}
	if n := watch(&g, f, &c, p, 1.1); n != 0 {
		t.Fatalf("seen again: %q", n)
	}
	if n := watch(&g, person.Finding{}, &c, p, 9); n != filter.Away {
		t.Fatalf("nobody: %q", n)
	}
	for i := range cells / 4 {
		c.people[i] = 255
	}
	if n := watch(&g, person.Finding{}, &c, p, 3.1); n != filter.Away|filter.NoFace {
		t.Fatalf("somebody who turns their back: %q", n)
	}
}

func TestGuardWaitsASecondEitherWay(t *testing.T) {
	var g guard
	var c grid
	p := frame.NewPool(stillW, stillH).Get(0)
	mid := person.Finding{Present: true, Seen: true, Face: person.Face{X: 54, Y: 20, W: 20, H: 20}}
	side := mid
	side.Face.X = 5
	for i, step := range []struct {
		f    person.Finding
		d    float32
		want filter.Notes
	}{
		{mid, 2, 0},
		{side, .8, 0},
		{mid, .2, 0},
		{side, .8, 0},
		{side, .4, filter.OffCentre},
		{mid, .8, filter.OffCentre},
		{side, .2, filter.OffCentre},
		{mid, .8, filter.OffCentre},
		{mid, .4, 0},
	} {
		if n := watch(&g, step.f, &c, p, step.d); n != step.want {
			t.Fatalf("step %d: %q, want %q", i, n, step.want)
		}
	}
}

func readAll(r *reader, p *frame.Picture, keep *[cells]byte) bool {
	for range readParts {
		r.look(p.Image, keep)
	}
	return r.found
}

func TestGuardReadsOnlyWhatIsHidden(t *testing.T) {
	p := frame.NewPool(stillW, stillH).Get(0)
	printed(image.Pt(60, 60), 25, 235, 2)(t, p)
	var r reader
	var keep [cells]byte
	if !readAll(&r, p, &keep) {
		t.Error("hidden text is not found")
	}
	for i := range keep {
		keep[i] = 255
	}
	if readAll(&r, p, &keep) {
		t.Error("text that is shown is found")
	}
}

func TestGuardReadsPicturesOfAnySize(t *testing.T) {
	for _, size := range []image.Point{{1, 1}, {64, 36}, {161, 91}, {641, 361}, {1920, 1080}, {720, 1280}, {3840, 2160}} {
		p := frame.NewPool(size.X, size.Y).Get(0)
		var r reader
		if readAll(&r, p, new([cells]byte)) {
			t.Errorf("%v: text in an empty picture", size)
		}
	}
}

func TestGuardDoesNotAllocate(t *testing.T) {
	p := stills()[13].paint(t, newCrew(t))
	var g guard
	c := new(grid)
	f := person.Finding{Present: true, Seen: true, Face: person.Face{X: 54, Y: 20, W: 20, H: 20}}
	found := []person.Face{f.Face}
	if n := testing.AllocsPerRun(20, func() { g.faces(found); g.notes(f, c, p, .1) }); n != 0 {
		t.Errorf("%v allocations a picture", n)
	}
}

func BenchmarkGuard(b *testing.B) {
	s := stills()[13]
	p := s.paint(b, newCrew(b))
	c := new(grid) // nothing is kept, so that all of the picture is read
	f := person.Finding{Present: true, Seen: true, Face: person.Face{X: 54, Y: 20, W: 20, H: 20}}
	b.Run("at 30 a second", func(b *testing.B) {
		var g guard
		for b.Loop() {
			g.notes(f, c, p, 1./30)
		}
	})
	b.Run("with a look for text", func(b *testing.B) {
		var g guard
		for b.Loop() {
			g.read = 0
			g.notes(f, c, p, 1./30)
		}
	})
}
