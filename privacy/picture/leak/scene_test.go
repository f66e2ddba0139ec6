package leak

import (
	"bytes"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"paravent/media/frame"
	"paravent/privacy/picture/compose"
	"paravent/privacy/picture/leak/leaktest"
	"paravent/privacy/picture/synth"
)

const sceneW, sceneH = 640, 360

// A stage holds what all scenes have in common.
type stage struct {
	person           *leaktest.Person
	room, withSheet  *frame.Picture
	other            *frame.Picture
	sheet            image.Rectangle // where it hangs
	noise            []int8          // sigma 3
	raw, out, behind *frame.Picture
}

// A scene is a person who sways before a room, and a filter with a known fault.
type scene struct {
	look     string // blur, colour or image; raw is no filter at all
	fringe   int    // pixels of the room that the filter shows around the person
	noisy    bool   // a camera's noise, sigma 3
	sheet    bool   // a sheet is pinned in the room
	shown    int    // of 10 pictures, how many show the sheet
	pictures int    // 300 if 0
}

// A result is what was seen of a scene.
type result struct {
	attacker *Attacker
	exposure *Exposure
	always   []byte // 255 where the person always was
	figures  Figures
	exposed  Exposed
}

func decode(t testing.TB, name string) image.Image {
	t.Helper()
	img, err := synth.Image(name)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func fit(t testing.TB, name string, w, h int) *frame.Picture {
	t.Helper()
	p, err := compose.Fit(decode(t, name), w, h)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func newStage(t testing.TB) *stage {
	t.Helper()
	s := &stage{
		person: leaktest.NewPerson(decode(t, "person.jpg"), decode(t, "person_alpha.png"), 300),
		room:   fit(t, "home.jpg", sceneW, sceneH),
		other:  fit(t, "left.jpg", sceneW, sceneH),
		noise:  make([]int8, 1<<18),
	}
	sheet, err := leaktest.Sheet(200)
	if err != nil {
		t.Fatal(err)
	}
	at := image.Pt(430, 40)
	s.withSheet = leaktest.Copy(s.room)
	s.sheet = image.Rectangle{Min: at, Max: at.Add(sheet.Bounds().Size())}
	leaktest.Pin(s.withSheet, sheet, at)
	rnd := rand.New(rand.NewPCG(7, 9))
	for i := range s.noise {
		s.noise[i] = int8(math.Round(3 * rnd.NormFloat64()))
	}
	s.raw, s.out, s.behind = leaktest.Copy(s.room), leaktest.Copy(s.room), leaktest.Copy(s.room)
	return s
}

func (s *stage) play(t testing.TB, sc scene) result {
	t.Helper()
	room := s.room
	if sc.sheet {
		room = s.withSheet
	}
	blurred := leaktest.Forget(room)
	a, err := New(sceneW, sceneH)
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewExposure(sceneW, sceneH, 0)
	if err != nil {
		t.Fatal(err)
	}
	r := result{attacker: a, exposure: e, always: bytes.Repeat([]byte{255}, sceneW*sceneH)}
	wide := s.person.Widened(sc.fringe)
	alpha, shown := make([]byte, sceneW*sceneH), make([]byte, sceneW*sceneH)
	rnd := rand.New(rand.NewPCG(7, 9))
	pictures := sc.pictures
	if pictures == 0 {
		pictures = 300
	}
	for n := range pictures {
		at := image.Pt(120+int(math.Round(45*math.Sin(float64(n)/14))), 60+int(math.Round(8*math.Sin(float64(n)/9))))
		s.raw.CopyFrom(room)
		s.person.Before(s.raw, alpha, at)
		if sc.noisy {
			s.addNoise(rnd)
		}
		for i, v := range alpha {
			r.always[i] = min(r.always[i], v)
		}
		wide.Alpha(shown, image.Pt(sceneW, sceneH), at)
		if n%10 < sc.shown {
			for y := s.sheet.Min.Y; y < s.sheet.Max.Y; y++ {
				row := shown[y*sceneW:][s.sheet.Min.X:s.sheet.Max.X]
				for x := range row {
					row[x] = 255
				}
			}
		}
		known := s.behind
		switch sc.look {
		case "blur": // grows a little brighter and darker, as the light does
			s.behind.CopyFrom(blurred)
			for i := range s.behind.Image.Y {
				s.behind.Image.Y[i] += byte(3 + 3*math.Sin(float64(n)/90))
			}
			known = nil
		case "colour":
			s.behind.Fill(frame.RGB(40, 90, 60))
		case "image":
			s.behind.CopyFrom(s.other)
		}
		leaktest.Mix(s.out, s.raw, s.behind, shown)
		if sc.look == "raw" {
			s.out.CopyFrom(s.raw)
			known = nil
		}
		if err := a.Add(s.out); err != nil {
			t.Fatal(err)
		}
		if n%5 == 0 {
			if err := e.Add(alpha, s.raw, s.out, known); err != nil {
				t.Fatal(err)
			}
		}
	}
	if r.figures, err = a.Score(room, r.always); err != nil {
		t.Fatal(err)
	}
	r.exposed = e.Exposed(1)
	t.Logf("%s fringe %d noisy %v sheet %v shown %d: %.4f, %.4f", sc.look, sc.fringe, sc.noisy, sc.sheet, sc.shown, r.figures, r.exposed)
	return r
}

func (s *stage) addNoise(rnd *rand.Rand) {
	for _, plane := range [][]byte{s.raw.Image.Y, s.raw.Image.Cb, s.raw.Image.Cr} {
		k := rnd.IntN(len(s.noise))
		for i, v := range plane {
			plane[i] = byte(min(max(int(v)+int(s.noise[(k+i)&(len(s.noise)-1)]), 0), 255))
		}
	}
}

func looks() []string { return []string{"blur", "colour", "image"} }
