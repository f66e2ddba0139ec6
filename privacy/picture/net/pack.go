package net

import "paravent/privacy/picture/tflite"

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
	case tflite.Add, tflite.Scale, tflite.Mean, tflite.Resize, tflite.MaxPool, tflite.Widen: // without weights
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
