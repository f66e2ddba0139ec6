package consent

import (
	"context"
	"sync"
)

// A Box is the Asker of a call: it holds one question at a time until the
// person answers it. Others wait for their turn.
type Box struct {
	changed func() // called when the open question changes
	turn    chan struct{}

	mu     sync.Mutex // guards everything that follows
	open   *Question
	answer chan bool
}

// NewBox returns a box without a question. It calls changed, from any
// goroutine, when Open would return something new.
func NewBox(changed func()) *Box {
	return &Box{changed: changed, turn: make(chan struct{}, 1)}
}

// Ask puts q to the person and waits. When ctx is done first, the answer is no.
func (b *Box) Ask(ctx context.Context, q Question) (bool, error) {
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	answer := make(chan bool, 1)
	b.put(&q, answer)
	defer func() {
		b.put(nil, nil)
		<-b.turn
	}()
	select {
	case yes := <-answer:
		return yes, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

func (b *Box) put(q *Question, answer chan bool) {
	b.mu.Lock()
	b.open, b.answer = q, answer
	b.mu.Unlock()
	b.changed()
}

// Open returns the open question, or nil.
func (b *Box) Open() *Question {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open
}

// Answer answers the open question. Without one it does nothing.
func (b *Box) Answer(yes bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.answer != nil {
		b.answer <- yes
		b.answer = nil
	}
}
