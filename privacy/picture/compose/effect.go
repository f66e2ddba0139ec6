package compose

import (
	"image"

	"paravent/media/frame"
)

// An Effect is what stands in place of the room. The zero value is Blur.
type Effect struct {
	kind   kind
	colour frame.Colour
	image  *image.YCbCr
}

type kind int

const (
	blur kind = iota
	colour
	picture
)

// Blur shows what is left of the room when everything smaller than a chair was
// forgotten.
func Blur() Effect { return Effect{} }

// Colour shows one colour.
func Colour(c frame.Colour) Effect { return Effect{kind: colour, colour: c} }

// Image shows p, which must have the size of the pictures and stays the
// caller's; Fit makes one.
func Image(p *frame.Picture) Effect {
	e := Effect{kind: picture}
	if p != nil {
		e.image = p.Image
	}
	return e
}
