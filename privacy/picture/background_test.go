package picture_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/picture"
	"paravent/privacy/picture/net"
	"paravent/privacy/picture/segment"
	"paravent/privacy/picture/synth"
)

var (
	_ filter.PictureFilter = (*picture.Background)(nil)
	_ filter.Noter         = (*picture.Background)(nil)
	_ filter.Revealer      = (*picture.Background)(nil)
	_ filter.Gauged        = (*picture.Background)(nil)
)

func TestOtherModelsAreRefused(t *testing.T) {
	bent := func(model []byte) []byte {
		m := append([]byte(nil), model...)
		m[len(m)/2] ^= 1
		return m
	}
	good := options().Models
	for name, c := range map[string]struct {
		models picture.Models
		want   error
	}{
		"a changed segmentation model": {picture.Models{Segmentation: bent(good.Segmentation), Faces: good.Faces}, net.ErrUnknownModel},
		"a changed face model":         {picture.Models{Segmentation: good.Segmentation, Faces: bent(good.Faces)}, net.ErrUnknownModel},
		"none":                         {picture.Models{}, net.ErrUnknownModel},
		"no face model":                {picture.Models{Segmentation: good.Segmentation}, net.ErrUnknownModel},
		"exchanged":                    {picture.Models{Segmentation: good.Faces, Faces: good.Segmentation}, net.ErrUnknownModel},
	} {
		o := options()
		o.Models = c.models
		if b, err := picture.New(o); !errors.Is(err, c.want) || b != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestTheUserIsShownAndTheRoomIsNot(t *testing.T) {
	f := play(t, sits(t, 320, 180), options())
	for n := range 45 {
		if err := f.next(); err != nil {
			t.Fatal(err)
		}
		user, room := f.shown()
		if room > .02 {
			t.Errorf("picture %d shows %.3f of the room", n, room)
		}
		if n >= 15 && user < .9 {
			t.Errorf("picture %d shows only %.3f of the user", n, user)
		}
	}
}

func TestNothingIsShownBeforeAFaceIsFound(t *testing.T) {
	found := false
	o := options()
	o.Probe = func(s picture.Stage, _ *frame.Picture, _ []byte) error {
		if s == picture.Find && !found {
			return errors.New("no face yet")
		}
		return nil
	}
	f := play(t, sits(t, 320, 180), o)
	for n := range 30 {
		if err := f.next(); err != nil {
			t.Fatal(err)
		}
		if b := bare(f.out, green()); b > 0 {
			t.Fatalf("picture %d shows %.4f without a face", n, b)
		}
	}
	found = true
	f.until(1300 * time.Millisecond)
	if user, _ := f.shown(); user < .8 {
		t.Errorf("with a face only %.2f of the user is shown", user)
	}
}

func TestTheFirstPictureShowsNothing(t *testing.T) {
	f := play(t, sits(t, 320, 180), options())
	if err := f.next(); err != nil {
		t.Fatal(err)
	}
	if b := bare(f.out, green()); b > 0 {
		t.Errorf("%.4f is shown", b)
	}
}

func TestAFilterDoesNotAllocate(t *testing.T) {
	f := play(t, named(t, 320, 180, "J one comes and stays beside"), options())
	f.until(4 * time.Second) // there are two
	if !f.filter.Notes().Has(filter.SecondPerson) {
		t.Fatal("nobody else is seen")
	}
	apply := func() {
		f.out.CopyFrom(f.raw)
		f.out.At += time.Second / 30
		if err := f.filter.Apply(f.out); err != nil {
			t.Fatal(err)
		}
	}
	if n := testing.AllocsPerRun(60, apply); n != 0 {
		t.Errorf("%v allocations a picture", n)
	}
}

func TestTheFirstPictureOfAnotherSizeShowsNothing(t *testing.T) {
	small, large := sits(t, 320, 180), sits(t, 480, 270)
	f := play(t, small, options())
	f.until(time.Second)
	if user, _ := f.shown(); user < .8 {
		t.Fatalf("only %.2f of the user is shown before", user)
	}
	p := frame.NewPool(large.W, large.H).Get(0)
	for n := range 12 {
		large.Draw(f.n+n, p)
		if err := f.filter.Apply(p); err != nil {
			t.Fatal(err)
		}
		if b := bare(p, green()); n == 0 && b > 0 {
			t.Errorf("%.4f is shown", b)
		} else if n == 11 && b < .1 {
			t.Errorf("later only %.4f is shown", b)
		}
	}
}

func TestPicturesOfAnySizeAreTaken(t *testing.T) {
	for name, look := range map[string]picture.Look{
		"blur": picture.Blur(), "colour": picture.Colour(green()), "image": picture.Image(frame.NewPool(5, 3).Get(0).Image),
	} {
		o := options()
		o.Look = look
		b := open(t, o)
		at := time.Duration(0)
		for _, size := range [][2]int{{1, 1}, {2, 2}, {1, 2}, {2, 1}, {3, 3}, {1, 500}, {500, 1}, {321, 181}, {127, 71}, {255, 143}, {16, 16}, {320, 180}} {
			p := frame.NewPool(size[0], size[1]).Get(0)
			for range 4 {
				p.Fill(frame.RGB(200, 30, 90))
				at += time.Second / 30
				p.At = at
				err := b.Apply(p)
				if s := bare(p, green()); name == "colour" && err == nil && s > 0 {
					t.Errorf("%v: shows %.3f of an empty room", size, s)
				}
				if err != nil && size[0] > 2 && size[1] > 2 {
					t.Errorf("%s, %v: %v", name, size, err)
				}
			}
		}
	}
}

func TestAMaskThatWasTamperedWithIsAnError(t *testing.T) {
	for name, bend := range map[string]func(mask []byte){
		"all of it":      func(m []byte) { fill(m, 255) },
		"faintly":        func(m []byte) { fill(m, 1) },
		"one far corner": func(m []byte) { m[segment.Width-1] = 255 },
		"the first cell": func(m []byte) { m[0] = 1 },
		"one row on top": func(m []byte) { fill(m[:segment.Width], 9) },
		"one far column": func(m []byte) {
			for i := 0; i < len(m); i += segment.Width {
				m[i] = 40
			}
		},
	} {
		on := false
		o := options()
		o.Probe = func(s picture.Stage, _ *frame.Picture, mask []byte) error {
			if s == picture.Compose && on {
				bend(mask)
			}
			return nil
		}
		f := play(t, sits(t, 320, 180), o)
		f.until(500 * time.Millisecond)
		on = true
		if err := f.next(); err == nil {
			t.Errorf("%s: no error", name)
		}
		on = false
		if err := f.next(); err != nil {
			t.Errorf("%s: afterwards %v", name, err)
		}
		if _, room := f.shown(); room > .02 {
			t.Errorf("%s: afterwards %.3f of the room is shown", name, room)
		}
	}
}

func fill(m []byte, v byte) {
	for i := range m {
		m[i] = v
	}
}

// wide marks what lies further than reach pixels from the user.
func wide(user []byte, w, h, reach int) []bool {
	far := make([]bool, w*h)
	for y := range h {
		for x := range w {
			far[y*w+x] = true
			for v := max(y-reach, 0); v <= min(y+reach, h-1) && far[y*w+x]; v += 2 {
				for u := max(x-reach, 0); u <= min(x+reach, w-1); u++ {
					if user[v*w+u] >= 128 {
						far[y*w+x] = false
						break
					}
				}
			}
		}
	}
	return far
}

// 2026-11-25: this holds for as many pictures as stated. Where the room is known
// and still looks the same, what is new is not taken for somebody else, and the
// silhouette creeps over it by a cell a picture: after 1.5 s .88 of the room is
// shown in "half length", 1.00 in "webcam" (.16 from the second picture on).
func TestAMaskThatTakesAllForAPersonDoesNotShowTheRoomAtOnce(t *testing.T) {
	for name, holds := range map[string]int{"half length": 5, "webcam": 1, "brisk": 45} {
		on := false
		o := options()
		o.Probe = func(s picture.Stage, _ *frame.Picture, mask []byte) error {
			if s == picture.Divide && on {
				fill(mask, 255)
			}
			return nil
		}
		f := play(t, named(t, 320, 180, name), o)
		f.until(time.Second)
		on = true
		for n := range 45 {
			if err := f.next(); err != nil {
				t.Fatal(err)
			}
			synth.Alpha(f.alpha, f.raw, f.out, green())
			away, seen := 0., 0.
			for i, far := range wide(f.truth.User, 320, 180, 16) {
				if far {
					away++
					seen += float64(f.alpha[i]) / 255
				}
			}
			share := seen / max(away, 1)
			if n%11 == 0 || n < 2 {
				t.Logf("%s: %d pictures later %.4f of what lies further than a tenth of the height away, notes %v", name, n, share, f.filter.Notes())
			}
			if n < holds && share > .02 {
				t.Errorf("%s: %d pictures later %.4f of what lies away from the silhouette is shown", name, n, share)
			}
		}
	}
}

// hand is how much of a hand that is up is shown, from 1.5 s to 3.4 s.
func hand(t *testing.T, reveal time.Duration) float64 {
	t.Helper()
	s := named(t, 320, 180, "hand")
	f := play(t, s, options())
	f.until(1400 * time.Millisecond)
	f.filter.Reveal(reveal)
	bare := *s
	bare.Props = nil
	scratch := frame.NewPool(s.W, s.H).Get(0)
	all, seen := 0., 0.
	for s.At(f.n) < 3400*time.Millisecond {
		if err := f.next(); err != nil {
			t.Fatal(err)
		}
		synth.Alpha(f.alpha, f.raw, f.out, green())
		with := append([]byte(nil), f.truth.User...)
		for i, u := range bare.Draw(f.n-1, scratch).User {
			if with[i] >= 128 && u < 8 {
				all++
				seen += float64(f.alpha[i]) / 255
			}
		}
	}
	return seen / max(all, 1)
}

func TestAHandThatIsUpIsShown(t *testing.T) {
	without, with := hand(t, 0), hand(t, 3*time.Second)
	t.Logf("of the hand's pixels %.3f are shown, %.3f when revealed", without, with)
	if with < without || with < .85 {
		t.Errorf("%.3f of the hand is shown, %.3f when revealed", without, with)
	}
}

// A board is what a user may hold up: so large that it is held back.
func board() *synth.Cut {
	const side = 100
	c := &synth.Cut{Photo: synth.Photo{W: side, H: side}}
	for i := range side * side {
		c.Alpha = append(c.Alpha, 1)
		c.RGB = append(c.RGB, 200, float32(60+i%side/2), float32(40+i/side))
	}
	return c
}

// held is how much of a board is shown that the model takes for a part of the
// user, from 1.5 s to 3 s.
func held(t *testing.T, reveal time.Duration) float64 {
	t.Helper()
	s := named(t, 320, 180, "half length")
	s.Props = []synth.Actor{{Cut: board(), Pose: func(at float64) synth.Pose {
		return synth.Pose{X: 1.4, Y: .95, Height: .7, Gone: at < 1.5}
	}}}
	var f *film
	o := options()
	o.Probe = func(stage picture.Stage, p *frame.Picture, mask []byte) error {
		if stage == picture.Divide && p.At >= 1500*time.Millisecond {
			for i := range mask {
				x, y := (i%segment.Width*2+1)*s.W/segment.Width/2, (i/segment.Width*2+1)*s.H/segment.Height/2
				mask[i] = max(mask[i], f.truth.User[y*s.W+x])
			}
		}
		return nil
	}
	f = play(t, s, o)
	f.until(1400 * time.Millisecond)
	f.filter.Reveal(reveal)
	all, seen := 0., 0.
	for s.At(f.n) < 3*time.Second {
		if err := f.next(); err != nil {
			t.Fatal(err)
		}
		if f.raw.At < 1500*time.Millisecond {
			continue
		}
		synth.Alpha(f.alpha, f.raw, f.out, green())
		for i, a := range f.alpha {
			if x, y := i%s.W, i/s.W; x > 200 && x < 310 && y > 50 && y < 165 {
				all++
				seen += float64(a) / 255
			}
		}
	}
	return seen / max(all, 1)
}

func TestABoardThatIsHeldUpIsShownOnlyWhenRevealed(t *testing.T) {
	without, with, short := held(t, 0), held(t, 3*time.Second), held(t, 50*time.Millisecond)
	t.Logf("of a board %.3f is shown, %.3f when revealed, %.3f when that has run out", without, with, short)
	if without > .1 || with < .8 || short > .1 {
		t.Errorf("of a board %.3f is shown, %.3f when revealed, %.3f when that has run out", without, with, short)
	}
}

func TestAnEmptyChairIsTheCoverWithinASecond(t *testing.T) {
	const leaves, gone = 1.5, 2.5
	s := sits(t, 320, 180)
	stay := s.User.Pose
	s.User.Pose = func(at float64) synth.Pose {
		p := stay(at)
		p.X += 1.9 * max(at-leaves, 0) / (gone - leaves)
		p.Gone = at >= gone
		return p
	}
	o := options()
	o.Cover = frame.RGB(120, 10, 200)
	f := play(t, s, o)
	f.until(time.Duration(leaves * float64(time.Second)))
	if user, _ := f.shown(); user < .9 || f.filter.Notes().Has(filter.Away) {
		t.Fatalf("before, %.2f of the user is shown, notes %v", user, f.filter.Notes())
	}
	worst, since := 0., 0.
	for at := leaves; at < gone+3; at = s.At(f.n).Seconds() {
		if err := f.next(); err != nil {
			t.Fatal(err)
		}
		away := f.filter.Notes().Has(filter.Away)
		if away && since == 0 {
			since = at
		}
		b := bare(f.out, o.Cover)
		if away && b > 0 {
			t.Fatalf("at %.2f s %.4f is shown though the chair is empty", at, b)
		}
		if at > gone+1 && !away {
			t.Fatalf("at %.2f s the chair is not noticed to be empty", at)
		}
		if _, room := f.shown(); !away {
			worst = max(worst, room)
		}
	}
	t.Logf("away at %.2f s, gone at %.1f s; up to %.4f of the room was shown meanwhile", since, gone, worst)
	if worst > .03 {
		t.Errorf("%.3f of the room was shown while the user left", worst)
	}
}

func TestCloseEndsTheSearchForFaces(t *testing.T) {
	before := goleak.IgnoreCurrent()
	o := options()
	o.InStep = false
	b, err := picture.New(o)
	if err != nil {
		t.Fatal(err)
	}
	s := sits(t, 320, 180)
	p := frame.NewPool(s.W, s.H).Get(0)
	for n := range 5 {
		s.Draw(n, p)
		if err := b.Apply(p); err != nil {
			t.Fatal(err)
		}
	}
	if goleak.Find(before) == nil {
		t.Error("nothing looks for faces")
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	goleak.VerifyNone(t, before)
}

func TestAProbeThatFailsIsAnErrorOfThePicture(t *testing.T) {
	for _, stage := range []picture.Stage{picture.Segment, picture.Divide, picture.Compose} {
		bad := fmt.Errorf("%v is broken", stage)
		o := options()
		o.Probe = func(s picture.Stage, _ *frame.Picture, _ []byte) error {
			if s == stage {
				return bad
			}
			return nil
		}
		f := play(t, sits(t, 320, 180), o)
		if err := f.next(); !errors.Is(err, bad) {
			t.Errorf("%v: %v", stage, err)
		}
	}
}

func TestARehearsalSaysHowMuchOfTheRoomCanBeMadeOut(t *testing.T) {
	o := options()
	o.Gauge = true
	f := play(t, sits(t, 320, 180), o)
	f.until(5 * time.Second)
	if share, ok := f.filter.Revealed(); ok {
		t.Errorf("%.3f is known too soon", share)
	}
	f.until(5500 * time.Millisecond)
	if share, ok := f.filter.Revealed(); !ok || share > .1 {
		t.Errorf("share %.3f, %v", share, ok)
	}
	if share, ok := open(t, options()).Revealed(); ok {
		t.Errorf("%.3f was measured though nobody asked", share)
	}
}
