package leak

import (
	"image"
	"math"
	"testing"

	"paravent/media/frame"
	"paravent/privacy/picture/compose"
)

// The mask is true here, as far as 256×144 cells can be: what is left is the
// compositor's own share.
func TestACompositorWithATrueMaskLeaksLittle(t *testing.T) {
	const maskW, maskH, pictures = 256, 144, 200
	s := newStage(t)
	for name, c := range map[string]struct {
		effect          compose.Effect
		known           *frame.Picture
		area, half, far float64 // bounds; far is beyond 12 pixels of the silhouette
	}{
		"blur":  {compose.Blur(), nil, .002, .03, .002},
		"image": {compose.Image(s.other), s.other, .002, .03, .002},
	} {
		a, err := New(sceneW, sceneH)
		if err != nil {
			t.Fatal(err)
		}
		at0, err := NewExposure(sceneW, sceneH, 0)
		if err != nil {
			t.Fatal(err)
		}
		at12, err := NewExposure(sceneW, sceneH, 12)
		if err != nil {
			t.Fatal(err)
		}
		k, err := compose.New(sceneW, sceneH)
		if err != nil {
			t.Fatal(err)
		}
		alpha, mask := make([]byte, sceneW*sceneH), make([]byte, maskW*maskH)
		for n := range pictures {
			at := image.Pt(120+int(math.Round(45*math.Sin(float64(n)/14))), 60)
			s.raw.CopyFrom(s.room)
			s.person.Before(s.raw, alpha, at)
			s.out.CopyFrom(s.raw)
			for i := range mask {
				x, y := (2*(i%maskW)+1)*sceneW/maskW/2, (2*(i/maskW)+1)*sceneH/maskH/2
				mask[i] = alpha[y*sceneW+x]
			}
			if err := k.Apply(s.out, mask, maskW, maskH, c.effect); err != nil {
				t.Fatal(err)
			}
			if err := a.Add(s.out); err != nil {
				t.Fatal(err)
			}
			for _, e := range []*Exposure{at0, at12} {
				if err := e.Add(alpha, s.raw, s.out, c.known); err != nil {
					t.Fatal(err)
				}
			}
		}
		f, err := a.Score(s.room, nil)
		if err != nil {
			t.Fatal(err)
		}
		x, far := at0.Exposed(1), at12.Exposed(1)
		t.Logf("%s: %.4f, %.4f, beyond 12 pixels %.4f", name, f, x, far)
		if f.Area > c.area || x.Half > c.half || far.Half > c.far {
			t.Errorf("%s: %+v, %+v, beyond 12 pixels %+v", name, f, x, far)
		}
	}
}
