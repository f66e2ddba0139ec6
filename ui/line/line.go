// Package line is the face without a screen: one event a line, for screen
// readers, pipes and scripts. It never repaints, and tells the state on request.
package line

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"paravent/media/call"
	"paravent/ui/command"
	"paravent/ui/say"
	"paravent/ui/view"
)

// Options are how the face looks.
type Options struct {
	In   io.Reader // commands, one a line; nil for none
	Out  io.Writer
	Err  io.Writer
	JSON bool // one object a line instead of words
}

// Run shows c until it has ended or ctx is done.
func Run(ctx context.Context, c view.Call, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f := &face{call: c, options: o, known: make(chan struct{})}
	if o.In != nil {
		go f.read(ctx) // it may hang in Read for ever, which ends with the program
	}
	var told call.State
	known := false
	for {
		now := c.State()
		for _, e := range Events(told, now) {
			if e.Name == "meter" && !o.JSON && e.Meter.Second%metersEvery != 0 {
				continue
			}
			if err := f.tell(e); err != nil {
				return err
			}
		}
		told = now
		if !known && (now.Settled || now.Waiting || now.Ended != nil) {
			known = true
			close(f.known)
		}
		if now.Ended != nil {
			return nil
		}
		select {
		case <-c.Changed():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// metersEvery is how many seconds lie between the meters that are read out; who
// wants them sooner asks for the state.
const metersEvery = 10

type face struct {
	call    view.Call
	options Options
	known   chan struct{} // closed when there is somebody to speak of

	mu sync.Mutex // guards what is written
}

// tell writes one event.
func (f *face) tell(e Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.options.JSON {
		return json.NewEncoder(f.options.Out).Encode(e)
	}
	if e.Name == "error" {
		_, err := io.WriteString(f.options.Err, say.Problem{Text: e.Text, Hint: e.Hint}.Lines())
		return err
	}
	_, err := fmt.Fprintln(f.options.Out, e.Text)
	return err
}

// read carries out what is typed. Each line waits for the one before, and the first
// until it is known who is there; except panic, which waits for nothing.
func (f *face) read(ctx context.Context) {
	lines := bufio.NewScanner(f.options.In)
	todo := make(chan string, 64)
	defer close(todo)
	go func() {
		select {
		case <-f.known:
		case <-ctx.Done():
		}
		for line := range todo {
			f.do(ctx, line)
		}
	}()
	for lines.Scan() {
		if v, ok := command.Find(strings.TrimPrefix(strings.TrimSpace(lines.Text()), ":")); ok && v.Name == "panic" {
			f.call.Panic()
			continue
		}
		select {
		case todo <- lines.Text():
		case <-ctx.Done():
			return
		}
	}
}

func (f *face) do(ctx context.Context, line string) {
	var events []Event
	switch strings.TrimPrefix(strings.TrimSpace(line), ":") {
	case "help", "?":
		events = help()
	case "state":
		events = []Event{stateEvent(f.call.State())}
	case "who":
		events = who(f.call.State())
	default:
		err := command.Run(ctx, f.call, line)
		if err == nil || errors.Is(err, context.Canceled) {
			return
		}
		events = []Event{problem(say.Of(err))}
	}
	for _, e := range events {
		if f.tell(e) != nil {
			return
		}
	}
}
