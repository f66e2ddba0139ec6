package picture

import "paravent/media/frame"

// A Cover hides the whole picture, the person too, behind one colour.
type Cover struct{ Colour frame.Colour }

// Name returns "cover".
func (Cover) Name() string { return "cover" }

// Apply fills p. Real-time: it does not allocate.
func (c Cover) Apply(p *frame.Picture) error {
	p.Fill(c.Colour)
	return nil
}
