package echo

// The figures of the watch.
const (
	odd      = -.35 // likeness of what is left to the echo below which the path is wrong
	chance   = .4   // and correlation that is no accident
	settled  = .2   // of what the filter is unsure of, while the path is known and a voice is heard
	alone    = 8    // and while none is
	expected = .4   // of what is expected that is left when no voice is heard
	looks    = 6    // blocks that the tries are compared in
	around   = 4    // blocks of delay that are tried, each way
	short    = 12   // partitions that a try has
	restFor  = 30   // blocks until it looks again
	explains = .6   // share of the sound that a try must explain
	audible  = 1e-4 // power of an echo in a block, −67 dBFS, for it to count
	faith    = 300  // blocks for which a path that was known is known to be there
	little   = .3   // of what is taken for echo that is, at which none of it is believed
	much     = .7   // and all
	good     = 30   // how much less the filter must leave for the path to be known
	poor     = 10   // and how much less, lest it is asked for again
	known    = 1e-3 // and of a sound, for the path to be judged
)

// A watch notices when the way from loudspeaker to microphone is another. Then
// what is left resembles the echo that was taken away, with the sign turned; a
// voice does not, however loud it is. If the same path explains the sound some
// blocks earlier or later, the far end has jumped, as it does when the sound card
// brings its two clocks together again; else something has moved in the room.
type watch struct {
	like, power   float32               // of what is left to the echo, and the echo's power, smoothed
	long          [2]float32            // the same, over a longer time
	rest          float32               // power of what is left, smoothed alike
	expect, found float32               // power that the filter expects to leave, and that it leaves
	near, out     float32               // power of the microphone's sound, and of what is left of it
	sure          bool                  // that the path was known
	faith         int                   // blocks for which there is one
	looking       int                   // looks made
	resting       int                   // blocks until the next
	tries         [2*around + 1]float32 // what would be left
	all           float32               // of this
	y             line
	time          [points]float32
}

// A verdict is what the watch says of the path.
type verdict int

const (
	same    verdict = iota
	jumped          // it is the same, some blocks later
	changed         // it is another
	unlike          // none was ever found, and what is taken for it is not
)

// look compares what is left with the echo, after a block.
func (w *watch) look(c *Canceller, near *[block]float32) (v verdict, later int) {
	var like, power float32
	for i, y := range c.echo {
		like += c.out[i] * y
		power += y * y
	}
	w.like += (like - w.like) / 8
	w.power += (power - w.power) / 8
	w.long[0] += (like - w.long[0]) / 64
	w.long[1] += (power - w.long[1]) / 64
	var left, found float32
	for k, e := range c.filter.e {
		found += real(e)*real(e) + imag(e)*imag(e)
		left += c.filter.left[k]
	}
	w.expect += (left - w.expect) / 8
	w.found += (found - w.found) / 8
	w.rest += (energy(&c.out) - w.rest) / 8
	w.near += (energy(near) - w.near) / 32
	w.out += (energy(&c.out) - w.out) / 32
	if w.near > known && w.out < w.near/good {
		w.sure = true
		w.faith = faith
	}
	w.faith = max(0, w.faith-1)
	if w.resting > 0 {
		w.resting--
		return same, 0
	}
	if w.looking == 0 {
		switch {
		case w.power < audible || !w.odd():
			return same, 0
		case !w.sure:
			return unlike, 0
		}
		w.tries, w.all = [2*around + 1]float32{}, 0
	}
	w.try(c, near)
	if w.looking++; w.looking < looks {
		return same, 0
	}
	w.looking, w.resting = 0, restFor
	best := around
	for i, v := range w.tries {
		if v < w.tries[best] {
			best = i
		}
	}
	switch {
	case w.tries[best] < min((1-explains)*w.all, w.tries[around]/2):
		return jumped, best - around
	case w.odd():
		w.sure = false
		return changed, 0
	}
	return same, 0
}

// odd reports whether what is left resembles the echo with its sign turned, more
// than a voice does by chance.
func (w *watch) odd() bool {
	return w.like < odd*w.power && w.like*w.like > chance*chance*w.power*w.rest
}

// wonders reports whether the filter, which knew the path, leaves much.
func (w *watch) wonders() bool {
	return w.sure && w.near > known && w.power > audible && w.out > w.near/poor
}

// trust returns how much of what is taken for echo is echo, as long as the path
// is not known.
func (w *watch) trust() float32 {
	if w.faith > 0 || w.sure || w.long[1] == 0 {
		return 1
	}
	return max(0, min(1, (1+w.long[0]/w.long[1]-little)/(much-little)))
}

// doubts returns how much of what the filter says it is unsure of is to be taken
// for echo. It knows more than it says once the path is known.
func (w *watch) doubts() float32 {
	if w.sure {
		// Far more than the filter expects is a voice.
		r := expected * w.expect / (w.found + hiss)
		return max(settled, min(alone, alone*r*r))
	}
	return w.trust()
}

// try adds up what would be left of the microphone's sound, were the far end some
// blocks earlier or later.
func (w *watch) try(c *Canceller, near *[block]float32) {
	w.all += energy(near)
	for i := range w.tries {
		from := c.offset + i - around
		cut := max(0, -from) // of the path, if it would begin before the far end
		w.y = line{}
		for p := range short {
			add(&w.y, &c.far[(c.at+max(0, from)+p)%history], &c.filter.w[cut+p])
		}
		c.tr.Inverse(w.time[:], w.y[:])
		for j, v := range near {
			v -= w.time[block+j]
			w.tries[i] += v * v
		}
	}
}

// add adds x·w to y.
func add(y, x, w *line) {
	for k, a := range x {
		b := w[k]
		ar, ai, br, bi := real(a), imag(a), real(b), imag(b)
		y[k] += complex(ar*br-ai*bi, ar*bi+ai*br)
	}
}
