//go:build cgo

package sample

/*
#cgo CFLAGS: -O3
#cgo baseline CFLAGS: -DPV_BASELINE
#cgo noescape pv_sample_plane
#cgo nocallback pv_sample_plane
#cgo noescape pv_sample_colour
#cgo nocallback pv_sample_colour
#include "sample.h"
*/
import "C"

import "unsafe"

// A span and a C.pv_span are one: neither of these compiles otherwise.
const (
	_ = uint(unsafe.Sizeof(span{}) - C.sizeof_pv_span)
	_ = uint(C.sizeof_pv_span - unsafe.Sizeof(span{}))
)

func (s *Sampler) plane(dst []float32, src []byte, stride int) {
	C.pv_sample_plane((*C.float)(unsafe.SliceData(dst)), C.int(len(s.cols)), C.int(len(s.rows)), (*C.uint8_t)(unsafe.SliceData(src)),
		C.int(stride), (*C.pv_span)(unsafe.Pointer(&s.cols[0])), (*C.pv_span)(unsafe.Pointer(&s.rows[0])), (*C.float)(unsafe.SliceData(s.line)))
}

func (s *Sampler) colour(dst []float32, t Target) {
	C.pv_sample_colour((*C.float)(unsafe.SliceData(dst)), C.int(t.W), C.int(t.H), C.int(t.Stride), C.float(t.Black), C.float(t.White),
		(*C.float)(&s.y[0]), (*C.float)(&s.cb[0]), (*C.float)(&s.cr[0]))
}
