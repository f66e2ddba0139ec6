// Package tflite reads the models of privacy/picture: the part of the TFLite
// file format (tensorflow/lite/schema/schema.fbs) that they use, down to a
// Graph of a few kinds of layers.
//
// It knows nothing of how a Graph is run, and trusts nothing in a file: what is
// malformed, out of proportion or unknown is an error.
package tflite

import (
	"errors"
	"fmt"
)

// A Kind is what a Layer computes.
type Kind uint8

// The kinds. X is the tensor In, Y the tensor By.
const (
	Conv      Kind = iota // 2-D convolution; Weights are [out channel][row][column][in channel]
	Depthwise             // a convolution per channel; Weights are [row][column][channel]
	Add                   // X + Y, of one shape
	Scale                 // X · Y, where Y has one cell: a factor per channel
	Mean                  // the average over all cells of X: one cell
	Resize                // bilinear, half-pixel centres, edges repeated
	Upconv                // 2×2 transposed convolution with stride 2 to one channel; Weights are [row][column][in channel]
	MaxPool               // the largest of 2×2 cells, with stride 2; nothing is assumed around X
	Widen                 // X with further channels, all of them 0
)

// An Activation is applied to every value that a Layer computes.
type Activation uint8

// The activations.
const (
	Linear  Activation = iota // x
	ReLU                      // max(x, 0)
	Swish                     // x · min(max(x+3, 0), 6) / 6, the "hard swish"
	Sigmoid                   // 1 / (1 + e^-x)
)

// A Shape is the size of a tensor: rows, columns, channels. There is one
// picture in a batch; values lie in that order, channels fastest.
type Shape struct{ H, W, C int }

// Len returns the number of values.
func (s Shape) Len() int { return s.H * s.W * s.C }

// A Layer computes one tensor from one or two others. In, By and Out are
// indices into Graph.Shapes; By is -1 unless the Kind says otherwise.
type Layer struct {
	Kind          Kind
	Act           Activation
	In, By, Out   int
	KH, KW        int // the kernel, rows and columns
	StrideY       int
	StrideX       int
	Top, Left     int       // zeros assumed around the input; below and right as many as are needed
	Weights, Bias []float32 // Bias has one value an output channel
}

// A Graph is a model: its layers in the order in which they are computed. In
// and Out are indices into Shapes. Where the file joins tensors into one output,
// Out names the parts, in their order, and where it gives an output other
// dimensions, Out names the tensor as it was before: the values are the same.
type Graph struct {
	Shapes []Shape
	Layers []Layer
	In     int
	Out    []int
}

// The bounds of what is taken for a model.
const (
	maxFile   = 16 << 20 // bytes
	maxLayers = 512
	maxItems  = 4096    // tensors, operators and buffers of a file
	maxSide   = 4096    // rows, columns, channels
	maxValues = 4 << 20 // of one tensor
	maxKernel = 5
	maxOuts   = 8
)

// Check returns an error unless every layer reads what an earlier one has
// written (or the input), all shapes and weights fit each other, and all sizes
// are within bounds. Who runs a Graph relies on it.
func (g *Graph) Check() error {
	if len(g.Layers) == 0 || len(g.Layers) > maxLayers || len(g.Shapes) > maxItems {
		return fmt.Errorf("%d layers and %d tensors", len(g.Layers), len(g.Shapes))
	}
	for i, s := range g.Shapes {
		if s.H < 1 || s.W < 1 || s.C < 1 || s.H > maxSide || s.W > maxSide || s.C > maxSide || s.H*s.W > maxValues/s.C {
			return fmt.Errorf("tensor %d: shape %v", i, s)
		}
	}
	ready := make([]bool, len(g.Shapes))
	if !g.has(g.In) || len(g.Out) == 0 || len(g.Out) > maxOuts {
		return fmt.Errorf("no input, or %d outputs", len(g.Out))
	}
	ready[g.In] = true
	for i := range g.Layers {
		l := &g.Layers[i]
		if !g.has(l.In) || !g.has(l.Out) || !ready[l.In] || ready[l.Out] {
			return fmt.Errorf("layer %d: reads what is not there, or writes twice", i)
		}
		two := l.Kind == Add || l.Kind == Scale
		if two && (!g.has(l.By) || !ready[l.By]) || !two && l.By != -1 {
			return fmt.Errorf("layer %d: second input", i)
		}
		if l.Act > Sigmoid || !g.fits(l) {
			return fmt.Errorf("layer %d: kind %d does not fit its shapes", i, l.Kind)
		}
		ready[l.Out] = true
	}
	for _, out := range g.Out {
		if !g.has(out) || !ready[out] || out == g.In {
			return errors.New("nothing computes the output")
		}
	}
	return nil
}

func (g *Graph) has(tensor int) bool { return tensor >= 0 && tensor < len(g.Shapes) }

// fits reports whether shapes, kernel and weights of l belong together. Its
// tensors exist.
func (g *Graph) fits(l *Layer) bool {
	in, out := g.Shapes[l.In], g.Shapes[l.Out]
	switch l.Kind {
	case Conv:
		return l.kernelFits(in, out) && len(l.Weights) == out.C*l.KH*l.KW*in.C && len(l.Bias) == out.C
	case Depthwise:
		return l.kernelFits(in, out) && l.KH == l.KW && (l.KH == 3 || l.KH == 5) && in.C == out.C &&
			len(l.Weights) == l.KH*l.KW*in.C && len(l.Bias) == out.C
	case Add:
		return in == out && g.Shapes[l.By] == out
	case Scale:
		return in == out && g.Shapes[l.By] == Shape{1, 1, out.C}
	case Mean:
		return out == Shape{1, 1, in.C}
	case Resize:
		return in.C == out.C
	case Upconv:
		return out == Shape{2 * in.H, 2 * in.W, 1} && len(l.Weights) == 4*in.C && len(l.Bias) == 1
	case MaxPool:
		return in == Shape{2 * out.H, 2 * out.W, out.C}
	case Widen:
		return out.H == in.H && out.W == in.W && out.C >= in.C
	}
	return false
}

// kernelFits reports whether l is a convolution that gives out from in with
// zeros around in, fewer than the kernel is wide.
func (l *Layer) kernelFits(in, out Shape) bool {
	side := func(in, out, k, stride, before int) bool {
		if k < 1 || k > maxKernel || stride < 1 || stride > maxKernel || before < 0 || before >= k {
			return false
		}
		after := (out-1)*stride + k - before - in
		return after < k
	}
	return side(in.H, out.H, l.KH, l.StrideY, l.Top) && side(in.W, out.W, l.KW, l.StrideX, l.Left)
}
