package oracle

import (
	"math"

	"paravent/privacy/picture/tflite"
)

// Exact computes g in double precision, as plainly as can be: what its outputs
// are but for rounding. input and the results are [row][column][channel]. g must
// pass its check.
func Exact(g *tflite.Graph, input []float32) [][]float64 {
	tensors := make([][]float64, len(g.Shapes))
	for _, v := range input {
		tensors[g.In] = append(tensors[g.In], float64(v))
	}
	for i := range g.Layers {
		l := &g.Layers[i]
		c := cell{l: l, in: g.Shapes[l.In], x: tensors[l.In]}
		if l.By >= 0 {
			c.by = tensors[l.By]
		}
		c.out = g.Shapes[l.Out]
		for c.row = range c.out.H {
			for c.col = range c.out.W {
				for c.c = range c.out.C {
					tensors[l.Out] = append(tensors[l.Out], activate(c.value(), l.Act))
				}
			}
		}
	}
	var outs [][]float64
	for _, out := range g.Out {
		outs = append(outs, tensors[out])
	}
	return outs
}

func activate(v float64, a tflite.Activation) float64 {
	switch a {
	case tflite.ReLU:
		return max(v, 0)
	case tflite.Swish:
		return v * min(max(v+3, 0), 6) / 6
	case tflite.Sigmoid:
		return 1 / (1 + math.Exp(-v))
	case tflite.Linear:
	}
	return v
}

// A cell is one value that the layer l computes from x and by: that of channel c
// at row and col.
type cell struct {
	l           *tflite.Layer
	in, out     tflite.Shape
	x, by       []float64
	row, col, c int
}

// at returns the value of the input, or 0 outside of it.
func (c *cell) at(row, col, channel int) float64 {
	if row < 0 || row >= c.in.H || col < 0 || col >= c.in.W || channel >= c.in.C {
		return 0
	}
	return c.x[(row*c.in.W+col)*c.in.C+channel]
}

func (c *cell) value() float64 {
	switch c.l.Kind {
	case tflite.Conv, tflite.Depthwise:
		return c.kernel()
	case tflite.Add:
		return c.at(c.row, c.col, c.c) + c.by[(c.row*c.out.W+c.col)*c.out.C+c.c]
	case tflite.Scale:
		return c.at(c.row, c.col, c.c) * c.by[c.c]
	case tflite.Mean:
		sum := 0.
		for i := c.c; i < len(c.x); i += c.in.C {
			sum += c.x[i]
		}
		return sum / float64(c.in.H*c.in.W)
	case tflite.Resize:
		y0, y1, v := between(c.row, c.in.H, c.out.H)
		x0, x1, u := between(c.col, c.in.W, c.out.W)
		return (1-v)*((1-u)*c.at(y0, x0, c.c)+u*c.at(y0, x1, c.c)) + v*((1-u)*c.at(y1, x0, c.c)+u*c.at(y1, x1, c.c))
	case tflite.Upconv:
		sum := float64(c.l.Bias[0])
		for k := range c.in.C {
			sum += c.at(c.row/2, c.col/2, k) * float64(c.l.Weights[(c.row%2*2+c.col%2)*c.in.C+k])
		}
		return sum
	case tflite.MaxPool:
		y, x := 2*c.row, 2*c.col
		return max(c.at(y, x, c.c), c.at(y, x+1, c.c), c.at(y+1, x, c.c), c.at(y+1, x+1, c.c))
	case tflite.Widen:
		return c.at(c.row, c.col, c.c)
	}
	return math.NaN()
}

// kernel computes a convolution.
func (c *cell) kernel() float64 {
	l, sum := c.l, float64(c.l.Bias[c.c])
	for y := range l.KH {
		for x := range l.KW {
			row, col, k := c.row*l.StrideY-l.Top+y, c.col*l.StrideX-l.Left+x, y*l.KW+x
			if l.Kind == tflite.Depthwise {
				sum += c.at(row, col, c.c) * float64(l.Weights[k*c.in.C+c.c])
				continue
			}
			w := l.Weights[(c.c*l.KH*l.KW+k)*c.in.C:]
			for i := range c.in.C {
				sum += c.at(row, col, i) * float64(w[i])
			}
		}
	}
	return sum
}

// between returns the two of in values between which value i of out lies, and
// the share of the second.
func between(i, in, out int) (a, b int, share float64) {
	at := max((float64(i)+.5)*float64(in)/float64(out)-.5, 0)
	return int(at), min(int(at)+1, in-1), at - math.Floor(at)
}
