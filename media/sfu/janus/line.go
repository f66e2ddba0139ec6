package janus

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coder/websocket"

	"paravent/media/sfu"
	"paravent/privacy/secret"
)

const (
	subprotocol = "janus-protocol"
	// answerTime bounds the wait for the server's word.
	answerTime = 8 * time.Second
	writeTime  = 5 * time.Second
	// maxUnread bounds what the server may say by itself before it is read.
	maxUnread = 1024
)

// errCut reports that the connection was cut before the server answered.
var errCut = errors.New("the connection to the server was cut")

// A dialer opens signalling connections to one server.
type dialer struct {
	client *http.Client
	room   sfu.Room
	pass   secret.Secret
}

// dial opens a signalling connection.
func (d dialer) dial(ctx context.Context) (*line, error) {
	u := url.URL{Scheme: "wss", Host: d.room.Server}
	if d.room.Plain {
		u.Scheme = "ws"
	}
	at := u.String() + d.room.Path.Reveal()
	header := http.Header{"User-Agent": {"paravent"}}
	c, resp, err := websocket.Dial(ctx, at, &websocket.DialOptions{HTTPClient: d.client, HTTPHeader: header, Subprotocols: []string{subprotocol}}) //nolint:bodyclose // the library does, and gives a copy
	if err != nil {
		return nil, d.refused(ctx, err, resp)
	}
	if c.Subprotocol() != subprotocol {
		_ = c.CloseNow()
		return nil, &sfu.JoinError{Why: sfu.NotAServer}
	}
	c.SetReadLimit(maxMessage)
	l := &line{c: c, hidden: d.pass, events: make(chan message, maxUnread), dead: make(chan struct{}), waiting: make(map[string]*waiter)}
	l.heard = time.Now()
	return l, nil
}

// refused says why there is no connection. What the guard says stays as it is; the
// path, which some servers hide a key in, is never shown.
func (d dialer) refused(ctx context.Context, err error, resp *http.Response) error {
	if known := sfu.Unreached(ctx, err); known != nil {
		return fmt.Errorf("join: %w", known)
	}
	switch {
	case resp == nil:
		return &sfu.JoinError{Why: sfu.NotAServer}
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		return &sfu.JoinError{Why: sfu.PassRefused}
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusServiceUnavailable:
		return &sfu.JoinError{Why: sfu.Busy}
	case resp.StatusCode >= 500:
		return &sfu.JoinError{Why: sfu.ServerFault}
	}
	return &sfu.JoinError{Why: sfu.NotAServer}
}

// A line is one signalling connection. What the server says by itself comes in
// events, in order; its answers go to who asked. It may be used by several
// goroutines.
type line struct {
	c      *websocket.Conn
	hidden secret.Secret
	events chan message
	dead   chan struct{} // closed when the connection is no more

	mu      sync.Mutex // guards everything that follows
	waiting map[string]*waiter
	heard   time.Time
	err     error
}

// A waiter waits for an answer. Most requests are acknowledged first, and answered
// by an event.
type waiter struct {
	event bool // an acknowledgement is no answer
	got   chan message
}

// run reads until the connection is cut.
func (l *line) run(ctx context.Context) {
	defer close(l.dead)
	for {
		kind, b, err := l.c.Read(ctx)
		if err == nil && kind != websocket.MessageText {
			err = errBroken
		}
		var m message
		if err == nil {
			m, err = decode(b)
		}
		if err != nil {
			l.mu.Lock()
			l.err = err
			l.mu.Unlock()
			_ = l.c.CloseNow()
			return
		}
		if l.answer(m) {
			continue
		}
		select {
		case l.events <- m:
		case <-ctx.Done():
			_ = l.c.CloseNow()
			return
		}
	}
}

// why is what the connection ended with.
func (l *line) why() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// answer gives m to who waits for it. It returns false for an event that nobody
// asked for.
func (l *line) answer(m message) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = time.Now()
	w := l.waiting[m.Transaction]
	switch {
	case m.Transaction == "" || w == nil:
		return m.Janus == "ack" || m.Janus == "success" || m.Janus == "error" && m.Transaction != "" // of a request that was given up
	case m.Janus == "ack" && w.event:
		return true
	}
	delete(l.waiting, m.Transaction)
	w.got <- m // has room for it
	return true
}

// silent is how long the server has said nothing.
func (l *line) silent(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return now.Sub(l.heard)
}

// doubt makes the server give a sign of life soon, or the connection counts as cut.
func (l *line) doubt(soon time.Duration) {
	least := time.Now().Add(soon - patience)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.heard.After(least) {
		l.heard = least
	}
}

// ask sends r and waits for the answer; with event, for more than an
// acknowledgement. The server's no is a *fault.
func (l *line) ask(ctx context.Context, r request, event bool) (message, error) {
	r.Transaction = rand.Text()
	w := &waiter{event: event, got: make(chan message, 1)}
	l.mu.Lock()
	l.waiting[r.Transaction] = w
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.waiting, r.Transaction)
		l.mu.Unlock()
	}()
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	if err := l.write(ctx, r); err != nil {
		return message{}, err
	}
	select {
	case m := <-w.got:
		return m, faultOf(m, l.hidden)
	case <-l.dead:
		select { // it may have come with the last breath
		case m := <-w.got:
			return m, faultOf(m, l.hidden)
		default:
		}
		if errors.Is(l.why(), errBroken) {
			return message{}, errBroken
		}
		return message{}, errCut
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return message{}, sfu.ErrNoAnswer
		}
		return message{}, ctx.Err()
	}
}

// write sends one message: the server wants each in one frame of text.
func (l *line) write(ctx context.Context, r request) error {
	if r.Transaction == "" {
		r.Transaction = rand.Text()
	}
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("signalling: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	if l.c.Write(ctx, websocket.MessageText, b) != nil {
		return errCut
	}
	return nil
}

func (l *line) close() { _ = l.c.CloseNow() }
