package picture

import (
	"fmt"
	"image"
	"time"

	"paravent/media/frame"
	"paravent/privacy/picture/face"
	"paravent/privacy/picture/person"
)

const (
	leastScore = .4 // where a face of 46 pixels of 720 is mostly found, and few other things are
	findEvery  = 200 * time.Millisecond
	findHurry  = 100 * time.Millisecond // while somebody else is there, or nobody yet
)

// A finder looks for faces beside the pictures' way: it takes in a picture now and
// then, and has the faces a little later.
type finder struct {
	detector *face.Detector
	inStep   bool
	probe    func(Stage, *frame.Picture, []byte) error
	hurry    bool

	begin chan struct{} // the detector has taken in a picture, and is the goroutine's
	ready chan bool     // it has run, and is the caller's again; false if that failed
	busy  bool
	fresh bool          // what was found was not told yet
	at    time.Duration // of the picture that it has taken in
	next  time.Duration
	faces []face.Face
	cells []person.Face
}

func newFinder(model []byte, inStep bool, probe func(Stage, *frame.Picture, []byte) error) (*finder, error) {
	d, err := face.NewFullRange(model)
	if err != nil {
		return nil, err
	}
	f := &finder{
		detector: d, inStep: inStep, probe: probe, hurry: true,
		begin: make(chan struct{}), ready: make(chan bool, 1),
		faces: make([]face.Face, 0, face.Most), cells: make([]person.Face, 0, face.Most),
	}
	if !inStep {
		go f.work()
	}
	return f, nil
}

// work runs the detector on a goroutine of its own.
func (f *finder) work() {
	for range f.begin {
		f.ready <- f.run()
	}
}

// run reports whether the detector ran; one that fails has found nothing.
func (f *finder) run() (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	if f.probe != nil {
		if err := f.probe(Find, nil, nil); err != nil {
			return false
		}
	}
	f.faces = f.detector.Run(leastScore, f.faces[:0])
	return true
}

// find takes in p if it is time and the last search is over. It borrows p until it
// returns.
func (f *finder) find(p *frame.Picture, size image.Point) error {
	if f.busy || f.fresh || p.At < f.next && p.At >= f.at {
		return nil
	}
	if err := f.detector.Sample(p, image.Rectangle{Max: size}); err != nil {
		return fmt.Errorf("find faces: %w", err)
	}
	f.at, f.next = p.At, p.At+findEvery
	if f.hurry {
		f.next = p.At + findHurry
	}
	if f.inStep {
		f.fresh = f.run()
		return nil
	}
	f.busy = true
	f.begin <- struct{}{}
	return nil
}

// found returns the faces that were found since it last did, in cells of a
// person.View, and for how many seconds the picture of them is past. They are
// good until the next find.
func (f *finder) found(now time.Duration) (faces []person.Face, late float32, ok bool) {
	if f.busy {
		select {
		case f.fresh = <-f.ready:
			f.busy = false
		default:
			return nil, 0, false
		}
	}
	if !f.fresh {
		return nil, 0, false
	}
	f.fresh = false
	f.cells = f.cells[:0]
	for _, a := range f.faces {
		f.cells = append(f.cells, person.Face{X: a.X * person.W, Y: a.Y * person.H, W: a.W * person.W, H: a.H * person.H})
	}
	return f.cells, float32((now - f.at).Seconds()), true
}

func (f *finder) close() { close(f.begin) }
