package tflite_test

import (
	"bytes"
	"slices"
	"testing"

	"paravent/assets"
	"paravent/privacy/picture/tflite"
)

func shape(h, w, c int) tflite.Shape { return tflite.Shape{H: h, W: w, C: c} }

func TestParseReadsTheSegmentationModel(t *testing.T) {
	g, err := tflite.Parse(assets.SegmentationModel())
	if err != nil {
		t.Fatal(err)
	}
	if in, out := g.Shapes[g.In], g.Shapes[g.Out[0]]; len(g.Out) != 1 || in != shape(144, 256, 3) || out != shape(144, 256, 1) {
		t.Errorf("input %v, output %v", in, out)
	}
	last := g.Layers[len(g.Layers)-1]
	if last.Kind != tflite.Upconv || last.Act != tflite.Sigmoid {
		t.Errorf("the last layer is of kind %d with activation %d", last.Kind, last.Act)
	}
	if len(g.Layers) != 92 {
		t.Errorf("%d layers", len(g.Layers))
	}
}

func TestParseReadsTheFaceModels(t *testing.T) {
	for _, c := range []struct {
		model  []byte
		in     tflite.Shape
		out    []tflite.Shape
		layers int
	}{
		{assets.FullRangeFaceModel(), shape(192, 192, 3), []tflite.Shape{shape(48, 48, 16), shape(48, 48, 1)}, 127},
		{
			assets.ShortRangeFaceModel(), shape(128, 128, 3),
			[]tflite.Shape{shape(16, 16, 32), shape(8, 8, 96), shape(16, 16, 2), shape(8, 8, 6)},
			67,
		},
	} {
		g, err := tflite.Parse(c.model)
		if err != nil {
			t.Fatal(err)
		}
		var out []tflite.Shape
		for _, i := range g.Out {
			out = append(out, g.Shapes[i])
		}
		if g.Shapes[g.In] != c.in || !slices.Equal(out, c.out) || len(g.Layers) != c.layers {
			t.Errorf("%d layers, input %v, outputs %v", len(g.Layers), g.Shapes[g.In], out)
		}
	}
}

func models() [][]byte {
	return [][]byte{assets.SegmentationModel(), assets.FullRangeFaceModel(), assets.ShortRangeFaceModel()}
}

func TestParseRefusesEveryTruncatedModel(t *testing.T) {
	for _, model := range models() {
		for n := 0; n < len(model)-64; n += len(model) / 250 {
			if _, err := tflite.Parse(model[:n]); err == nil {
				t.Fatalf("%d of %d bytes are taken for a model", n, len(model))
			}
		}
	}
}

func TestParseSurvivesSpoiltBytes(t *testing.T) {
	for k, model := range models() {
		step := len(model) / 60
		for i := 0; i < len(model); i += step {
			if i > len(model)-40<<10 {
				step = 509 // the weights are past: here is what says how they are used
			}
			for _, v := range []byte{0, 0xff} {
				b := bytes.Clone(model)
				b[i] = v
				if g, err := tflite.Parse(b); err == nil && g.Check() != nil {
					t.Fatalf("model %d, byte %d = %d: a graph that does not pass its own check", k, i, v)
				}
			}
		}
	}
}

func TestCheckRefusesWhatDoesNotFit(t *testing.T) {
	good := func() *tflite.Graph {
		return &tflite.Graph{
			Shapes: []tflite.Shape{shape(4, 4, 3), shape(2, 2, 8), shape(1, 1, 8), shape(2, 2, 8)},
			Layers: []tflite.Layer{
				{Kind: tflite.Conv, In: 0, By: -1, Out: 1, KH: 3, KW: 3, StrideY: 2, StrideX: 2, Weights: make([]float32, 8*27), Bias: make([]float32, 8)},
				{Kind: tflite.Mean, In: 1, By: -1, Out: 2},
				{Kind: tflite.Scale, In: 1, By: 2, Out: 3},
			},
			Out: []int{3, 1},
		}
	}
	if err := good().Check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*tflite.Graph){
		"no layers":           func(g *tflite.Graph) { g.Layers = nil },
		"huge tensor":         func(g *tflite.Graph) { g.Shapes[0] = shape(4096, 4096, 3) },
		"no such input":       func(g *tflite.Graph) { g.In = 9 },
		"negative tensor":     func(g *tflite.Graph) { g.Layers[0].In = -1 },
		"read before written": func(g *tflite.Graph) { g.Layers[0].In = 3 },
		"written twice":       func(g *tflite.Graph) { g.Layers[2].Out = 1 },
		"too few weights":     func(g *tflite.Graph) { g.Layers[0].Weights = g.Layers[0].Weights[1:] },
		"too few biases":      func(g *tflite.Graph) { g.Layers[0].Bias = nil },
		"kernel too large":    func(g *tflite.Graph) { g.Layers[0].KH = 6 },
		"no stride":           func(g *tflite.Graph) { g.Layers[0].StrideX = 0 },
		"padding":             func(g *tflite.Graph) { g.Layers[0].Left = 3 },
		"output too large":    func(g *tflite.Graph) { g.Shapes[1].H = 4 },
		"second input":        func(g *tflite.Graph) { g.Layers[2].By = -1 },
		"factors of a shape":  func(g *tflite.Graph) { g.Layers[2].By = 1 },
		"output not computed": func(g *tflite.Graph) { g.Out = []int{3, 0} },
		"no output":           func(g *tflite.Graph) { g.Out = nil },
		"no such output":      func(g *tflite.Graph) { g.Out = []int{-1} },
		"too many outputs":    func(g *tflite.Graph) { g.Out = make([]int, 9) },
		"unknown kind":        func(g *tflite.Graph) { g.Layers[1].Kind = 99 },
		"unknown activation":  func(g *tflite.Graph) { g.Layers[1].Act = 99 },
	} {
		g := good()
		spoil(g)
		if g.Check() == nil {
			t.Errorf("%s: passes", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x08\x00\x00\x00TFL3\x00\x00\x00\x00"))
	for _, model := range models() {
		f.Add(model[:4096])
		f.Add(model[:len(model)/2])
		f.Add(model)
		f.Add(model[len(model)-32768:])
		for _, at := range []int{0, 12, 40, 200, len(model) - 300, len(model) - 3000, len(model) - 9000} {
			b := bytes.Clone(model)
			b[at] ^= 0xff
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := tflite.Parse(b)
		if err != nil {
			return
		}
		if err := g.Check(); err != nil {
			t.Errorf("Parse gives a graph that does not pass its check: %v", err)
		}
	})
}
