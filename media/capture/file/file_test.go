package file

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/image/draw"

	"paravent/media/capture"
	"paravent/media/capture/y4m"
	"paravent/media/frame"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func save(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// video returns count pictures of one grey each: 20, 21, …
func pictures(t testing.TB, count int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := y4m.NewWriter(&b, image.Pt(32, 18), y4m.Rate{Num: 10, Den: 1})
	if err != nil {
		t.Fatal(err)
	}
	p := frame.NewPool(32, 18).Get(0)
	for i := range count {
		p.Fill(frame.Colour{Y: byte(20 + i), Cb: 128, Cr: 128})
		if err := w.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func openFile(t testing.TB, path string, w capture.VideoWish, o Options) capture.Camera {
	t.Helper()
	cam, err := Open(path, w, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cam.Close(); err != nil {
			t.Error(err)
		}
	})
	return cam
}

func next(t testing.TB, cam capture.Camera) *frame.Picture {
	t.Helper()
	p, err := cam.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAVideoPlaysAtItsRateAndBeginsAgain(t *testing.T) {
	path := save(t, "a.y4m", pictures(t, 3))
	synctest.Test(t, func(t *testing.T) {
		cam := openFile(t, path, capture.VideoWish{Width: 1, Height: 1, FPS: 99}, Camera())
		start := time.Now()
		for i := range 10 {
			p := next(t, cam)
			want := time.Duration(i) * 100 * time.Millisecond
			if got := p.Image.Y[0]; got != byte(20+i%3) || p.At != want || time.Since(start) != want {
				t.Fatalf("picture %d: %d at %v after %v", i, got, p.At, time.Since(start))
			}
			p.Release()
		}
		if d := cam.Device(); d.ID != "file:"+path || d.Label != "a.y4m" || d.Kind != capture.CameraKind {
			t.Errorf("%+v", d)
		}
	})
}

func TestAVideoWithoutALoopEndsAndWithoutAPaceDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cam, start := openFile(t, save(t, "a.mkv", pictures(t, 3)), capture.VideoWish{}, Options{}), time.Now()
		for i := range 3 {
			if p := next(t, cam); p.At != time.Duration(i)*100*time.Millisecond {
				t.Errorf("picture %d at %v", i, p.At)
			}
		}
		for range 2 {
			if _, err := cam.Next(t.Context()); err != io.EOF { //nolint:errorlint // the contract says io.EOF itself
				t.Errorf("at the end: %v", err)
			}
		}
		if time.Since(start) != 0 {
			t.Errorf("it took %v", time.Since(start))
		}
	})
}

func redAndBlue() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, 101, 51))
	draw.Draw(img, image.Rect(0, 0, 50, 51), image.NewUniform(color.RGBA{255, 0, 0, 255}), image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(50, 0, 101, 51), image.NewUniform(color.RGBA{0, 0, 255, 255}), image.Point{}, draw.Src)
	return img
}

func coded(t testing.TB, as string, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	encode := func() error { return png.Encode(&b, img) }
	if as == "jpg" {
		encode = func() error { return jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}) }
	}
	if err := encode(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAStillIsRepeatedAtTheWishedRateWithTrueColours(t *testing.T) {
	for _, as := range []string{"jpg", "png"} {
		path := save(t, "a."+as, coded(t, as, redAndBlue()))
		synctest.Test(t, func(t *testing.T) {
			cam, start := openFile(t, path, capture.VideoWish{FPS: 4}, Camera()), time.Now()
			for i := range 5 {
				p := next(t, cam)
				if p.Size() != image.Pt(100, 50) || time.Since(start) != time.Duration(i)*250*time.Millisecond {
					t.Fatalf("%s: picture %d: %v after %v", as, i, p.Size(), time.Since(start))
				}
				near(t, p, 20, 20, frame.RGB(255, 0, 0))
				near(t, p, 80, 20, frame.RGB(0, 0, 255))
				p.Release()
			}
		})
	}
}

func near(t *testing.T, p *frame.Picture, x, y int, want frame.Colour) {
	t.Helper()
	i := p.Image
	got := frame.Colour{Y: i.Y[i.YOffset(x, y)], Cb: i.Cb[i.COffset(x, y)], Cr: i.Cr[i.COffset(x, y)]}
	for _, d := range []int{int(got.Y) - int(want.Y), int(got.Cb) - int(want.Cb), int(got.Cr) - int(want.Cr)} {
		if d < -2 || d > 2 {
			t.Fatalf("at %d,%d: %v, want %v", x, y, got, want)
		}
	}
}

func TestALargeStillIsShrunkInItsShape(t *testing.T) {
	path := save(t, "a.png", coded(t, "png", redAndBlue()))
	for wish, want := range map[image.Point]image.Point{
		{40, 40}: {40, 20}, {300, 300}: {100, 50}, {0, 0}: {100, 50}, {1000, 25}: {48, 24}, {1, 1}: {2, 2},
	} {
		p := next(t, openFile(t, path, capture.VideoWish{Width: wish.X, Height: wish.Y}, Options{}))
		if p.Size() != want {
			t.Errorf("wished %v, got %v, want %v", wish, p.Size(), want)
		}
		if want.X > 20 {
			near(t, p, want.X/4, want.Y/2, frame.RGB(255, 0, 0))
			near(t, p, want.X*3/4, want.Y/2, frame.RGB(0, 0, 255))
		}
	}
}

func TestWhatIsTransparentIsBlack(t *testing.T) {
	p := next(t, openFile(t, save(t, "a.png", coded(t, "png", image.NewNRGBA(image.Rect(0, 0, 8, 8)))), capture.VideoWish{}, Options{}))
	near(t, p, 4, 4, frame.Black())
}

func TestAStillWithoutALoopIsOnePictureLong(t *testing.T) {
	cam := openFile(t, save(t, "a.png", coded(t, "png", redAndBlue())), capture.VideoWish{}, Options{})
	next(t, cam)
	if _, err := cam.Next(t.Context()); !errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
}

func TestABadFileIsRefusedWithWordsAndLeftClosed(t *testing.T) {
	before := openFiles(t)
	video, jpg, pn := pictures(t, 3), coded(t, "jpg", redAndBlue()), coded(t, "png", redAndBlue())
	huge := bytes.Replace(video, []byte("W32 H18"), []byte("W8192 H8192"), 1)
	for name, c := range map[string]struct {
		data  []byte
		words string
	}{
		"empty":        {nil, "neither"},
		"text":         {[]byte("hello, world"), "neither"},
		"cut video":    {video[:len(video)-1], "ends within picture 3"},
		"only header":  {video[:bytes.IndexByte(video, '\n')+1], "no picture"},
		"huge video":   {huge, "ends within picture 1"},
		"cut jpeg":     {jpg[:len(jpg)/2], "cut short"},
		"cut png":      {pn[:len(pn)/2], "png"},
		"jpeg header":  {jpg[:20], "cut short"},
		"broken png":   {append(bytes.Clone(pn[:40]), make([]byte, 200)...), "png"},
		"one pixel":    {coded(t, "png", image.NewGray(image.Rect(0, 0, 1, 9))), "pixels"},
		"panorama":     {coded(t, "png", image.NewGray(image.Rect(0, 0, 9000, 2))), "pixels"},
		"foreign tail": {append(bytes.Clone(video), "more"...), "picture 4"},
	} {
		path := save(t, "x", c.data)
		cam, err := Open(path, capture.VideoWish{}, Camera())
		var fe *capture.FileError
		if cam != nil || !errors.As(err, &fe) || fe.Path != path || !errors.Is(err, capture.ErrFormat) || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	missing := filepath.Join(t.TempDir(), "none")
	_, err := Open(missing, capture.VideoWish{}, Camera())
	if !errors.Is(err, os.ErrNotExist) || errors.Is(err, capture.ErrFormat) || strings.Count(err.Error(), missing) != 1 {
		t.Errorf("missing: got %v", err)
	}
	if _, err := Open(t.TempDir(), capture.VideoWish{}, Camera()); !errors.Is(err, capture.ErrFormat) {
		t.Errorf("folder: got %v", err)
	}
	if after := openFiles(t); after != before {
		t.Errorf("%d files are open, there were %d", after, before)
	}
}

func openFiles(t testing.TB) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("open files cannot be counted here: %v", err)
	}
	return len(list)
}

func TestAVideoThatShrinksWhileItPlaysEndsInWords(t *testing.T) {
	data := pictures(t, 100)
	path := save(t, "a.y4m", data)
	cam := openFile(t, path, capture.VideoWish{}, Options{Loop: true})
	next(t, cam)
	if err := os.Truncate(path, int64(len(data)-5)); err != nil {
		t.Fatal(err)
	}
	var err error
	for err == nil {
		_, err = cam.Next(t.Context())
	}
	var fe *capture.FileError
	if !errors.As(err, &fe) || !errors.Is(err, capture.ErrFormat) {
		t.Errorf("got %v", err)
	}
}

func TestCloseClosesTheFileAndEndsNext(t *testing.T) {
	before := openFiles(t)
	cam, err := Open(save(t, "a.y4m", pictures(t, 2)), capture.VideoWish{}, Camera())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		for {
			p, err := cam.Next(context.Background())
			if err != nil {
				done <- err
				return
			}
			p.Release()
		}
	}()
	if err := errors.Join(cam.Close(), cam.Close()); err != nil {
		t.Error(err)
	}
	if n := openFiles(t); n != before {
		t.Errorf("%d files are open, there were %d", n, before)
	}
	if err := <-done; !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestNextDoesNotAllocate(t *testing.T) {
	for _, path := range []string{save(t, "a.y4m", pictures(t, 60)), save(t, "a.jpg", coded(t, "jpg", redAndBlue()))} {
		cam := openFile(t, path, capture.VideoWish{}, Options{Loop: true})
		next(t, cam).Release()
		if n := testing.AllocsPerRun(40, func() { next(t, cam).Release() }); n != 0 {
			t.Errorf("%s: %v allocations", path, n)
		}
	}
}

func FuzzStill(f *testing.F) {
	f.Add(coded(f, "jpg", redAndBlue()))
	f.Add(coded(f, "png", redAndBlue()))
	f.Add([]byte("\xff\xd8\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, k := range []kind{isJPEG, isPNG} {
			img, err := decodeStill(bytes.NewReader(data), k, image.Pt(64, 64))
			if err == nil && (img.Rect.Dx() > 64 || img.Rect.Dy() > 64) {
				t.Errorf("got %v", img.Rect)
			}
		}
	})
}
