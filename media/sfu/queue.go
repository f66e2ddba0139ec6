package sfu

import "sync"

// maxQueued bounds the events that a slow reader may leave waiting.
const maxQueued = 4096

// A Queue carries a session's events to its reader, in order and without loss,
// and never holds up the writer. A reader that falls behind without end loses
// the session, not an event: Put then ends it as Broken. It may be used by
// several goroutines.
type Queue struct {
	out chan Event

	mu      sync.Mutex // guards everything that follows
	waiting []Event
	ended   bool
	bell    chan struct{}
}

// NewQueue returns an empty queue with its goroutine, which ends when an
// Ended event was read.
func NewQueue() *Queue {
	q := &Queue{out: make(chan Event), bell: make(chan struct{}, 1)}
	go q.run()
	return q
}

// Events returns the reader's side.
func (q *Queue) Events() <-chan Event { return q.out }

// Put adds e. After an Ended event it does nothing.
func (q *Queue) Put(e Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended {
		return
	}
	if len(q.waiting) >= maxQueued {
		e = Ended{Why: Broken, Detail: "too many events at once"}
	}
	q.waiting = append(q.waiting, e)
	if _, ok := e.(Ended); ok {
		q.ended = true
	}
	select {
	case q.bell <- struct{}{}:
	default:
	}
}

// PutLossy adds e if there is room to spare, and else drops it: for what another member
// may send as fast as it likes, and sends again when it is missed.
func (q *Queue) PutLossy(e Event) {
	q.mu.Lock()
	full := len(q.waiting) >= maxQueued/4
	q.mu.Unlock()
	if !full {
		q.Put(e)
	}
}

// Ended reports whether an Ended event was put.
func (q *Queue) Ended() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ended
}

func (q *Queue) run() {
	defer close(q.out)
	for range q.bell {
		for {
			q.mu.Lock()
			batch := q.waiting
			q.waiting = nil
			q.mu.Unlock()
			if len(batch) == 0 {
				break
			}
			for _, e := range batch {
				q.out <- e
				if _, ok := e.(Ended); ok {
					return
				}
			}
		}
	}
}
