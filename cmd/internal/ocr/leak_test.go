package ocr

import (
	"image"
	"math"
	"testing"

	"paravent/media/frame"
	"paravent/privacy/picture/leak"
	"paravent/privacy/picture/leak/leaktest"
	"paravent/privacy/picture/synth"
)

func decode(t *testing.T, name string) image.Image {
	t.Helper()
	img, err := synth.Image(name)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// A fault says what a filter shows of the room around a person of that alpha, in
// picture n: it raises what shown holds.
type fault func(n int, shown []byte, sheet image.Rectangle)

// words counts those that can be read from what left of a room with a sheet: by
// an attacker, by one who knows everything, and from a single picture.
func words(t *testing.T, fringe int, f fault) (attacker, union, single int) {
	t.Helper()
	if testing.Short() {
		t.Skip("reads for half a minute")
	}
	const w, h, pictures = 1280, 720, 150
	room, part := roomWithSheet(t, h)
	sheet := part.Inset(20)
	person := leaktest.NewPerson(decode(t, "person.jpg"), decode(t, "person_alpha.png"), 560)
	wide, behind := person.Widened(fringe), leaktest.Forget(room)
	a, err := leak.New(w, h)
	if err != nil {
		t.Fatal(err)
	}
	e, err := leak.NewExposure(w, h, 0)
	if err != nil {
		t.Fatal(err)
	}
	raw, out := leaktest.Copy(room), leaktest.Copy(room)
	alpha, shown := make([]byte, w*h), make([]byte, w*h)
	read := func(pictures ...*frame.Picture) int {
		all := map[string]bool{}
		for _, p := range pictures {
			found, err := Find(t.Context(), p, part, leaktest.Words())
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range found {
				all[s] = true
			}
		}
		return len(all)
	}
	for n := range pictures { // from one side of the sheet to the other, and back
		at := image.Pt(380+int(math.Round(360*math.Sin(float64(n)*2*math.Pi/pictures))), 160)
		raw.CopyFrom(room)
		person.Before(raw, alpha, at)
		wide.Alpha(shown, image.Pt(w, h), at)
		if f != nil {
			f(n, shown, sheet)
		}
		leaktest.Mix(out, raw, behind, shown)
		if err := a.Add(out); err != nil {
			t.Fatal(err)
		}
		if err := e.Add(alpha, raw, out, nil); err != nil {
			t.Fatal(err)
		}
		if n == 20 {
			single = read(out)
		}
	}
	r := a.Rebuild()
	attacker, union = read(r.Picture, r.Edges, r.Lasting, r.Glimpse), read(e.Union())
	t.Logf("fringe %d: words read by the attacker %d, from the union %d, from a single picture %d", fringe, attacker, union, single)
	return attacker, union, single
}

func TestNothingIsReadWhenAFilterHidesEverything(t *testing.T) {
	needTesseract(t)
	if attacker, union, single := words(t, 0, nil); attacker+union+single > 0 {
		t.Errorf("read by the attacker %d, from the union %d, from a single picture %d", attacker, union, single)
	}
}

func TestASheetThatFlickersThroughIsRead(t *testing.T) {
	needTesseract(t)
	attacker, union, _ := words(t, 0, func(n int, shown []byte, sheet image.Rectangle) {
		if n%25 != 3 {
			return
		}
		for y := sheet.Min.Y; y < sheet.Max.Y; y++ {
			for x := sheet.Min.X; x < sheet.Max.X; x++ {
				shown[y*1280+x] = 255
			}
		}
	})
	if attacker < 7 || union < 7 {
		t.Errorf("read by the attacker %d, from the union %d", attacker, union)
	}
}

func TestWordsAreReadFromAFringeThatPassedThem(t *testing.T) {
	needTesseract(t)
	if _, union, single := words(t, 16, nil); union < 3 || single >= union {
		t.Errorf("read from the union %d, from a single picture %d", union, single)
	}
}
