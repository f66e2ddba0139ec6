package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"paravent/media/capture"
	"paravent/media/frame"
)

// said is a double of a microphone.
type said struct {
	left []float32
	err  error // in place of more
}

func (m *said) Device() capture.Device {
	return capture.Device{Kind: capture.MicrophoneKind, ID: "x", Label: "Headset\x1b[2J"}
}
func (*said) Close() error { return nil }
func (m *said) Next(ctx context.Context, s *frame.Sound) error {
	if len(m.left) < frame.BlockLen {
		return m.err
	}
	s.Near = frame.Block(m.left)
	m.left = m.left[frame.BlockLen:]
	return ctx.Err()
}

func TestAPersonSeesHowLongToSpeakAndHowLoudTheyAre(t *testing.T) {
	for name, c := range map[string]struct {
		bar   bool
		every time.Duration
		want  []string
		lines int
	}{
		"line":     {false, time.Second, []string{" 3 seconds left, ", " 1 seconds left,  -1"}, 4},
		"terminal": {true, 100 * time.Millisecond, []string{"\r 3 seconds left  [======", "\r 1 seconds left  [", " ]  -1"}, 2},
	} {
		var out strings.Builder
		show := &progress{out: &out, every: c.every, bar: c.bar}
		mic := &said{left: spoken(frame.Rate, 4, .3)}
		heard, err := (&calibrating{span: 3 * time.Second}).listen(t.Context(), mic, show)
		if err != nil {
			t.Fatal(err)
		}
		if len(heard.levels) != 300 || strings.Count(out.String(), "\n") != c.lines || strings.Contains(out.String(), "\x1b") {
			t.Errorf("%s: %d blocks, %q", name, len(heard.levels), out.String())
		}
		for _, w := range append(c.want, "Speak now, as in a meeting: microphone Headset") {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%s: no %q in %q", name, w, out.String())
			}
		}
	}
}

func TestAMicrophoneThatIsLostEndsTheCalibration(t *testing.T) {
	mic := &said{left: spoken(frame.Rate, 1, .3), err: capture.ErrUnplugged}
	if _, err := (&calibrating{span: 3 * time.Second}).listen(t.Context(), mic, &progress{out: io.Discard}); !errors.Is(err, capture.ErrUnplugged) {
		t.Error(err)
	}
}

func TestAnInterruptedCalibrationKeepsNothing(t *testing.T) {
	dir := t.TempDir()
	voice, path := filepath.Join(dir, "voice.wav"), filepath.Join(dir, "calibration.toml")
	if err := writeWAV(voice, frame.Rate, spoken(frame.Rate, 4, .3)); err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	from, to := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- (&calibrating{path: path, device: "file:" + voice, span: time.Minute, out: to}).run(ctx)
	}()
	if _, err := from.Read(make([]byte, 10)); err != nil { // it listens
		t.Fatal(err)
	}
	interrupt()
	go io.Copy(io.Discard, from)
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("something was kept", err)
	}
}
