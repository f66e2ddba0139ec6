package net

import (
	"errors"

	"paravent/privacy/picture/tflite"
)

// A layout says where the tensors of a graph lie in memory.
type layout struct {
	at, stride []int // of each tensor; stride is its channels as stored
	size       int
}

func pad8(c int) int { return (c + 7) &^ 7 }

// arrange gives every tensor its place, so that those which are needed at the
// same time do not overlap: first fit, in the order of the layers.
func arrange(g *tflite.Graph) (*layout, error) {
	l := &layout{at: make([]int, len(g.Shapes)), stride: make([]int, len(g.Shapes))}
	last := make([]int, len(g.Shapes)) // the last layer that needs a tensor
	zeros := 0
	for i, s := range g.Shapes {
		l.stride[i] = pad8(s.C)
		zeros = max(zeros, pad8(s.C))
	}
	l.stride[g.In] = g.Shapes[g.In].C
	for i, y := range g.Layers {
		zeros = max(zeros, pad8(y.KW*g.Shapes[y.In].C))
		if y.In == g.In && y.Kind != tflite.Conv || y.By == g.In {
			return nil, errors.New("the input goes to another layer than a convolution")
		}
		if y.Kind == tflite.Upconv {
			if i != len(g.Layers)-1 {
				return nil, errors.New("a transposed convolution that is not the last layer")
			}
			l.stride[y.Out] = 1
		}
		last[y.In], last[y.Out] = i, max(i, last[y.Out])
		if y.By >= 0 {
			last[y.By] = i
		}
	}
	last[g.In] = len(g.Layers)
	for _, out := range g.Out {
		last[out] = len(g.Layers)
	}

	type place struct{ from, to, last int }
	var placed []place
	l.size = zeros
	put := func(t, born int) error {
		s := g.Shapes[t]
		size := (s.H*s.W*l.stride[t] + 15) &^ 15
		from := zeros
		for moved := true; moved; {
			moved = false
			for _, p := range placed {
				if p.last >= born && from < p.to && p.from < from+size {
					from, moved = p.to, true
				}
			}
		}
		placed = append(placed, place{from, from + size, last[t]})
		l.at[t] = from
		if l.size = max(l.size, from+size); l.size > maxMemory {
			return errors.New("needs too much memory")
		}
		return nil
	}
	if err := put(g.In, 0); err != nil {
		return nil, err
	}
	for i, y := range g.Layers {
		if err := put(y.Out, i); err != nil {
			return nil, err
		}
	}
	return l, nil
}
