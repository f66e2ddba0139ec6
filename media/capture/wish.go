package capture

// Or returns w with what it leaves open (zero or less) taken from d.
func (w VideoWish) Or(d VideoWish) VideoWish {
	if w.Width <= 0 || w.Height <= 0 {
		w.Width, w.Height = d.Width, d.Height
	}
	if !(w.FPS > 0) { // not a number, too
		w.FPS = d.FPS
	}
	return w
}
