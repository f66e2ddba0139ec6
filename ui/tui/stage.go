package tui

import (
	"context"
	"image"
	"maps"
	"slices"
	"sync"

	"paravent/media/present"
	"paravent/media/sfu"
	"paravent/ui/term"
	"paravent/ui/view"
)

// pace is the rate at which a terminal shows pictures at most, in pictures per
// second.
const pace = 25

// A seat names a picture: a track of another, or an own source.
type seat struct {
	track  sfu.TrackID
	source sfu.Source
}

func seatOf(t view.Tile) seat {
	if t.Own {
		return seat{source: t.Source}
	}
	return seat{track: t.Track}
}

// A place is where a picture goes.
type place struct {
	seat seat
	at   image.Rectangle
}

// A stage holds the pictures on the screen. The model arranges it, attend
// watches what is on it, and the painter draws it.
type stage struct {
	call view.Call
	bell chan struct{} // rings for attend

	mu     sync.Mutex // guards everything that follows
	look   term.Abilities
	places []place
	shown  map[seat]*shown
	gone   []*term.Canvas // to be taken out of the terminal
	spoilt bool
	hidden bool // something covers all pictures
	cursor bool // the text's cursor is seen
}

type shown struct {
	canvas *term.Canvas
	slot   int
	view   sfu.View
}

func newStage(c view.Call, look term.Abilities) *stage {
	return &stage{call: c, bell: make(chan struct{}, 1), look: look, shown: make(map[seat]*shown)}
}

// cell returns the size of a character.
func (s *stage) cell() image.Point {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.look.Cell == (image.Point{}) {
		return image.Pt(10, 20)
	}
	return s.look.Cell
}

// become changes what the terminal can do: all begins anew. It reports whether
// that is something new.
func (s *stage) become(look term.Abilities) bool {
	s.mu.Lock()
	look.Slow = look.Slow || s.look.Slow && look.Mode == term.Kitty
	if look == s.look {
		s.mu.Unlock()
		return false
	}
	s.look = look
	for _, sh := range s.shown {
		s.gone = append(s.gone, sh.canvas)
	}
	clear(s.shown)
	places := s.places
	s.places = nil
	s.mu.Unlock()
	s.arrange(places)
	return true
}

// narrow says that the way to the terminal is narrow.
func (s *stage) narrow() {
	s.mu.Lock()
	look := s.look
	s.mu.Unlock()
	if look.Mode == term.Kitty {
		look.Slow = true
		s.become(look)
	}
}

// arrange puts exactly these pictures on the screen. Those that stay keep their
// canvas.
func (s *stage) arrange(places []place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Equal(places, s.places) {
		return
	}
	s.places = slices.Clone(places)
	stay := make(map[seat]bool, len(places))
	for _, p := range places {
		stay[p.seat] = true
	}
	for key, sh := range s.shown {
		if !stay[key] {
			s.gone = append(s.gone, sh.canvas)
			delete(s.shown, key)
		}
	}
	for _, p := range places {
		sh := s.shown[p.seat]
		if sh == nil {
			slot := s.free()
			sh = &shown{canvas: term.NewCanvas(s.look, slot), slot: slot}
			s.shown[p.seat] = sh
		}
		sh.canvas.Place(p.at, term.Budget/len(places))
		size := sh.canvas.Pixels()
		sh.view = sfu.View{Width: size.X, Height: size.Y}
		if size != (image.Point{}) {
			sh.view.FPS = pace
		}
	}
	ring(s.bell)
}

// free returns the lowest slot that no canvas has.
func (s *stage) free() int {
	taken := make(map[int]bool, len(s.shown))
	for _, sh := range s.shown {
		taken[sh.slot] = true
	}
	slot := 0
	for taken[slot] {
		slot++
	}
	return slot
}

// cover says whether something is drawn over all pictures, and whether the text
// has a cursor.
func (s *stage) cover(hidden, cursor bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hidden && !hidden {
		s.spoilt = true
	}
	s.hidden, s.cursor = hidden, cursor
}

// spoil says that text was written where pictures are.
func (s *stage) spoil() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spoilt = true
}

// An attended picture is one that the call shows in a canvas.
type attended struct {
	sink *term.Canvas
	view sfu.View
}

// attend watches what is on the stage until ctx ends, and then nothing. It is
// apart from the model because a call may take its time.
func (s *stage) attend(ctx context.Context) {
	now := make(map[seat]attended)
	defer func() {
		for key := range now {
			s.watch(key, attended{})
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.bell:
		}
		next := s.wanted()
		for key, old := range now {
			if _, ok := next[key]; !ok || next[key].sink != old.sink {
				s.watch(key, attended{})
				delete(now, key)
			}
		}
		for key, a := range next {
			if now[key] != a {
				s.watch(key, a)
			}
		}
		now = next
	}
}

func (s *stage) wanted() map[seat]attended {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := make(map[seat]attended, len(s.shown))
	for key, sh := range s.shown {
		if sh.view != (sfu.View{}) {
			next[key] = attended{sh.canvas, sh.view}
		}
	}
	return next
}

func (s *stage) watch(key seat, a attended) {
	var sink present.VideoSink
	if a.sink != nil {
		sink = a.sink
	}
	if key.track == "" {
		s.call.WatchSelf(key.source, sink)
		return
	}
	s.call.Watch(key.track, a.view, sink)
}

// A scene is what the painter has to draw.
type scene struct {
	canvases []*term.Canvas
	gone     []*term.Canvas
	spoilt   bool
	hidden   bool
	cursor   bool
}

// scene fills sc, whose memory is used again.
func (s *stage) scene(sc *scene) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sc.canvases, sc.gone = sc.canvases[:0], append(sc.gone[:0], s.gone...)
	s.gone = s.gone[:0]
	sc.cursor, sc.hidden, sc.spoilt = s.cursor, s.hidden, s.spoilt
	s.spoilt = false
	for _, p := range s.places {
		if sh := s.shown[p.seat]; sh != nil {
			sc.canvases = append(sc.canvases, sh.canvas)
		}
	}
}

// leave returns the canvases that the terminal may still hold.
func (s *stage) leave() []*term.Canvas {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.gone
	for sh := range maps.Values(s.shown) {
		all = append(all, sh.canvas)
	}
	return all
}

// ring rings a bell that need not ring twice.
func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}
