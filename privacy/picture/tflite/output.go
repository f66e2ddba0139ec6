package tflite

import (
	"errors"
	"fmt"
)

// maxParts bounds how many tensors make up one output.
const maxParts = maxOuts

// list notes that an operator gives the values of other tensors, one after the
// other, in other dimensions. No layer computes that, so only an output may be
// made of it: to a layer the tensor does not exist.
func (p *builder) list(o *operator) error {
	to, n := o.out[0], 0
	if p.parts[to] != nil || to < 0 || to >= len(p.tensors) {
		return errors.New("writes twice, or nowhere")
	}
	shape := p.tensors[to].shape
	if o.code == opConcat {
		// ConcatenationOptions: axis, activation. The first axis is the batch of one picture.
		if o.options.i32(0, 0) != 1 || o.options.u8(1) != 0 || len(shape) != 3 || shape[0] != 1 {
			return errors.New("not cells after cells")
		}
	}
	var parts []int
	for _, t := range o.in {
		if t < 0 || t >= len(p.tensors) {
			return fmt.Errorf("no tensor %d", t)
		}
		if o.code == opConcat {
			if s := p.tensors[t].shape; len(s) != 3 || s[0] != 1 || s[2] != shape[2] {
				return fmt.Errorf("cells of shape %v and %v", s, shape)
			}
		}
		if listed := p.parts[t]; listed != nil {
			parts = append(parts, listed...)
		} else {
			parts = append(parts, t)
		}
		n += size(p.tensors[t].shape)
		if len(parts) > maxParts || n > maxValues {
			return errors.New("too much in one output")
		}
	}
	if len(parts) == 0 || n != size(shape) {
		return errors.New("another number of values")
	}
	p.parts[to] = parts
	return nil
}

// size returns the number of values in a tensor; it is beyond maxValues where
// that is no sensible number.
func size(shape []int) int {
	n := 1
	for _, d := range shape {
		if d < 1 || d > maxValues/n {
			return maxValues + 1
		}
		n *= d
	}
	return n
}

// output adds the tensor t, or those whose values it lists, to the graph's.
func (p *builder) output(t int) error {
	parts := p.parts[t]
	if parts == nil {
		parts = []int{t}
	}
	for _, part := range parts {
		at, err := p.place(part)
		if err != nil {
			return err
		}
		p.g.Out = append(p.g.Out, at)
	}
	return nil
}
