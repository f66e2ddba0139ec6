package tflite

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// build makes the graph that computes outs from in.
func (p *builder) build(in int, outs []int) (*Graph, error) {
	var err error
	if p.g.In, err = p.place(in); err != nil {
		return nil, err
	}
	for _, out := range outs {
		p.readers[out]++ // by whoever runs the graph
	}
	for i := range p.ops {
		if err := p.operator(&p.ops[i]); err != nil {
			return nil, fmt.Errorf("operator %d of kind %d: %w", i, p.ops[i].code, err)
		}
	}
	for _, out := range outs {
		if err := p.output(out); err != nil {
			return nil, err
		}
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
	case opAdd, opMul, opMean, opResize, opPad:
		return 2
	case opCustom:
		return 3
	}
	return 1
}

func (p *builder) operator(o *operator) error {
	if len(o.out) != 1 || len(o.in) != inputs(o.code) && o.code != opConcat {
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
	case opMaxPool:
		return p.maxPool(o)
	case opPad:
		return p.widen(o)
	case opReshape, opConcat:
		return p.list(o)
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

func (p *builder) maxPool(o *operator) error {
	// Pool2DOptions: padding, which an even size does not need, strides across and down, kernel across and down
	for i := 1; i <= 4; i++ {
		if o.options.i32(i, 0) != 2 {
			return errors.New("not of 2×2 cells with stride 2")
		}
	}
	act, err := fused(o.options.u8(5))
	if err != nil {
		return err
	}
	return p.layer(Layer{Kind: MaxPool, Act: act}, o.in[0], o.out[0])
}

// widen reads a padding, which may add channels after the others only.
func (p *builder) widen(o *operator) error {
	t := p.original(o.in[1])
	if t < 0 || t >= len(p.tensors) || p.tensors[t].kind != typeI32 || len(p.tensors[t].data) != 32 {
		return errors.New("no constant that says how much")
	}
	for i := range 7 { // pairs of before and after, channels last
		if binary.LittleEndian.Uint32(p.tensors[t].data[4*i:]) != 0 {
			return errors.New("not after the channels")
		}
	}
	if err := p.layer(Layer{Kind: Widen}, o.in[0], o.out[0]); err != nil {
		return err
	}
	added := &p.g.Layers[len(p.g.Layers)-1]
	more := p.g.Shapes[added.Out].C - p.g.Shapes[added.In].C
	if int64(binary.LittleEndian.Uint32(p.tensors[t].data[28:])) != int64(more) {
		return errors.New("padding does not fit the shape")
	}
	return nil
}
