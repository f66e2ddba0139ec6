package tui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"paravent/media/call"
	"paravent/media/frame"
	"paravent/media/sfu"
	"paravent/ui/term"
)

// A screen keeps what is written to it.
type screen struct {
	mu    sync.Mutex
	text  bytes.Buffer
	stall chan struct{} // while it is not nil, the terminal takes nothing
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	stall := s.stall
	s.mu.Unlock()
	if stall != nil {
		<-stall
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// A session is a Run on a terminal of the test.
type session struct {
	call   *double
	screen *screen
	keys   *io.PipeWriter
	ended  chan error // what Run returned; a *CrashError if it panicked
	cancel context.CancelFunc
}

func begin(t *testing.T, d *double, pictures term.Mode) *session {
	t.Helper()
	in, keys := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	s := &session{call: d, screen: &screen{}, keys: keys, ended: make(chan error, 1), cancel: cancel}
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				s.ended <- cause.(*CrashError)
			}
		}()
		s.ended <- Run(ctx, d, Options{In: in, Out: s.screen, Env: []string{"TERM=xterm-256color", "LANG=C.UTF-8"}, Pictures: pictures, Size: size(120, 40)})
	}()
	t.Cleanup(func() {
		cancel()
		keys.Close()
	})
	until(t, "the screen is drawn", func() bool { return strings.Contains(s.screen.String(), "Members") })
	return s
}

func (s *session) press(t *testing.T, keys string) {
	t.Helper()
	if _, err := io.WriteString(s.keys, keys); err != nil {
		t.Fatal(err)
	}
}

func (s *session) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-s.ended:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("Run does not return")
		return nil
	}
}

// restored checks that the terminal is as it was.
func (s *session) restored(t *testing.T) {
	t.Helper()
	text := s.screen.String()
	for on, off := range map[string]string{
		"\x1b[?1049h": "\x1b[?1049l", "\x1b[?25l": "\x1b[?25h", "\x1b[?2004h": "\x1b[?2004l", "\x1b[?2026h": "\x1b[?2026l", "\x1b[>4;2m": "\x1b[>4m",
	} {
		if strings.LastIndex(text, on) > strings.LastIndex(text, off) {
			t.Errorf("%q is not taken back", on)
		}
	}
	if i := strings.LastIndex(text, "\x1b[?1049l"); strings.Contains(text[max(i, 0):], "▀") {
		t.Error("a picture was drawn after the alternate screen was left")
	}
}

func TestLeavingEndsTheFaceAndRestoresTheTerminal(t *testing.T) {
	s := begin(t, newDouble(meeting()), "")
	s.press(t, "q")
	if err := s.end(t); err != nil {
		t.Errorf("Run: %v", err)
	}
	s.restored(t)
	if s.call.done() != "leave" {
		t.Errorf("did %q", s.call.done())
	}
}

func TestTheFaceEndsWhenTheServerEndsTheCall(t *testing.T) {
	s := begin(t, newDouble(meeting()), "")
	s.call.change(func(st *call.State) { *st = st.After(sfu.Ended{Why: sfu.Closed}) })
	if err := s.end(t); err != nil {
		t.Errorf("Run: %v", err)
	}
	s.restored(t)
}

func TestTheFaceEndsWithItsContext(t *testing.T) {
	s := begin(t, newDouble(meeting()), "")
	s.cancel()
	if err := s.end(t); !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
	s.restored(t)
}

func TestASecondCtrlCDoesNotWaitForTheServer(t *testing.T) {
	d := newDouble(meeting())
	d.stuck = make(chan struct{})
	defer close(d.stuck)
	s := begin(t, d, "")
	s.press(t, "\x03")
	until(t, "leaving", func() bool { return d.done() == "leave" })
	s.press(t, "\x03")
	if err := s.end(t); !errors.Is(err, ErrHurried) {
		t.Errorf("Run: %v", err)
	}
	s.restored(t)
}

func TestAPanicOfAVerbRestoresTheTerminalAndComesOut(t *testing.T) {
	d := newDouble(meeting())
	d.panics = true
	s := begin(t, d, "")
	s.press(t, "m")
	err := s.end(t)
	var crash *CrashError
	if !errors.As(err, &crash) || crash.Value != "a fault in a verb" || !bytes.Contains(crash.Stack, []byte("SetMicrophone")) {
		t.Errorf("Run: %v", err)
	}
	s.restored(t)
}

// A broken call panics where the face asks for its state.
type broken struct{ *double }

func (b broken) Changed() <-chan struct{} { panic("a fault in the call") }

func TestAPanicBesideTheProgramRestoresTheTerminalAndComesOut(t *testing.T) {
	var out screen
	in, keys := io.Pipe()
	defer keys.Close()
	defer func() {
		crash, ok := recover().(*CrashError)
		if !ok || crash.Value != "a fault in the call" {
			t.Errorf("recovered %v", crash)
		}
		s := &session{screen: &out}
		s.restored(t)
	}()
	err := Run(t.Context(), broken{newDouble(meeting())}, Options{In: in, Out: &out, Env: []string{"TERM=xterm"}, Size: size(80, 24)})
	t.Errorf("Run returned %v", err)
}

func TestADumbTerminalIsRefused(t *testing.T) {
	for _, env := range [][]string{nil, {"TERM=dumb"}} {
		var out screen
		if err := Run(t.Context(), newDouble(meeting()), Options{Out: &out, Env: env}); !errors.Is(err, ErrDumb) {
			t.Errorf("%v: %v", env, err)
		}
		if out.String() != "" {
			t.Errorf("%v: wrote %q", env, out.String())
		}
	}
}

func TestThePanicKeyWorksWhileTheTerminalTakesNoText(t *testing.T) {
	s := begin(t, newDouble(meeting()), "")
	stall := make(chan struct{})
	s.screen.mu.Lock()
	s.screen.stall = stall
	s.screen.mu.Unlock()
	s.call.change(func(st *call.State) { *st = st.After(sfu.RecordingChanged{On: false}) }) // now drawing is stuck
	s.press(t, "!")
	select {
	case <-s.call.paniced:
	case <-time.After(200 * time.Millisecond):
		t.Error("no panic within 200 ms")
	}
	s.screen.mu.Lock()
	s.screen.stall = nil
	s.screen.mu.Unlock()
	close(stall)
	s.cancel()
	_ = s.end(t)
}

func TestThePanicKeyIsHeardInEveryFormAndNothingElseIs(t *testing.T) {
	for got, want := range map[string]bool{
		"!": true, "\x1b[27;2;33~": true, "\x1b[33;2u": true, "\x1b[49;2u": true,
		"": false, "!!": false, "x!": false, "\x1b[200~!\x1b[201~": false, "1": false, "\x1b[27;2;34~": false,
	} {
		panics := 0
		e := &ears{in: strings.NewReader(got), panics: func() { panics++ }, said: func(term.Answers, int) {}}
		_, _ = io.ReadAll(e)
		if (panics == 1) != want {
			t.Errorf("%q: %d", got, panics)
		}
	}
}

func TestAnExclamationMarkInAMessageIsNoPanic(t *testing.T) {
	s := begin(t, newDouble(meeting()), "")
	s.press(t, "i")
	until(t, "the line is open", func() bool { return strings.Contains(s.screen.String(), "say (the operator can read this):") })
	s.press(t, "!")
	s.press(t, "\r")
	until(t, "it is said", func() bool { return s.call.done() != "" })
	if s.call.done() != "say !" {
		t.Errorf("did %q", s.call.done())
	}
	s.cancel()
	_ = s.end(t)
}

func TestPicturesAreWatchedAtTheSizeInWhichTheyAreDrawn(t *testing.T) {
	s := begin(t, newDouble(meeting()), term.Blocks)
	until(t, "both are watched", func() bool { return len(s.call.watched()) == 2 })
	for id, v := range s.call.watched() {
		if v.Width < 20 || v.Width > 60 || v.Height < 10 || v.Height > 40 || v.FPS != pace {
			t.Errorf("%s: %+v", id, v)
		}
	}
	p := frame.NewPool(320, 180).Get(0)
	p.Fill(frame.RGB(200, 30, 30))
	until(t, "a picture is drawn", func() bool {
		s.call.show(p)
		return strings.Contains(s.screen.String(), "48;2;20") || strings.Contains(s.screen.String(), "48;2;19")
	})
	s.call.change(func(st *call.State) { *st = st.After(sfu.MemberLeft{ID: "bob"}) })
	until(t, "who left is not watched", func() bool { return len(s.call.watched()) == 1 })
	s.press(t, "q")
	_ = s.end(t)
	s.restored(t)
	if n := len(s.call.watched()); n != 0 {
		t.Errorf("%d are watched after the end", n)
	}
}

func TestTheTerminalsAnswerChoosesTheMode(t *testing.T) {
	s := begin(t, newDouble(meeting()), "")
	until(t, "it is asked", func() bool { return strings.Contains(s.screen.String(), term.Query()) })
	s.press(t, "\x1b_Gi=31;OK\x1b\\\x1b[6;20;10t\x1b[?62;c")
	p := frame.NewPool(320, 180).Get(0)
	until(t, "kitty pictures come", func() bool {
		s.call.show(p)
		return strings.Contains(s.screen.String(), "\x1b_Ga=T")
	})
	s.press(t, "q")
	_ = s.end(t)
	text := s.screen.String()
	if strings.Count(text, "a=T") != strings.Count(text, "a=d") {
		t.Errorf("%d pictures shown, %d deleted", strings.Count(text, "a=T"), strings.Count(text, "a=d"))
	}
}
