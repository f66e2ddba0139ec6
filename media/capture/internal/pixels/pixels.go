// Package pixels turns what devices deliver into the program's one form of
// picture, I420 in limited range: once, and without garbage.
//
// It is C, because the compiler of C makes vector instructions of such loops
// and Go's does not.
package pixels

// #cgo CFLAGS: -O3
// #cgo noescape pv_yuyv
// #cgo nocallback pv_yuyv
// #cgo noescape pv_uyvy
// #cgo nocallback pv_uyvy
// #cgo noescape pv_split
// #cgo nocallback pv_split
// #cgo noescape pv_bgra
// #cgo nocallback pv_bgra
// #cgo noescape pv_rgba
// #cgo nocallback pv_rgba
// #cgo noescape pv_halve_rows
// #cgo nocallback pv_halve_rows
// #cgo noescape pv_halve_both
// #cgo nocallback pv_halve_both
// #cgo noescape pv_limit
// #cgo nocallback pv_limit
// #cgo noescape pv_limit_chroma
// #cgo nocallback pv_limit_chroma
// #include "pixels.h"
import "C"

import (
	"image"
	"unsafe"
)

// MaxSide is the largest width and height, in pixels, that a device or a file
// may ask for. It bounds memory.
const MaxSide = 8192

// Even is the largest size within w × h that 4:2:0 can hold without halves: the
// last column or row of an odd size is left out.
func Even(w, h int) image.Point { return image.Pt(w&^1, h&^1) }

// Every function below writes all of dst, whose size must be even, from src:
// rows of stride bytes. It panics when src is too short, and borrows both until
// it returns. Real-time: none allocates.

// YUYV reads two pixels as Y, Cb, Y, Cr.
func YUYV(dst *image.YCbCr, src []byte, stride int) {
	if d := planes(dst); d.height > 0 {
		C.pv_yuyv(d, rows(src, stride, 2*int(d.width), int(d.height)), C.ptrdiff_t(stride))
	}
}

// UYVY reads two pixels as Cb, Y, Cr, Y.
func UYVY(dst *image.YCbCr, src []byte, stride int) {
	if d := planes(dst); d.height > 0 {
		C.pv_uyvy(d, rows(src, stride, 2*int(d.width), int(d.height)), C.ptrdiff_t(stride))
	}
}

// NV12 reads a plane of Y with rows rows, then one of Cb and Cr in turns.
func NV12(dst *image.YCbCr, src []byte, stride, height int) {
	d := planes(dst)
	if d.height == 0 {
		return
	}
	Copy(dst.Y, dst.YStride, src, stride, int(d.width), int(d.height))
	c := rows(src[stride*height:], stride, int(d.width), int(d.height)/2)
	C.pv_split(d, c, C.ptrdiff_t(stride))
}

// NV21 is NV12 with Cr before Cb.
func NV21(dst *image.YCbCr, src []byte, stride, height int) {
	swapped := *dst
	swapped.Cb, swapped.Cr = dst.Cr, dst.Cb
	NV12(&swapped, src, stride, height)
}

// I420 reads a plane of Y with height rows, then planes of Cb and of Cr, of
// half the stride and half the rows.
func I420(dst *image.YCbCr, src []byte, stride, height int) {
	w, h := dst.Rect.Dx(), dst.Rect.Dy()
	cb := stride * height
	cr := cb + stride/2*((height+1)/2)
	Copy(dst.Y, dst.YStride, src, stride, w, h)
	Copy(dst.Cb, dst.CStride, src[cb:], stride/2, w/2, h/2)
	Copy(dst.Cr, dst.CStride, src[cr:], stride/2, w/2, h/2)
}

// BGRA reads four bytes a pixel, in full range. It does not look at the fourth.
func BGRA(dst *image.YCbCr, src []byte, stride int) {
	if d := planes(dst); d.height > 0 {
		C.pv_bgra(d, rows(src, stride, 4*int(d.width), int(d.height)), C.ptrdiff_t(stride))
	}
}

// RGBA is BGRA with red first.
func RGBA(dst *image.YCbCr, src []byte, stride int) {
	if d := planes(dst); d.height > 0 {
		C.pv_rgba(d, rows(src, stride, 4*int(d.width), int(d.height)), C.ptrdiff_t(stride))
	}
}

// Copy copies one plane of w × h bytes.
func Copy(dst []byte, dstStride int, src []byte, srcStride, w, h int) {
	for y := range h {
		copy(dst[y*dstStride:y*dstStride+w], src[y*srcStride:y*srcStride+w])
	}
}

// HalveRows writes w × h bytes, each the mean of two that lie above each other.
func HalveRows(dst []byte, dstStride int, src []byte, srcStride, w, h int) {
	if w > 0 && h > 0 {
		C.pv_halve_rows(rows(dst, dstStride, w, h), C.ptrdiff_t(dstStride),
			rows(src, srcStride, w, 2*h), C.ptrdiff_t(srcStride), C.int(w), C.int(h))
	}
}

// HalveBoth writes w × h bytes, each the mean of a square of four.
func HalveBoth(dst []byte, dstStride int, src []byte, srcStride, w, h int) {
	if w > 0 && h > 0 {
		C.pv_halve_both(rows(dst, dstStride, w, h), C.ptrdiff_t(dstStride),
			rows(src, srcStride, 2*w, 2*h), C.ptrdiff_t(srcStride), C.int(w), C.int(h))
	}
}

// Limit turns a picture of full range, as JPEG has it, into limited range.
func Limit(img *image.YCbCr) {
	if len(img.Y) > 0 {
		C.pv_limit(first(img.Y), C.size_t(len(img.Y)))
	}
	if len(img.Cb) > 0 && len(img.Cr) > 0 {
		C.pv_limit_chroma(first(img.Cb), C.size_t(len(img.Cb)))
		C.pv_limit_chroma(first(img.Cr), C.size_t(len(img.Cr)))
	}
}

func planes(dst *image.YCbCr) C.struct_planes {
	w, h := dst.Rect.Dx(), dst.Rect.Dy()
	if w%2 != 0 || h%2 != 0 || dst.SubsampleRatio != image.YCbCrSubsampleRatio420 {
		panic("pixels: the picture is not 4:2:0 of an even size")
	}
	if w == 0 || h == 0 {
		return C.struct_planes{}
	}
	return C.struct_planes{
		y:        rows(dst.Y, dst.YStride, w, h),
		cb:       rows(dst.Cb, dst.CStride, w/2, h/2),
		cr:       rows(dst.Cr, dst.CStride, w/2, h/2),
		y_stride: C.ptrdiff_t(dst.YStride), c_stride: C.ptrdiff_t(dst.CStride),
		width: C.int(w), height: C.int(h),
	}
}

// rows checks, before C does not, that b holds h rows of w bytes.
func rows(b []byte, stride, w, h int) *C.uint8_t {
	if stride < w {
		panic("pixels: rows overlap")
	}
	return first(b[:(h-1)*stride+w])
}

func first(b []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(b))) }
