package net

import (
	"math"
	"math/rand/v2"
	"testing"

	"paravent/assets"
	"paravent/privacy/picture/tflite"
)

func model(t testing.TB) *tflite.Graph {
	t.Helper()
	g, err := tflite.Parse(assets.SegmentationModel())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func on(t testing.TB, g *tflite.Graph, p Path) *Net {
	t.Helper()
	n, err := newNet(g, p)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func shape(h, w, c int) tflite.Shape { return tflite.Shape{H: h, W: w, C: c} }

// differ returns the largest difference between what a and b make of one input.
func differ(a, b *Net, r *rand.Rand) float64 {
	for i := range a.Input() {
		a.Input()[i] = r.Float32()
	}
	copy(b.Input(), a.Input())
	a.Run()
	b.Run()
	x, _ := a.Output()
	y, _ := b.Output()
	worst := 0.
	for i := range x {
		d := math.Abs(float64(x[i]) - float64(y[i]))
		if !(d <= worst) { // also where it is not a number
			worst = d
		}
	}
	return worst
}

func TestEveryPathComputesTheModelAlike(t *testing.T) {
	g := model(t)
	for _, p := range paths() {
		d := differ(on(t, g, Plain), on(t, g, p), rand.New(rand.NewPCG(1, 2)))
		if !(d <= 1e-4) {
			t.Errorf("%v differs from plain Go by %g", p, d)
		}
	}
}

func TestEveryPathComputesOddLayersAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	some := func(n int) []float32 {
		w := make([]float32, n)
		for i := range w {
			w[i] = r.Float32() - .5
		}
		return w
	}
	for range 60 {
		h, w, c := 1+r.IntN(13), 1+r.IntN(13), 1+r.IntN(40)
		k, s := 1+r.IntN(5), 1+r.IntN(3)
		dk := 3 + 2*r.IntN(2)
		ds := 1 + r.IntN(2)
		h1, w1 := (h+s-1)/s, (w+s-1)/s
		h2, w2 := (h1+ds-1)/ds, (w1+ds-1)/ds
		h3, w3 := 1+r.IntN(9), 1+r.IntN(9)
		act := func() tflite.Activation { return tflite.Activation(r.IntN(4)) }
		pad := func(in, out, k, s int) int { return max((out-1)*s+k-in, 0) / 2 }
		in := 1 + r.IntN(5)
		g := &tflite.Graph{
			Shapes: []tflite.Shape{
				shape(h, w, in), shape(h1, w1, c), shape(h2, w2, c), shape(1, 1, c), shape(h2, w2, c),
				shape(h2, w2, c), shape(h3, w3, c), shape(2*h3, 2*w3, 1),
			},
			Layers: []tflite.Layer{
				{
					Kind: tflite.Conv, Act: act(), In: 0, By: -1, Out: 1, KH: k, KW: k, StrideY: s, StrideX: s,
					Top: pad(h, h1, k, s), Left: pad(w, w1, k, s), Weights: some(c * k * k * in), Bias: some(c),
				},
				{
					Kind: tflite.Depthwise, Act: act(), In: 1, By: -1, Out: 2, KH: dk, KW: dk, StrideY: ds, StrideX: ds,
					Top: pad(h1, h2, dk, ds), Left: pad(w1, w2, dk, ds), Weights: some(dk * dk * c), Bias: some(c),
				},
				{Kind: tflite.Mean, Act: act(), In: 2, By: -1, Out: 3},
				{Kind: tflite.Scale, Act: act(), In: 2, By: 3, Out: 4},
				{Kind: tflite.Add, Act: act(), In: 4, By: 2, Out: 5},
				{Kind: tflite.Resize, Act: act(), In: 5, By: -1, Out: 6},
				{Kind: tflite.Upconv, Act: act(), In: 6, By: -1, Out: 7, Weights: some(4 * c), Bias: some(1)},
			},
			Out: 7,
		}
		for cut := len(g.Layers); cut > 0; cut-- {
			g.Layers, g.Out = g.Layers[:cut], g.Layers[cut-1].Out
			for _, p := range paths() {
				if d := differ(on(t, g, Plain), on(t, g, p), r); !(d <= 1e-4) {
					t.Fatalf("%v differs by %g after %d layers of %v, kernels %d and %d", p, d, cut, g.Shapes, k, dk)
				}
			}
		}
	}
}

// A layer that is small enough to compute by hand.
func TestConvolutionIsTheSumOverTheKernel(t *testing.T) {
	g := &tflite.Graph{
		Shapes: []tflite.Shape{shape(2, 2, 1), shape(2, 2, 1)},
		Layers: []tflite.Layer{{
			In: 0, By: -1, Out: 1, KH: 3, KW: 3, StrideY: 1, StrideX: 1, Top: 1, Left: 1,
			Weights: []float32{1, 2, 3, 4, 5, 6, 7, 8, 9}, Bias: []float32{.5},
		}},
		Out: 1,
	}
	for _, p := range paths() {
		n := on(t, g, p)
		copy(n.Input(), []float32{1, 10, 100, 1000})
		n.Run()
		out, stride := n.Output()
		for i, want := range []float32{9865.5, 8754.5, 6532.5, 5421.5} {
			if out[i*stride] != want {
				t.Errorf("%v, cell %d: %g instead of %g", p, i, out[i*stride], want)
			}
		}
	}
}

func TestNewRefusesWhatItCannotRun(t *testing.T) {
	big := tflite.Shape{H: 1024, W: 1024, C: 4}
	g := &tflite.Graph{Shapes: []tflite.Shape{big}}
	for i := range 8 {
		g.Shapes = append(g.Shapes, big)
		g.Layers = append(g.Layers, tflite.Layer{
			In: i, By: -1, Out: i + 1, KH: 1, KW: 1, StrideY: 1, StrideX: 1, Weights: make([]float32, 16), Bias: make([]float32, 4),
		})
	}
	g.Out = 8
	if _, err := New(g); err != nil {
		t.Errorf("a chain needs the memory of two tensors: %v", err)
	}
	for i := range 8 { // now all of them are needed until the end
		g.Shapes = append(g.Shapes, big)
		g.Layers = append(g.Layers, tflite.Layer{Kind: tflite.Add, In: 8 + i, By: 8 - i, Out: 9 + i})
	}
	g.Out = 16
	if _, err := New(g); err == nil {
		t.Error("too much memory is not refused")
	}
	if _, err := New(&tflite.Graph{}); err == nil {
		t.Error("an empty graph is not refused")
	}
	if _, err := New(&tflite.Graph{
		Shapes: []tflite.Shape{shape(2, 2, 3), shape(1, 1, 3)},
		Layers: []tflite.Layer{{Kind: tflite.Mean, In: 0, By: -1, Out: 1}}, Out: 1,
	}); err == nil {
		t.Error("an input that is not padded goes to a layer that needs it padded")
	}
}

func TestRunDoesNotAllocate(t *testing.T) {
	g := model(t)
	for _, p := range paths() {
		n := on(t, g, p)
		if allocs := testing.AllocsPerRun(1, n.Run); allocs != 0 {
			t.Errorf("%v: %g allocations", p, allocs)
		}
	}
}

func BenchmarkRun(b *testing.B) {
	g := model(b)
	for _, p := range paths() {
		b.Run(p.String(), func(b *testing.B) {
			n := on(b, g, p)
			for b.Loop() {
				n.Run()
			}
		})
	}
}
