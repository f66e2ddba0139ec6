package main

import (
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/picture/synth"
	"paravent/privacy/policy"
)

// A wall is the image of an organisation: one red that no room has.
func wall(t *testing.T) string {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 160, 90))
	draw.Draw(img, img.Rect, image.NewUniform(color.RGBA{R: 255, A: 255}), image.Point{}, draw.Src)
	path := filepath.Join(t.TempDir(), "wall.png")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(png.Encode(f, img), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// outcome puts a second of somebody at a webcam through a chain and returns the last
// picture, and who is where in it.
func outcome(t *testing.T, c cameraChain) (*frame.Picture, []byte) {
	t.Helper()
	chain, err := c.make(overFile)
	if err != nil {
		t.Fatal(err)
	}
	defer chain.Close()
	scenes, err := synth.Alone(320, 180)
	if err != nil {
		t.Fatal(err)
	}
	s, pool := scenes[0], frame.NewPool(320, 180)
	for n := 0; ; n++ {
		p := pool.Get(0)
		truth := s.Draw(n, p)
		p.At = s.At(n)
		cleared, err := chain.Clear(p)
		if err != nil {
			t.Fatal(err)
		}
		if n == int(s.FPS) {
			return cleared.Picture(), truth.User
		}
		cleared.Release()
	}
}

// shares are how much of the room is of the given colour, and how much of the user is
// not.
func shares(p *frame.Picture, user []byte, c frame.Colour) (room, person float64) {
	var all, of [2]float64
	w := p.Size().X
	for i, a := range user {
		k, part := i/w/2*p.Image.CStride+i%w/2, 0
		if a > 0 {
			part = 1
		}
		if a > 0 && a < 255 {
			continue
		}
		all[part]++
		near := func(x, y byte) bool { return max(x, y)-min(x, y) <= 4 }
		if near(p.Image.Y[i/w*p.Image.YStride+i%w], c.Y) && near(p.Image.Cb[k], c.Cb) && near(p.Image.Cr[k], c.Cr) {
			of[part]++
		}
	}
	return of[0] / all[0], 1 - of[1]/all[1]
}

func TestThePolicysImageStandsWhateverThePersonChose(t *testing.T) {
	rules := policy.Policy{Background: wall(t)}
	for _, choice := range []string{"blur", "color:#00ff00", "image:" + filepath.Join(t.TempDir(), "none.png")} {
		c, err := newCameraChain(choice, rules)
		if err != nil || c.lost != nil || c.name != organisationImage {
			t.Fatalf("%s: chain %q, %v, %v", choice, c.name, c.lost, err)
		}
		p, user := outcome(t, c)
		if room, person := shares(p, user, frame.RGB(255, 0, 0)); room < .9 || person < .9 {
			t.Errorf("%s: %.2f of the room is the wall, %.2f of the person is not", choice, room, person)
		}
	}
}

func TestAPersonMayShowLessThanThePolicysImage(t *testing.T) {
	rules := policy.Policy{Background: wall(t)}
	c, err := newCameraChain("cover", rules)
	if err != nil || c.name != "cover" {
		t.Fatalf("chain %q, %v", c.name, err)
	}
	if _, err := newCameraChain("off", rules); !errors.Is(err, policy.ErrRaw) {
		t.Errorf("a raw picture: %v", err)
	}
}

func TestAPolicysImageThatCannotBeReadCoversThePerson(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.png")
	if err := os.WriteFile(broken, []byte("no image"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{broken, filepath.Join(t.TempDir(), "none.png"), t.TempDir()} {
		c, err := newCameraChain("color:#00ff00", policy.Policy{Background: path})
		var bad *policy.BackgroundError
		if err != nil || !errors.As(c.lost, &bad) || bad.Path != path || c.name != "cover" {
			t.Fatalf("chain %q, %v, %v", c.name, c.lost, err)
		}
		p, user := outcome(t, c)
		if room, person := shares(p, user, frame.RGB(0, 255, 0)); room != 1 || person != 0 {
			t.Errorf("%.2f of the room and %.2f of the person are covered", room, 1-person)
		}
	}
}

func TestAPolicyThatAsksForAnotherFilterThanItsImageGetsNoChain(t *testing.T) {
	c, err := newCameraChain("blur", policy.Policy{Background: wall(t), PictureFilters: []string{"blur"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.make(overFile); !errors.Is(err, filter.ErrMissing) {
		t.Errorf("error = %v, want ErrMissing", err)
	}
}
