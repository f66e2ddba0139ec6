// Package picture holds the filters that keep the home out of the picture.
//
//	picture ─► segment: what is people ─► person: which of it is the user ─► compose: the rest is blurred, or replaced
//	      └──► face, seldom, beside it ─────────┘
//
// 2026-11-25: the mask of people alone shows whoever walks in, and takes a sheet
// of paper for a person. So nothing is shown but what hangs together with the
// main face; without a face nobody is shown.
package picture

import (
	"errors"
	"fmt"
	"image"
	"sync/atomic"
	"time"

	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/picture/compose"
	"paravent/privacy/picture/leak"
	"paravent/privacy/picture/person"
	"paravent/privacy/picture/segment"
)

// Models are the files of the neural networks, which must be the known ones.
type Models struct{ Segmentation, Faces []byte }

// Options are how a Background is made.
type Options struct {
	Models Models
	Look   Look

	// Cover is shown while nobody is in the picture.
	Cover frame.Colour

	// InStep looks for faces between two pictures instead of beside them, so that
	// the same film gives the same result each time.
	InStep bool

	// Gauge measures, beside the pictures' way, how much of the room can be made
	// out from what leaves.
	Gauge bool

	// Probe is called before each stage, on the goroutine that runs it, with what
	// the stage is about to use. It is for tests that inject faults: it may panic,
	// block, return an error or write to the mask. mask is nil but for Divide and
	// Compose, p is nil for Find.
	Probe func(s Stage, p *frame.Picture, mask []byte) error
}

// A Stage is a part of the work on a picture.
type Stage int

// The stages, in the order of the work. Find runs beside the others.
const (
	Segment Stage = iota
	Divide
	Compose
	Find
)

// String names the stage.
func (s Stage) String() string { return [...]string{"segment", "divide", "compose", "find"}[s] }

// A Background is a filter that shows the person whose camera it is, and nothing
// else. It belongs to one camera and is used by one goroutine at a time, except
// for Reveal and Revealed. It must be closed.
type Background struct {
	options Options
	segment *segment.Segmenter
	finder  *finder
	gauge   *leak.Gauge // nil if nothing is measured
	keeper  person.Keeper
	guard   guard

	part    follower
	mask    [segment.Width * segment.Height]byte // of the part
	canvas  [canvasW * canvasH]byte              // of the picture: the person
	people  [canvasW * canvasH]byte              // likewise: everybody
	grid    grid
	pace    int // a new mask for every pace-th picture
	count   int
	last    time.Duration
	began   bool
	present bool         // in the last picture
	reveal  atomic.Int64 // nanoseconds for which to begin to show what is held up, +1; 0 is no wish
	until   time.Duration
	size    image.Point // of the pictures that compositor is made for
	compose *compose.Compositor
	effect  compose.Effect
	notes   filter.Notes
	times   [3]filter.StageTime
}

// smallest is the least side of a picture, in pixels, in which somebody is looked
// for.
const smallest = 8

// errMask is the error of a mask that shows what was hidden.
var errMask = errors.New("the mask shows what was hidden")

// New returns a filter. It refuses models that are not the known ones.
func New(o Options) (*Background, error) {
	s, err := segment.New(o.Models.Segmentation)
	if err != nil {
		return nil, fmt.Errorf("background: %w", err)
	}
	f, err := newFinder(o.Models.Faces, o.InStep, o.Probe)
	if err != nil {
		return nil, fmt.Errorf("background: %w", err)
	}
	b := &Background{options: o, segment: s, finder: f, pace: 1}
	if o.Gauge {
		b.gauge = leak.NewGauge(o.InStep)
	}
	for i := range b.times {
		b.times[i].Name = Stage(i).String()
	}
	return b, nil
}

// Name is the look's.
func (b *Background) Name() string { return b.options.Look.name }

// Notes says what held of the last picture.
func (b *Background) Notes() filter.Notes { return b.notes }

// Stages says what the last Apply took.
func (b *Background) Stages() []filter.StageTime { return b.times[:] }

// Pace makes a new mask only every n-th picture.
func (b *Background) Pace(every int) { b.pace = max(every, 1) }

// Reveal shows what the person holds up, for d from the next picture on.
func (b *Background) Reveal(d time.Duration) { b.reveal.Store(int64(d) + 1) }

// Revealed is the share of the room's detail that could be made out from what has
// left, 0 to 1; ok is false while that is not known, or not measured. It may be
// called by several goroutines.
func (b *Background) Revealed() (share float64, ok bool) {
	if b.gauge == nil {
		return 0, false
	}
	f, ok := b.gauge.Figures()
	return f.Area, ok
}

// Close ends the search for faces and the gauge. It does not wait for what goes on.
func (b *Background) Close() error {
	b.finder.close()
	if b.gauge != nil {
		b.gauge.Close()
	}
	return nil
}

// Apply hides all but the person in p. Nothing is shown before a face is found,
// and the picture is the cover colour while nobody is there. Real-time: it
// allocates only when the size changes.
func (b *Background) Apply(p *frame.Picture) error {
	if size := p.Size(); min(size.X, size.Y) < smallest {
		p.Fill(b.options.Cover)
		b.notes = filter.Away
		return nil
	}
	if size := p.Size(); b.compose == nil || size != b.size {
		if err := b.fit(size); err != nil {
			return err
		}
	}
	gap := b.gap(p.At)
	b.wish(p.At)
	if b.count%b.pace == 0 {
		if err := b.look(p, gap*float32(b.pace)); err != nil {
			return err
		}
	}
	b.count++
	began := time.Now()
	if err := b.probe(Compose, p, b.canvas[:]); err != nil {
		return err
	}
	if !b.grid.agrees(b.canvas[:]) {
		return errMask
	}
	if b.gauge != nil {
		b.gauge.Before(p, b.canvas[:], canvasW, canvasH)
	}
	err := b.compose.Apply(p, b.canvas[:], canvasW, canvasH, b.effect)
	if err == nil && b.notes.Has(filter.Away) {
		p.Fill(b.options.Cover)
	}
	if err == nil && b.gauge != nil {
		b.gauge.After(p)
	}
	b.times[Compose].Took = time.Since(began)
	return err
}

// look makes a new mask.
func (b *Background) look(p *frame.Picture, gap float32) error {
	began := time.Now()
	if err := b.probe(Segment, p, nil); err != nil {
		return err
	}
	b.part.follow(&b.grid.keep, b.present)
	if err := b.segment.Mask(p, b.part.pixels(b.size), b.mask[:]); err != nil {
		return err
	}
	b.times[Segment].Took = time.Since(began)
	began = time.Now()
	if err := b.probe(Divide, p, b.mask[:]); err != nil {
		return err
	}
	if faces, late, ok := b.finder.found(p.At); ok {
		b.keeper.Faces(faces, late)
		b.guard.faces(faces)
	}
	if err := b.finder.find(p, b.size); err != nil {
		return err
	}
	if faces, late, ok := b.finder.found(p.At); ok { // in step
		b.keeper.Faces(faces, late)
		b.guard.faces(faces)
	}
	spread(b.canvas[:], b.mask[:], b.part.part)
	b.people = b.canvas
	b.grid.shrink(b.canvas[:])
	if err := b.grid.colour(p); err != nil {
		return err
	}
	f := b.keeper.Divide(b.grid.view(), gap, &b.grid.keep)
	b.present, b.compose.Moves = f.Present, f.Moves
	b.grid.hide(b.canvas[:])
	b.finder.hurry = f.Others || f.Unsure || !f.Seen
	b.notes = b.guard.notes(f, &b.grid, p, gap)
	b.times[Divide].Took = time.Since(began)
	return nil
}

func (b *Background) probe(s Stage, p *frame.Picture, mask []byte) error {
	if b.options.Probe == nil {
		return nil
	}
	return b.options.Probe(s, p, mask)
}

// gap returns the seconds since the last picture; a camera that jumps begins anew.
func (b *Background) gap(at time.Duration) float32 {
	d := at - b.last
	b.last = at
	if !b.began {
		b.began = true
		return 1. / 30
	}
	if d < 0 || d > 2*time.Second {
		b.keeper.Reset()
		b.compose.Reset()
		return 1. / 30
	}
	return float32(d.Seconds())
}

func (b *Background) wish(at time.Duration) {
	if w := b.reveal.Swap(0); w != 0 {
		b.until = at + time.Duration(w-1)
	}
	b.keeper.Reveal(at < b.until)
}

func (b *Background) fit(size image.Point) error {
	b.compose = nil
	b.effect = b.options.Look.effect
	if b.options.Look.image != nil {
		p, err := compose.Fit(b.options.Look.image, size.X, size.Y)
		if err != nil {
			return err
		}
		b.effect = compose.Image(p)
	}
	c, err := compose.New(size.X, size.Y)
	if err != nil {
		return err
	}
	c.People = b.people[:]
	b.compose, b.size = c, size
	return nil
}
