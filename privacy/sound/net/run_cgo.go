//go:build cgo

package net

/*
#cgo CFLAGS: -O3
#cgo noescape pv_sound_run
#cgo nocallback pv_sound_run
#include "net.h"
*/
import "C"

import "unsafe"

// An op and a C.pv_sound_op are one: neither of these compiles otherwise.
const (
	_ = uint(unsafe.Sizeof(op{}) - C.sizeof_pv_sound_op)
	_ = uint(C.sizeof_pv_sound_op - unsafe.Sizeof(op{}))
)

func (n *Net) run() {
	if n.path == Plain {
		n.runPlain()
		return
	}
	m := n.m
	C.pv_sound_run((*C.pv_sound_op)(unsafe.Pointer(unsafe.SliceData(m.ops))), C.int(len(m.ops)),
		(*C.float)(unsafe.SliceData(n.mem)), (*C.float)(unsafe.SliceData(m.weights)), C.int(n.path))
}
