// Package net runs a tflite.Graph, a small convolutional network, on one thread
// of the CPU. (It has nothing to do with networks between machines.)
//
// The kernels are C with the compiler's vector extensions: AVX2 where the
// machine has it, else what every machine of its kind has (SSE2, NEON). Without
// cgo, and as the oracle of the tests, there is the same in plain Go.
//
// 2026-11-22: one thread, because a second one gains little and suffers on a
// busy machine. All memory is Go's, and the layers hold distances instead of
// pointers, so that C borrows it without being told.
package net

import (
	"errors"
	"fmt"

	"paravent/privacy/picture/tflite"
)

// A Path is one way of computing: plain Go, or C for some instruction set.
type Path uint8

// Plain is plain Go.
const Plain Path = 0

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
	output  []float32
	stride  int
	path    Path
}

// New makes g ready, on the fastest path of this machine. It keeps nothing of g.
func New(g *tflite.Graph) (*Net, error) { return newNet(g, paths()[0]) }

func newNet(g *tflite.Graph, path Path) (*Net, error) {
	if err := g.Check(); err != nil {
		return nil, fmt.Errorf("net: %w", err)
	}
	l, err := arrange(g)
	if err != nil {
		return nil, fmt.Errorf("net: %w", err)
	}
	n := &Net{mem: make([]float32, l.size), path: path, stride: l.stride[g.Out]}
	n.input = n.mem[l.at[g.In]:][:g.Shapes[g.In].Len()]
	out := g.Shapes[g.Out]
	n.output = n.mem[l.at[g.Out]:][:out.H*out.W*n.stride]
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

// Output returns the result of the last Run, [row][column][stride], where the
// channels come first in each cell. It is overwritten by the next Run.
func (n *Net) Output() (values []float32, stride int) { return n.output, n.stride }

// Run computes the output from the input. Real-time: it does not allocate.
func (n *Net) Run() { n.run() }

// A layout says where the tensors of a graph lie in memory.
type layout struct {
	at, stride []int // of each tensor; stride is its channels as stored
	size       int
}

func pad8(c int) int { return (c + 7) &^ 7 }

// arrange gives every tensor its place, so that those which are needed at the
// same time do not overlap: first fit, in the order of the layers.
func arrange(g *tflite.Graph) (*layout, error) {
	l := &layout{at: make([]int, len(g.Shapes)), stride: make([]int, len(g.Shapes))}
	last := make([]int, len(g.Shapes)) // the last layer that needs a tensor
	zeros := 0
	for i, s := range g.Shapes {
		l.stride[i] = pad8(s.C)
		zeros = max(zeros, pad8(s.C))
	}
	l.stride[g.In] = g.Shapes[g.In].C
	for i, y := range g.Layers {
		zeros = max(zeros, pad8(y.KW*g.Shapes[y.In].C))
		if y.In == g.In && y.Kind != tflite.Conv || y.By == g.In {
			return nil, errors.New("the input goes to another layer than a convolution")
		}
		if y.Kind == tflite.Upconv {
			if y.Out != g.Out || i != len(g.Layers)-1 {
				return nil, errors.New("a transposed convolution that is not the last layer")
			}
			l.stride[y.Out] = 1
		}
		last[y.In], last[y.Out] = i, max(i, last[y.Out])
		if y.By >= 0 {
			last[y.By] = i
		}
	}
	last[g.In], last[g.Out] = len(g.Layers), len(g.Layers)

	type place struct{ from, to, last int }
	var placed []place
	l.size = zeros
	put := func(t, born int) error {
		s := g.Shapes[t]
		size := (s.H*s.W*l.stride[t] + 15) &^ 15
		from := zeros
		for moved := true; moved; {
			moved = false
			for _, p := range placed {
				if p.last >= born && from < p.to && p.from < from+size {
					from, moved = p.to, true
				}
			}
		}
		placed = append(placed, place{from, from + size, last[t]})
		l.at[t] = from
		if l.size = max(l.size, from+size); l.size > maxMemory {
			return errors.New("needs too much memory")
		}
		return nil
	}
	if err := put(g.In, 0); err != nil {
		return nil, err
	}
	for i, y := range g.Layers {
		if err := put(y.Out, i); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// prepare packs the weights of y and returns it as an op.
func (n *Net) prepare(g *tflite.Graph, y *tflite.Layer, l *layout) op {
	in, out := g.Shapes[y.In], g.Shapes[y.Out]
	o := op{
		kind: int32(y.Kind), act: int32(y.Act),
		ih: int32(in.H), iw: int32(in.W), ic: int32(l.stride[y.In]),
		oh: int32(out.H), ow: int32(out.W), oc: int32(l.stride[y.Out]),
		kh: int32(y.KH), kw: int32(y.KW), sh: int32(y.StrideY), sw: int32(y.StrideX), pt: int32(y.Top), pl: int32(y.Left),
		rc: int32(in.C), in: int32(l.at[y.In]), out: int32(l.at[y.Out]),
	}
	if y.By >= 0 {
		o.by = int32(l.at[y.By])
	}
	o.w = int32(len(n.weights))
	switch y.Kind {
	case tflite.Conv:
		n.packConv(y, in.C, out.C)
	case tflite.Depthwise:
		for k := range y.KH * y.KW {
			n.weights = append(n.weights, y.Weights[k*out.C:][:out.C]...)
			n.weights = append(n.weights, make([]float32, pad8(out.C)-out.C)...)
		}
	case tflite.Upconv:
		for c := range pad8(in.C) {
			var w [8]float32
			for k := range 4 {
				if c < in.C {
					w[k] = y.Weights[k*in.C+c]
				}
			}
			n.weights = append(n.weights, w[:]...)
		}
	case tflite.Add, tflite.Scale, tflite.Mean, tflite.Resize: // without weights
	}
	bias := y.Bias
	if y.Kind == tflite.Upconv {
		bias = []float32{bias[0], bias[0], bias[0], bias[0]}
	}
	o.b = int32(len(n.weights))
	n.weights = append(n.weights, bias...)
	n.weights = append(n.weights, make([]float32, pad8(len(bias))-len(bias))...)
	return o
}

// packConv appends the weights of y in blocks of 16 output channels (the last
// one may have 8), each [kernel cell and input channel][16], in the order in
// which they are read.
func (n *Net) packConv(y *tflite.Layer, in, out int) {
	depth := y.KH * y.KW * in
	for c := 0; c < pad8(out); c += 16 {
		wide := min(16, pad8(out)-c)
		for k := range depth {
			for j := range wide {
				w := float32(0)
				if c+j < out {
					w = y.Weights[(c+j)*depth+k]
				}
				n.weights = append(n.weights, w)
			}
		}
	}
}
