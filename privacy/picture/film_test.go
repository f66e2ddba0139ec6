package picture_test

import (
	"testing"
	"time"

	"paravent/assets"
	"paravent/media/frame"
	"paravent/privacy/picture"
	"paravent/privacy/picture/synth"
)

// green is what the tests put in place of the room: nobody wears it.
func green() frame.Colour { return frame.RGB(0, 255, 0) }

// sits is somebody who sits and talks.
func sits(tb testing.TB, w, h int) *synth.Scene {
	tb.Helper()
	return named(tb, w, h, "half length")
}

// named is one of the scenes in which the user is alone, or somebody else is
// there too.
func named(tb testing.TB, w, h int, name string) *synth.Scene {
	tb.Helper()
	alone, err := synth.Alone(w, h)
	if err != nil {
		tb.Fatal(err)
	}
	crowd, err := synth.Crowded(w, h)
	if err != nil {
		tb.Fatal(err)
	}
	for _, s := range append(alone, crowd...) {
		if s.Name == name {
			return s
		}
	}
	tb.Fatalf("no scene %q", name)
	return nil
}

// options are those of most tests: one colour, in step.
func options() picture.Options {
	return picture.Options{
		Models: picture.Models{Segmentation: assets.SegmentationModel(), Faces: assets.FullRangeFaceModel()},
		Look:   picture.Colour(green()), Cover: green(), InStep: true,
	}
}

func open(tb testing.TB, o picture.Options) *picture.Background {
	tb.Helper()
	b, err := picture.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { b.Close() })
	return b
}

// A film runs a scene through a filter.
type film struct {
	tb       testing.TB
	scene    *synth.Scene
	filter   *picture.Background
	raw, out *frame.Picture
	truth    synth.Truth
	alpha    []byte
	n        int
}

func play(tb testing.TB, s *synth.Scene, o picture.Options) *film {
	tb.Helper()
	return &film{tb: tb, scene: s, filter: open(tb, o), raw: frame.NewPool(s.W, s.H).Get(0), out: frame.NewPool(s.W, s.H).Get(0), alpha: make([]byte, s.W*s.H)}
}

// next filters the next picture.
func (f *film) next() error {
	f.truth = f.scene.Draw(f.n, f.raw)
	f.out.CopyFrom(f.raw)
	f.out.At = f.raw.At
	f.n++
	return f.filter.Apply(f.out)
}

// until filters all pictures before the time at.
func (f *film) until(at time.Duration) {
	f.tb.Helper()
	for f.scene.At(f.n) < at {
		if err := f.next(); err != nil {
			f.tb.Fatal(err)
		}
	}
}

// shown are the shares of the user, and of everything else, that are seen.
func (f *film) shown() (user, room float64) {
	synth.Alpha(f.alpha, f.raw, f.out, green())
	var u, all, r, rest float64
	for i, a := range f.alpha {
		v, t := float64(a)/255, float64(f.truth.User[i])/255
		u, all, r, rest = u+v*t, all+t, r+v*(1-t), rest+1-t
	}
	return u / max(all, 1), r / max(rest, 1)
}

// bare is the share of pixels that are not exactly of one colour, give or take
// the rounding of it.
func bare(p *frame.Picture, c frame.Colour) float64 {
	off := func(a, b byte) bool { return max(a, b)-min(a, b) > 2 }
	img, n := p.Image, 0
	size := p.Size()
	for y := range size.Y {
		for x := range size.X {
			k := y/2*img.CStride + x/2
			if off(img.Y[y*img.YStride+x], c.Y) || off(img.Cb[k], c.Cb) || off(img.Cr[k], c.Cr) {
				n++
			}
		}
	}
	return float64(n) / float64(size.X*size.Y)
}
