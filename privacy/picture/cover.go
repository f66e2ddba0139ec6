// Package picture holds the filters that keep the home out of the picture.
//
// 2026-11-22: the only one is Cover, which hides everything. It stands in for
// the filters that tell a person from the room, and errs on the safe side.
package picture

import "paravent/media/frame"

// A Cover hides the whole picture behind one colour.
type Cover struct{ Colour frame.Colour }

// Name returns "colour".
func (Cover) Name() string { return "colour" }

// Apply fills p. Real-time: it does not allocate.
func (c Cover) Apply(p *frame.Picture) error {
	p.Fill(c.Colour)
	return nil
}
