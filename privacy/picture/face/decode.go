package face

import (
	"image"
	"math"
	"slices"
)

// perBox is how many numbers the model gives for a box: its middle, from the
// middle of the cell, its size, and the six key points like the middle, all in
// pixels of the input.
const perBox = 4 + 2*6

// farthest bounds the numbers of a box, in pixels of the input. What is beyond is
// no face, and what is within stays finite in all that follows.
const farthest = 1e4

// same is how much two boxes overlap, as intersection over union, when they are
// taken for one face; as MediaPipe's face_detection graphs have it.
const same = .3

// A level is one grid of the model's output. Each of its cells tells of some
// boxes (its "anchors", which in these models differ by nothing but number).
type level struct {
	cells, anchors         int // cells a side, boxes a cell
	boxes, scores          []float32
	boxStride, scoreStride int // values from one cell to the next
}

// A mapping turns pixels of the model's input into shares of the picture.
type mapping struct{ x, y, perX, perY float32 }

// onto returns the mapping for the part crop of a picture of a size, when crop
// fills box.
func onto(box, crop image.Rectangle, size image.Point) mapping {
	perX := float32(crop.Dx()) / float32(box.Dx()*size.X)
	perY := float32(crop.Dy()) / float32(box.Dy()*size.Y)
	return mapping{
		x: float32(crop.Min.X)/float32(size.X) - float32(box.Min.X)*perX, perX: perX,
		y: float32(crop.Min.Y)/float32(size.Y) - float32(box.Min.Y)*perY, perY: perY,
	}
}

func (m mapping) point(x, y float32) Point { return Point{m.x + x*m.perX, m.y + y*m.perY} }

// decode appends the boxes of l whose score is at least that of the output value
// lowest to found, which has room. side is that of the model's input.
func (l *level) decode(found []Face, side int, lowest float32, to mapping) []Face {
	step := float32(side) / float32(l.cells)
	for i := range l.cells * l.cells {
		for a, v := range l.scores[i*l.scoreStride:][:l.anchors] {
			if !(v >= lowest && v <= math.MaxFloat32) { // also what is not a number
				continue
			}
			x, y := (float32(i%l.cells)+.5)*step, (float32(i/l.cells)+.5)*step
			if f, ok := toFace((*[perBox]float32)(l.boxes[i*l.boxStride+a*perBox:]), x, y, to); ok {
				f.Score = float32(1 / (1 + math.Exp(-float64(v))))
				found = append(found, f)
			}
		}
	}
	return found
}

// value returns which output of the model means the given score. It is finite or
// infinite as the score asks, but never so low that a score would be 0.
func value(score float32) float32 {
	p := max(float64(score), 1e-9)
	if p >= 1 {
		return float32(math.Inf(1))
	}
	return float32(math.Log(p / (1 - p)))
}

// toFace returns the face of a box in the cell with the middle x, y, unless its
// numbers are out of all proportion.
func toFace(box *[perBox]float32, x, y float32, to mapping) (Face, bool) {
	for _, v := range box {
		if !(v >= -farthest && v <= farthest) { // also what is not a number
			return Face{}, false
		}
	}
	w, h := box[2], box[3]
	corner := to.point(x+box[0]-w/2, y+box[1]-h/2)
	f := Face{X: corner.X, Y: corner.Y, W: w * to.perX, H: h * to.perY}
	for k := range f.Points {
		f.Points[k] = to.point(x+box[4+2*k], y+box[5+2*k])
	}
	return f, w >= 1 && h >= 1
}

// merge makes one face of all that overlap and appends the faces to into, best
// first, Most at most. Each is the mean of those that overlap with the best of
// them, weighted by their scores: BlazeFace's blending, which trembles less than
// to keep only the best. It changes found.
func merge(found []Face, into []Face) []Face {
	slices.SortStableFunc(found, func(a, b Face) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	for n := 0; n < Most && len(found) > 0; n++ {
		best := found[0]
		sum, weight := Face{Score: best.Score}, float32(0)
		rest := found[:0]
		for i := range found {
			f := &found[i]
			if i > 0 && overlap(&best, f) < same {
				rest = append(rest, *f)
				continue
			}
			sum.add(f)
			weight += f.Score
		}
		found = rest
		into = append(into, sum.scaled(1/weight))
	}
	return into
}

// add adds the place of g, as often as its score says.
func (f *Face) add(g *Face) {
	f.X += g.Score * g.X
	f.Y += g.Score * g.Y
	f.W += g.Score * g.W
	f.H += g.Score * g.H
	for k := range f.Points {
		f.Points[k].X += g.Score * g.Points[k].X
		f.Points[k].Y += g.Score * g.Points[k].Y
	}
}

// scaled returns f with its place, not its score, times by.
func (f *Face) scaled(by float32) Face {
	s := Face{X: by * f.X, Y: by * f.Y, W: by * f.W, H: by * f.H, Score: f.Score}
	for k, p := range f.Points {
		s.Points[k] = Point{by * p.X, by * p.Y}
	}
	return s
}

// overlap returns the intersection over union of two boxes.
func overlap(a, b *Face) float32 {
	w := min(a.X+a.W, b.X+b.W) - max(a.X, b.X)
	h := min(a.Y+a.H, b.Y+b.H) - max(a.Y, b.Y)
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h / (a.W*a.H + b.W*b.H - w*h)
}
