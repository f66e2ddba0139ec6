// Package frame holds raw pictures and raw sound, as they come from a camera
// or a microphone and as they go to a screen or a loudspeaker.
//
// It is the bottom of the program: it imports only the standard library.
package frame

import (
	"image"
	"time"
)

// A Picture is one raw video image in I420 (4:2:0, limited range). Whoever
// holds it owns it, and must either pass it on or call Release, once.
type Picture struct {
	Image *image.YCbCr
	At    time.Duration // since the source was opened

	pool *Pool
}

// Release gives the pixels back to the picture's pool, where they are
// overwritten, so that a raw picture does not stay in memory after its use. The
// picture must not be used afterwards. Releasing nil does nothing.
func (p *Picture) Release() {
	if p == nil || p.pool == nil {
		return
	}
	p.pool.put(p)
}

// Size returns the width and the height in pixels.
func (p *Picture) Size() image.Point { return p.Image.Rect.Size() }

// CopyFrom overwrites p with the pixels and the time of src, which must have
// the same size. Real-time: it does not allocate.
func (p *Picture) CopyFrom(src *Picture) {
	CopyPlanes(p.Image, src.Image)
	p.At = src.At
}

// CopyPlanes overwrites dst with src. Both are 4:2:0 and of one size; their
// strides may differ.
func CopyPlanes(dst, src *image.YCbCr) {
	w, h := src.Rect.Dx(), src.Rect.Dy()
	copyPlane(dst.Y, dst.YStride, src.Y, src.YStride, w, h)
	cw, ch := (w+1)/2, (h+1)/2
	copyPlane(dst.Cb, dst.CStride, src.Cb, src.CStride, cw, ch)
	copyPlane(dst.Cr, dst.CStride, src.Cr, src.CStride, cw, ch)
}

func copyPlane(dst []byte, dstStride int, src []byte, srcStride, w, h int) {
	for y := range h {
		copy(dst[y*dstStride:y*dstStride+w], src[y*srcStride:y*srcStride+w])
	}
}

// A Colour is one colour in limited-range BT.601, the way pictures hold it.
type Colour struct{ Y, Cb, Cr byte }

// Black is what an empty picture holds.
func Black() Colour { return Colour{16, 128, 128} }

// RGB returns the colour of a full-range red, green and blue, after ITU-R
// BT.601.
func RGB(r, g, b byte) Colour {
	R, G, B := float64(r), float64(g), float64(b)
	return Colour{
		Y:  byte(16.5 + (65.738*R+129.057*G+25.064*B)/256),
		Cb: byte(128.5 + (-37.945*R-74.494*G+112.439*B)/256),
		Cr: byte(128.5 + (112.439*R-94.154*G-18.285*B)/256),
	}
}

// Fill makes every pixel of p the colour c.
func (p *Picture) Fill(c Colour) { fill(p.Image, c) }

func fill(img *image.YCbCr, c Colour) {
	memset(img.Y, c.Y)
	memset(img.Cb, c.Cb)
	memset(img.Cr, c.Cr)
}

// memset doubles what is set until all is: copy is the fastest loop that the
// language has.
func memset(b []byte, v byte) {
	if len(b) == 0 {
		return
	}
	b[0] = v
	for n := 1; n < len(b); n *= 2 {
		copy(b[n:], b[:n])
	}
}
