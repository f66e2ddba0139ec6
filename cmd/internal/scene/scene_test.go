package scene

import (
	"bufio"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"testing"
)

func TestTheBoardHasItsFieldsAtEverySize(t *testing.T) {
	for _, size := range []image.Point{{320, 180}, {160, 90}, {640, 360}, {321, 181}} {
		board := Board(size)
		if got := board.Y[board.YOffset(0, 0)]; got != DarkField {
			t.Errorf("%v: the first field is %d", size, got)
		}
		next := image.Pt(size.X*3/80, 0) // the middle of the second field
		if got := board.Y[board.YOffset(next.X, next.Y)]; got != LightField || !Light(next.X, next.Y, size) {
			t.Errorf("%v: the second field is %d", size, got)
		}
	}
}

func TestAPersonStandsBeforeTheRoomAndDoesNotFillIt(t *testing.T) {
	size := image.Pt(320, 180)
	person, err := LoadPerson(180)
	if err != nil {
		t.Fatal(err)
	}
	board, p := Board(size), Board(size)
	person.Stand(p, image.Pt(70, 48))
	changed := 0
	for i := range p.Y {
		if p.Y[i] != board.Y[i] {
			changed++
			if at := image.Pt(i%size.X, i/size.X); !at.In(person.picture.Rect.Add(image.Pt(70, 48))) {
				t.Fatalf("the person is at %v as well", at)
			}
		}
	}
	if share := float64(changed) / float64(len(p.Y)); share < 0.1 || share > 0.5 {
		t.Errorf("the person takes %.0f %% of the picture", 100*share)
	}
}

func TestAFilmHasAllItsPictures(t *testing.T) {
	path := filepath.Join(t.TempDir(), "film.y4m")
	if err := WriteFilm(path, 64, 36); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	head, err := bufio.NewReader(f).ReadString('\n')
	if want := fmt.Sprintf("YUV4MPEG2 W64 H36 F%d:1 Ip A1:1 C420jpeg\n", FPS); err != nil || head != want {
		t.Errorf("the film begins with %q, %v", head, err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if want := int64(len(head) + count*(len("FRAME\n")+64*36*3/2)); info.Size() != want {
		t.Errorf("the film has %d bytes, want %d", info.Size(), want)
	}
}
