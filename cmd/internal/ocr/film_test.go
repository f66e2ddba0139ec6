package ocr

import (
	"flag"
	"fmt"
	"image"
	"math"
	"slices"
	"testing"

	"paravent/assets"
	"paravent/media/frame"
	"paravent/privacy/picture"
	"paravent/privacy/picture/compose"
	"paravent/privacy/picture/leak"
	"paravent/privacy/picture/leak/leaktest"
	"paravent/privacy/picture/synth"
)

// The bounds below are of films of 20 seconds.
var seconds = flag.Int("seconds", 20, "of the films that leak")

// A stage is a user before a room in which two sheets with words hang: away from
// the head, and right beside it.
type stage struct {
	scene        *synth.Scene
	room         *frame.Picture // without the user
	away, beside image.Rectangle
}

// newStage puts somebody with that pose, in heights, before such a room.
func newStage(t *testing.T, height, fps, seconds int, pose func(t float64) synth.Pose) *stage {
	t.Helper()
	w := height * 16 / 9
	user, err := synth.Astronaut()
	if err != nil {
		t.Fatal(err)
	}
	wall, err := compose.Fit(decode(t, "home.jpg"), w, height)
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := leaktest.Sheet(height * 4 / 9)
	if err != nil {
		t.Fatal(err)
	}
	s, first := &stage{}, film(wall, fps)
	first.User = synth.Actor{Cut: user, Pose: pose}
	top, right := head(first)
	for _, pin := range []struct {
		to *image.Rectangle
		at image.Point
	}{{&s.away, image.Pt(height/40, height/40)}, {&s.beside, image.Pt(right+height/180, top)}} {
		leaktest.Pin(wall, sheet, pin.at)
		*pin.to = image.Rectangle{Min: pin.at, Max: pin.at.Add(sheet.Bounds().Size())}
	}
	empty := film(wall, fps)
	empty.User = synth.Actor{Cut: user, Pose: func(float64) synth.Pose { return synth.Pose{Gone: true} }}
	s.room = frame.NewPool(w, height).Get(0)
	empty.Draw(0, s.room)
	s.scene = film(wall, fps)
	s.scene.User, s.scene.Frames, s.scene.Noise = synth.Actor{Cut: user, Pose: pose}, seconds*fps, 3
	return s
}

// film is a scene before that wall, without anybody.
func film(wall *frame.Picture, fps int) *synth.Scene {
	size := wall.Size()
	return &synth.Scene{W: size.X, H: size.Y, FPS: float64(fps), Room: photo(wall), Seed: 7}
}

// photo is p in red, green and blue.
func photo(p *frame.Picture) *synth.Photo {
	size := p.Size()
	out := &synth.Photo{W: size.X, H: size.Y}
	for y := range size.Y {
		for x := range size.X {
			k := y/2*p.Image.CStride + x/2
			l, cb, cr := 1.164*(float32(p.Image.Y[y*p.Image.YStride+x])-16), float32(p.Image.Cb[k])-128, float32(p.Image.Cr[k])-128
			for _, v := range [3]float32{l + 1.596*cr, l - .392*cb - .813*cr, l + 2.017*cb} {
				out.RGB = append(out.RGB, min(max(v, 0), 255))
			}
		}
	}
	return out
}

// head returns the highest row of the user in the first picture, and the first
// column that is right of the head.
func head(s *synth.Scene) (top, right int) {
	truth := s.Draw(0, frame.NewPool(s.W, s.H).Get(0))
	top = s.H
	for y := range s.H {
		for x := range s.W {
			if truth.User[y*s.W+x] < 128 {
				continue
			}
			top = min(top, y)
			if y < top+s.H/5 {
				right = max(right, x+1)
			}
		}
	}
	return top, right
}

// only is 255 outside r: what a score is not asked about.
func only(r, whole image.Rectangle) []byte {
	m := make([]byte, whole.Dx()*whole.Dy())
	for i := range m {
		if !image.Pt(i%whole.Dx(), i/whole.Dx()).In(r) {
			m[i] = 255
		}
	}
	return m
}

// A watcher is what comes out with one look, and what is made of it.
type watcher struct {
	look     picture.Look
	known    *frame.Picture // what is put in place of the room, if that is known
	filter   *picture.Background
	attacker *leak.Attacker
	exposure *leak.Exposure
	out      *frame.Picture
	best     [2]*frame.Picture // that show most of each sheet's print
	most     [2]int
}

func newWatchers(t *testing.T, w, h int) []*watcher {
	t.Helper()
	c := frame.RGB(40, 160, 120)
	plain := frame.NewPool(w, h).Get(0)
	plain.Fill(c)
	all := []*watcher{{look: picture.Blur()}, {look: picture.Colour(c), known: plain}}
	for _, v := range all {
		var err error
		if v.filter, err = picture.New(picture.Options{
			Models: picture.Models{Segmentation: assets.SegmentationModel(), Faces: assets.FullRangeFaceModel()}, Look: v.look, Cover: c, InStep: true,
		}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { v.filter.Close() })
		if v.attacker, err = leak.New(w, h); err != nil {
			t.Fatal(err)
		}
		if v.exposure, err = leak.NewExposure(w, h, 12*h/720); err != nil {
			t.Fatal(err)
		}
		v.out = frame.NewPool(w, h).Get(0)
		v.best = [2]*frame.Picture{leaktest.Copy(v.out), leaktest.Copy(v.out)}
	}
	return all
}

// see filters one picture and collects what leaks.
func (v *watcher) see(t *testing.T, s *stage, raw *frame.Picture, user []byte) {
	t.Helper()
	v.out.CopyFrom(raw)
	v.out.At = raw.At
	if err := v.filter.Apply(v.out); err != nil {
		t.Fatal(err)
	}
	if err := v.attacker.Add(v.out); err != nil {
		t.Fatal(err)
	}
	if err := v.exposure.Add(user, raw, v.out, v.known); err != nil {
		t.Fatal(err)
	}
	for k, r := range [2]image.Rectangle{s.away, s.beside} {
		dark := 0
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				a, b := int(raw.Image.Y[y*raw.Image.YStride+x]), int(v.out.Image.Y[y*v.out.Image.YStride+x])
				if user[y*s.scene.W+x] < 8 && a < 90 && a-b < 20 && b-a < 20 {
					dark++
				}
			}
		}
		if dark > v.most[k] {
			v.most[k] = dark
			v.best[k].CopyFrom(v.out)
		}
	}
}

// run shows the film to all watchers.
func (s *stage) run(t *testing.T) []*watcher {
	t.Helper()
	all := newWatchers(t, s.scene.W, s.scene.H)
	raw := frame.NewPool(s.scene.W, s.scene.H).Get(0)
	for n := range s.scene.Frames {
		truth := s.scene.Draw(n, raw)
		for _, v := range all {
			v.see(t, s, raw, truth.User)
		}
	}
	return all
}

// talking is somebody who sits and talks, brisk one who moves a lot.
func talking(t float64) synth.Pose {
	return synth.Pose{X: .89 + .012*math.Sin(t*2.3), Y: 1.01 + .004*math.Sin(t*3.7), Height: .95, Turn: .015 * math.Sin(t*1.7)}
}

func brisk(t float64) synth.Pose {
	return synth.Pose{X: .89 + .12*math.Sin(t*1.9), Y: 1.09 + .03*math.Sin(t*2.7), Height: 1, Turn: .1 * math.Sin(t*2.3)}
}

// quick counts the words that are read in a part with 4 of the 16 ways of Find.
func quick(t *testing.T, p *frame.Picture, part image.Rectangle) int {
	t.Helper()
	plain := crop(p, part.Inset(-8))
	if flat(plain) {
		return 0
	}
	words := leaktest.Words()
	found := make([]bool, len(words))
	large := enlarge(plain, 2)
	for _, v := range []*image.Gray{stretch(large), local(large)} {
		for _, mode := range []int{6, 11} {
			text, err := read(t.Context(), v, mode)
			if err != nil {
				t.Fatal(err)
			}
			mark(found, words, text)
		}
	}
	n := 0
	for _, ok := range found {
		if ok {
			n++
		}
	}
	return n
}

// flat reports whether there is no contrast that print could have: it saves
// readings.
func flat(g *image.Gray) bool {
	const side = 8
	for y := 0; y+side <= g.Rect.Dy(); y += side {
		for x := 0; x+side <= g.Rect.Dx(); x += side {
			low, high := byte(255), byte(0)
			for v := range side {
				row := g.Pix[(y+v)*g.Stride+x:][:side]
				low, high = min(low, slices.Min(row)), max(high, slices.Max(row))
			}
			if high-low > 8 {
				return false
			}
		}
	}
	return true
}

// 2026-11-25: of a sheet that a brisk head passes over, words leave at the head's
// fringe. That is stated here as it is, and is to become 0.
func TestWordsLeaveAFilmOnlyAtTheFringeOfABriskHead(t *testing.T) {
	if testing.Short() {
		t.Skip("films and reads for a minute")
	}
	needTesseract(t)
	for name, c := range map[string]struct {
		pose            func(float64) synth.Pose
		attacker, union int // beside the head
	}{"talking": {talking, 0, 0}, "brisk": {brisk, 1, 5}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, 720, 10, *seconds, c.pose)
			all := s.run(t)
			report(t, s, all, name)
			for k, r := range [2]image.Rectangle{s.away, s.beside} {
				where := [2]string{"away", "beside"}[k]
				if n := quick(t, s.room, r); n < 7 {
					t.Errorf("%s: only %d words are read from the room itself", where, n)
				}
				for _, v := range all {
					b := v.attacker.Rebuild()
					var each [4]int
					for i, p := range []*frame.Picture{b.Picture, b.Edges, b.Lasting, b.Glimpse} {
						each[i] = quick(t, p, r)
					}
					union, single := quick(t, v.exposure.Union(), r), quick(t, v.best[k], r)
					t.Logf("%s, sheet %s, %s: words rebuilt %v, union %d, single %d (%d pixels of print)", name, where, v.look.Name(), each, union, single, v.most[k])
					if slices.Max(each[:]) > k*c.attacker || union > k*c.union || single > 0 {
						t.Errorf("%s, sheet %s, %s: words rebuilt %v, union %d, single %d", name, where, v.look.Name(), each, union, single)
					}
				}
			}
		})
	}
}

// 2026-11-25: .01 of the room is the aim. The talking user has a tower behind the
// neck that the model takes for a person from the first picture on.
func TestLittleOfTheRoomLeavesAFilm(t *testing.T) {
	if testing.Short() {
		t.Skip("films for half a minute")
	}
	for name, c := range map[string]struct {
		pose func(float64) synth.Pose
		area float64
		half map[string]float64 // exposed beyond 12 of 720 pixels, by look
	}{
		"talking": {talking, .045, map[string]float64{"blur": .1, "colour": .055}},
		"brisk":   {brisk, .025, map[string]float64{"blur": .08, "colour": .035}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, 360, 30, *seconds, c.pose)
			all := s.run(t)
			for i, f := range report(t, s, all, name) {
				look := all[i].look.Name()
				if e := all[i].exposure.Exposed(1); f.Area > c.area || e.Half > c.half[look] {
					t.Errorf("%s, %s: %+v, exposed %+v", name, look, f, e)
				}
			}
		})
	}
}

// report logs and returns how much an attacker has, of the room and of the sheets.
func report(t *testing.T, s *stage, all []*watcher, name string) (figures []leak.Figures) {
	t.Helper()
	for _, v := range all {
		line := fmt.Sprintf("%s, %dp, %s:", name, s.scene.H, v.look.Name())
		for k, r := range []image.Rectangle{s.room.Image.Rect, s.away, s.beside} {
			f, err := v.attacker.Score(s.room, only(r, s.room.Image.Rect))
			if err != nil {
				t.Fatal(err)
			}
			line += fmt.Sprintf(" %s area %.4f SSIM %.3f detailed %.2f;", [3]string{"room", "away", "beside"}[k], f.Area, f.SSIM, f.Detailed)
			if k == 0 {
				figures = append(figures, f)
			}
		}
		e, lasting := v.exposure.Exposed(1), v.exposure.Exposed(5)
		t.Logf("%s exposed beyond 12 of 720 pixels: half %.4f quarter %.4f known %.2f; half in 5 pictures %.4f; print %v", line, e.Half, e.Quarter, e.Known, lasting.Half, v.most)
	}
	return figures
}
