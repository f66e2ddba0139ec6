package tflite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// The operators (BuiltinOperator in the schema) that are understood.
const (
	opAdd        = 0
	opConv       = 3
	opDepthwise  = 4
	opDequantize = 6
	opLogistic   = 14
	opMul        = 18
	opReLU       = 19
	opResize     = 23
	opCustom     = 32
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
	same    map[int]int // a tensor that only renames another
	index   map[int]int // a tensor's place in g.Shapes
	readers map[int]int // how many operators read a tensor
	made    map[int]int // the layer that makes a place in g.Shapes
	values  int         // weights that may still be decoded
}

// Parse returns the graph of a TFLite model with one subgraph, one input and
// one output. The graph keeps nothing of b. Whatever b holds, Parse does not
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
	p := &builder{same: map[int]int{}, index: map[int]int{}, readers: map[int]int{}, made: map[int]int{}, values: len(b)}
	p.readTensors(model, graphs[0])
	p.readOperators(model, graphs[0])
	ins, outs := graphs[0].ints(1, 1), graphs[0].ints(2, 1)
	if f.err != nil {
		return nil, f.err
	}
	if len(ins) != 1 || len(outs) != 1 {
		return nil, errors.New("not one input and one output")
	}
	return p.build(ins[0], outs[0])
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

func (p *builder) build(in, out int) (*Graph, error) {
	var err error
	if p.g.In, err = p.place(in); err != nil {
		return nil, err
	}
	p.readers[out]++ // by whoever runs the graph
	for i := range p.ops {
		if err := p.operator(&p.ops[i]); err != nil {
			return nil, fmt.Errorf("operator %d of kind %d: %w", i, p.ops[i].code, err)
		}
	}
	if p.g.Out, err = p.place(out); err != nil {
		return nil, err
	}
	if err := p.g.Check(); err != nil {
		return nil, err
	}
	return &p.g, nil
}

// inputs says how many tensors each operator reads.
func inputs(code int) int {
	switch code {
	case opConv, opDepthwise:
		return 3
	case opAdd, opMul, opMean, opResize:
		return 2
	case opCustom:
		return 3
	}
	return 1
}

func (p *builder) operator(o *operator) error {
	if len(o.in) != inputs(o.code) || len(o.out) != 1 {
		return fmt.Errorf("%d inputs and %d outputs", len(o.in), len(o.out))
	}
	switch o.code {
	case opDequantize:
		p.same[o.out[0]] = o.in[0]
		return nil
	case opConv, opDepthwise:
		return p.conv(o)
	case opAdd:
		return p.pair(Add, o.in[0], o.in[1], o)
	case opMul:
		return p.scale(o)
	case opMean:
		return p.mean(o)
	case opResize:
		if o.options.u8(2) != 0 || o.options.u8(3) == 0 {
			return errors.New("not with half-pixel centres")
		}
		return p.layer(Layer{Kind: Resize}, o.in[0], o.out[0])
	case opReLU:
		return p.activate(ReLU, o)
	case opHardSwish:
		return p.activate(Swish, o)
	case opLogistic:
		return p.activate(Sigmoid, o)
	case opCustom:
		return p.upconv(o)
	}
	return errors.New("unknown")
}

// layer adds l, which reads the tensor in and writes the tensor out.
func (p *builder) layer(l Layer, in, out int) error {
	var err error
	if l.In, err = p.place(in); err != nil {
		return err
	}
	if l.Kind != Add && l.Kind != Scale {
		l.By = -1
	}
	if l.Out, err = p.place(out); err != nil {
		return err
	}
	p.made[l.Out] = len(p.g.Layers)
	p.g.Layers = append(p.g.Layers, l)
	return nil
}

// place returns where the tensor t is in Shapes; it is added where it is new.
func (p *builder) place(t int) (int, error) {
	t = p.original(t)
	if at, ok := p.index[t]; ok {
		return at, nil
	}
	if t < 0 || t >= len(p.tensors) {
		return 0, fmt.Errorf("no tensor %d", t)
	}
	s := p.tensors[t].shape
	if len(s) != 4 || s[0] != 1 || p.tensors[t].kind != typeF32 {
		return 0, fmt.Errorf("tensor %d has shape %v and type %d", t, s, p.tensors[t].kind)
	}
	at := len(p.g.Shapes)
	p.index[t] = at
	p.g.Shapes = append(p.g.Shapes, Shape{s[1], s[2], s[3]})
	return at, nil
}

// original follows renamed tensors, a bounded number of times: a file may
// rename in a circle.
func (p *builder) original(t int) int {
	for range len(p.same) {
		o, ok := p.same[t]
		if !ok {
			return t
		}
		t = o
	}
	return t
}

func fused(code int) (Activation, error) {
	switch code {
	case 0:
		return Linear, nil
	case 1:
		return ReLU, nil
	}
	return Linear, fmt.Errorf("activation %d", code)
}

func (p *builder) conv(o *operator) error {
	l := Layer{Kind: Conv, StrideX: o.options.i32(1, 0), StrideY: o.options.i32(2, 0)}
	act, dilation := 3, 4
	if o.code == opDepthwise {
		l.Kind, act, dilation = Depthwise, 4, 5
		if o.options.i32(3, 1) != 1 {
			return errors.New("more than one output a channel")
		}
	}
	if o.options.i32(dilation, 1) != 1 || o.options.i32(dilation+1, 1) != 1 {
		return errors.New("dilated")
	}
	var err error
	if l.Act, err = fused(o.options.u8(act)); err != nil {
		return err
	}
	shape, err := p.constant(o.in[1], &l.Weights)
	if err != nil {
		return err
	}
	if _, err = p.constant(o.in[2], &l.Bias); err != nil {
		return err
	}
	if len(shape) != 4 || l.StrideX < 1 || l.StrideY < 1 || l.StrideX > maxKernel || l.StrideY > maxKernel {
		return errors.New("kernel or stride")
	}
	l.KH, l.KW = shape[1], shape[2]
	if err := p.layer(l, o.in[0], o.out[0]); err != nil {
		return err
	}
	added := &p.g.Layers[len(p.g.Layers)-1]
	in, out := p.g.Shapes[added.In], p.g.Shapes[added.Out]
	if o.options.u8(0) == 0 { // "SAME": as many zeros before as after, or one fewer
		added.Top = max((out.H-1)*l.StrideY+l.KH-in.H, 0) / 2
		added.Left = max((out.W-1)*l.StrideX+l.KW-in.W, 0) / 2
		if out.H != (in.H+l.StrideY-1)/l.StrideY || out.W != (in.W+l.StrideX-1)/l.StrideX {
			return errors.New("padding does not fit the shape")
		}
	}
	return nil
}

func (p *builder) pair(k Kind, a, b int, o *operator) error {
	act, err := fused(o.options.u8(0))
	if err != nil {
		return err
	}
	by, err := p.place(b)
	if err != nil {
		return err
	}
	return p.layer(Layer{Kind: k, Act: act, By: by}, a, o.out[0])
}

func (p *builder) scale(o *operator) error {
	a, b := o.in[0], o.in[1]
	at, err := p.place(a)
	if err != nil {
		return err
	}
	if s := p.g.Shapes[at]; s.H == 1 && s.W == 1 {
		a, b = b, a // the factors may be named first
	}
	return p.pair(Scale, a, b, o)
}

func (p *builder) mean(o *operator) error {
	t := p.original(o.in[1])
	if t < 0 || t >= len(p.tensors) || p.tensors[t].kind != typeI32 || string(p.tensors[t].data) != "\x01\x00\x00\x00\x02\x00\x00\x00" {
		return errors.New("not over rows and columns")
	}
	return p.layer(Layer{Kind: Mean}, o.in[0], o.out[0])
}

// activate gives an activation that stands alone to the layer before it.
func (p *builder) activate(a Activation, o *operator) error {
	at, err := p.place(o.in[0])
	if err != nil {
		return err
	}
	i, ok := p.made[at]
	if !ok || p.g.Layers[i].Act != Linear || p.readers[o.in[0]] != 1 {
		return errors.New("no layer to join")
	}
	was := p.g.Layers[i].Out
	out, err := p.place(o.out[0])
	if err != nil {
		return err
	}
	if p.g.Shapes[was] != p.g.Shapes[out] {
		return errors.New("changes the shape")
	}
	p.g.Layers[i].Act, p.g.Layers[i].Out = a, out
	delete(p.made, was)
	p.made[out] = i
	return nil
}

func (p *builder) upconv(o *operator) error {
	if !o.isUpconv || len(o.blob) < 12 {
		return errors.New("unknown custom operator")
	}
	// TfLiteTransposeConvParams: padding, stride across, stride down
	if binary.LittleEndian.Uint32(o.blob[4:]) != 2 || binary.LittleEndian.Uint32(o.blob[8:]) != 2 {
		return errors.New("stride")
	}
	l := Layer{Kind: Upconv}
	shape, err := p.constant(o.in[1], &l.Weights)
	if err != nil {
		return err
	}
	if len(shape) != 4 || shape[0] != 1 || shape[1] != 2 || shape[2] != 2 {
		return errors.New("not a 2×2 kernel to one channel")
	}
	if _, err = p.constant(o.in[2], &l.Bias); err != nil {
		return err
	}
	return p.layer(l, o.in[0], o.out[0])
}

// constant decodes the tensor t into values and returns its shape.
func (p *builder) constant(t int, values *[]float32) ([]int, error) {
	t = p.original(t)
	if t < 0 || t >= len(p.tensors) {
		return nil, fmt.Errorf("no tensor %d", t)
	}
	x := &p.tensors[t]
	size := 4
	if x.kind == typeF16 {
		size = 2
	} else if x.kind != typeF32 {
		return nil, fmt.Errorf("weights of type %d", x.kind)
	}
	n := len(x.data) / size
	if p.values -= n; p.values < 0 {
		return nil, errors.New("weights are used too often")
	}
	want := 1
	for _, d := range x.shape {
		if d < 1 || d > maxValues/want {
			return nil, fmt.Errorf("weights of shape %v", x.shape)
		}
		want *= d
	}
	if n != want || len(x.data)%size != 0 {
		return nil, fmt.Errorf("%d weights for the shape %v", n, x.shape)
	}
	*values = make([]float32, n)
	for i := range *values {
		v := half(binary.LittleEndian.Uint16(x.data[size*i:]))
		if x.kind == typeF32 {
			v = math.Float32frombits(binary.LittleEndian.Uint32(x.data[4*i:]))
		}
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, errors.New("a weight that is not a finite number")
		}
		(*values)[i] = v
	}
	return x.shape, nil
}

// half decodes IEEE 754 binary16.
func half(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exponent, mantissa := uint32(h>>10)&31, uint32(h)&1023
	switch exponent {
	case 0:
		v := float32(mantissa) / (1 << 24)
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | mantissa<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | mantissa<<13)
}
