//go:build !nowindow

package window

// #cgo CFLAGS: -O3
// #include "convert.h"
import "C"

import (
	"image"
	"unsafe"
)

// toRGBA writes the pixels of src to dst, which has the same size and no gap
// between its rows, the form in which a texture is uploaded. src is in
// limited-range BT.601, as package frame defines it. Real-time: it does not
// allocate.
func toRGBA(dst *image.RGBA, src *image.YCbCr) {
	w, h := src.Rect.Dx(), src.Rect.Dy()
	if w == 0 || h == 0 {
		return
	}
	_, _, _, _ = dst.Pix[w*h*4-1], src.Y[(h-1)*src.YStride+w-1], src.Cb[(h-1)/2*src.CStride+(w-1)/2], src.Cr[(h-1)/2*src.CStride+(w-1)/2]
	C.paravent_rgba(bytes(dst.Pix), bytes(src.Y), C.int(src.YStride), bytes(src.Cb), bytes(src.Cr), C.int(src.CStride), C.int(w), C.int(h))
}

// shrunk returns the size of a picture of the given size made k times smaller.
// It is even, so that the colours shrink by k as well.
func shrunk(size image.Point, k int) image.Point {
	if k <= 1 {
		return size
	}
	return image.Pt(size.X/k&^1, size.Y/k&^1)
}

// shrink writes src to dst, k times smaller: dst has the size shrunk(src, k),
// and k is at most 64. Every pixel is the mean of k × k. Real-time: it does not
// allocate.
func shrink(dst, src *image.YCbCr, k int) {
	w, h := dst.Rect.Dx(), dst.Rect.Dy()
	shrinkPlane(dst.Y, dst.YStride, w, h, src.Y, src.YStride, k)
	shrinkPlane(dst.Cb, dst.CStride, w/2, h/2, src.Cb, src.CStride, k)
	shrinkPlane(dst.Cr, dst.CStride, w/2, h/2, src.Cr, src.CStride, k)
}

func shrinkPlane(dst []byte, dstStride, w, h int, src []byte, srcStride, k int) {
	if w == 0 || h == 0 {
		return
	}
	_, _ = dst[(h-1)*dstStride+w-1], src[(h*k-1)*srcStride+w*k-1]
	C.paravent_shrink(bytes(dst), C.int(dstStride), C.int(w), C.int(h), bytes(src), C.int(srcStride), C.int(k))
}

func bytes(b []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.SliceData(b)) }
