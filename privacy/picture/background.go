// Package picture holds the filters that keep the home out of the picture.
//
//	picture ─► segment: who is person ─► compose: the rest is blurred, or replaced
//
// 2026-11-22: Background is on trial. Its mask is of people, not of the one
// person whose camera it is: whoever else the model takes for a person is shown,
// and so may be a part of the room (of a test picture of an empty room it takes
// a fifth for a person). Keeping only what hangs together with the main person's
// face is still to come. Until then a policy must give its leave, as for the raw
// picture, and the default is Cover.
package picture

import (
	"fmt"
	"image"

	"paravent/media/frame"
	"paravent/privacy/picture/compose"
	"paravent/privacy/picture/segment"
	"paravent/privacy/policy"
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

// A Background is a filter that hides what is not person. It belongs to one
// camera and is used by one goroutine at a time.
type Background struct {
	look    Look
	segment *segment.Segmenter
	mask    []byte
	size    image.Point // of the pictures that compositor is made for
	compose *compose.Compositor
	effect  compose.Effect
}

// NewBackground returns a filter over the given model, which it refuses unless
// it is the known one. It fails with policy.ErrRaw without a policy's leave.
func NewBackground(leave policy.Leave, model []byte, look Look) (*Background, error) {
	if !leave.Given() {
		return nil, policy.ErrRaw
	}
	s, err := segment.New(model)
	if err != nil {
		return nil, fmt.Errorf("background: %w", err)
	}
	return &Background{look: look, segment: s, mask: make([]byte, segment.Width*segment.Height)}, nil
}

// Name is the look's.
func (b *Background) Name() string { return b.look.name }

// Apply hides the room in p. Nothing is shown of the first pictures, nor after a
// change of size: what is shown must have been person three times on end.
// Real-time: it allocates only when the size changes.
func (b *Background) Apply(p *frame.Picture) error {
	if size := p.Size(); b.compose == nil || size != b.size {
		if err := b.fit(size); err != nil {
			return err
		}
	}
	if err := b.segment.Mask(p, image.Rectangle{Max: b.size}, b.mask); err != nil {
		return err
	}
	return b.compose.Apply(p, b.mask, segment.Width, segment.Height, b.effect)
}

func (b *Background) fit(size image.Point) error {
	b.compose = nil
	b.effect = b.look.effect
	if b.look.image != nil {
		p, err := compose.Fit(b.look.image, size.X, size.Y)
		if err != nil {
			return err
		}
		b.effect = compose.Image(p)
	}
	c, err := compose.New(size.X, size.Y)
	if err != nil {
		return err
	}
	b.compose, b.size = c, size
	return nil
}
