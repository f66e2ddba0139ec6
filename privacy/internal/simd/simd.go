// Package simd is what the engines of the small networks share: which
// instruction sets this machine has, and, in simd.h and vector.h, the vectors of
// 8 values that their C kernels are made of.
//
// An engine's kernels.c includes simd.h once, and then, for each instruction set,
// vector.h and its own kernels.h. The go command looks for changed headers only in
// an engine's own folder; that it rebuilds the engines when these change is
// because simd.c is made of them too, and the engines import this package.
package simd

// A Path is one way of computing: plain Go, or C for some instruction set.
type Path uint8

// Plain is plain Go. It is everywhere, and the oracle of the tests.
const Plain Path = 0
