package galene

import (
	"context"
	"sync"
	"time"

	"paravent/media/rtc"
)

// A way is the media connection of one stream.
type way struct {
	id   string
	peer *rtc.Peer
	out  *outlet // nil of a stream that another sends
	down *down   // nil of a stream of ours

	settled chan error    // of a stream of ours: the server's word, once
	done    chan struct{} // closed when it ends

	// The desk's.
	waiting bool // for an answer
	again   bool // then offer once more
	restart bool // and look for a new way

	// Guarded by the session's lock.
	described bool            // the server knows the stream, so candidates may be told
	early     []rtc.Candidate // ours, that wait for that
	trouble   time.Time       // since when media does not get through any more; zero if it does
	shut      bool
}

// maxEarly bounds the candidates that wait for a description, either way.
const maxEarly = 64

// newWay makes the media connection of a stream. It must be called without mu.
func (s *session) newWay(id string) (*way, error) {
	w := &way{id: id, settled: make(chan error, 1), done: make(chan struct{})}
	s.mu.Lock()
	relays := s.relays
	s.mu.Unlock()
	set := rtc.Settings{Lane: s.kit.Media, RelayOnly: s.kit.RelayOnly, NoHost: s.kit.NoHostCandidates, Loopback: s.loopback, Relays: relays, Log: s.kit.Log}
	p, err := rtc.NewPeer(set, rtc.Handlers{
		Candidate: func(c rtc.Candidate) { s.candidate(w, c) },
		State:     func(st rtc.State) { s.mediaState(w, st) },
		Remote:    func(r *rtc.Remote) { s.remote(w, r) },
		Open:      func(string) {},
		Data:      func(string, []byte) {},
		Host:      s.hosts.Ask,
	})
	if err != nil {
		return nil, err
	}
	w.peer = p
	return w, nil
}

// shut ends a way. It must be called with mu held.
func (s *session) shut(w *way) {
	if w.shut {
		return
	}
	w.shut = true
	s.settle(w, errCut)
	if s.ways[w.id] == w {
		delete(s.ways, w.id)
	}
	up, down := w.peer.Bytes()
	s.bytes[0] += up
	s.bytes[1] += down
	s.discard(w)
}

// discard closes a way that is no part of the session, or is none any more.
func (s *session) discard(w *way) {
	close(w.done)
	s.working.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeTime)
		defer cancel()
		s.debug("close media", w.peer.Close(ctx))
	})
}

// candidate tells the server where we may be reached.
func (s *session) candidate(w *way, c rtc.Candidate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case c.Line == "" || w.shut:
	case w.described:
		s.say(sayCandidate(w.id, c))
	case len(w.early) < maxEarly:
		w.early = append(w.early, c)
	}
}

// describe tells the server what a stream is, and then where we may be reached. It
// must be called with mu held.
func (s *session) describe(w *way, m says) {
	s.say(m)
	w.described = true
	for _, c := range w.early {
		s.say(sayCandidate(w.id, c))
	}
	w.early = nil
}

// mediaState takes the state of a media connection. One that is cut is mended by
// new candidates, and if that does not help, by entering anew.
func (s *session) mediaState(w *way, st rtc.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.shut {
		return
	}
	switch st {
	case rtc.Connected:
		w.trouble = time.Time{}
		if w.out != nil {
			w.out.opened()
		}
	case rtc.Shaky, rtc.Failed:
		if w.trouble.IsZero() {
			w.trouble = time.Now()
		}
		s.doubt(doubtTime)
		switch {
		case !s.kit.Online():
		case w.down != nil:
			s.say(says{"type": "renegotiate", "id": w.id})
		default:
			s.desk.put(func() { s.offer(w, true) })
		}
	case rtc.Connecting, rtc.Closed:
	}
	s.tellLink()
}

// A desk does what changes descriptions, one at a time. It may be handed work by
// several goroutines, and never holds one up.
type desk struct {
	bell chan struct{} // rung when there is work
	free chan struct{} // rung when there is less

	mu    sync.Mutex // guards what follows
	tasks []func()
}

func newDesk() *desk { return &desk{bell: make(chan struct{}, 1), free: make(chan struct{}, 1)} }

func (d *desk) put(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tasks = append(d.tasks, f)
	select {
	case d.bell <- struct{}{}:
	default:
	}
}

// mostTasks is how much work may wait before a server is read no further.
const mostTasks = 256

// room waits until there is not too much work; false if ctx is done first.
func (d *desk) room(ctx context.Context) bool {
	for {
		d.mu.Lock()
		n := len(d.tasks)
		d.mu.Unlock()
		if n < mostTasks {
			return true
		}
		select {
		case <-d.free:
		case <-ctx.Done():
			return false
		}
	}
}

func (d *desk) run(done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case <-d.bell:
		}
		for {
			d.mu.Lock()
			if len(d.tasks) == 0 {
				d.mu.Unlock()
				break
			}
			f := d.tasks[0]
			d.tasks = d.tasks[1:]
			d.mu.Unlock()
			select {
			case <-done:
				return
			default:
			}
			f()
			select {
			case d.free <- struct{}{}:
			default:
			}
		}
	}
}
