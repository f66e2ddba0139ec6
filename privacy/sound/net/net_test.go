package net_test

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"paravent/privacy/sound/net"
)

// A file is a model before it is written.
type file struct {
	n    [5]int
	rows [][]float32 // the arrays, in the order of the file
}

// arrays returns the length of each array of a model, and how many inputs what it
// belongs to has.
func arrays(n [5]int) (lens, inputs []int) {
	f, h0, h1, h2, o := n[0], n[1], n[2], n[3], n[4]
	lens = []int{f, f, f * h0, h0}
	lens = append(lens, h0*3*h1, h1*3*h1, 3*h1, 3*h1)
	lens = append(lens, h1*3*h2, h2*3*h2, 3*h2, 3*h2)
	lens = append(lens, (h1+h2)*o, o)
	return lens, []int{1, 1, f, f, h0, h1, h0, h1, h1, h2, h1, h2, h1 + h2, h1 + h2}
}

// some returns a model of random numbers, gain times as great as is usual.
func some(r *rand.Rand, n [5]int, gain float64) file {
	lens, inputs := arrays(n)
	m := file{n: n}
	for i, l := range lens {
		v := make([]float32, l)
		for j := range v {
			x := r.NormFloat64() * gain / math.Sqrt(float64(inputs[i]))
			v[j] = float32(max(-math.MaxFloat32, min(math.MaxFloat32, x)))
		}
		m.rows = append(m.rows, v)
	}
	for j := range m.rows[1] {
		m.rows[1][j] = .5 + r.Float32()
	}
	return m
}

func (m file) bytes() []byte {
	b := []byte("PVGATE01")
	for _, n := range m.n {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	for _, v := range m.rows {
		for _, x := range v {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
		}
	}
	return b
}

func (m file) parse(t testing.TB) *net.Model {
	t.Helper()
	model, err := net.Parse(m.bytes())
	if err != nil {
		t.Fatal(err)
	}
	return model
}

// A reference computes a model in the plainest way, in float64.
type reference struct {
	file
	h1, h2 []float64
}

func (m file) reference() *reference {
	return &reference{m, make([]float64, m.n[2]), make([]float64, m.n[3])}
}

func sum(x []float64, w []float32, b float32, cols, col int) float64 {
	s := float64(b)
	for i, v := range x {
		s += v * float64(w[i*cols+col])
	}
	return s
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func gru(x, h []float64, wx, wh, bx, bh []float32) []float64 {
	n := len(h)
	next := make([]float64, n)
	for i := range n {
		gate := func(k int) (a, b float64) {
			return sum(x, wx, bx[k*n+i], 3*n, k*n+i), sum(h, wh, bh[k*n+i], 3*n, k*n+i)
		}
		zx, zh := gate(0)
		rx, rh := gate(1)
		nx, nh := gate(2)
		z := sigmoid(zx + zh)
		next[i] = z*h[i] + (1-z)*math.Tanh(nx+sigmoid(rx+rh)*nh)
	}
	return next
}

func (m *reference) run(features []float32) []float64 {
	w := m.rows
	x := make([]float64, m.n[0])
	for i, v := range features {
		x[i] = max(-6, min(6, (float64(v)-float64(w[0][i]))*float64(w[1][i])))
	}
	h0 := make([]float64, m.n[1])
	for i := range h0 {
		h0[i] = math.Tanh(sum(x, w[2], w[3][i], len(h0), i))
	}
	m.h1 = gru(h0, m.h1, w[4], w[5], w[6], w[7])
	m.h2 = gru(m.h1, m.h2, w[8], w[9], w[10], w[11])
	both := append(append([]float64{}, m.h1...), m.h2...)
	out := make([]float64, m.n[4])
	for i := range out {
		out[i] = sigmoid(sum(both, w[12], w[13][i], len(out), i))
	}
	return out
}

func TestEveryPathComputesWhatTheReferenceDoes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	shapes := [][5]int{{80, 96, 192, 128, 40}, {1, 1, 1, 1, 1}, {7, 8, 9, 10, 11}, {33, 31, 65, 3, 32}}
	for range 8 {
		shapes = append(shapes, [5]int{1 + r.IntN(90), 1 + r.IntN(50), 1 + r.IntN(50), 1 + r.IntN(50), 1 + r.IntN(50)})
	}
	for _, n := range shapes {
		m := some(r, n, 1)
		model, want := m.parse(t), m.reference()
		var nets []*net.Net
		for _, p := range net.Paths() {
			nets = append(nets, model.NewOn(p))
		}
		features, out := make([]float32, n[0]), make([]float32, n[4])
		worst := make([]float64, len(nets))
		for range 200 {
			for i := range features {
				features[i] = float32(3 * r.NormFloat64())
			}
			ref := want.run(features)
			for k, one := range nets {
				one.Run(features, out)
				for i, v := range out {
					worst[k] = max(worst[k], math.Abs(float64(v)-ref[i])) // which stays what is not a number
				}
			}
		}
		for k, one := range nets {
			t.Logf("%v, %v: %.2g", n, one.Path(), worst[k])
			if !(worst[k] <= 1e-4) {
				t.Errorf("%v: %v differs from the reference by %g", n, one.Path(), worst[k])
			}
		}
	}
}

// A model that is small enough to compute by hand: everything is 0 but what the
// first GRU hears of itself.
func TestTheGatesAreInTheOrderZRN(t *testing.T) {
	m := some(rand.New(rand.NewPCG(3, 4)), [5]int{1, 1, 1, 1, 1}, 0)
	m.rows[6] = []float32{-1, 2, .5} // bx
	m.rows[7] = []float32{0, 0, .25} // bh
	m.rows[12][0] = 1                // Wo of h1
	z, r := sigmoid(-1), sigmoid(2)
	first := (1 - z) * math.Tanh(.5+r*.25)
	second := z*first + first
	for _, p := range net.Paths() {
		n, out := m.parse(t).NewOn(p), []float32{0}
		for i, want := range []float64{sigmoid(first), sigmoid(second)} {
			n.Run([]float32{0}, out)
			if !(math.Abs(float64(out[0])-want) < 1e-5) {
				t.Errorf("%v, frame %d: %v instead of %v", p, i, out[0], want)
			}
		}
	}
}

func TestAFeatureThatIsNoNumberCountsAsItsMean(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	m := some(r, [5]int{5, 9, 9, 9, 3}, 1)
	model := m.parse(t)
	for _, p := range net.Paths() {
		a, b := model.NewOn(p), model.NewOn(p)
		x, y := make([]float32, 3), make([]float32, 3)
		for _, odd := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			features := append([]float32{}, m.rows[0]...)
			features[0], features[4] = 1, 2
			b.Run(features, y)
			features[2] = float32(odd)
			a.Run(features, x)
			for i := range x {
				if x[i] != y[i] {
					t.Errorf("%v: %v gives %v, and its mean %v", p, odd, x, y)
				}
			}
		}
	}
}

func TestWhateverComesTheStateStaysFinite(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, gain := range []float64{1, 1e4, 1e37} {
		m := some(r, [5]int{6, 10, 10, 10, 4}, gain)
		for i := range m.rows[1] {
			m.rows[1][i] = float32(i) / 5 * math.MaxFloat32
		}
		model := m.parse(t)
		for _, p := range net.Paths() {
			n, out := model.NewOn(p), make([]float32, 4)
			features := make([]float32, 6)
			for range 100 {
				for i := range features {
					features[i] = math.Float32frombits(r.Uint32())
				}
				n.Run(features, out)
				for _, v := range out {
					if !(v >= 0 && v <= 1) {
						t.Fatalf("%v: %v", p, out)
					}
				}
			}
		}
	}
}

func TestResetForgetsAll(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	model := some(r, [5]int{5, 9, 9, 9, 1}, 1).parse(t)
	for _, p := range net.Paths() {
		n, out := model.NewOn(p), make([]float32, 1)
		features := []float32{1, 2, 3, 4, 5}
		n.Run(features, out)
		first := out[0]
		n.Run(features, out)
		if out[0] == first {
			t.Errorf("%v: a net that heard something gives the same as one that did not", p)
		}
		n.Reset()
		n.Run(features, out)
		if out[0] != first {
			t.Errorf("%v: %v, and after Reset %v", p, first, out[0])
		}
	}
}

func TestNetsOfOneModelDoNotDisturbEachOther(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	model := some(r, [5]int{20, 30, 40, 30, 2}, 1).parse(t)
	features := make([]float32, 20)
	for i := range features {
		features[i] = r.Float32()
	}
	var all [4][50]float32
	var group sync.WaitGroup
	for k := range all {
		group.Go(func() {
			n, out := model.New(), make([]float32, 2)
			for i := range all[k] {
				n.Run(features, out)
				all[k][i] = out[1]
			}
		})
	}
	group.Wait()
	for _, one := range all[1:] {
		if one != all[0] {
			t.Error("they differ")
		}
	}
}

func TestSizesAreThoseOfTheFile(t *testing.T) {
	model := some(rand.New(rand.NewPCG(1, 1)), [5]int{2, 3, 4, 5, 6}, 1).parse(t)
	want := net.Sizes{Features: 2, Front: 3, First: 4, Second: 5, Outputs: 6}
	if model.Sizes() != want || model.New().Sizes() != want {
		t.Error(model.Sizes())
	}
}

func TestWrongModelsAreSaidInWords(t *testing.T) {
	m := some(rand.New(rand.NewPCG(1, 1)), [5]int{2, 3, 4, 5, 6}, 1)
	change := func(at int, v uint32) []byte {
		b := m.bytes()
		binary.LittleEndian.PutUint32(b[at:], v)
		return b
	}
	for _, c := range []struct {
		says string
		file []byte
	}{
		{"does not begin", nil},
		{"does not begin", m.bytes()[:27]},
		{"does not begin", append([]byte("PVGATE02"), m.bytes()[8:]...)},
		{"0 features", change(8, 0)},
		{"1025 values of the front layer", change(12, 1025)},
		{"4294967295 outputs", change(24, math.MaxUint32)},
		{"bytes, and by its sizes", change(12, 1024)},
		{"bytes, and by its sizes", m.bytes()[:28]},
		{"bytes, and by its sizes", append(m.bytes(), 0)},
		{"bytes, and by its sizes", m.bytes()[:len(m.bytes())-1]},
		{"1 of its numbers", change(28, math.Float32bits(float32(math.NaN())))},
		{"1 of its numbers", change(len(m.bytes())-4, math.Float32bits(float32(math.Inf(-1))))},
	} {
		if _, err := net.Parse(c.file); !errors.Is(err, net.ErrModel) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v does not say %q", err, c.says)
		}
	}
}

func TestRunDoesNotAllocate(t *testing.T) {
	model := some(rand.New(rand.NewPCG(1, 1)), [5]int{20, 30, 40, 30, 20}, 1).parse(t)
	features, out := make([]float32, 20), make([]float32, 20)
	for _, p := range net.Paths() {
		n := model.NewOn(p)
		if allocs := testing.AllocsPerRun(50, func() { n.Run(features, out) }); allocs != 0 {
			t.Errorf("%v: %v allocations", p, allocs)
		}
	}
}

func FuzzParse(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	f.Add(some(r, [5]int{1, 1, 1, 1, 1}, 1).bytes())
	f.Add(some(r, [5]int{2, 3, 1, 9, 4}, 1e37).bytes())
	f.Add([]byte("PVGATE01\x00\x04\x00\x00\x00\x04\x00\x00\x00\x04\x00\x00\x00\x04\x00\x00\x00\x04\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		model, err := net.Parse(data)
		if err != nil {
			if !errors.Is(err, net.ErrModel) {
				t.Fatal(err)
			}
			return
		}
		features, out := make([]float32, model.Sizes().Features), make([]float32, model.Sizes().Outputs)
		for i := range features {
			features[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*(i%(len(data)/4)):]))
		}
		for _, p := range net.Paths() {
			n := model.NewOn(p)
			for range 3 {
				n.Run(features, out)
				for _, v := range out {
					if !(v >= 0 && v <= 1) {
						t.Fatalf("%v: %v", p, out)
					}
				}
			}
		}
	})
}

func BenchmarkRun(b *testing.B) {
	model := some(rand.New(rand.NewPCG(1, 1)), [5]int{80, 96, 192, 128, 40}, 1).parse(b)
	features, out := make([]float32, 80), make([]float32, 40)
	for _, p := range net.Paths() {
		b.Run(p.String(), func(b *testing.B) {
			n := model.NewOn(p)
			for b.Loop() {
				n.Run(features, out)
			}
		})
	}
}
