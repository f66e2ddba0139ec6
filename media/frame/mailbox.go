package frame

import (
	"context"
	"sync"
)

// A Mailbox passes pictures from a fast writer to a slower reader. It holds
// one picture at most: a newer one replaces, and releases, an older one. That
// bounds both the delay and the number of raw pictures in memory.
type Mailbox struct {
	bell chan struct{}

	mu      sync.Mutex // guards everything that follows
	waiting *Picture
	dropped int
	closed  bool
}

// NewMailbox returns an empty mailbox.
func NewMailbox() *Mailbox {
	return &Mailbox{bell: make(chan struct{}, 1)}
}

// Put takes ownership of p. Real-time: it never blocks.
func (m *Mailbox) Put(p *Picture) {
	m.mu.Lock()
	old := m.waiting
	m.waiting = p
	if m.closed {
		old, m.waiting = p, nil
	} else if old != nil {
		m.dropped++
	}
	m.mu.Unlock()
	old.Release()
	select {
	case m.bell <- struct{}{}:
	default:
	}
}

// Take waits for a picture and gives it to the caller.
func (m *Mailbox) Take(ctx context.Context) (*Picture, error) {
	for {
		if p := m.TakeNow(); p != nil {
			return p, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-m.bell:
		}
	}
}

// TakeNow gives the waiting picture to the caller, or nil.
func (m *Mailbox) TakeNow() *Picture {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.waiting
	m.waiting = nil
	return p
}

// Close releases a waiting picture and every later one.
func (m *Mailbox) Close() {
	m.mu.Lock()
	old := m.waiting
	m.waiting, m.closed = nil, true
	m.mu.Unlock()
	old.Release()
}

// Dropped reports how many pictures were replaced before anyone took them.
func (m *Mailbox) Dropped() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dropped
}
