package call

import (
	"context"
	"errors"
	"sync"
	"time"

	"paravent/media/capture"
	"paravent/media/frame"
	"paravent/media/present"
)

// A Take is a recording of what the others would hear, in a rehearsal.
type Take struct {
	Phase TakePhase
	Left  int // seconds until the phase is over
}

// A TakePhase is how far a Take is.
type TakePhase string

// The phases. The zero phase is no take at all.
const (
	NoTake    TakePhase = ""
	Recording TakePhase = "recording"
	Playing   TakePhase = "playing"
)

// The errors of Record.
var (
	ErrNoRehearsal  = errors.New("only a rehearsal records you")
	ErrNoMicrophone = errors.New("the microphone is closed, so there is nothing to record")
	ErrNoSpeaker    = errors.New("there is nothing to play a recording on")
	ErrTaking       = errors.New("you are being recorded already")
)

// takeFor is how long a take is.
const takeFor = 10 * time.Second

// takeLen is that in blocks.
const takeLen = int(takeFor / frame.BlockFor)

// A take holds cleared sound in memory, and nowhere else, until it was played.
type take struct {
	mu     sync.Mutex // guards everything that follows
	blocks []frame.Block
	want   int           // blocks; 0 while nothing is recorded
	full   chan struct{} // closed when there are so many
	off    chan struct{} // closed when the take is not wanted any more
}

// begin makes room for n blocks. It reports false if a take goes on.
func (t *take) begin(n int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.off != nil {
		return false
	}
	t.blocks, t.want, t.full, t.off = make([]frame.Block, 0, n), n, make(chan struct{}), make(chan struct{})
	return true
}

// add takes a block if there is a take. Real-time: it does not allocate.
func (t *take) add(b *frame.Block) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.blocks) == t.want {
		return
	}
	t.blocks = append(t.blocks, *b)
	if len(t.blocks) == t.want {
		close(t.full)
	}
}

// drop ends the take that goes on, if there is one.
func (t *take) drop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.off == nil {
		return
	}
	select {
	case <-t.off:
	default:
		close(t.off)
	}
}

// wipe overwrites what was recorded and forgets it.
func (t *take) wipe() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.blocks[:cap(t.blocks)])
	t.blocks, t.want, t.full, t.off = nil, 0, nil, nil
}

// signals returns when the take is full, and when it is not wanted any more.
func (t *take) signals() (full, off <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.full, t.off
}

// A player plays what was recorded, once. It belongs to the goroutine that pulls.
type player struct {
	blocks []frame.Block
	over   chan struct{}
}

// Pull implements present.AudioSource. Real-time: it does not allocate.
func (p *player) Pull(out *frame.Block) {
	if len(p.blocks) == 0 {
		*out = frame.Block{}
		return
	}
	*out = p.blocks[0]
	if p.blocks = p.blocks[1:]; len(p.blocks) == 0 {
		close(p.over)
	}
}

// Record records ten seconds of what the others would hear of this person, after
// the filters, plays them on the loudspeaker, and overwrites them. It only begins
// that; State.Take says how far it is. When the microphone is closed meanwhile, or
// everything is stopped, nothing is played.
func (c *Call) Record(context.Context) error {
	switch s := c.State(); {
	case !c.settings.Rehearsal:
		return ErrNoRehearsal
	case s.Own.Microphone.Phase != On:
		return ErrNoMicrophone
	case c.kit.Speaker == nil || c.kit.Speaker() == (capture.Device{}):
		return ErrNoSpeaker
	case !c.take.begin(takeLen):
		return ErrTaking
	}
	if !c.others.beside(func(ctx context.Context) { c.leadTake(ctx) }) {
		c.take.wipe()
	}
	return nil
}

// leadTake leads a take from its first block to its end.
func (c *Call) leadTake(ctx context.Context) {
	defer func() {
		c.take.wipe()
		c.showTake(Take{})
	}()
	full, off := c.take.signals()
	if !c.count(ctx, Recording, full, off) {
		c.Tell(Notice{What: TakeDropped})
		return
	}
	p := &player{blocks: c.take.blocks, over: make(chan struct{})} // nobody adds to a full take
	remove := c.kit.Play(p, new(present.Volume))
	defer remove() // before it is wiped
	if !c.count(ctx, Playing, p.over, off) {
		c.Tell(Notice{What: TakeDropped})
	}
}

// patience is how much longer than a take its phases may last, where a microphone
// gives nothing or a loudspeaker was lost.
const patience = 5

// count shows the seconds of a phase until done is closed. It reports whether it
// was.
func (c *Call) count(ctx context.Context, ph TakePhase, done, off <-chan struct{}) bool {
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for left := int(takeFor / time.Second); left > -patience; left-- {
		c.showTake(Take{Phase: ph, Left: max(left, 0)})
		select {
		case <-done:
			return true
		case <-off:
			return false
		case <-ctx.Done():
			return false
		case <-every.C:
		}
		if ph == Recording && c.State().Own.Microphone.Phase != On {
			return false
		}
	}
	return false
}

func (c *Call) showTake(t Take) { c.change(func(s State) State { s.Take = t; return s }) }

// beside runs work until the call ends. It reports false if it has.
func (r *receivers) beside(work func(context.Context)) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return false
	}
	r.running.Go(func() { work(r.ctx) })
	return true
}
