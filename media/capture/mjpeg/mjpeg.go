// Package mjpeg decodes the pictures of cameras that send JPEG.
//
// It is a thin layer over libjpeg-turbo, which decodes to planes, so that no
// colour is computed twice. image/jpeg takes three times as long, allocates each
// picture, and does not know the tables that many cameras leave out. The bytes
// come from a device, so every size is checked before the library writes.
package mjpeg

// #cgo pkg-config: libturbojpeg
// #cgo noescape pv_jpeg_header
// #cgo nocallback pv_jpeg_header
// #cgo noescape pv_jpeg_decode
// #cgo nocallback pv_jpeg_decode
// #include "mjpeg.h"
// #include <turbojpeg.h>
import "C"

import (
	"errors"
	"fmt"
	"image"
	"unsafe"

	"paravent/media/capture"
	"paravent/media/capture/internal/pixels"
	"paravent/media/frame"
)

// A Decoder decodes pictures of one size. It is used by one goroutine.
type Decoder struct {
	size   image.Point // as the camera codes them
	handle C.tjhandle
	buf    []byte // planes in the camera's own layout
}

// NewDecoder returns a decoder for pictures of the given size in pixels. Close
// it after use.
func NewDecoder(width, height int) (*Decoder, error) {
	if width < 2 || height < 2 || width > pixels.MaxSide || height > pixels.MaxSide {
		return nil, fmt.Errorf("%w: JPEG of %d×%d", capture.ErrFormat, width, height)
	}
	h := C.tjInitDecompress()
	if h == nil {
		return nil, errors.New("mjpeg: no memory for a decoder")
	}
	return &Decoder{size: image.Pt(width, height), handle: h}, nil
}

// Close frees the decoder and overwrites what it still holds.
func (d *Decoder) Close() {
	if d.handle != nil {
		C.tjDestroy(d.handle)
		d.handle = nil
	}
	clear(d.buf)
	d.buf = nil
}

// Decode writes a JPEG picture into dst, which has the decoder's size, made
// even. A damaged picture, or one of another size, is an error that wraps
// capture.ErrFormat; dst is then undefined. It does not allocate after the
// first picture.
func (d *Decoder) Decode(dst *frame.Picture, jpeg []byte) error {
	if want := pixels.Even(d.size.X, d.size.Y); dst.Size() != want {
		return fmt.Errorf("mjpeg: a picture of %v for %v", dst.Size(), want)
	}
	if d.handle == nil || len(jpeg) == 0 {
		return fault("there is no picture")
	}
	src := (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(jpeg)))
	h := C.pv_jpeg_header(C.uintptr_t(uintptr(unsafe.Pointer(d.handle))), src, C.size_t(len(jpeg)))
	if h.sampling < 0 {
		return fault("the picture is damaged")
	}
	if int(h.width) != d.size.X || int(h.height) != d.size.Y {
		return fault("the picture changed its size")
	}
	l, ok := layoutOf(h.sampling, d.size)
	if !ok {
		return fault("an unusual sampling of colours")
	}
	if len(d.buf) < l.total {
		clear(d.buf)
		d.buf = make([]byte, l.total)
	}
	if C.pv_jpeg_decode(C.uintptr_t(uintptr(unsafe.Pointer(d.handle))), src, C.size_t(len(jpeg)),
		(*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(d.buf))), h.width, h.height,
		C.size_t(l.cb), C.size_t(l.cr), C.int(l.yStride), C.int(l.cStride)) != 0 {
		return fault("the picture is damaged")
	}
	l.to(dst.Image, d.buf)
	pixels.Limit(dst.Image)
	return nil
}

// A layout is where the planes of a decoded picture lie in the buffer.
type layout struct {
	sampling         C.int
	yStride, cStride int
	cb, cr, total    int
}

func layoutOf(sampling C.int, size image.Point) (layout, bool) {
	switch sampling {
	case C.TJSAMP_420, C.TJSAMP_422, C.TJSAMP_444, C.TJSAMP_GRAY:
	default:
		return layout{}, false
	}
	plane := func(i C.int) (stride, n int) {
		w, h := C.tjPlaneWidth(i, C.int(size.X), sampling), C.tjPlaneHeight(i, C.int(size.Y), sampling)
		return int(w), int(w) * int(h)
	}
	l := layout{sampling: sampling}
	l.yStride, l.cb = plane(0)
	l.cr, l.total = l.cb, l.cb
	if sampling != C.TJSAMP_GRAY {
		var n int
		l.cStride, n = plane(1)
		l.cr, l.total = l.cb+n, l.cb+2*n
	}
	return l, true
}

// to copies the planes to dst and takes the mean of the colours that 4:2:0 has
// no place for.
func (l layout) to(dst *image.YCbCr, buf []byte) {
	w, h := dst.Rect.Dx(), dst.Rect.Dy()
	pixels.Copy(dst.Y, dst.YStride, buf, l.yStride, w, h)
	cb, cr := buf[l.cb:l.total], buf[l.cr:l.total]
	for _, p := range [2]struct{ dst, src []byte }{{dst.Cb, cb}, {dst.Cr, cr}} {
		switch l.sampling {
		case C.TJSAMP_420:
			pixels.Copy(p.dst, dst.CStride, p.src, l.cStride, w/2, h/2)
		case C.TJSAMP_422:
			pixels.HalveRows(p.dst, dst.CStride, p.src, l.cStride, w/2, h/2)
		case C.TJSAMP_444:
			pixels.HalveBoth(p.dst, dst.CStride, p.src, l.cStride, w/2, h/2)
		default:
			for i := range p.dst {
				p.dst[i] = 128
			}
		}
	}
}

func fault(what string) error { return fmt.Errorf("%w: %s", capture.ErrFormat, what) }
