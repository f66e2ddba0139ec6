package tflite

import (
	"errors"
	"fmt"
)

// The operators (BuiltinOperator in the schema) that are understood.
const (
	opAdd        = 0
	opConcat     = 2
	opConv       = 3
	opDepthwise  = 4
	opDequantize = 6
	opLogistic   = 14
	opMaxPool    = 17
	opMul        = 18
	opReLU       = 19
	opReshape    = 22
	opResize     = 23
	opCustom     = 32
	opPad        = 34
	opMean       = 40
	opHardSwish  = 117
)

// The types of a tensor (TensorType) that are understood.
const (
	typeF32 = 0
	typeF16 = 1
	typeI32 = 2
)

// upconv is the one custom operator: MediaPipe's transposed convolution with a
// bias (mediapipe/util/tflite/operations/transpose_conv_bias.cc).
const upconv = "Convolution2DTransposeBias"

type tensor struct {
	shape []int
	kind  int
	data  []byte // of a constant
}

type operator struct {
	code    int
	in, out []int
	options table

	isUpconv bool   // of a custom operator
	blob     []byte // its options
}

// A builder turns the operators of a file into layers, in their order.
type builder struct {
	tensors []tensor
	ops     []operator
	g       Graph
	same    map[int]int   // a tensor that only renames another
	index   map[int]int   // a tensor's place in g.Shapes
	readers map[int]int   // how many operators read a tensor
	made    map[int]int   // the layer that makes a place in g.Shapes
	parts   map[int][]int // a tensor that only outputs may be made of, and the tensors whose values it lists
	values  int           // weights that may still be decoded
}

// Parse returns the graph of a TFLite model with one subgraph, one input and
// some outputs. The graph keeps nothing of b. Whatever b holds, Parse does not
// panic, and takes memory in proportion to len(b) at most.
func Parse(b []byte) (*Graph, error) {
	g, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	return g, nil
}

func parse(b []byte) (*Graph, error) {
	if len(b) < 8 || string(b[4:8]) != "TFL3" {
		return nil, errors.New("not a TFLite file")
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("%d bytes", len(b))
	}
	f := &file{b: b}
	model := f.root()
	graphs := model.tables(2, 1)
	if f.err != nil || len(graphs) != 1 {
		return nil, errors.Join(errors.New("not one subgraph"), f.err)
	}
	p := &builder{
		same: map[int]int{}, index: map[int]int{}, readers: map[int]int{}, made: map[int]int{}, parts: map[int][]int{},
		values: len(b),
	}
	p.readTensors(model, graphs[0])
	p.readOperators(model, graphs[0])
	ins, outs := graphs[0].ints(1, 1), graphs[0].ints(2, maxOuts)
	if f.err != nil {
		return nil, f.err
	}
	if len(ins) != 1 {
		return nil, fmt.Errorf("%d inputs", len(ins))
	}
	return p.build(ins[0], outs)
}

func (p *builder) readTensors(model, graph table) {
	buffers := model.tables(4, maxItems)
	for _, t := range graph.tables(0, maxItems) {
		x := tensor{shape: t.ints(0, 4), kind: t.u8(1)}
		if i := t.i32(2, 0); i > 0 && i < len(buffers) {
			x.data = buffers[i].bytes(0)
		}
		if t.field(6) != 0 {
			t.f.fail(errors.New("a sparse tensor"))
		}
		p.tensors = append(p.tensors, x)
	}
}

func (p *builder) readOperators(model, graph table) {
	codes := model.tables(1, maxItems)
	for _, o := range graph.tables(3, maxItems) {
		i := o.i32(0, 0)
		if i < 0 || i >= len(codes) {
			o.f.fail(errors.New("an operator without a code"))
			return
		}
		c := codes[i]
		op := operator{code: max(c.u8(0), c.i32(3, 0)), in: o.ints(1, 8), out: o.ints(2, 8), options: o.table(4)}
		if op.code == opCustom {
			op.isUpconv, op.blob = string(c.bytes(1)) == upconv, o.bytes(5)
		}
		for _, t := range op.in {
			p.readers[t]++
		}
		p.ops = append(p.ops, op)
	}
}
