package net

import (
	"math"

	"paravent/privacy/picture/tflite"
)

// runPlain is pv_net_run in plain Go, on the same packed weights.
func (n *Net) runPlain() {
	for i := range n.ops {
		o := &n.ops[i]
		switch tflite.Kind(o.kind) {
		case tflite.Conv:
			n.conv(o)
		case tflite.Depthwise:
			n.depthwise(o)
		case tflite.Add:
			n.add(o)
		case tflite.Scale:
			n.scale(o)
		case tflite.Mean:
			n.mean(o)
		case tflite.Resize:
			n.resize(o)
		case tflite.Upconv:
			n.upconv(o)
		case tflite.MaxPool:
			n.maxPool(o)
		case tflite.Widen:
			n.widen(o)
		}
	}
}

func activate(values []float32, act int32) {
	switch tflite.Activation(act) {
	case tflite.ReLU:
		for i, v := range values {
			values[i] = max(v, 0)
		}
	case tflite.Swish:
		for i, v := range values {
			values[i] = v * min(max(v+3, 0), 6) * (1. / 6)
		}
	case tflite.Sigmoid:
		for i, v := range values {
			values[i] = float32(1 / (1 + math.Exp(-float64(v))))
		}
	case tflite.Linear:
	}
}

// from returns the memory from at on.
func (n *Net) from(at int32) []float32 { return n.mem[at:] }

func (n *Net) conv(o *op) {
	in, out := n.from(o.in), n.from(o.out)
	var acc [16]float32
	for y := range o.oh {
		for x := range o.ow {
			cell := out[(y*o.ow+x)*o.oc:][:o.oc]
			for c := int32(0); c < o.oc; c += 16 {
				wide := min(16, o.oc-c)
				copy(acc[:wide], n.weights[o.b+c:])
				w := n.weights[o.w+c*o.kh*o.kw*o.rc:]
				for k := range o.kh * o.kw {
					sy, sx := y*o.sh-o.pt+k/o.kw, x*o.sw-o.pl+k%o.kw
					if sy < 0 || sy >= o.ih || sx < 0 || sx >= o.iw {
						continue
					}
					run := w[k*o.rc*wide:][:o.rc*wide]
					cells := in[(sy*o.iw+sx)*o.ic:][:o.rc]
					if wide == 16 {
						times16(&acc, cells, run)
					} else {
						times8((*[8]float32)(acc[:8]), cells, run)
					}
				}
				copy(cell[c:], acc[:wide])
			}
			activate(cell, o.act)
		}
	}
}

// times16 adds to acc every cell times its 16 weights.
func times16(acc *[16]float32, cells, w []float32) {
	for i, v := range cells {
		r := (*[16]float32)(w[16*i:])
		acc[0] += v * r[0]
		acc[1] += v * r[1]
		acc[2] += v * r[2]
		acc[3] += v * r[3]
		acc[4] += v * r[4]
		acc[5] += v * r[5]
		acc[6] += v * r[6]
		acc[7] += v * r[7]
		acc[8] += v * r[8]
		acc[9] += v * r[9]
		acc[10] += v * r[10]
		acc[11] += v * r[11]
		acc[12] += v * r[12]
		acc[13] += v * r[13]
		acc[14] += v * r[14]
		acc[15] += v * r[15]
	}
}

// times8 is times16 for 8.
func times8(acc *[8]float32, cells, w []float32) {
	for i, v := range cells {
		r := (*[8]float32)(w[8*i:])
		acc[0] += v * r[0]
		acc[1] += v * r[1]
		acc[2] += v * r[2]
		acc[3] += v * r[3]
		acc[4] += v * r[4]
		acc[5] += v * r[5]
		acc[6] += v * r[6]
		acc[7] += v * r[7]
	}
}

func (n *Net) depthwise(o *op) {
	in, out := n.from(o.in), n.from(o.out)
	for y := range o.oh {
		for x := range o.ow {
			cell := out[(y*o.ow+x)*o.oc:][:o.oc]
			copy(cell, n.weights[o.b:])
			for k := range o.kh * o.kw {
				sy, sx := y*o.sh-o.pt+k/o.kw, x*o.sw-o.pl+k%o.kw
				if sy < 0 || sy >= o.ih || sx < 0 || sx >= o.iw {
					continue
				}
				p := in[(sy*o.iw+sx)*o.ic:][:len(cell)]
				w := n.weights[o.w+k*o.oc:][:len(cell)]
				for c, v := range p {
					cell[c] += v * w[c]
				}
			}
			activate(cell, o.act)
		}
	}
}

func (n *Net) add(o *op) {
	out := n.from(o.out)[:o.oh*o.ow*o.oc]
	a, b := n.from(o.in)[:len(out)], n.from(o.by)[:len(out)]
	for i := range out {
		out[i] = a[i] + b[i]
	}
	activate(out, o.act)
}

func (n *Net) scale(o *op) {
	out := n.from(o.out)[:o.oh*o.ow*o.oc]
	in, by := n.from(o.in)[:len(out)], n.from(o.by)[:o.oc]
	for i := 0; i < len(out); i += len(by) {
		p, q := in[i:][:len(by)], out[i:][:len(by)]
		for c, v := range by {
			q[c] = p[c] * v
		}
	}
	activate(out, o.act)
}

func (n *Net) mean(o *op) {
	out := n.from(o.out)[:o.oc]
	clear(out)
	in := n.from(o.in)[:o.ih*o.iw*o.ic]
	for ; len(in) > 0; in = in[len(out):] {
		for c := range out {
			out[c] += in[c]
		}
	}
	for c := range out {
		out[c] /= float32(o.ih * o.iw)
	}
	activate(out, o.act)
}

func (n *Net) resize(o *op) {
	in, out := n.from(o.in), n.from(o.out)
	for y := range o.oh {
		y0, y1, wy := between(y, o.ih, o.oh)
		for x := range o.ow {
			x0, x1, wx := between(x, o.iw, o.ow)
			cell := out[(y*o.ow+x)*o.oc:][:o.oc]
			p00, p01 := in[(y0*o.iw+x0)*o.ic:], in[(y0*o.iw+x1)*o.ic:]
			p10, p11 := in[(y1*o.iw+x0)*o.ic:], in[(y1*o.iw+x1)*o.ic:]
			for c := range cell {
				cell[c] = (1-wy)*((1-wx)*p00[c]+wx*p01[c]) + wy*((1-wx)*p10[c]+wx*p11[c])
			}
			activate(cell, o.act)
		}
	}
}

// between returns the two of in cells between which cell i of out lies, and the
// share of the second.
func between(i, in, out int32) (a, b int32, share float32) {
	at := max((float32(i)+.5)*(float32(in)/float32(out))-.5, 0)
	a = int32(at)
	return a, min(a+1, in-1), at - float32(a)
}

func (n *Net) upconv(o *op) {
	in, out := n.from(o.in), n.from(o.out)
	for y := range o.ih {
		for x := range o.iw {
			p := in[(y*o.iw+x)*o.ic:][:o.ic]
			bias := n.weights[o.b]
			acc := [4]float32{bias, bias, bias, bias}
			for c, v := range p {
				w := (*[4]float32)(n.weights[o.w+8*int32(c):])
				acc[0] += v * w[0]
				acc[1] += v * w[1]
				acc[2] += v * w[2]
				acc[3] += v * w[3]
			}
			activate(acc[:], o.act)
			q := out[2*y*o.ow+2*x:]
			q[0], q[1], q[o.ow], q[o.ow+1] = acc[0], acc[1], acc[2], acc[3]
		}
	}
}

func (n *Net) maxPool(o *op) {
	in, out := n.from(o.in), n.from(o.out)
	for y := range o.oh {
		for x := range o.ow {
			cell := out[(y*o.ow+x)*o.oc:][:o.oc]
			p, q := in[(2*y*o.iw+2*x)*o.ic:], in[((2*y+1)*o.iw+2*x)*o.ic:]
			for c := range cell {
				right := c + int(o.ic)
				cell[c] = max(p[c], p[right], q[c], q[right])
			}
			activate(cell, o.act)
		}
	}
}

func (n *Net) widen(o *op) {
	in, out := n.from(o.in), n.from(o.out)
	for i := range o.oh * o.ow {
		cell := out[i*o.oc:][:o.oc]
		clear(cell[copy(cell, in[i*o.ic:][:o.rc]):])
		activate(cell, o.act)
	}
}
