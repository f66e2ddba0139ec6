package oracle_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	ort "github.com/yalue/onnxruntime_go"

	"paravent/assets"
	"paravent/privacy/picture/net"
	"paravent/privacy/picture/oracle"
	"paravent/privacy/picture/synth"
	"paravent/privacy/picture/tflite"
)

// runtime is where packaging/dev/setup.sh oracle puts ONNX Runtime.
const runtime = "../../../build/oracle/libonnxruntime.so"

// most is the largest difference from the exact value that is forgiven, as a
// share of the largest value of an output (1 for a mask; for the place of a face
// up to some hundred pixels of the input, for its score 5 to 15).
//
// 2026-11-25: two ways to compute may lie on two sides of the exact value, so
// that they differ by twice as much at most. Seen: ours is 7.4e-5 away and ONNX
// Runtime 5.6e-5, and they differ by 1.2e-4, in one cell of a mask.
const most = 1e-4

func start(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(runtime); err != nil {
		t.Fatalf("no ONNX Runtime to compare with (%v): run `make oracle`, which installs it from npm", err)
	}
	ort.SetSharedLibraryPath(runtime)
	if err := ort.InitializeEnvironment(); err != nil {
		t.Fatalf("ONNX Runtime: %v", err)
	}
	t.Cleanup(func() { _ = ort.DestroyEnvironment() })
}

// A reference runs a graph in ONNX Runtime, without its optimisations.
type reference struct {
	g       *tflite.Graph
	session *ort.AdvancedSession
	in      *ort.Tensor[float32]
	out     []*ort.Tensor[float32]
}

func tensor(t *testing.T, s tflite.Shape) *ort.Tensor[float32] {
	t.Helper()
	x, err := ort.NewEmptyTensor[float32](ort.NewShape(1, int64(s.C), int64(s.H), int64(s.W)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Destroy() })
	return x
}

func open(t *testing.T, g *tflite.Graph) *reference {
	t.Helper()
	file, err := oracle.Export(g)
	if err != nil {
		t.Fatal(err)
	}
	options, err := ort.NewSessionOptions()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = options.Destroy() }()
	if err := options.SetGraphOptimizationLevel(ort.GraphOptimizationLevelDisableAll); err != nil {
		t.Fatal(err)
	}
	if err := options.SetIntraOpNumThreads(1); err != nil {
		t.Fatal(err)
	}
	r := &reference{g: g, in: tensor(t, g.Shapes[g.In])}
	var names []string
	var outs []ort.Value
	for i, out := range g.Out {
		r.out = append(r.out, tensor(t, g.Shapes[out]))
		names, outs = append(names, oracle.Output(i)), append(outs, r.out[i])
	}
	r.session, err = ort.NewAdvancedSessionWithONNXData(file, []string{oracle.Input}, names, []ort.Value{r.in}, outs, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.session.Destroy() })
	return r
}

// run computes input, [row][column][channel], and returns the outputs likewise.
func (r *reference) run(t *testing.T, input []float32) [][]float64 {
	t.Helper()
	s, to := r.g.Shapes[r.g.In], r.in.GetData()
	for cell := range s.H * s.W {
		for c := range s.C {
			to[c*s.H*s.W+cell] = input[cell*s.C+c]
		}
	}
	if err := r.session.Run(); err != nil {
		t.Fatal(err)
	}
	var outs [][]float64
	for i, out := range r.out {
		s, v := r.g.Shapes[r.g.Out[i]], out.GetData()
		values := make([]float64, s.Len())
		for k := range values {
			values[k] = float64(v[k%s.C*s.H*s.W+k/s.C])
		}
		outs = append(outs, values)
	}
	return outs
}

// run computes input with n and returns the outputs as reference.run does.
func run(g *tflite.Graph, n *net.Net, input []float32) [][]float64 {
	copy(n.Input(), input)
	n.Run()
	var outs [][]float64
	for i, out := range g.Out {
		s := g.Shapes[out]
		v, stride := n.Output(i)
		values := make([]float64, s.Len())
		for k := range values {
			values[k] = float64(v[k/s.C*stride+k%s.C])
		}
		outs = append(outs, values)
	}
	return outs
}

// differ returns the largest difference between the outputs a and b, and the
// largest as a share of the largest value of its output, or of 1.
func differ(a, b [][]float64) (worst, share float64) {
	for i := range a {
		largest, here := 1., 0.
		for k, v := range a[i] {
			largest = max(largest, math.Abs(v))
			here = max(here, math.Abs(v-b[i][k])) // which stays what is not a number
		}
		worst, share = max(worst, here), max(share, here/largest)
	}
	return worst, share
}

// inputs are what the models are run on: random values, nothing but black or
// white, and people.
func inputs(t *testing.T, s tflite.Shape, low, high float32) map[string][]float32 {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	all := map[string][]float32{}
	for _, name := range []string{"noise", "more noise", "black", "white"} {
		x := make([]float32, s.Len())
		for i := range x {
			switch name {
			case "black":
				x[i] = low
			case "white":
				x[i] = high
			default:
				x[i] = low + (high-low)*r.Float32()
			}
		}
		all[name] = x
	}
	for _, name := range []string{"person.jpg", "home.jpg", "astronaut.jpg"} {
		all[name] = picture(t, name, s, low, high)
	}
	return all
}

// picture is a file, stretched to the input.
func picture(t *testing.T, name string, s tflite.Shape, low, high float32) []float32 {
	t.Helper()
	img, err := synth.Image(name)
	if err != nil {
		t.Fatal(err)
	}
	var x []float32
	for v := range s.H {
		for u := range s.W {
			r, g, b, _ := img.At(u*img.Bounds().Dx()/s.W, v*img.Bounds().Dy()/s.H).RGBA()
			for _, c := range []uint32{r, g, b} {
				x = append(x, low+(high-low)*float32(c)/0xffff)
			}
		}
	}
	return x
}

func TestTheModelsAreComputedAsONNXRuntimeDoes(t *testing.T) {
	start(t)
	for _, m := range []struct {
		name string
		file []byte
		low  float32
	}{
		{"segmentation", assets.SegmentationModel(), 0},
		{"full-range faces", assets.FullRangeFaceModel(), -1},
		{"short-range faces", assets.ShortRangeFaceModel(), -1},
	} {
		g, err := tflite.Parse(m.file)
		if err != nil {
			t.Fatal(err)
		}
		ref, all := open(t, g), inputs(t, g.Shapes[g.In], m.low, 1)
		theirs, exact := map[string][][]float64{}, map[string][][]float64{}
		for name, x := range all {
			theirs[name], exact[name] = ref.run(t, x), oracle.Exact(g, x)
		}
		compare(t, m.name+", ONNX Runtime and the exact value", theirs, exact, most)
		for _, path := range net.Paths() {
			n, err := net.NewOn(g, path)
			if err != nil {
				t.Fatal(err)
			}
			ours := map[string][][]float64{}
			for name, x := range all {
				ours[name] = run(g, n, x)
			}
			compare(t, fmt.Sprintf("%s, %v and the exact value", m.name, path), ours, exact, most)
			compare(t, fmt.Sprintf("%s, %v and ONNX Runtime", m.name, path), ours, theirs, 2*most)
		}
	}
}

// compare tests and reports how far two ways to compute differ, input by input.
func compare(t *testing.T, what string, a, b map[string][][]float64, limit float64) {
	t.Helper()
	worst, share := 0., 0.
	for name := range a {
		d, s := differ(a[name], b[name])
		if !(s <= limit) {
			t.Errorf("%s: they differ by %g, %g of the largest value, for %s", what, d, s, name)
		}
		worst, share = max(worst, d), max(share, s)
	}
	t.Logf("%s differ by %.1e at most, %.1e of the largest value", what, worst, share)
}
