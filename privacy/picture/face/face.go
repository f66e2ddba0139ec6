// Package face finds faces in pictures: where they are, and where their eyes,
// nose, mouth and ears are. It does not tell whose they are.
//
// It runs two known models, MediaPipe's BlazeFace (Bazarevsky et al., "BlazeFace:
// Sub-millisecond Neural Face Detection on Mobile GPUs", 2019), and refuses any
// other. The short-range one stops near 120 pixels from ear to ear in a picture
// of 1280×720, costs a third, and finds near faces which the edge of the picture
// cuts and the other misses.
//
// 2026-11-25: of the faces of two people before grey, the full-range one finds
// nearly all of 46 pixels of one (22 of 24 with a score of .4, 19 with .5) but of
// the other only from 70 on (23 and 19); from 80 on it finds both, with .5. A
// crop that is half as wide finds faces half as large. It also finds faces that
// are painted, on the cover of a book for one.
package face

import (
	"errors"
	"fmt"
	"image"

	"paravent/media/frame"
	"paravent/privacy/picture/net"
	"paravent/privacy/picture/sample"
	"paravent/privacy/picture/tflite"
)

// Most is how many faces are found at once, at most.
const Most = 16

// The key points of a Face, as indices into Points. Right is the person's own
// right, on the left of a picture that is not mirrored.
const (
	RightEye = iota
	LeftEye
	NoseTip
	Mouth
	RightEar
	LeftEar
)

// A Point is a place in shares of a picture, from its left and its upper edge.
type Point struct{ X, Y float32 }

// A Face is where a face is, in shares of the whole picture: 0 to 1, and beyond
// where it reaches outside. X and Y are the upper left corner of its box. All
// its numbers are finite, and W and H more than 0.
type Face struct {
	X, Y, W, H float32
	Score      float32 // how surely it is a face, 0 to 1
	Points     [6]Point
}

// A Detector finds faces. It is used by one goroutine at a time.
type Detector struct {
	net     *net.Net
	sampler sample.Sampler
	side    int // of the square that the model sees, in cells
	levels  []level
	box     image.Rectangle // of the square, what the picture fills
	to      mapping
	found   []Face // candidates; its capacity is all that there can be
}

// A known is a model that is taken.
type known struct {
	checksum string // SHA-256
	side     int
	levels   []level
}

// NewFullRange returns a Detector that runs model, the TFLite file
// face_detection_full_range, of which it keeps nothing. It returns
// net.ErrUnknownModel for any other file.
func NewFullRange(model []byte) (*Detector, error) {
	return open(model, known{
		checksum: "99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3",
		side:     192,
		levels:   []level{{cells: 48, anchors: 1}},
	})
}

// NewShortRange is NewFullRange for the file face_detection_short_range.
func NewShortRange(model []byte) (*Detector, error) {
	return open(model, known{
		checksum: "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
		side:     128,
		levels:   []level{{cells: 16, anchors: 2}, {cells: 8, anchors: 6}},
	})
}

func open(model []byte, k known) (*Detector, error) {
	n, g, err := net.Open(model, k.checksum)
	if err != nil {
		return nil, fmt.Errorf("face: %w", err)
	}
	d := &Detector{net: n, side: k.side, levels: k.levels}
	if g.Shapes[g.In] != (tflite.Shape{H: k.side, W: k.side, C: 3}) || len(g.Out) != 2*len(d.levels) {
		return nil, fmt.Errorf("face: %w", net.ErrUnknownModel)
	}
	all := 0
	for i := range d.levels {
		l := &d.levels[i]
		boxes, scores := g.Shapes[g.Out[i]], g.Shapes[g.Out[len(d.levels)+i]]
		if boxes != (tflite.Shape{H: l.cells, W: l.cells, C: l.anchors * perBox}) ||
			scores != (tflite.Shape{H: l.cells, W: l.cells, C: l.anchors}) {
			return nil, fmt.Errorf("face: %w", net.ErrUnknownModel)
		}
		l.boxes, l.boxStride = n.Output(i)
		l.scores, l.scoreStride = n.Output(len(d.levels) + i)
		all += l.cells * l.cells * l.anchors
	}
	d.found = make([]Face, 0, all)
	return d, nil
}

// Path returns how d computes, for reports.
func (d *Detector) Path() string { return d.net.Path().String() }

// Find looks at the part crop of p and appends the faces that it finds to into:
// those whose score is at least least, best first, one for each face, Most at
// most. It is Sample and Run. Real-time: it does not allocate where into has
// room and p is not wider than ever before.
func (d *Detector) Find(p *frame.Picture, crop image.Rectangle, least float32, into []Face) ([]Face, error) {
	if err := d.Sample(p, crop); err != nil {
		return into, err
	}
	return d.Run(least, into), nil
}

// Sample takes in the part crop of p, which is counted from p's first pixel and
// must lie within p, for the next Run. Its proportions are kept: black fills
// what remains of the model's square. It costs little, borrows p until it
// returns, and does not change it. After an error Run must not be called before
// another Sample.
func (d *Detector) Sample(p *frame.Picture, crop image.Rectangle) error {
	if p == nil || p.Image == nil {
		return errors.New("face: no picture")
	}
	if crop.Empty() || !crop.In(image.Rectangle{Max: p.Size()}) {
		return fmt.Errorf("face: the part %v of a picture of %v", crop, p.Size())
	}
	box := letterbox(crop.Dx(), crop.Dy(), d.side)
	input := d.net.Input()
	if box != d.box {
		for i := range input {
			input[i] = -1
		}
		d.box = box
	}
	cells := sample.Target{W: box.Dx(), H: box.Dy(), Stride: 3 * d.side, Black: -1, White: 1}
	if err := d.sampler.Sample(input[3*(box.Min.Y*d.side+box.Min.X):], cells, p, crop); err != nil {
		return fmt.Errorf("face: %w", err)
	}
	d.to = onto(box, crop, p.Size())
	return nil
}

// Run does the rest of Find, for what Sample took in.
func (d *Detector) Run(least float32, into []Face) []Face {
	d.net.Run()
	d.found = d.found[:0]
	lowest := value(least)
	for i := range d.levels {
		d.found = d.levels[i].decode(d.found, d.side, lowest, d.to)
	}
	return merge(d.found, into)
}

// letterbox returns where in a square w by h pixels, one at least, come to lie:
// in its middle, as large as they fit.
func letterbox(w, h, side int) image.Rectangle {
	long := max(w, h)
	w, h = max((w*side+long/2)/long, 1), max((h*side+long/2)/long, 1)
	at := image.Pt((side-w)/2, (side-h)/2)
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(w, h))}
}
