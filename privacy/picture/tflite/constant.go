package tflite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

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
