package net

import "math"

// runPlain is pv_sound_run in plain Go, on the same packed weights.
func (n *Net) runPlain() {
	for i := range n.m.ops {
		o := &n.m.ops[i]
		out := n.mem[o.out:][:o.cols]
		switch o.kind {
		case matvec:
			n.matvec(o, out)
		case tanh:
			for j, v := range out {
				out[j] = bend(v)
			}
		case sigmoid:
			for j, v := range out {
				out[j] = squash(v)
			}
		case gru:
			n.gru(o, out)
		}
	}
}

func (n *Net) matvec(o *op, out []float32) {
	if o.b >= 0 {
		copy(out, n.m.weights[o.b:])
	}
	in, w := n.mem[o.in:][:o.rows], n.m.weights[o.w:]
	for c := 0; c < len(out); {
		wide := blockAt(c, len(out))
		for j := 0; j < wide; j += 8 {
			times8((*[8]float32)(out[c+j:]), in, w[j:], wide)
		}
		w, c = w[wide*len(in):], c+wide
	}
}

// times8 adds to acc every value of in times its 8 weights, which are wide apart.
func times8(acc *[8]float32, in, w []float32, wide int) {
	a := *acc
	for i, v := range in {
		r := (*[8]float32)(w[i*wide:])
		a[0] += v * r[0]
		a[1] += v * r[1]
		a[2] += v * r[2]
		a[3] += v * r[3]
		a[4] += v * r[4]
		a[5] += v * r[5]
		a[6] += v * r[6]
		a[7] += v * r[7]
	}
	*acc = a
}

func (n *Net) gru(o *op, h []float32) {
	size := len(h)
	x, y := n.mem[o.in:][:3*size], n.mem[o.by:][:3*size]
	for i := range h {
		z := squash(x[i] + y[i])
		r := squash(x[size+i] + y[size+i])
		h[i] = z*h[i] + (1-z)*bend(x[2*size+i]+r*y[2*size+i])
	}
}

// squash is 1/(1+e^−x), in C too: of what is not a number it is next to 0.
func squash(x float32) float32 {
	if !(x > -30) {
		x = -30
	}
	return float32(1 / (1 + math.Exp(-float64(min(x, 30)))))
}

// bend is tanh.
func bend(x float32) float32 { return 2*squash(2*x) - 1 }
