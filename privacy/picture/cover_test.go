package picture_test

import (
	"testing"

	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/picture"
)

var _ filter.PictureFilter = picture.Cover{}

func TestACoverLeavesNothingOfThePicture(t *testing.T) {
	p := frame.NewPool(7, 5).Get(0)
	p.Fill(frame.RGB(250, 20, 20))
	c := frame.RGB(0x2e, 0x3a, 0x46)
	if err := (picture.Cover{Colour: c}).Apply(p); err != nil {
		t.Fatal(err)
	}
	for _, plane := range []struct {
		pixels []byte
		want   byte
	}{{p.Image.Y, c.Y}, {p.Image.Cb, c.Cb}, {p.Image.Cr, c.Cr}} {
		for _, v := range plane.pixels {
			if v != plane.want {
				t.Fatalf("a pixel is %d, want %d", v, plane.want)
			}
		}
	}
}
