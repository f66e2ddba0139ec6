package leak

import (
	"image"
	"testing"

	"paravent/media/frame"
	"paravent/privacy/picture/leak/leaktest"
)

// moving are the outgoing pictures of a person who fills half the height, moving
// before a colour.
func moving(b *testing.B, w, h int) []*frame.Picture {
	b.Helper()
	person := leaktest.NewPerson(decode(b, "person.jpg"), decode(b, "person_alpha.png"), h*5/6)
	var all []*frame.Picture
	alpha := make([]byte, w*h)
	for n := range 12 {
		p := frame.NewPool(w, h).Get(0)
		person.Before(p, alpha, image.Pt(w/6+n*3, h/6))
		all = append(all, p)
	}
	return all
}

func BenchmarkAdd(b *testing.B) {
	for _, size := range []image.Point{{640, 360}, {1280, 720}, {1920, 1080}} {
		b.Run(size.String(), func(b *testing.B) {
			pictures := moving(b, size.X, size.Y)
			a, err := New(size.X, size.Y)
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			for b.Loop() {
				if err := a.Add(pictures[n%len(pictures)]); err != nil {
					b.Fatal(err)
				}
				n++
			}
		})
	}
}

func BenchmarkScore(b *testing.B) {
	pictures := moving(b, 1280, 720)
	a, err := New(1280, 720)
	if err != nil {
		b.Fatal(err)
	}
	for _, p := range pictures {
		if err := a.Add(p); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := a.Score(pictures[0], nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRoom(b *testing.B) {
	pictures := moving(b, 1280, 720)
	r, err := NewRoom(1280, 720)
	if err != nil {
		b.Fatal(err)
	}
	mask := make([]byte, 256*144)
	n := 0
	for b.Loop() {
		if err := r.Add(pictures[n%len(pictures)], mask, 256, 144); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

func BenchmarkExposure(b *testing.B) {
	pictures := moving(b, 1280, 720)
	e, err := NewExposure(1280, 720, 4)
	if err != nil {
		b.Fatal(err)
	}
	alpha := make([]byte, 1280*720)
	for b.Loop() {
		if err := e.Add(alpha, pictures[0], pictures[1], nil); err != nil {
			b.Fatal(err)
		}
	}
}
