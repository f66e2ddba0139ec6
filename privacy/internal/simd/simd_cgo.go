//go:build cgo

package simd

/*
#cgo CFLAGS: -O3
#cgo baseline CFLAGS: -DPV_BASELINE
#cgo noescape pv_simd_sigmoid
#cgo nocallback pv_simd_sigmoid
#include "simd.h"
*/
import "C"

import "math"

const (
	base = Path(C.PV_BASE)
	avx2 = Path(C.PV_AVX2)
)

// Paths returns the paths that this machine can take, the fastest first.
func Paths() []Path {
	if Path(C.pv_simd_path()) == avx2 {
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

// Sigmoid replaces every x by 1/(1+e^−x), as the kernels of p compute it; that it
// may be tested is why it is here.
func Sigmoid(p Path, x *[8]float32) {
	if p == Plain {
		for i, v := range x {
			x[i] = float32(1 / (1 + math.Exp(-float64(v))))
		}
		return
	}
	C.pv_simd_sigmoid((*C.float)(&x[0]), C.int(p))
}
