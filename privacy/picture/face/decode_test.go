package face

import (
	"math"
	"math/rand/v2"
	"testing"
)

// grid is a level of 2×2 cells of one box each, all with the score of v.
func grid(v float32) *level {
	l := &level{cells: 2, anchors: 1, boxes: make([]float32, 4*perBox), scores: []float32{v, v, v, v}, boxStride: perBox, scoreStride: 1}
	for i := range 4 {
		l.boxes[i*perBox+2], l.boxes[i*perBox+3] = 10, 20
	}
	return l
}

func unit() mapping { return mapping{perX: 1. / 128, perY: 1. / 128} }

func TestABoxLiesAroundTheMiddleOfItsCell(t *testing.T) {
	l := grid(3)
	l.boxes[3*perBox], l.boxes[3*perBox+1] = 1, -2
	l.boxes[3*perBox+4], l.boxes[3*perBox+5] = 4, 8
	faces := l.decode(nil, 128, value(.5), unit())
	if len(faces) != 4 {
		t.Fatalf("%d boxes", len(faces))
	}
	f := faces[3]
	if f.X != (96+1-5)/128. || f.Y != (96-2-10)/128. || f.W != 10/128. || f.H != 20/128. || f.Points[RightEye] != (Point{100. / 128, 104. / 128}) {
		t.Errorf("%+v", f)
	}
	if want := 1 / (1 + math.Exp(-3)); math.Abs(float64(f.Score)-want) > 1e-6 {
		t.Errorf("score %g instead of %g", f.Score, want)
	}
}

func TestAScoreBelowTheLeastIsNoFace(t *testing.T) {
	for _, c := range []struct {
		score, least float32
		faces        int
	}{{0, .49, 4}, {0, .51, 0}, {9, 1, 0}, {9, 2, 0}, {-9, 0, 4}, {-9, -1, 4}, {-300, 0, 0}, {9, float32(math.NaN()), 0}, {90, .999, 4}} {
		if got := len(grid(c.score).decode(nil, 128, value(c.least), unit())); got != c.faces {
			t.Errorf("%g of at least %g: %d faces", c.score, c.least, got)
		}
	}
}

func TestWhatIsNotANumberIsNoFace(t *testing.T) {
	odd := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), math.MaxFloat32, -math.MaxFloat32, 2 * farthest}
	for _, v := range odd {
		l := grid(v)
		if v != math.MaxFloat32 && v != 2*farthest { // which are only very sure
			if faces := l.decode(nil, 128, value(0), unit()); len(faces) > 0 {
				t.Errorf("score %g: %+v", v, faces)
			}
		}
		for i := range perBox {
			l := grid(3)
			l.boxes[i] = v
			if faces := l.decode(nil, 128, value(0), unit()); len(faces) != 3 {
				t.Errorf("number %d of a box is %g: %d faces instead of the 3 others", i, v, len(faces))
			}
		}
	}
	for _, v := range []float32{0, -1, -farthest, .5} { // a size
		l := grid(3)
		l.boxes[2] = v
		if faces := l.decode(nil, 128, value(0), unit()); len(faces) != 3 {
			t.Errorf("a box of width %g is a face", v)
		}
	}
}

// Whatever the model says, what comes of it is sound.
func TestFacesAreFiniteWhateverTheModelSays(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	odd := []float32{float32(math.NaN()), float32(math.Inf(1)), math.MaxFloat32, farthest, -farthest, 1, 0, 1e-40, -20.7, -88}
	for range 300 {
		l := &level{cells: 8, anchors: 2, boxes: make([]float32, 64*2*perBox), scores: make([]float32, 64*2), boxStride: 2 * perBox, scoreStride: 2}
		for _, values := range [][]float32{l.boxes, l.scores} {
			for i := range values {
				values[i] = float32(r.NormFloat64()) * 40
				if r.IntN(12) == 0 {
					values[i] = odd[r.IntN(len(odd))]
				}
			}
		}
		faces := merge(l.decode(nil, 128, value(0), mapping{x: -1, y: .5, perX: 1, perY: 1. / 128}), nil)
		if len(faces) == 0 || len(faces) > Most {
			t.Fatalf("%d faces", len(faces))
		}
		for i, f := range faces {
			if !sound(f) || i > 0 && f.Score > faces[i-1].Score {
				t.Fatalf("face %d: %+v", i, f)
			}
		}
	}
}

func box(x, y, size, score float32) Face {
	f := Face{X: x, Y: y, W: size, H: size, Score: score}
	for k := range f.Points {
		f.Points[k] = Point{x, y}
	}
	return f
}

func TestFacesThatOverlapAreBlendedByTheirScores(t *testing.T) {
	before := box(9, 9, 9, 1)
	faces := merge([]Face{box(4, 0, 1, .5), box(.1, 0, 1, .25), box(0, .2, 1, .75)}, []Face{before})
	if len(faces) != 3 || faces[0] != before || faces[2] != box(4, 0, 1, .5) {
		t.Fatalf("%+v", faces)
	}
	f := faces[1]
	for _, p := range append(f.Points[:], Point{f.X, f.Y}) {
		if math.Abs(float64(p.X-.025)) > 1e-6 || math.Abs(float64(p.Y-.15)) > 1e-6 {
			t.Errorf("%+v", f)
		}
	}
	if f.Score != .75 {
		t.Errorf("score %g", f.Score)
	}
}

func TestNoMoreThanTheBestFacesAreFound(t *testing.T) {
	var all []Face
	for i := range 40 {
		all = append(all, box(float32(3*(i*7%40)), 0, 1, float32(i*7%40+1)/40))
	}
	faces := merge(all, nil)
	if len(faces) != Most {
		t.Fatalf("%d faces", len(faces))
	}
	for i, f := range faces {
		if want := float32(40-i) / 40; f.Score != want {
			t.Errorf("face %d has the score %g instead of %g", i, f.Score, want)
		}
	}
}
