package faults

import (
	"math"
	"sync"
	"time"

	"paravent/media/frame"
)

// A moment is what is to be heard at the microphone.
type moment int

// The moments follow each other in a round: the person speaks until they are heard, then there is silence until the gate is shut, then
// the room is loud, and faults strike.
const (
	talk moment = iota
	hush
	room
)

// The lengths of a round, in blocks.
const (
	heardAtLeast = 10 // of the voice that left the filters
	hushFor      = 28 // longer than the gate stays open
	between      = 3  // two faults
	perRound     = 25 // faults
	roomAfter    = 12 // the last of them
	lookedAhead  = 4  // blocks in which a word that begins brings 10 ms of what was before it out of the gate
)

// A soundInjector lets the planned faults strike the filters of sound, and counts what left them.
type soundInjector struct {
	raw frame.Block // the room

	mu      sync.Mutex // guards everything that follows
	plan    []fault    // still to come
	last    fault      // that struck
	tallies map[fault]*tally
	now     moment
	blocks  int  // left of a hush; since the last fault in a room
	struck  int  // in this round
	heard   int  // of the voice in this round
	spoken  int  // since the person began
	opening bool // the next time it is opened, a fault is to strike
	slow    stage
	slowly  int  // blocks that slow still takes long for
	whole   bool // the block went through all filters
}

func newSoundInjector(p []fault, m *marker) *soundInjector {
	return &soundInjector{plan: p, raw: m.block(0), tallies: make(map[fault]*tally)}
}

// tally is the last fault's. It must be called with mu held.
func (in *soundInjector) tally() *tally {
	t := in.tallies[in.last]
	if t == nil {
		t = new(tally)
		in.tallies[in.last] = t
	}
	return t
}

// next returns what the microphone hears in its next block.
func (in *soundInjector) next() moment {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.whole = false
	switch in.now {
	case talk:
		in.spoken++
		if in.heard >= heardAtLeast && !in.reopens() && len(in.plan) > 0 {
			in.now, in.blocks = hush, hushFor
		}
	case hush:
		if in.blocks--; in.blocks == 0 {
			in.now, in.struck = room, 0
		}
	case room:
		if in.blocks++; in.blocks >= roomAfter && (in.struck >= perRound || len(in.plan) == 0 || in.reopens()) {
			in.now, in.heard, in.spoken = talk, 0, 0
		}
	}
	return in.now
}

// reopens reports whether the next fault strikes when the microphone is opened. It must be called with mu held.
func (in *soundInjector) reopens() bool { return len(in.plan) > 0 && in.plan[0].at == start }

// opened is called when the microphone was opened: then the person speaks first, so that the gate comes to know them.
func (in *soundInjector) opened() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.now, in.heard, in.spoken, in.slowly = talk, 0, 0, 0
}

// wantsReopening reports whether the next fault strikes when the microphone is opened, and its time has come.
func (in *soundInjector) wantsReopening() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.opening = in.reopens() && in.now == talk && in.heard >= heardAtLeast
	return in.opening
}

// strike takes the next fault if it is for this stage and its time has come.
func (in *soundInjector) strike(s stage) (kind, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.ready() || in.plan[0].at != s {
		return "", false
	}
	in.last, in.plan = in.plan[0], in.plan[1:]
	in.blocks, in.opening = 0, false
	in.struck++
	in.tally().injected++
	return in.last.what, true
}

// ready must be called with mu held.
func (in *soundInjector) ready() bool {
	if in.reopens() {
		return in.opening
	}
	return len(in.plan) > 0 && in.now == room && in.blocks >= between && in.struck < perRound
}

// wantsReset reports whether the next fault strikes when the filters are reset, which they are after a jump of the time.
func (in *soundInjector) wantsReset() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.ready() && in.plan[0].at == resetting
}

// left notes a block that left the filters.
func (in *soundInjector) left(b *frame.Block, raw bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.now == talk && isVoice(b) {
		in.heard++
	}
	if !in.whole {
		in.tally().held++
	}
	if raw && (in.now != talk || in.spoken > lookedAhead) {
		in.tally().cleared++
	}
}

// went notes that a block went through all filters.
func (in *soundInjector) went() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.whole = true
}

// arrived notes a block that the receiver decoded.
func (in *soundInjector) arrived(raw bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if raw {
		in.tally().raw++
	}
}

// results returns a copy of the tallies.
func (in *soundInjector) results() map[fault]tally {
	in.mu.Lock()
	defer in.mu.Unlock()
	all := make(map[fault]tally)
	for f, t := range in.tallies {
		all[f] = *t
	}
	return all
}

// leftOver is how many faults are to come, how many blocks of the voice were heard in this round, and the last fault that struck.
func (in *soundInjector) leftOver() (faults, heard int, last fault) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.now != talk {
		return len(in.plan), 0, in.last
	}
	return len(in.plan), in.heard, in.last
}

// model is what the filters are made from, and whether the gate is among them.
func (in *soundInjector) model() (model []byte, withGate bool) {
	model = soundModel()
	what, _ := in.strike(start)
	if spoil := map[kind]func(){
		noModel:    func() { model = nil },
		cutModel:   func() { model = model[:len(model)/2] },
		otherModel: func() { model[len(model)/3] ^= 4 },
	}[what]; spoil != nil {
		spoil()
	}
	return model, what != noFilter
}

// touch is the probe. A filter that fails has left the room in the sound, ten times as loud as it is, so that a chain that lets it through
// nevertheless is found out.
func (in *soundInjector) touch(s stage, sound *frame.Sound) error {
	if in.isSlow(s) {
		<-time.After(15 * time.Millisecond)
	}
	what, ok := in.strike(s)
	if s == gain && (!ok || what == late || what == slowFor) {
		in.went()
	}
	if !ok {
		return nil
	}
	if sound != nil && what != late && what != slowFor {
		for i, v := range in.raw {
			sound.Near[i] = 10 * v
		}
	}
	return map[kind]func() error{
		failure:  func() error { return errInjected },
		panics:   func() error { panic(errInjected) },
		late:     func() error { <-time.After(stallFor); return nil },
		slowFor:  func() error { in.slowDown(s); return nil },
		leavesNo: func() error { sound.Near[frame.BlockLen/2] = float32(math.NaN()); return nil },
		endless:  func() error { sound.Near[frame.BlockLen-1] = float32(math.Inf(-1)); return nil },
	}[what]()
}

const slowBlocks = 60

func (in *soundInjector) slowDown(s stage) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.slow, in.slowly = s, slowBlocks
}

func (in *soundInjector) isSlow(s stage) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.slow != s || in.slowly == 0 {
		return false
	}
	in.slowly--
	return true
}
