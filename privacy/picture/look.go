package picture

import (
	"image"

	"paravent/media/frame"
	"paravent/privacy/picture/compose"
)

// A Look is what stands in place of the room.
type Look struct {
	name   string
	effect compose.Effect
	image  image.Image // fitted to each size of picture; nil if there is none
}

// Blur shows what is left of the room when all its details were forgotten.
func Blur() Look { return Look{name: "blur", effect: compose.Blur()} }

// Colour shows one colour.
func Colour(c frame.Colour) Look { return Look{name: "colour", effect: compose.Colour(c)} }

// Image shows an image, cut to fill the picture.
func Image(img image.Image) Look { return Look{name: "image", image: img} }

// Name is the word users see for the look.
func (l Look) Name() string { return l.name }
