package faults

import (
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"paravent/assets"
	"paravent/media/frame"
)

// An injector lets the planned faults strike one after the other. The next one waits until a picture has flowed after the last: so the end
// of the plan is reached only if pictures flow again after each fault.
type injector struct {
	mu       sync.Mutex // guards everything that follows
	plan     []fault    // still to come
	last     fault      // that struck
	struckAt time.Duration
	flowing  bool
	struck   bool // any yet
	tallies  map[fault]*tally
	random   *rand.Rand
}

func newInjector(p []fault) *injector {
	return &injector{plan: p, tallies: make(map[fault]*tally), random: rand.New(rand.NewPCG(5, 8))}
}

// stallFor is longer than a chain waits for its filters.
const stallFor = 400 * time.Millisecond

var errInjected = errors.New("injected")

// strike takes the next fault if it is for this stage and its time has come. at is that of the picture it strikes.
func (in *injector) strike(s stage, at time.Duration) (kind, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.plan) == 0 || !in.flowing || in.plan[0].at != s {
		return "", false
	}
	in.last, in.plan = in.plan[0], in.plan[1:]
	in.struck, in.flowing, in.struckAt = true, false, at
	in.tally().injected++
	return in.last.what, true
}

// tally is the last fault's. It must be called with mu held.
func (in *injector) tally() *tally {
	t := in.tallies[in.last]
	if t == nil {
		t = new(tally)
		in.tallies[in.last] = t
	}
	return t
}

// opened is called when the camera was opened: its pictures count their time anew.
func (in *injector) opened() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.struckAt = -1
}

// wantsReopening reports whether the next fault strikes when the camera is opened.
func (in *injector) wantsReopening() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.flowing && len(in.plan) > 0 && in.plan[0].at == start
}

// shown notes a picture that leaves the filters.
func (in *injector) shown(at time.Duration, held, raw bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case held && in.struck && !in.flowing:
		in.tally().held++
	case !held && at > in.struckAt:
		in.flowing = true
	}
	if raw {
		in.tally().cleared++
	}
}

// arrived notes a picture that the receiver decoded.
func (in *injector) arrived(raw bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if raw {
		in.tally().raw++
	}
}

// results returns a copy of the tallies.
func (in *injector) results() map[fault]tally {
	in.mu.Lock()
	defer in.mu.Unlock()
	all := make(map[fault]tally)
	for f, t := range in.tallies {
		all[f] = *t
	}
	return all
}

// left is how many faults are still to come, and the last one that struck.
func (in *injector) left() (int, fault) {
	in.mu.Lock()
	defer in.mu.Unlock()
	n := len(in.plan)
	if !in.flowing {
		n++ // the last one is not over
	}
	return n, in.last
}

// model is what the filters are made from.
func (in *injector) model() []byte {
	model := assets.SegmentationModel()
	what, ok := in.strike(start, -1)
	if !ok {
		return model
	}
	return map[kind]func() []byte{
		noModel:    func() []byte { return nil },
		cutModel:   func() []byte { return model[:len(model)/2] },
		otherModel: func() []byte { model[len(model)/3] ^= 4; return model },
	}[what]()
}

// touch is the probe.
func (in *injector) touch(s stage, p *frame.Picture, mask []byte) error {
	at := time.Duration(-1) // of the picture that is not known while faces are looked for: any later one will do
	if p != nil {
		at = p.At
	}
	what, ok := in.strike(s, at)
	if !ok {
		return nil
	}
	if scribble := in.scribbles()[what]; scribble != nil {
		for i := range mask {
			mask[i] = scribble(i)
		}
		return nil
	}
	return map[kind]func() error{
		failure: func() error { return errInjected },
		panics:  func() error { panic(errInjected) },
		late:    func() error { <-time.After(stallFor); return nil },
	}[what]()
}

// scribbles are what is written over a mask.
func (in *injector) scribbles() map[kind]func(i int) byte {
	return map[kind]func(int) byte{
		maskFull:   func(int) byte { return 255 },
		maskEmpty:  func(int) byte { return 0 },
		maskRandom: func(int) byte { return byte(in.random.Uint32()) },         // faults strike one at a time
		maskBits:   func(i int) byte { return [4]byte{0, 0, 0xc0, 0x7f}[i%4] }, // a float32 that is not a number
	}
}
