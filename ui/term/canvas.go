package term

import (
	"image"
	"sync"

	"paravent/media/frame"
)

// A Canvas is one place on the screen where pictures are shown. Show may be
// called by any goroutine; one other goroutine places the canvas and draws it.
//
//	decoder ── Show: scale, the newest wins ──▶ back ⇄ front ── Draw ──▶ bytes
type Canvas struct {
	look Abilities
	pen  *pen

	// Of the drawing goroutine alone.
	front   raster
	drawn   fit             // what is on the screen; zero if nothing
	area    image.Rectangle // a copy of at
	spoilt  bool
	encoder encoder // nil in mode None

	mu     sync.Mutex // guards everything that follows
	at     image.Rectangle
	budget int
	back   raster
	fresh  bool // back is newer than front
	moved  bool // at is newer than area
}

// An encoder puts a raster into what a terminal understands. It appends to dst
// and does not allocate once its buffers have grown.
type encoder interface {
	// draw shows r. Unless anew, the terminal still has what was drawn last at
	// the same place.
	draw(dst []byte, r *raster, anew bool) []byte

	// erase takes away what cells alone do not cover.
	erase(dst []byte) []byte
}

// NewCanvas returns a canvas that shows nothing until it is placed. slot tells
// the canvases of one screen apart.
func NewCanvas(look Abilities, slot int) *Canvas {
	c := &Canvas{look: look, pen: newPen()}
	switch look.Mode {
	case Kitty:
		c.encoder = newKitty(look, slot)
	case Sixel:
		c.encoder = newSixel(c.pen)
	case Blocks, Cube:
		c.encoder = &blocks{pen: c.pen, cube: look.Mode == Cube}
	case Shades, ASCII:
		c.encoder = &shades{pen: c.pen, ramp: ramp(look.Mode)}
	case None:
	}
	return c
}

// Place moves the canvas to at, in cells from the top left corner. It shows at
// most budget pixels where the terminal scales by itself; 0 is no bound. An
// empty rectangle hides it.
func (c *Canvas) Place(at image.Rectangle, budget int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.look.Mode == None {
		at = image.Rectangle{}
	}
	if at == c.at && budget == c.budget {
		return
	}
	c.at, c.budget, c.fresh, c.moved = at, budget, false, true
	c.back.fit = fit{}
	c.grow(&c.back)
}

// grow makes room for the largest raster of this place, so that Show need not.
func (c *Canvas) grow(r *raster) {
	full := c.pixels(c.at.Size())
	if n := full.X * full.Y * 3; cap(r.pix) < n {
		r.pix = make([]byte, n)
	}
}

// pixels returns how many pixels an area of cells has in this mode.
func (c *Canvas) pixels(cells image.Point) image.Point {
	switch c.look.Mode {
	case Kitty, Sixel:
		cell := c.look.cell()
		return image.Pt(cells.X*cell.X, cells.Y*cell.Y)
	case Blocks, Cube:
		return image.Pt(cells.X, 2*cells.Y)
	case Shades, ASCII:
		return cells
	case None:
	}
	return image.Point{}
}

// Pixels returns the size at which a picture of 16:9 is really drawn; zero if
// it is not.
func (c *Canvas) Pixels() image.Point {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fitting(image.Pt(1600, 900)).size
}

// fitting places a picture of the given size in the middle of the canvas.
func (c *Canvas) fitting(source image.Point) fit {
	area, cell := c.at.Size(), c.look.cell()
	if source.X <= 0 || source.Y <= 0 || area.X <= 0 || area.Y <= 0 {
		return fit{}
	}
	w, h := area.X*cell.X, area.Y*cell.Y
	if w*source.Y > h*source.X {
		w = h * source.X / source.Y
	} else {
		h = w * source.Y / source.X
	}
	cells := image.Pt(min(max((w+cell.X/2)/cell.X, 1), area.X), min(max((h+cell.Y/2)/cell.Y, 1), area.Y))
	corner := c.at.Min.Add(area.Sub(cells).Div(2))
	f := fit{scale: 1, source: source, cells: image.Rectangle{Min: corner, Max: corner.Add(cells)}, size: c.pixels(cells)}
	switch c.look.Mode {
	case Kitty: // the terminal enlarges
		f.size = within(f.size, min(source.X*source.Y, f.size.X*f.size.Y))
		if c.budget > 0 {
			f.size = within(f.size, c.budget)
		}
	case Sixel: // the encoder doubles
		if c.budget > 0 && f.size.X*f.size.Y > c.budget {
			f.size, f.scale = image.Pt(max(f.size.X/2, 1), max(f.size.Y/2, 1)), 2
		}
	case None, Blocks, Cube, Shades, ASCII:
	}
	return f
}

// within shrinks a size to at most n pixels.
func within(size image.Point, n int) image.Point {
	if size.X*size.Y <= n {
		return size
	}
	// The largest width w with w * (w*Y/X) <= n, by halving.
	low, high := 1, size.X
	for low < high {
		mid := (low + high + 1) / 2
		if mid*(mid*size.Y/size.X) <= n {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return image.Pt(low, max(low*size.Y/size.X, 1))
}

// Show scales p down and keeps it until it is drawn; a newer one replaces it.
// Real-time: it does not allocate, and waits for nothing longer than an
// exchange of buffers.
func (c *Canvas) Show(p *frame.Picture) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if source := p.Size(); c.back.fit.source != source {
		c.back.fit = c.fitting(source)
	}
	c.back.size = c.back.fit.size
	if c.back.size.X == 0 || c.back.size.Y == 0 {
		return
	}
	c.back.pix = c.back.pix[:c.back.size.X*c.back.size.Y*3]
	c.back.scale(p)
	c.fresh = true
}

// Spoil says that the terminal may have lost what was drawn.
func (c *Canvas) Spoil() { c.spoilt = true }

// Draw appends what brings the newest picture to the screen, and nothing if it
// is there already. It moves the cursor and changes its colours. Once the
// buffers have grown it does not allocate.
func (c *Canvas) Draw(dst []byte) []byte {
	moved, fresh := c.take()
	if c.encoder == nil {
		return dst
	}
	anew := moved || c.spoilt || fresh && c.front.fit != c.drawn
	c.spoilt = false
	if anew {
		dst = c.Erase(dst)
	}
	if c.front.fit == (fit{}) || !anew && !fresh {
		return dst
	}
	c.drawn = c.front.fit
	return c.encoder.draw(dst, &c.front, anew)
}

// take fetches the newest picture, if there is a newer one, and the place.
func (c *Canvas) take() (moved, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if moved = c.moved; moved {
		c.area, c.moved = c.at, false
		c.front.fit = fit{}
	}
	if fresh = c.fresh; fresh {
		c.front, c.back = c.back, c.front
		c.back.fit, c.fresh = c.front.fit, false
		c.grow(&c.back)
	}
	return moved, fresh
}

// Remove appends what takes the picture out of the terminal's memory. The cells
// stay as they are: something else is written there.
func (c *Canvas) Remove(dst []byte) []byte {
	if c.encoder != nil && c.drawn != (fit{}) {
		dst = c.encoder.erase(dst)
	}
	c.drawn = fit{}
	return dst
}

// Erase appends what takes the picture off the screen.
func (c *Canvas) Erase(dst []byte) []byte {
	if c.encoder == nil {
		return dst
	}
	dst = c.Remove(dst)
	for y := c.area.Min.Y; y < c.area.Max.Y; y++ {
		dst = c.pen.move(dst, c.area.Min.X, y)
		dst = append(dst, "\x1b[0m\x1b["...)
		dst = c.pen.number(dst, c.area.Dx())
		dst = append(dst, 'X')
	}
	return dst
}

// Budget is a good bound for the pixels of a whole screen where every pixel goes
// to the terminal.
const Budget = 512 << 10
