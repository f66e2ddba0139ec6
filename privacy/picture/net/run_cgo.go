//go:build cgo

package net

/*
#cgo CFLAGS: -O3
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

const (
	base = Path(C.PV_BASE)
	avx2 = Path(C.PV_AVX2)
)

// Paths returns the paths that this machine can take, the fastest first.
func Paths() []Path {
	if Path(C.pv_net_path()) == avx2 {
		return []Path{avx2, base, Plain}
	}
	return []Path{base, Plain}
}

// String returns the name of p, for reports.
func (p Path) String() string {
	switch p {
	case avx2:
		return "AVX2"
	case base:
		return "baseline vectors"
	case Plain:
	}
	return "plain Go"
}

func (n *Net) run() {
	if n.path == Plain {
		n.runPlain()
		return
	}
	C.pv_net_run((*C.pv_op)(unsafe.Pointer(unsafe.SliceData(n.ops))), C.int(len(n.ops)),
		(*C.float)(unsafe.SliceData(n.mem)), (*C.float)(unsafe.SliceData(n.weights)), C.int(n.path))
}
