package window

import "paravent/ui/say"

// The reasons why Run cannot open a window; ui/say has the words for them.
var (
	// ErrNoWindow is returned by every Run of a build with the tag nowindow.
	ErrNoWindow = say.ErrNoWindow
	// ErrNoDisplay is returned where there is no screen, or none that can draw.
	ErrNoDisplay = say.ErrNoDisplay
)

// Options are what a window can be told.
type Options struct {
	// Width and Height are the window's size at the start, in pixels of a
	// screen at 96 dpi; 0 is 1180 × 720.
	Width, Height int
}
