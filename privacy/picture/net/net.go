// Package net runs a tflite.Graph, a small convolutional network, on one thread
// of the CPU. (It has nothing to do with networks between machines.)
//
// The kernels are C with the compiler's vector extensions: AVX2 where the
// machine has it, else what every machine of its kind has (SSE2, NEON). Without
// cgo, and as the oracle of the tests, there is the same in plain Go. With the tag
// baseline this package, compose and sample do without AVX2, to measure what old
// machines pay.
//
// 2026-11-22: one thread, because a second one gains little and suffers on a
// busy machine. All memory is Go's, and the layers hold distances instead of
// pointers, so that C borrows it without being told.
package net

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"paravent/privacy/internal/simd"
	"paravent/privacy/picture/tflite"
)

// A Path is one way of computing: plain Go, or C for some instruction set.
type Path = simd.Path

// Plain is plain Go.
const Plain = simd.Plain

// Paths returns the paths that this machine can take, the fastest first.
func Paths() []Path { return simd.Paths() }

// maxMemory bounds what a graph may use to compute: 32 Mi values, 128 MiB.
const maxMemory = 32 << 20

// An op is one layer made ready, as pv_op in net.h.
type op struct {
	kind, act              int32
	ih, iw, ic             int32
	oh, ow, oc             int32
	kh, kw, sh, sw, pt, pl int32
	rc                     int32
	in, by, out            int32
	w, b                   int32
}

// A Net is a graph made ready to run. It is used by one goroutine at a time.
type Net struct {
	ops     []op
	mem     []float32 // starts with zeros, which nothing overwrites
	weights []float32
	input   []float32 // within mem
	outputs []output
	path    Path
}

// An output lies within mem, stride values from one cell to the next.
type output struct {
	values []float32
	stride int
}

// ErrUnknownModel is returned for a file that is not the known model.
var ErrUnknownModel = errors.New("not the known model")

// Open makes the network of a TFLite file ready, of which it keeps nothing, and
// returns its graph as well. It returns ErrUnknownModel unless the file's SHA-256, in
// hexadecimal digits, is checksum.
func Open(model []byte, checksum string) (*Net, *tflite.Graph, error) {
	if sum := sha256.Sum256(model); hex.EncodeToString(sum[:]) != checksum {
		return nil, nil, ErrUnknownModel
	}
	g, err := tflite.Parse(model)
	if err != nil {
		return nil, nil, err
	}
	n, err := New(g)
	return n, g, err
}

// New makes g ready, on the fastest path of this machine. It keeps nothing of g.
func New(g *tflite.Graph) (*Net, error) { return NewOn(g, Paths()[0]) }

// NewOn is New on one of Paths, for tests that compare them.
func NewOn(g *tflite.Graph, path Path) (*Net, error) {
	if err := g.Check(); err != nil {
		return nil, fmt.Errorf("net: %w", err)
	}
	l, err := arrange(g)
	if err != nil {
		return nil, fmt.Errorf("net: %w", err)
	}
	n := &Net{mem: make([]float32, l.size), path: path}
	n.input = n.mem[l.at[g.In]:][:g.Shapes[g.In].Len()]
	for _, out := range g.Out {
		s, stride := g.Shapes[out], l.stride[out]
		n.outputs = append(n.outputs, output{n.mem[l.at[out]:][:s.H*s.W*stride], stride})
	}
	for i := range g.Layers {
		n.ops = append(n.ops, n.prepare(g, &g.Layers[i], l))
	}
	return n, nil
}

// Path returns how n computes.
func (n *Net) Path() Path { return n.path }

// Input returns where the input is to be written before each Run: [row]
// [column][channel], without gaps. Run does not change it.
func (n *Net) Input() []float32 { return n.input }

// Output returns what the last Run computed for entry i of Graph.Out, [row]
// [column][stride], where the channels come first in each cell. It stays where
// it is, and is overwritten by the next Run.
func (n *Net) Output(i int) (values []float32, stride int) {
	return n.outputs[i].values, n.outputs[i].stride
}

// Run computes the outputs from the input. Real-time: it does not allocate.
func (n *Net) Run() { n.run() }
