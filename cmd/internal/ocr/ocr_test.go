package ocr

import (
	"errors"
	"image"
	"os/exec"
	"testing"

	"paravent/media/frame"
	"paravent/privacy/picture/compose"
	"paravent/privacy/picture/leak/leaktest"
)

// roomWithSheet is a room of the given height, 16:9, with a sheet pinned to its
// wall, and where.
func roomWithSheet(t *testing.T, height int) (*frame.Picture, image.Rectangle) {
	t.Helper()
	p, err := compose.Fit(decode(t, "home.jpg"), height*16/9, height)
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := leaktest.Sheet(height * 4 / 9)
	if err != nil {
		t.Fatal(err)
	}
	at := image.Pt(height*10/9, height/12)
	leaktest.Pin(p, sheet, at)
	return p, image.Rectangle{Min: at, Max: at.Add(sheet.Bounds().Size())}.Inset(-20)
}

func needTesseract(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("tesseract"); err != nil {
		t.Skip("tesseract is not installed; see packaging/dev/setup.sh")
	}
}

func TestAllWordsAreReadFromARawRoom(t *testing.T) {
	needTesseract(t)
	for _, height := range []int{720, 1080} {
		p, part := roomWithSheet(t, height)
		found, err := Find(t.Context(), p, part, leaktest.Words())
		if err != nil {
			t.Fatal(err)
		}
		if len(found) != len(leaktest.Words()) {
			t.Errorf("%d: read only %v", height, found)
		}
	}
}

func TestNoWordIsReadFromABlurredRoom(t *testing.T) {
	needTesseract(t)
	p, part := roomWithSheet(t, 720)
	found, err := Find(t.Context(), leaktest.Forget(p), part, leaktest.Words())
	if err != nil {
		t.Fatal(err)
	}
	if len(found) > 0 {
		t.Errorf("read %v", found)
	}
}

func TestFindSaysSoWhenTesseractIsMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	p := frame.NewPool(64, 64).Get(0)
	if _, err := Find(t.Context(), p, p.Image.Rect, []string{"word"}); !errors.Is(err, ErrMissing) {
		t.Error(err)
	}
}

func TestWordsMayBeMisreadByOneLetter(t *testing.T) {
	for text, want := range map[string]bool{
		"PASSPORT": true, "see passp0rt": false, "pasport,": true, "passports": true, "Passqort": true,
		"pass port": false, "Pasqort": false, "": false,
	} {
		found := make([]bool, 1)
		if mark(found, []string{"Passport"}, text); found[0] != want {
			t.Errorf("%q: %v", text, found[0])
		}
	}
	for text, want := range map[string]bool{"Bank": true, "bonk": false, "banks": false} {
		found := make([]bool, 1)
		if mark(found, []string{"bank"}, text); found[0] != want {
			t.Errorf("%q: %v", text, found[0])
		}
	}
}

func TestPicturesAreEnhancedWithinTheirBounds(t *testing.T) {
	for _, size := range []image.Point{{1, 1}, {2, 3}, {17, 5}} {
		g := image.NewGray(image.Rectangle{Max: size})
		for i := range g.Pix {
			g.Pix[i] = byte(100 + i%2*3)
		}
		large := enlarge(g, 3)
		if large.Rect.Size() != size.Mul(3) || large.Pix[0] != g.Pix[0] || large.Pix[len(large.Pix)-1] != g.Pix[len(g.Pix)-1] {
			t.Errorf("%v: %v", size, large.Rect)
		}
		for _, v := range []*image.Gray{stretch(large), threshold(large), local(large)} {
			if v.Rect != large.Rect {
				t.Errorf("%v: %v", size, v.Rect)
			}
		}
	}
	g := image.NewGray(image.Rect(0, 0, 2, 1))
	g.Pix[0], g.Pix[1] = 100, 120
	for name, v := range map[string]*image.Gray{"threshold": threshold(g), "stretch": stretch(g)} {
		if v.Pix[0] != 0 || v.Pix[1] != 255 {
			t.Errorf("%s: %v", name, v.Pix)
		}
	}
}
