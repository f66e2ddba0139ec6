// Package oracle checks the networks of privacy/picture against ONNX Runtime,
// which others wrote and many use. It is a module of its own, for the tests
// alone: the client carries neither it nor the runtime.
//
// The models are TFLite files, which ONNX Runtime does not read: so Export writes
// the graph that privacy/picture/tflite made of one as an ONNX model. What is
// checked thus is privacy/picture/net. That the graph is right, the tests of
// segment and face show: it finds people.
package oracle

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"paravent/privacy/picture/tflite"
)

// Numbers of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
const (
	irVersion = 8
	opset     = 14 // the first with HardSwish

	elemFloat = 1 // TensorProto.DataType
	elemInt64 = 7

	attributeInt    = 2 // AttributeProto.AttributeType
	attributeString = 3
	attributeInts   = 7
)

// Input is the name of an exported model's input.
const Input = "t0"

// Output returns the name of the output i.
func Output(i int) string { return fmt.Sprint("out", i) }

// Export returns g as an ONNX model, with the tensors in the order that ONNX
// wants: [1, channels, rows, columns]. g must pass its check.
func Export(g *tflite.Graph) ([]byte, error) {
	e := exporter{g: g}
	for i := range g.Layers {
		if err := e.layer(&g.Layers[i]); err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
	}
	e.graph = e.graph.text(2, "paravent").bytes(11, e.value(e.tensor(g.In), g.Shapes[g.In]))
	for i, out := range g.Out {
		e.node("Identity", []string{e.tensor(out)}, Output(i))
		e.graph = e.graph.bytes(12, e.value(Output(i), g.Shapes[out]))
	}
	set := message{}.int(2, opset)
	return message{}.int(1, irVersion).bytes(7, e.graph).bytes(8, set), nil
}

// An exporter collects a GraphProto.
type exporter struct {
	g     *tflite.Graph
	graph message
	made  int // constants and tensors between, for their names
}

// tensor returns the name of a tensor of the graph.
func (e *exporter) tensor(i int) string {
	if i == e.g.In {
		return Input
	}
	return fmt.Sprint("tensor", i)
}

func (e *exporter) name() string {
	e.made++
	return fmt.Sprint("made", e.made)
}

// value describes an input or an output: a ValueInfoProto.
func (e *exporter) value(name string, s tflite.Shape) message {
	var shape message
	for _, d := range []int{1, s.C, s.H, s.W} {
		shape = shape.bytes(1, message{}.int(1, d))
	}
	tensor := message{}.int(1, elemFloat).bytes(2, shape)
	return message{}.text(1, name).bytes(2, message{}.bytes(1, tensor))
}

// node adds an operator that makes one tensor, and its attributes.
func (e *exporter) node(op string, in []string, out string, attributes ...message) {
	var n message
	for _, name := range in {
		n = n.text(1, name)
	}
	n = n.text(2, out).text(4, op)
	for _, a := range attributes {
		n = n.bytes(5, a)
	}
	e.graph = e.graph.bytes(1, n)
}

func attrInt(name string, v int) message {
	return message{}.text(1, name).int(3, v).int(20, attributeInt)
}

func attrText(name, v string) message {
	return message{}.text(1, name).text(4, v).int(20, attributeString)
}

func attrInts(name string, v ...int) message {
	return message{}.text(1, name).ints(8, v...).int(20, attributeInts)
}

// floats adds a constant and returns its name.
func (e *exporter) floats(values []float32, dims ...int) string {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return e.constant(raw, elemFloat, dims)
}

// numbers adds a constant list of numbers and returns its name.
func (e *exporter) numbers(values ...int) string {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	return e.constant(raw, elemInt64, []int{len(values)})
}

func (e *exporter) constant(raw []byte, elem int, dims []int) string {
	name := e.name()
	e.graph = e.graph.bytes(5, message{}.ints(1, dims...).int(2, elem).text(8, name).bytes(9, raw))
	return name
}

// layer adds the nodes of l.
func (e *exporter) layer(l *tflite.Layer) error {
	in, out := e.g.Shapes[l.In], e.g.Shapes[l.Out]
	x, y := []string{e.tensor(l.In)}, e.tensor(l.Out)
	if l.Act != tflite.Linear {
		y = e.name()
	}
	switch l.Kind {
	case tflite.Conv: // from [out channel][row][column][in channel]
		w := turn(l.Weights, out.C, l.KH*l.KW, in.C)
		e.node("Conv", append(x, e.floats(w, out.C, in.C, l.KH, l.KW), e.floats(l.Bias, out.C)), y, window(l, in, out)...)
	case tflite.Depthwise: // from [row][column][channel]
		w := turn(l.Weights, 1, l.KH*l.KW, in.C)
		e.node("Conv", append(x, e.floats(w, in.C, 1, l.KH, l.KW), e.floats(l.Bias, out.C)), y,
			append(window(l, in, out), attrInt("group", in.C))...)
	case tflite.Add:
		e.node("Add", append(x, e.tensor(l.By)), y)
	case tflite.Scale:
		e.node("Mul", append(x, e.tensor(l.By)), y)
	case tflite.Mean:
		e.node("GlobalAveragePool", x, y)
	case tflite.Resize:
		e.node("Resize", append(x, "", "", e.numbers(1, out.C, out.H, out.W)), y,
			attrText("mode", "linear"), attrText("coordinate_transformation_mode", "half_pixel"))
	case tflite.Upconv: // from [row][column][in channel]
		w := turn(l.Weights, 1, 4, in.C)
		e.node("ConvTranspose", append(x, e.floats(w, in.C, 1, 2, 2), e.floats(l.Bias, 1)), y,
			attrInts("kernel_shape", 2, 2), attrInts("strides", 2, 2))
	case tflite.MaxPool:
		e.node("MaxPool", x, y, attrInts("kernel_shape", 2, 2), attrInts("strides", 2, 2))
	case tflite.Widen: // how much before, then after, each dimension
		e.node("Pad", append(x, e.numbers(0, 0, 0, 0, 0, out.C-in.C, 0, 0)), y, attrText("mode", "constant"))
	default:
		return fmt.Errorf("kind %d", l.Kind)
	}
	if l.Act == tflite.Linear {
		return nil
	}
	act, ok := map[tflite.Activation]string{tflite.ReLU: "Relu", tflite.Swish: "HardSwish", tflite.Sigmoid: "Sigmoid"}[l.Act]
	if !ok {
		return fmt.Errorf("activation %d", l.Act)
	}
	e.node(act, []string{y}, e.tensor(l.Out))
	return nil
}

// window returns the attributes of a convolution.
func window(l *tflite.Layer, in, out tflite.Shape) []message {
	bottom := (out.H-1)*l.StrideY + l.KH - l.Top - in.H
	right := (out.W-1)*l.StrideX + l.KW - l.Left - in.W
	return []message{
		attrInts("kernel_shape", l.KH, l.KW), attrInts("strides", l.StrideY, l.StrideX),
		attrInts("pads", l.Top, l.Left, max(bottom, 0), max(right, 0)),
	}
}

// turn returns w, [a][b][c], as [a][c][b].
func turn(w []float32, a, b, c int) []float32 {
	t := slices.Clone(w)
	for i := range a {
		for j := range b {
			for k := range c {
				t[(i*c+k)*b+j] = w[(i*b+j)*c+k]
			}
		}
	}
	return t
}
