package net

import (
	"math"
	"math/rand/v2"
	"testing"

	"paravent/assets"
	"paravent/privacy/picture/tflite"
)

// models are the graphs that the program runs.
func models(t testing.TB) map[string]*tflite.Graph {
	t.Helper()
	graphs := map[string]*tflite.Graph{}
	for name, b := range map[string][]byte{
		"segmentation": assets.SegmentationModel(), "full-range faces": assets.FullRangeFaceModel(), "short-range faces": assets.ShortRangeFaceModel(),
	} {
		g, err := tflite.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		graphs[name] = g
	}
	return graphs
}

func on(t testing.TB, g *tflite.Graph, p Path) *Net {
	t.Helper()
	n, err := NewOn(g, p)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func shape(h, w, c int) tflite.Shape { return tflite.Shape{H: h, W: w, C: c} }

// differ returns the largest difference between what a and b make of one input.
func differ(a, b *Net, r *rand.Rand) float64 {
	for i := range a.Input() {
		a.Input()[i] = 2*r.Float32() - 1
	}
	copy(b.Input(), a.Input())
	a.Run()
	b.Run()
	worst := 0.
	for k := range a.outputs {
		x, _ := a.Output(k)
		y, _ := b.Output(k)
		for i := range x {
			worst = max(worst, math.Abs(float64(x[i])-float64(y[i]))) // which stays what is not a number
		}
	}
	return worst
}

func TestEveryPathComputesTheModelsAlike(t *testing.T) {
	for name, g := range models(t) {
		for _, p := range Paths() {
			d := differ(on(t, g, Plain), on(t, g, p), rand.New(rand.NewPCG(1, 2)))
			t.Logf("%s, %v: %.2g", name, p, d)
			if !(d <= 1e-4) {
				t.Errorf("%s: %v differs from plain Go by %g", name, p, d)
			}
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
	for range 30 {
		h, w, c := 1+r.IntN(13), 1+r.IntN(13), 1+r.IntN(40)
		k, s := 1+r.IntN(5), 1+r.IntN(3)
		dk := 3 + 2*r.IntN(2)
		ds := 1 + r.IntN(2)
		h1, w1 := (h+s-1)/s, (w+s-1)/s
		h2, w2 := (h1+ds-1)/ds, (w1+ds-1)/ds
		h3, w3 := 1+r.IntN(9), 1+r.IntN(9)
		more := c + r.IntN(20)
		act := func() tflite.Activation { return tflite.Activation(r.IntN(4)) }
		pad := func(in, out, k, s int) int { return max((out-1)*s+k-in, 0) / 2 }
		in := 1 + r.IntN(5)
		g := &tflite.Graph{
			Shapes: []tflite.Shape{
				shape(h, w, in), shape(h1, w1, c), shape(h2, w2, c), shape(1, 1, c), shape(h2, w2, c),
				shape(h2, w2, c), shape(h3, w3, c), shape(2*h3, 2*w3, c), shape(h3, w3, c),
				shape(h3, w3, more), shape(2*h3, 2*w3, 1),
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
				{Kind: tflite.Resize, Act: act(), In: 6, By: -1, Out: 7},
				{Kind: tflite.MaxPool, Act: act(), In: 7, By: -1, Out: 8},
				{Kind: tflite.Widen, Act: act(), In: 8, By: -1, Out: 9},
				{Kind: tflite.Upconv, Act: act(), In: 9, By: -1, Out: 10, Weights: some(4 * more), Bias: some(1)},
			},
		}
		for cut := len(g.Layers); cut > 0; cut-- {
			g.Layers, g.Out = g.Layers[:cut], []int{g.Layers[cut-1].Out, g.Layers[cut/2].Out, g.Layers[0].Out}
			for _, p := range Paths() {
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
		Out: []int{1},
	}
	for _, p := range Paths() {
		n := on(t, g, p)
		copy(n.Input(), []float32{1, 10, 100, 1000})
		n.Run()
		out, stride := n.Output(0)
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
	g.Out = []int{8}
	if _, err := New(g); err != nil {
		t.Errorf("a chain needs the memory of two tensors: %v", err)
	}
	for i := range 8 { // now all of them are needed until the end
		g.Shapes = append(g.Shapes, big)
		g.Layers = append(g.Layers, tflite.Layer{Kind: tflite.Add, In: 8 + i, By: 8 - i, Out: 9 + i})
	}
	g.Out = []int{16}
	if _, err := New(g); err == nil {
		t.Error("too much memory is not refused")
	}
	if _, err := New(&tflite.Graph{}); err == nil {
		t.Error("an empty graph is not refused")
	}
	if _, err := New(&tflite.Graph{
		Shapes: []tflite.Shape{shape(2, 2, 3), shape(1, 1, 3)},
		Layers: []tflite.Layer{{Kind: tflite.Mean, In: 0, By: -1, Out: 1}}, Out: []int{1},
	}); err == nil {
		t.Error("an input that is not padded goes to a layer that needs it padded")
	}
}

func TestWideningAddsChannelsOfZeroBehindChannelsThatAreNotPadded(t *testing.T) {
	g := &tflite.Graph{
		Shapes: []tflite.Shape{shape(1, 1, 1), shape(1, 1, 3), shape(1, 1, 11)},
		Layers: []tflite.Layer{
			{ // the sigmoid makes one half of the zeros that pad the channels
				Act: tflite.Sigmoid, In: 0, By: -1, Out: 1, KH: 1, KW: 1, StrideY: 1, StrideX: 1, Weights: make([]float32, 3), Bias: make([]float32, 3),
			},
			{Kind: tflite.Widen, In: 1, By: -1, Out: 2},
		},
		Out: []int{2},
	}
	for _, p := range Paths() {
		n := on(t, g, p)
		n.Run()
		out, _ := n.Output(0)
		for i, v := range out[:11] {
			if i < 3 && v != .5 || i >= 3 && v != 0 {
				t.Errorf("%v, channel %d: %g", p, i, v)
			}
		}
	}
}

func TestEveryOutputIsKeptUntilTheEnd(t *testing.T) {
	g := &tflite.Graph{Shapes: []tflite.Shape{shape(2, 2, 1)}}
	for i := range 6 { // each adds one
		g.Shapes = append(g.Shapes, shape(2, 2, 1))
		g.Layers = append(g.Layers, tflite.Layer{
			In: i, By: -1, Out: i + 1, KH: 1, KW: 1, StrideY: 1, StrideX: 1, Weights: []float32{1}, Bias: []float32{1},
		})
		g.Out = append(g.Out, i+1)
	}
	for _, p := range Paths() {
		n := on(t, g, p)
		n.Run()
		for i := range g.Out {
			if out, _ := n.Output(i); out[0] != float32(i+1) {
				t.Errorf("%v, output %d: %g", p, i, out[0])
			}
		}
	}
}

func TestRunDoesNotAllocate(t *testing.T) {
	for name, g := range models(t) {
		for _, p := range Paths() {
			n := on(t, g, p)
			if allocs := testing.AllocsPerRun(1, n.Run); allocs != 0 {
				t.Errorf("%s, %v: %g allocations", name, p, allocs)
			}
		}
	}
}

func BenchmarkRun(b *testing.B) {
	for name, g := range models(b) {
		for _, p := range Paths() {
			b.Run(name+"/"+p.String(), func(b *testing.B) {
				n := on(b, g, p)
				for b.Loop() {
					n.Run()
				}
			})
		}
	}
}
