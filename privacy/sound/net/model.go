package net

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrModel is wrapped by every error of Parse.
var ErrModel = errors.New("not a model of the room gate")

const (
	magic    = "PVGATE01"
	headLen  = len(magic) + 5*4
	mostWide = 1024 // values in a layer
)

// Parse reads a model, and keeps nothing of file. Everything in it is
// little-endian: the eight bytes PVGATE01; five uint32, the sizes F, H0, H1, H2
// and O in the order of Sizes, each from 1 to 1024; and float32:
//
//	mean[F] invstd[F]                                  of the features
//	W0[F][H0] b0[H0]                                   the front layer
//	Wx[H0][3·H1] Wh[H1][3·H1] bx[3·H1] bh[3·H1]        GRU 1
//	Wx[H1][3·H2] Wh[H2][3·H2] bx[3·H2] bh[3·H2]        GRU 2
//	Wo[H1+H2][O] bo[O]                                 the output layer
//
// A row is an input. The gates of a GRU lie beside each other, in the order z, r,
// n, and are those of PyTorch:
//
//	z = σ(x·Wx[z] + bx[z] + h·Wh[z] + bh[z]), r likewise
//	n = tanh(x·Wx[n] + bx[n] + r·(h·Wh[n] + bh[n]))
//	h becomes z·h + (1−z)·n
//
// A frame is
//
//	x = (features − mean)·invstd, no further from 0 than 6
//	h1 = GRU 1(tanh(x·W0 + b0)), h2 = GRU 2(h1)
//	out = σ([h1, h2]·Wo + bo)
//
// Nothing comes after it, and every number is finite.
func Parse(file []byte) (*Model, error) {
	if len(file) < headLen || string(file[:len(magic)]) != magic {
		return nil, fmt.Errorf("%w: it does not begin with %s and five sizes", ErrModel, magic)
	}
	var n [5]int
	for i, what := range [...]string{"features", "values of the front layer", "values of the first GRU", "values of the second GRU", "outputs"} {
		v := binary.LittleEndian.Uint32(file[len(magic)+4*i:])
		if v < 1 || v > mostWide {
			return nil, fmt.Errorf("%w: %d %s, of which there may be 1 to %d", ErrModel, v, what, mostWide)
		}
		n[i] = int(v)
	}
	s := Sizes{Features: n[0], Front: n[1], First: n[2], Second: n[3], Outputs: n[4]}
	if want := headLen + 4*s.values(); len(file) != want {
		return nil, fmt.Errorf("%w: it has %d bytes, and by its sizes %d", ErrModel, len(file), want)
	}
	r := reader{left: file[headLen:]}
	m := &Model{sizes: s, mean: r.next(s.Features), invstd: r.next(s.Features)}
	m.build(&r)
	if r.bad > 0 {
		return nil, fmt.Errorf("%w: %d of its numbers are not finite", ErrModel, r.bad)
	}
	return m, nil
}

// values returns how many float32 a model has.
func (s Sizes) values() int {
	gru := func(in, h int) int { return 3 * h * (in + h + 2) }
	return 2*s.Features + (s.Features+1)*s.Front + gru(s.Front, s.First) + gru(s.First, s.Second) + (s.First+s.Second+1)*s.Outputs
}

// A reader reads float32.
type reader struct {
	left []byte
	bad  int // numbers that are not finite
}

func (r *reader) next(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(r.left[4*i:]))
		if v[i]-v[i] != 0 {
			r.bad++
		}
	}
	r.left = r.left[4*n:]
	return v
}

func pad8(n int) int { return (n + 7) &^ 7 }

// room returns where n values more, padded to a multiple of 8, are in the memory.
func (m *Model) room(n int) int {
	at := m.size
	m.size += pad8(n)
	return at
}

// build packs the weights that r reads, and lays out the ops and their memory.
func (m *Model) build(r *reader) {
	s := m.sizes
	m.x = m.room(s.Features)
	front := m.room(s.Front)
	m.h1, m.h2 = m.room(s.First), m.room(s.Second)
	m.out = m.room(s.Outputs)
	wide := 3 * pad8(max(s.First, s.Second))
	gates, by := m.room(wide), m.room(wide)

	w := r.next(s.Features * s.Front)
	m.times(m.x, s.Features, w, r.next(s.Front), front, s.Front, 1)
	m.ops = append(m.ops, op{kind: tanh, out: int32(front), cols: int32(pad8(s.Front))})
	for _, g := range [...]struct{ in, rows, h, size int }{{front, s.Front, m.h1, s.First}, {m.h1, s.First, m.h2, s.Second}} {
		wx, wh := r.next(g.rows*3*g.size), r.next(g.size*3*g.size)
		bx, bh := r.next(3*g.size), r.next(3*g.size)
		m.times(g.in, g.rows, wx, bx, gates, g.size, 3)
		m.times(g.h, g.size, wh, bh, by, g.size, 3)
		m.ops = append(m.ops, op{kind: gru, in: int32(gates), by: int32(by), out: int32(g.h), cols: int32(pad8(g.size))})
	}
	w = r.next((s.First + s.Second) * s.Outputs)
	m.times(m.h1, s.First, w, r.next(s.Outputs), m.out, s.Outputs, 1)
	m.times(m.h2, s.Second, w[s.First*s.Outputs:], nil, m.out, s.Outputs, 1)
	m.ops = append(m.ops, op{kind: sigmoid, out: int32(m.out), cols: int32(pad8(s.Outputs))})
}

// times appends a matvec. w has rows times parts of size columns each, of which
// every part is padded to a multiple of 8, and b one row; b may be nil.
func (m *Model) times(in, rows int, w, b []float32, out, size, parts int) {
	wide := pad8(size)
	o := op{kind: matvec, in: int32(in), rows: int32(rows), out: int32(out), cols: int32(parts * wide), w: int32(len(m.weights)), b: -1}
	pack := func(row []float32, c, n int) {
		for j := c; j < c+n; j++ {
			v := float32(0)
			if j%wide < size {
				v = row[j/wide*size+j%wide]
			}
			m.weights = append(m.weights, v)
		}
	}
	for c := 0; c < parts*wide; {
		n := blockAt(c, parts*wide)
		for i := range rows {
			pack(w[i*parts*size:][:parts*size], c, n)
		}
		c += n
	}
	if b != nil {
		o.b = int32(len(m.weights))
		pack(b, 0, parts*wide)
	}
	m.ops = append(m.ops, o)
}

// blockAt returns how many columns the block has that begins at column c of cols.
// The weights are packed in blocks of 32 columns, and of 8 where fewer are left,
// each [row][column], in the order in which they are read.
func blockAt(c, cols int) int {
	if cols-c >= 32 {
		return 32
	}
	return 8
}
