//go:build interop

package rig

import (
	"context"
	"io"
	"net" //nolint:depguard // it plays the network between two processes, outside the client
	"sync"
	"time"
)

// Wire is a TCP connection that can be cut, for the way between a client and the server's signalling. Media runs over UDP past it.
type Wire struct {
	listener net.Listener
	to       string

	mu      sync.Mutex // guards everything that follows
	open    map[net.Conn]struct{}
	passed  []time.Time
	changed chan struct{}
}

// NewWire listens on a free port of loopback and passes what comes to HOST:PORT, until ctx ends.
func NewWire(ctx context.Context, to string) (*Wire, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &Wire{listener: l, to: to, open: map[net.Conn]struct{}{}, changed: make(chan struct{})}
	context.AfterFunc(ctx, func() { _ = l.Close(); w.Cut() })
	go w.accept(ctx)
	return w, nil
}

// Host is the wire's near end as HOST:PORT.
func (w *Wire) Host() string { return w.listener.Addr().String() }

func (w *Wire) accept(ctx context.Context) {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		far, err := (&net.Dialer{}).DialContext(ctx, "tcp", w.to)
		if err != nil {
			_ = near.Close()
			continue
		}
		w.mu.Lock()
		w.open[near], w.open[far] = struct{}{}, struct{}{}
		w.passed = append(w.passed, time.Now())
		close(w.changed)
		w.changed = make(chan struct{})
		w.mu.Unlock()
		go w.pass(near, far)
		go w.pass(far, near)
	}
}

func (w *Wire) pass(from, to net.Conn) {
	_, _ = io.Copy(to, from)
	_ = from.Close()
	_ = to.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, from)
	delete(w.open, to)
}

// Cut ends every connection with a reset, as a router does that loses its table.
func (w *Wire) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.open {
		if t, ok := c.(*net.TCPConn); ok {
			_ = t.SetLinger(0)
		}
		_ = c.Close()
	}
}

// Back awaits the first connection after t and returns when it came.
func (w *Wire) Back(ctx context.Context, t time.Time) (time.Time, error) {
	for {
		w.mu.Lock()
		changed := w.changed
		for _, p := range w.passed {
			if p.After(t) {
				w.mu.Unlock()
				return p, nil
			}
		}
		w.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return time.Time{}, context.Cause(ctx)
		}
	}
}
