//go:build interop

// Package rig puts a whole meeting on this machine for tests and measurements: a real LiveKit room (paravent-room), a real browser
// (Chromium with livekit-client) and the real client, each a process of its own that is driven and observed from outside. It knows the
// command line, the lines of JSON and the wire, and nothing of the client's insides: it must not import the client.
package rig

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Home is the root of the repository, seen from where Go runs a package's tests or from the root itself.
func Home() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("not inside the repository")
		}
		dir = up
	}
}

// built finds a program that `make build` made.
func built(name string) (string, error) {
	home, err := Home()
	if err != nil {
		return "", err
	}
	p := filepath.Join(home, "build", name)
	if _, err := os.Stat(p); err != nil {
		return "", fmt.Errorf("%s is not built: run make build first", name)
	}
	return p, nil
}

// child is one process, its lines of JSON, and its end. It is killed when the context it was started with ends.
type child[E any] struct {
	cmd      *exec.Cmd
	stdin    io.WriteCloser
	lines    *feed[E]
	messages *tail
	done     chan struct{} // closed after the process has ended and everything it wrote is in lines
}

// spawn starts cmd and reads its standard output into lines, stamping each with arrived.
func spawn[E any](cmd *exec.Cmd, arrived func(*E, time.Time)) (*child[E], error) {
	c := &child[E]{cmd: cmd, lines: newFeed[E](), messages: &tail{}, done: make(chan struct{})}
	var err error
	if c.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = c.messages
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(c.done)
		scan := bufio.NewScanner(out)
		scan.Buffer(nil, 1<<20)
		for scan.Scan() {
			var e E
			if err := json.Unmarshal(scan.Bytes(), &e); err != nil {
				_, _ = fmt.Fprintf(c.messages, "not JSON: %s\n", scan.Bytes())
				continue
			}
			arrived(&e, time.Now())
			c.lines.add(e)
		}
		_ = cmd.Wait()
		c.lines.close()
	}()
	return c, nil
}

// Pid is the process's number.
func (c *child[E]) Pid() int { return c.cmd.Process.Pid }

// Lines returns everything said so far.
func (c *child[E]) Lines() []E { return c.lines.since(0) }

// Messages is the end of what went to standard error.
func (c *child[E]) Messages() string { return c.messages.String() }

// Await returns the first line from the from-th on that satisfies is, and the place after it.
func (c *child[E]) Await(ctx context.Context, from int, is func(E) bool) (E, int, error) {
	e, next, err := c.lines.await(ctx, from, is)
	if err != nil {
		err = fmt.Errorf("%w; it said: %s", err, c.Messages())
	}
	return e, next, err
}

// End waits for the process and returns its exit code.
func (c *child[E]) End(ctx context.Context) (int, error) {
	select {
	case <-c.done:
		return c.cmd.ProcessState.ExitCode(), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("the process goes on: %w; it said: %s", context.Cause(ctx), c.Messages())
	}
}

// Signal sends s.
func (c *child[E]) Signal(s syscall.Signal) error { return c.cmd.Process.Signal(s) }

func (c *child[E]) tell(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = c.stdin.Write(append(b, '\n'))
	return err
}

// feed is a growing list that can be waited on.
type feed[E any] struct {
	mu      sync.Mutex // guards everything that follows
	all     []E
	changed chan struct{} // closed and replaced at every change
	closed  bool
}

var errOver = errors.New("the process has ended")

func newFeed[E any]() *feed[E] { return &feed[E]{changed: make(chan struct{})} }

func (f *feed[E]) add(e E) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, e)
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *feed[E]) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *feed[E]) since(from int) []E {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]E(nil), f.all[min(from, len(f.all)):]...)
}

func (f *feed[E]) await(ctx context.Context, from int, is func(E) bool) (E, int, error) {
	for {
		f.mu.Lock()
		for ; from < len(f.all); from++ {
			if e := f.all[from]; is(e) {
				f.mu.Unlock()
				return e, from + 1, nil
			}
		}
		changed, closed := f.changed, f.closed
		f.mu.Unlock()
		var none E
		if closed {
			return none, from, errOver
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return none, from, context.Cause(ctx)
		}
	}
}

// tail keeps the last few thousand bytes of what a process complains about.
type tail struct {
	mu sync.Mutex // guards b
	b  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if over := len(t.b) - 8192; over > 0 {
		t.b = t.b[over:]
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.b))
}

// Ticks calls ask every step until it says true or ctx ends.
func Ticks(ctx context.Context, step time.Duration, ask func() bool) error {
	tick := time.NewTicker(step)
	defer tick.Stop()
	for !ask() {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}
