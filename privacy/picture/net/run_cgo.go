//go:build cgo

package net

/*
#cgo CFLAGS: -O3
#cgo baseline CFLAGS: -DPV_BASELINE
#cgo noescape pv_net_run
#cgo nocallback pv_net_run
#include "net.h"
*/
import "C"

import "unsafe"

// An op and a C.pv_op are one: neither of these compiles otherwise.
const (
	_ = uint(unsafe.Sizeof(op{}) - C.sizeof_pv_op)
	_ = uint(C.sizeof_pv_op - unsafe.Sizeof(op{}))
)

func (n *Net) run() {
	if n.path == Plain {
		n.runPlain()
		return
	}
	C.pv_net_run((*C.pv_op)(unsafe.Pointer(unsafe.SliceData(n.ops))), C.int(len(n.ops)),
		(*C.float)(unsafe.SliceData(n.mem)), (*C.float)(unsafe.SliceData(n.weights)), C.int(n.path))
}
