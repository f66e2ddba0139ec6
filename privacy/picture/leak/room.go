package leak

import (
	"fmt"
	"image"

	"paravent/media/frame"
)

// A Room learns the truth that Score asks for, on the machine where the camera
// is: the mean of the raw pixels wherever and whenever they were hidden. What
// is never hidden it cannot tell from the person, so that an object which is
// shown all the time is not missed by it. It holds raw pixels: Wipe it.
//
// It is used by one goroutine at a time.
type Room struct {
	w, h, n   int
	y, cb, cr []uint16 // 1/16 level
	seen      []uint8  // for each cell of 2×2 pixels, how often; at most 16
}

const hidden = 16 // a mask below this hides, as far as the eye can tell

// NewRoom returns an empty Room for pictures of w×h pixels, or ErrSize.
func NewRoom(w, h int) (*Room, error) {
	if w < 32 || h < 32 || w > 8192 || h > 8192 {
		return nil, fmt.Errorf("%w: %d×%d", ErrSize, w, h)
	}
	n := (w / 2) * (h / 2)
	return &Room{
		w: w, h: h, y: make([]uint16, 4*n), cb: make([]uint16, n), cr: make([]uint16, n), seen: make([]uint8, n),
	}, nil
}

// Add learns from a raw picture where the filter's mask of maskW×maskH cells,
// 0 for hidden to 255 for shown, hides it and all that is around it by one cell
// of the mask. Every fourth pair of rows is looked at, in turn. It borrows both
// until it returns. Real-time: it does not allocate.
func (r *Room) Add(raw *frame.Picture, mask []byte, maskW, maskH int) error {
	if err := check(raw, r.w, r.h); err != nil {
		return err
	}
	if maskW < 1 || maskH < 1 || len(mask) != maskW*maskH {
		return fmt.Errorf("%w: a mask of %d bytes for %d×%d", ErrSize, len(mask), maskW, maskH)
	}
	const turn = 4
	img, gw, gh := raw.Image, r.w/2, r.h/2
	for y := r.n % turn; y < gh; y += turn {
		my := y * maskH / gh
		c := cells{img.Y[2*y*img.YStride:], img.Y[(2*y+1)*img.YStride:], img.Cb[y*img.CStride:], img.Cr[y*img.CStride:]}
		for x := range gw {
			if shown(mask, maskW, maskH, x*maskW/gw, my) {
				continue
			}
			i := y*gw + x
			r.seen[i] = min(r.seen[i]+1, 16)
			n := int(r.seen[i])
			move := func(to *uint16, v uint16) { *to = uint16(int(*to) + (int(v)-int(*to))/n) }
			for k, v := range c.luma(x) {
				move(&r.y[4*i+k], v)
			}
			move(&r.cb[i], unit*uint16(c.cb[x]))
			move(&r.cr[i], unit*uint16(c.cr[x]))
		}
	}
	r.n++
	return nil
}

// shown reports whether the mask shows anything at or beside a cell of it.
func shown(mask []byte, w, h, x, y int) bool {
	for v := max(y-1, 0); v <= min(y+1, h-1); v++ {
		for _, m := range mask[v*w+max(x-1, 0) : v*w+min(x+1, w-1)+1] {
			if m >= hidden {
				return true
			}
		}
	}
	return false
}

// Truth returns what Score asks for: the room, and where it is not known. The
// caller owns both.
func (r *Room) Truth() (room *frame.Picture, person []byte) {
	img := image.NewYCbCr(image.Rect(0, 0, r.w, r.h), image.YCbCrSubsampleRatio420)
	person = make([]byte, r.w*r.h)
	gw, gh := r.w/2, r.h/2
	for y := range r.h {
		for x := range r.w {
			i := min(y/2, gh-1)*gw + min(x/2, gw-1)
			if r.seen[i] == 0 {
				person[y*r.w+x] = 255
			}
			img.Y[y*img.YStride+x] = level(r.y[4*i+y&1*2+x&1])
			c := y/2*img.CStride + x/2
			img.Cb[c], img.Cr[c] = level(r.cb[i]), level(r.cr[i])
		}
	}
	return &frame.Picture{Image: img}, person
}

// Wipe forgets all pixels.
func (r *Room) Wipe() {
	clear(r.y)
	clear(r.cb)
	clear(r.cr)
	clear(r.seen)
	r.n = 0
}
