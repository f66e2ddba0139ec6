// Package net runs the recurrent network of the room gate, frame by frame, on one
// thread of the CPU. (It has nothing to do with networks between machines.)
//
//	features ─ normal ─► front layer, tanh ─► GRU 1 ─► GRU 2
//	                                           │        │
//	                                           └────────┴─► output layer, sigmoid
//
// The kernels are C with the compiler's vector extensions: AVX2 where the machine
// has it, else what every machine of its kind has (SSE2, NEON). Without cgo, and
// as the oracle of the tests, there is the same in plain Go. A frame is one call
// into C.
package net

import (
	"fmt"

	"paravent/privacy/internal/simd"
)

// A Path is one way of computing: plain Go, or C for some instruction set.
type Path = simd.Path

// Plain is plain Go.
const Plain = simd.Plain

// Paths returns the paths that this machine can take, the fastest first.
func Paths() []Path { return simd.Paths() }

// Sizes are how many values there are in each layer.
type Sizes struct {
	Features int // of a frame, what Run reads
	Front    int // of the layer in front
	First    int // of the state of the first GRU
	Second   int // of the state of the second
	Outputs  int // what Run writes, each from 0 to 1
}

// A Model is what Parse read, made ready to run. It never changes, and may be used
// by several goroutines and any number of Nets.
type Model struct {
	sizes   Sizes
	mean    []float32 // of each feature
	invstd  []float32 // one by its standard deviation
	ops     []op
	weights []float32 // packed
	size    int       // of the memory of a Net, in values
	x       int       // where in it the features are,
	h1, h2  int       // the states
	out     int       // and the outputs
}

// Sizes returns the sizes of m.
func (m *Model) Sizes() Sizes { return m.sizes }

// An op is one step of a frame, as pv_sound_op in net.h.
type op struct {
	kind       int32
	in, out    int32 // from the start of the memory, in values
	by         int32 // gru: the part of the state
	rows, cols int32 // cols is padded to a multiple of 8
	w, b       int32 // from the start of the weights; b < 0 adds to what is in out
}

// What an op does.
const (
	matvec  = iota // out = b + in·w
	tanh           // out = tanh(out)
	sigmoid        // out = σ(out)
	gru            // out, the state, of in (the input's part of the gates) and by
)

// A Net is a model with the memory of what it has heard. It is used by one
// goroutine at a time.
type Net struct {
	m    *Model
	mem  []float32
	path Path
}

// New returns a Net that has heard nothing, on the fastest path of this machine.
func (m *Model) New() *Net { return m.NewOn(Paths()[0]) }

// NewOn is New on one of Paths, for tests that compare them.
func (m *Model) NewOn(p Path) *Net { return &Net{m: m, mem: make([]float32, m.size), path: p} }

// Path returns how n computes.
func (n *Net) Path() Path { return n.path }

// Sizes returns the sizes of the model.
func (n *Net) Sizes() Sizes { return n.m.sizes }

// Reset makes n forget all it has heard.
func (n *Net) Reset() { clear(n.mem) }

// limit is how many standard deviations from the mean a feature may be.
const limit = 6

// Run computes the outputs of the next frame. The slices have the lengths that
// Sizes says, or Run panics; it borrows them until it returns. A feature that is
// not a number, or infinite, counts as its mean, so the state stays finite
// whatever comes. Real-time: it does not allocate.
func (n *Net) Run(features, out []float32) {
	m := n.m
	if len(features) != m.sizes.Features || len(out) != m.sizes.Outputs {
		panic(fmt.Sprintf("net: %d features and %d outputs, where the model has %d and %d",
			len(features), len(out), m.sizes.Features, m.sizes.Outputs))
	}
	x, mean, invstd := n.mem[m.x:][:len(features)], m.mean[:len(features)], m.invstd[:len(features)]
	for i, v := range features {
		if v-v != 0 { // not a number, or infinite
			x[i] = 0
			continue
		}
		v = (v - mean[i]) * invstd[i]
		switch {
		case v > limit:
			v = limit
		case v < -limit:
			v = -limit
		case v != v: // the difference of great numbers is infinite, and a deviation may be none
			v = 0
		}
		x[i] = v
	}
	n.run()
	copy(out, n.mem[m.out:])
}
