//go:build !nowindow

package window

import (
	"image"
	"sync"

	"paravent/media/frame"
)

// maxShrink bounds how much a sheet makes a picture smaller.
const maxShrink = 64

// A sheet is where the pictures of one tile land: a present.VideoSink on one
// side, pixels for a texture on the other.
//
//	decoder's goroutine: Show ─ copy, or shrink by a whole number ─ waiting (newest wins)
//	drawing goroutine:   pixels ─ BT.601 to RGBA ─ texture, scaled by the graphics card
//
// The colours are converted only when the window is really painted, so a
// picture that nobody gets to see costs one copy. Show may be called by several
// goroutines.
type sheet struct {
	ring func() // says that there is something to paint; must not block

	mu      sync.Mutex // guards everything that follows
	room    image.Point
	waiting *image.YCbCr
	size    image.Point // of the picture as it came
	fresh   bool
	seen    uint64 // pictures painted
	closed  bool

	rgba *image.RGBA // only the drawing goroutine
}

func newSheet(ring func()) *sheet { return &sheet{ring: ring} }

// fit says how many pixels the tile has, so that larger pictures are made
// smaller before they are kept.
func (s *sheet) fit(px image.Point) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.room = px
}

// Show keeps p until the window is painted next. Real-time: it allocates only
// when the size changes.
func (s *sheet) Show(p *frame.Picture) {
	if s.keep(p.Image) {
		s.ring()
	}
}

func (s *sheet) keep(img *image.YCbCr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	size := img.Rect.Size()
	if s.closed || size.X < 1 || size.Y < 1 {
		return false
	}
	k := 1
	if s.room.X > 1 && s.room.Y > 1 {
		k = min(max(min(size.X/s.room.X, size.Y/s.room.Y), 1), maxShrink)
	}
	if to := shrunk(size, k); s.waiting == nil || s.waiting.Rect.Size() != to {
		s.waiting = image.NewYCbCr(image.Rectangle{Max: to}, image.YCbCrSubsampleRatio420)
	}
	if k == 1 {
		frame.CopyPlanes(s.waiting, img)
	} else {
		shrink(s.waiting, img, k)
	}
	s.size, s.fresh = size, true
	return true
}

// news reports whether there is something to paint, and the size of the
// picture as it came; zero if none ever did.
func (s *sheet) news() (bool, image.Point) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fresh, s.size
}

// pixels returns the newest picture. The caller is the drawing goroutine, which
// has the pixels until its next call.
func (s *sheet) pixels() image.Image {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fresh && !s.closed {
		if s.rgba == nil || s.rgba.Rect.Size() != s.waiting.Rect.Size() {
			s.rgba = image.NewRGBA(s.waiting.Rect)
		}
		toRGBA(s.rgba, s.waiting)
		s.fresh = false
		s.seen++
	}
	if s.rgba == nil {
		s.rgba = image.NewRGBA(image.Rect(0, 0, 1, 1))
	}
	return s.rgba
}

// painted counts the pictures that reached the window.
func (s *sheet) painted() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// close forgets the picture, and overwrites it. The caller is the drawing
// goroutine.
func (s *sheet) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed, s.fresh = true, false
	if s.waiting != nil {
		clear(s.waiting.Y)
		clear(s.waiting.Cb)
		clear(s.waiting.Cr)
	}
	if s.rgba != nil {
		clear(s.rgba.Pix)
	}
	s.waiting, s.rgba = nil, nil
}
