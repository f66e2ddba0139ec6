package main

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"sync"
)

// front takes TLS connections on the room's address and hands their bytes to the server, which listens on loopback only.
type front struct {
	listener net.Listener
	inner    string
	wg       sync.WaitGroup

	mu   sync.Mutex // guards everything that follows
	open map[net.Conn]struct{}
	done bool
}

// newFront takes ownership of l and speaks TLS 1.2 or newer on it. It offers HTTP/1.1 only: a WebSocket needs no more.
func newFront(ctx context.Context, l net.Listener, cert tls.Certificate, inner string) *front {
	f := &front{
		listener: tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}),
		inner:    inner,
		open:     map[net.Conn]struct{}{},
	}
	f.wg.Go(func() { f.accept(ctx) })
	return f
}

func (f *front) accept(ctx context.Context) {
	for {
		c, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.wg.Go(func() { f.pass(ctx, c) })
	}
}

func (f *front) pass(ctx context.Context, c net.Conn) {
	if !f.keep(c) {
		return
	}
	defer f.drop(c)
	s, err := (&net.Dialer{}).DialContext(ctx, "tcp", f.inner)
	if err != nil || !f.keep(s) {
		return
	}
	defer f.drop(s)
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = io.Copy(s, c); f.drop(s); f.drop(c) })
	wg.Go(func() { _, _ = io.Copy(c, s); f.drop(s); f.drop(c) })
	wg.Wait()
}

// keep remembers c so that close can end it; false, with c closed, once close has begun.
func (f *front) keep(c net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done {
		_ = c.Close()
		return false
	}
	f.open[c] = struct{}{}
	return true
}

func (f *front) drop(c net.Conn) {
	_ = c.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.open, c)
}

func (f *front) close() {
	_ = f.listener.Close()
	f.mu.Lock()
	f.done = true
	for c := range f.open {
		_ = c.Close()
	}
	f.mu.Unlock()
	f.wg.Wait()
}
