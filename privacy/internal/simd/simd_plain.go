//go:build !cgo

package simd

import "math"

// Paths returns the paths that this machine can take, the fastest first.
func Paths() []Path { return []Path{Plain} }

// String returns the name of p, for reports.
func (p Path) String() string { return "plain Go" }

// Sigmoid replaces every x by 1/(1+e^−x).
func Sigmoid(_ Path, x *[8]float32) {
	for i, v := range x {
		x[i] = float32(1 / (1 + math.Exp(-float64(v))))
	}
}
