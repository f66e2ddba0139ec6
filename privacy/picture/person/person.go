// Package person keeps the one person whose camera it is, and takes everybody
// and everything else out of a mask of people.
//
//	mask of people ─┐                      ┌─ what hangs together with the face
//	colours ────────┼─► halves ─► Keeper ──┤
//	faces, seldom ──┘                      └─ everything else: hidden
//
// Unsure means hidden. A cell is shown only if it is person, hangs together with
// the main face, and lies within, or grew out of, the silhouette that this
// person has had so far:
//
//   - The main face is locked by place and size when it is first seen, and
//     followed between detections by its look (the least sum of absolute
//     differences, over the head and over the chest).
//   - While nobody else is there, the silhouette is learned. It shifts, turns and
//     grows with the head (motion.go), and shifts with the chest.
//   - What appears beside it, attached or not, is held back first. A hand is
//     admitted after a quarter of a second, when it has stopped growing: it grew
//     out of the silhouette, is small, touches no edge, and is not what stood
//     there before. What looks as the room did there is the room, whatever the
//     mask says, and so is what stands still beside a head that moves.
//   - With the first sign of somebody else (a second face, a loose piece of
//     person, something that comes in over an edge) what the silhouette has gained
//     in the last second or two is taken back. Until three seconds after the last
//     sign it is learned only where nobody disputes it, what was held back stays so
//     while it looks the same, and the rest is divided by the shorter way over colours from either side (a geodesic
//     distance, as in Bai and Sapiro 2007), the way being longer on the other's
//     ground.
//
// It works on a grid of 128 by 72 cells and knows nothing of pictures, models and
// threads.
package person

// The size of the grid, in cells.
const (
	W = 128
	H = 72
	n = W * H
)

// A Face is a box in cells; it may reach outside the grid.
type Face struct{ X, Y, W, H float32 }

func (f Face) centre() (x, y float32) { return f.X + f.W/2, f.Y + f.H/2 }

func (f Face) moved(dx, dy float32) Face { return Face{f.X + dx, f.Y + dy, f.W, f.H} }

// A View is one picture, on the grid: how much of each cell is person, 0 to 255,
// and its colour.
type View struct {
	Person, Y, Cb, Cr *[n]byte
}

// A Finding is what a Keeper knows after a picture.
type Finding struct {
	Present bool // the main person is there; if not, nothing is shown
	Face    Face // where the main face is
	Seen    bool // it was detected lately, not only followed
	Others  bool // somebody or something else is held back, or was a moment ago
	Moves   bool // more than a little
	Unsure  bool // something new hangs on the person: a hand, or somebody else
}

// What the rules wait for, and when a cell counts.
const (
	suspectFor = 3.0 // seconds after the last sign of somebody else
	awayAfter  = .6  // seconds without the main person
	forgetFace = 8.0 // seconds without a detection, the most that are counted
	seenFor    = 1.5 // seconds for which a detection counts as fresh
	holdFor    = .25 // seconds for which something new is held back at least
	hairFor    = 1.0 // seconds after the main person came in which their hair may still be found
	isPerson   = 26  // .1: the least that counts at all
	isCore     = 128 // .5
	unsure     = 1e9 // a distance
)

// A Keeper keeps one person. It is used by one goroutine at a time; its zero
// value is ready.
type Keeper struct {
	head     head
	model    silhouette
	mine     [n]byte // 255 where the last picture was shown
	theirs   [n]byte // pictures for which a cell stays another's, after it was seen to be
	fresh    [n]byte // pictures for which something new has been there
	room     backdrop
	label    [n]int16 // pieces of person
	queue    [n]int32
	dist     [2][n]float32
	near     [n]byte
	blob     [n]byte
	keep     [n]byte
	held     [n]byte // 1 where somebody was held back in the last picture
	hid      plate   // how it looked there
	disputed [n]byte // not surely either's, while there is somebody else
	others   []Face  // besides the main one, at the last detection
	suspect  float32
	since    float32 // seconds since the main person came
	grown    int     // cells that were new lately
	growing  bool    // something new hangs on the main person
	absent   float32
	reveal   bool
}

// Reset forgets everything, also the main person.
func (k *Keeper) Reset() { *k = Keeper{others: k.others[:0]} }

// Reveal shows what the person holds up, as long as it is on: what hangs together
// with them is theirs.
func (k *Keeper) Reveal(on bool) { k.reveal = on }

// Faces takes a new detection, of the picture that Divide was given `late`
// seconds ago, best first. The main face is chosen here.
func (k *Keeper) Faces(found []Face, late float32) {
	main := k.head.choose(found, late)
	k.others = k.others[:0]
	for i, f := range found {
		if i != main && len(k.others) < 8 && !k.head.covers(f) {
			k.others = append(k.others, f)
		}
	}
}

// Divide writes to keep how much of each cell may be shown, 0 or 255. gap is the
// time since the last picture, in seconds. Real-time: it does not allocate.
func (k *Keeper) Divide(v View, gap float32, keep *[n]byte) Finding {
	gap = min(max(gap, .001), .5)
	k.head.follow(v.Y, &k.model.at, gap)
	if !k.head.have {
		clear(keep[:])
		clear(k.mine[:])
		k.room.learn(v, nil)
		return Finding{}
	}
	if k.head.fresh {
		k.begin(v)
	}
	k.model.follow(&k.head)
	main := k.pieces(v)
	k.room.watch(v, &k.head)
	k.suspect, k.since = max(k.suspect-gap, 0), min(k.since+gap, hairFor)
	if k.signs(v, main, gap) {
		if k.suspect == 0 {
			k.model.recall(&k.head)
		}
		k.suspect = suspectFor
	}
	if k.suspect > 0 {
		k.divide(v, main)
		k.hold(v)
	} else {
		k.calm(v)
		clear(k.held[:])
	}
	k.present(gap)
	switch {
	case k.absent > 0:
	case k.suspect > 0:
		k.model.learn(&k.head, &k.keep, v.Person, &k.disputed, gap)
	default:
		k.model.learn(&k.head, &k.keep, v.Person, nil, gap)
	}
	k.room.learn(v, &k.mine)
	f := Finding{Present: k.absent < awayAfter, Face: k.head.at, Seen: k.head.unseen < seenFor, Others: k.suspect > 0, Unsure: k.growing, Moves: k.head.speed > 6}
	if !f.Present {
		clear(k.keep[:])
	}
	k.mine = k.keep
	k.soften(v.Person, keep)
	return f
}

// begin takes the first silhouette: what is person where a person with such a
// face may be, and what is person where there was certainly something else
// before.
func (k *Keeper) begin(v View) {
	k.head.fresh = false
	k.model.start(&k.head)
	for i, m := range v.Person {
		k.mine[i] = 0
		if m >= isCore && (k.model.at[i] >= 128 || k.room.differs(v, i)) {
			k.mine[i] = 255
		}
	}
	k.model.take(&k.head, &k.mine, v.Person)
	clear(k.held[:])
	k.suspect, k.absent, k.since = 0, 0, 0
}

// present counts for how long next to nothing of the silhouette, or of the head,
// has been shown.
func (k *Keeper) present(gap float32) {
	var body, head share
	for i, m := range k.model.at {
		if m >= 128 {
			body.count(k.keep[i] != 0)
		}
		if k.inHead(i) {
			head.count(k.keep[i] != 0)
		}
	}
	if !body.below(.2) && !head.below(.3) {
		k.absent = 0
		return
	}
	if k.absent += gap; k.absent > awayAfter {
		k.head.lose()
	}
}

// A share is how many of some cells are shown.
type share struct{ shown, all int }

func (s *share) count(shown bool) {
	s.all++
	if shown {
		s.shown++
	}
}

// below reports whether there are cells, and less than that part of them is shown.
func (s share) below(part float32) bool { return float32(s.shown) < part*float32(s.all) }

// soften lets the fringe of what is shown be shown too, as far as the mask has
// one, and writes keep.
func (k *Keeper) soften(person, keep *[n]byte) {
	*keep = k.keep
	for range 2 {
		copy(k.near[:], keep[:])
		for y := range H {
			for x := range W {
				i := y*W + x
				if k.near[i] != 0 || person[i] >= isPerson || k.theirs[i] != 0 {
					continue
				}
				if x > 0 && k.near[i-1] != 0 || x < W-1 && k.near[i+1] != 0 || y > 0 && k.near[i-W] != 0 || y < H-1 && k.near[i+W] != 0 {
					keep[i] = 255
				}
			}
		}
	}
}
