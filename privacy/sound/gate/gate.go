// Package gate is the room gate: the person at the microphone is heard, and
// nobody and nothing else in the room.
//
// A small recurrent network looks at every 10 ms of sound: at its level in each
// band against the person's own, and at how much the room has smeared it. From
// that it tells near from far, which needs no voice print, and says for each band
// how much of it is the person's. Where it is not sure that the person speaks at
// all, nothing passes: exact zeros, which the encoder need not send.
//
// It is written by hand because nothing that could be had does this: noise
// suppressors and voice detectors let a second voice pass, since it is a voice.
package gate

import (
	"errors"
	"time"

	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/sound/net"
)

// A Mode says how much the gate lets through.
type Mode int

// The modes.
const (
	Near   Mode = iota // 20 ms later
	Strict             // 40 ms later, and surer
	Worn               // 20 ms later, and surer: for a microphone that the person wears
)

// ErrModel is returned by New for a network that is not one of a room gate.
var ErrModel = errors.New("gate: not the network of a room gate")

const (
	heads   = 2 // of the network
	outputs = Bands + 2
	speaks  = Bands     // the output that says how likely the person speaks
	others  = Bands + 1 // and somebody or something else
	most    = 4         // windows that are kept
)

// tuning is how a mode decides. Measured over scenes that the network did not
// learn from.
type tuning struct {
	head int     // of the network
	lag  int     // windows that are looked ahead
	open float32 // likelihood that opens
	keep float32 // that keeps open
	hold int     // windows that it stays open below keep
}

func (m Mode) tuning() tuning {
	switch m {
	case Strict:
		return tuning{head: 1, lag: 3, open: 0.93, keep: 0.65, hold: 8}
	case Worn:
		return tuning{lag: 1, open: 0.9, keep: 0.65, hold: 8}
	case Near:
	}
	return tuning{lag: 1, open: 0.86, keep: 0.55, hold: 8}
}

// A Gate is a filter.SoundFilter. It is used by one goroutine at a time.
type Gate struct {
	tune     tuning
	analysis *Analysis
	ear      *Ear
	net      *net.Net
	about    filter.Notes // what is known of the person and the room
	features []float32
	out      []float32

	kept   [most][]complex64 // the last windows, in a ring
	at     int
	levels [most]float32    // of these, dB against the reference
	gains  []float32        // of each bin
	own    func() []float32 // what Only was given; nil takes every bin as it is
	open   bool
	hold   int
	speech float32 // how likely the person speaks, in what Apply gave back
	others int     // windows of others behind a closed gate, less those since
}

// New returns a gate that is shut. ref is what the person sounds like; nil is for
// somebody whom nobody measured. It fails with ErrModel.
func New(mode Mode, model *net.Model, ref *Reference) (*Gate, error) {
	about := filter.Notes(0)
	switch {
	case ref == nil:
		ref, about = &usual, filter.Uncalibrated
	case ref.TooLive():
		about = filter.TooLive
	}
	n := model.New()
	if s := n.Sizes(); s.Features != Features || s.Outputs != heads*outputs {
		return nil, ErrModel
	}
	g := &Gate{
		tune: mode.tuning(), analysis: NewAnalysis(frame.Rate), ear: NewEar(*ref), net: n, about: about,
		features: make([]float32, Features), out: make([]float32, heads*outputs), gains: make([]float32, frame.Rate/binHz/2+1),
	}
	for i := range g.kept {
		g.kept[i] = make([]complex64, frame.Rate/binHz/2+1)
	}
	return g, nil
}

// Only lets the gate hear of each window only what own says, which gives a gain for
// each bin of 50 Hz: what an echo canceller knows of the window of the block that
// Apply is about to get, and of the one before. It is to be called before the first
// Apply.
func (g *Gate) Only(own func() []float32) { g.own = own }

// Name implements filter.SoundFilter.
func (*Gate) Name() string { return "gate" }

// Delay implements filter.Delayer: the half window that overlaps, and what is
// looked ahead.
func (g *Gate) Delay() time.Duration { return time.Duration(1+g.tune.lag) * frame.BlockFor }

// Apply implements filter.SoundFilter. Real-time: it does not allocate.
func (g *Gate) Apply(s *frame.Sound) error {
	clean(&s.Near)
	g.analysis.Take(s.Near[:])
	if g.own != nil {
		weigh(g.analysis.Bins, g.own())
	}
	g.ear.Hear(g.analysis.Bins, g.analysis.Len(), g.features)
	g.net.Run(g.features, g.out)
	copy(g.kept[g.at%most], g.analysis.Bins)
	x := g.kept[(g.at+most-g.tune.lag)%most]

	y := g.out[g.tune.head*outputs:][:outputs]
	g.levels[g.at%most] = 20 * g.features[2*Bands+2*Cues]
	now, then := g.levels[g.at%most], g.levels[(g.at+most-g.tune.lag)%most]
	low := max(now, then) < lowest
	g.at++
	shut := !g.open
	g.decide(y, low)
	before := shut && then < now-rise // what was before the word that opens is the room
	if g.open && !low && !before {
		spread((*[Bands]float32)(y), g.gains)
		weigh(x, g.gains)
	} else {
		clear(x)
	}
	g.analysis.give(x, s.Near[:])
	return nil
}

func weigh(x []complex64, gains []float32) {
	for k, v := range gains {
		x[k] = complex(real(x[k])*v, imag(x[k])*v)
	}
}

// decide opens and shuts the gate.
func (g *Gate) decide(y []float32, low bool) {
	p := y[speaks]
	g.speech = p
	switch {
	case p >= g.tune.open && !low, g.open && p >= g.tune.keep:
		g.open, g.hold = true, g.tune.hold
	case g.hold > 0:
		g.hold--
	default:
		g.open = false
	}
	if !g.open && y[others] > 0.5 {
		g.others = min(g.others+1, heldAfter+heldFor)
	} else {
		g.others = max(g.others-1, 0)
	}
}

// lowest is the level against the reference, in dB, below which nothing passes: it is
// that of the end of a word's echo, and no network is needed to shut out what is lower.
const lowest = -20

// rise is by how many dB a word that opens the gate is louder than what was before it,
// which is no part of it then.
const rise = 10

const (
	heldAfter = 30  // windows of others until they are told of: 300 ms
	heldFor   = 100 // that they are told of after their last
)

// Notes implements filter.SoundNoter.
func (g *Gate) Notes() filter.Notes {
	if g.others >= heldAfter {
		return g.about | filter.HeldBack
	}
	return g.about
}

// Speech returns how likely it is, 0 to 1, that the person speaks in what the last
// Apply gave back; 0 while the gate is shut.
func (g *Gate) Speech() float32 {
	if !g.open {
		return 0
	}
	return g.speech
}

// Reset forgets what was heard and shuts the gate, as after a gap.
func (g *Gate) Reset() error {
	g.analysis.reset()
	g.ear.Reset()
	g.net.Reset()
	for _, x := range g.kept {
		clear(x)
	}
	g.open, g.hold, g.speech, g.others = false, 0, 0, 0
	return nil
}

// clean makes nothing of what is no sound.
func clean(b *frame.Block) {
	for i, v := range b {
		if !(v >= -1 && v <= 1) {
			switch {
			case v > 1:
				b[i] = 1
			case v < -1:
				b[i] = -1
			default:
				b[i] = 0
			}
		}
	}
}
