// Package tui is the face in a terminal: tiles, members, chat and a state line
// that is always there.
//
//	view.Call ── Changed ──▶ model ── View ──▶ Bubble Tea ──▶ output ──▶ terminal
//	   │  ▲                    │ arrange                         ▲
//	   │  └── verbs ───────────┤                                 │
//	   └── pictures ──▶ canvases of the stage ──▶ painter ───────┘
//
// The text is drawn by Bubble Tea, the pictures by a painter of our own, on cells
// that the text leaves free. What a server or a member says reaches the screen
// only as clean text.
//
// 2026-11: pictures in Bubble Tea's cells were measured. A screen of half blocks
// on 240×64 cells took 25 ms from the finished text on, most of the 40 ms between
// pictures (BenchmarkPicturesAsText); the painter needs 1.2 ms, scaling included
// (BenchmarkPictures).
package tui

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	xterm "golang.org/x/term"

	"paravent/ui/say"
	"paravent/ui/term"
	"paravent/ui/view"
)

var (
	// ErrDumb says that the terminal cannot move its cursor: the line face is
	// the one for it.
	ErrDumb = errors.New("the terminal cannot show a screen")

	// ErrHurried says that the person did not want to wait until the server knew
	// that they leave.
	ErrHurried = errors.New("left without waiting for the server")
)

// patience is how long the terminal may take to say what it can. What it says
// later still counts.
const patience = 200 * time.Millisecond

// Options are what Run needs beside the call.
type Options struct {
	In  io.Reader
	Out io.Writer
	Env []string

	// Pictures is the way to show them; empty is what the terminal does best.
	Pictures term.Mode

	// Passthrough sends pictures through tmux to the terminal around it.
	Passthrough bool

	// Size is the screen's in cells, for an Out that is no terminal.
	Size image.Point
}

// A CrashError is a panic anywhere in the face. Run raises it again after the
// terminal was restored.
type CrashError struct {
	Value any
	Stack []byte
}

func (c *CrashError) Error() string { return fmt.Sprintf("panic: %v", c.Value) }

// Run shows the call until it has ended or ctx ends, whose error it returns then.
// However it returns, the terminal is as it was; if by a panic, that is a
// *CrashError.
func Run(ctx context.Context, c view.Call, o Options) error {
	if term.Dumb(o.Env) {
		return ErrDumb
	}
	defer restorer(o)()
	ctx, cancel := context.WithCancel(ctx)
	f := newFace(ctx, c, o)
	defer func() {
		cause := recover()
		if cause != nil {
			cause = asCrash(cause)
		}
		cancel()
		f.program.Kill() // does nothing if all is well
		f.end()
		if cause != nil {
			panic(cause)
		}
	}()
	f.start(ctx)
	_, err := f.program.Run()
	switch {
	case f.model.state.Ended != nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case f.model.hurried:
		return ErrHurried
	}
	return err
}

// restorer returns what gives the terminal back the modes that it has now.
func restorer(o Options) func() {
	in, ok := o.In.(*os.File)
	if !ok {
		return func() {}
	}
	before, err := xterm.GetState(int(in.Fd()))
	if err != nil {
		return func() {}
	}
	return func() { _ = xterm.Restore(int(in.Fd()), before) } // the terminal may be gone
}

// A face is all that runs while the screen is up.
type face struct {
	call    view.Call
	options Options
	model   *model
	stage   *stage
	painter *painter
	ears    *ears
	program *tea.Program
	running sync.WaitGroup

	mu   sync.Mutex // guards everything that follows
	over bool       // nothing may start any more
}

func newFace(ctx context.Context, c view.Call, o Options) *face {
	f := &face{call: c, options: o}
	f.stage = newStage(c, term.Abilities{Mode: term.None})
	out := &output{w: o.Out, spoilt: f.stage.spoil}
	f.painter = newPainter(f.stage, out)
	f.ears = &ears{in: o.In, panics: f.panics, said: f.said}
	f.model = &model{
		call: c, stage: f.stage, ears: f.ears, talker: &talker{talk: c.Talk}, now: time.Now, words: say.EnglishTerminal(), do: f.verb(ctx), after: expiry(ctx),
		theme: newTheme(term.Colourful(o.Env)),
	}
	f.model.follow(c.State())
	options := []tea.ProgramOption{
		tea.WithContext(ctx), tea.WithInput(f.ears), tea.WithOutput(out), tea.WithEnvironment(o.Env),
		tea.WithoutCatchPanics(), tea.WithoutSignalHandler(), tea.WithWindowSize(o.Size.X, o.Size.Y),
	}
	if file, ok := o.In.(*os.File); ok {
		options = append(options, tea.WithInput(earsFile{f.ears, file}))
	}
	if file, ok := o.Out.(*os.File); ok {
		options = append(options, tea.WithOutput(outputFile{out, file}))
	}
	f.program = tea.NewProgram(f.model, options...)
	return f
}

// start begins what runs beside the program.
func (f *face) start(ctx context.Context) {
	f.beside(func() { f.stage.attend(ctx) })
	f.beside(func() { f.follow(ctx) })
	f.beside(func() {
		if err := f.painter.run(ctx); err != nil {
			f.program.Send(done{fmt.Errorf("pictures: %w", err)})
		}
	})
	f.beside(func() { f.introduce(ctx) })
}

// beside runs work, and ends the program with its panic if it has one.
func (f *face) beside(work func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return
	}
	f.running.Add(1)
	go func() {
		defer f.running.Done()
		defer f.caught()
		work()
	}()
}

// end waits until nothing of the face runs any more.
func (f *face) end() {
	f.mu.Lock()
	f.over = true
	f.mu.Unlock()
	f.model.talker.lift()
	f.running.Wait()
	f.painter.leave()
}

func (f *face) caught() {
	if cause := recover(); cause != nil {
		f.program.Send(crashed{*asCrash(cause)})
	}
}

func asCrash(cause any) *CrashError {
	if c, ok := cause.(*CrashError); ok {
		return c
	}
	return &CrashError{cause, debug.Stack()}
}

// follow tells the program of what changes.
func (f *face) follow(ctx context.Context) {
	for {
		f.program.Send(changed{f.call.State()})
		select {
		case <-ctx.Done():
			return
		case <-f.call.Changed():
		}
	}
}

// introduce asks the terminal what it can, and does not wait for long.
func (f *face) introduce(ctx context.Context) {
	f.program.Send(tea.RawMsg{Msg: term.Query()})
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return
	case <-timer.C:
	}
	f.ears.mu.Lock()
	answers := f.ears.listener.Answers()
	f.ears.mu.Unlock()
	f.become(answers)
}

// said takes what the terminal said, whenever that is.
func (f *face) said(a term.Answers, _ int) {
	f.painter.answered()
	f.become(a)
}

func (f *face) become(a term.Answers) {
	look := term.Decide(f.options.Env, a, f.options.Pictures)
	look.Passthrough = f.options.Passthrough
	if f.stage.become(look) {
		f.beside(func() { f.program.Send(redraw{}) })
	}
}

// panics acts on the panic key, off every loop.
func (f *face) panics() { f.beside(f.call.Panic) }

// verb returns a way to run verbs off the update loop.
func (f *face) verb(ctx context.Context) func(func(context.Context) error) tea.Cmd {
	return func(run func(context.Context) error) tea.Cmd {
		return func() (msg tea.Msg) {
			defer func() {
				if cause := recover(); cause != nil {
					msg = crashed{*asCrash(cause)}
				}
			}()
			return done{run(ctx)}
		}
	}
}

// expiry returns a clock for notices that ends with the face.
func expiry(ctx context.Context) func(time.Duration) tea.Cmd {
	return func(d time.Duration) tea.Cmd {
		return func() tea.Msg {
			timer := time.NewTimer(d)
			defer timer.Stop()
			select {
			case <-ctx.Done():
			case <-timer.C:
			}
			return expired{}
		}
	}
}
