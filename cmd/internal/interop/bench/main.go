//go:build interop

// Command bench measures Paravent and Chromium side by side: in one room, sending each other the same 360p30 film of a person before a
// room and the same voice, each counted from outside as a whole tree of processes. It prints tables in Markdown: of a call as it is, and
// of calls in which both blur their backgrounds. What is compared was measured in the same seconds.
//
// What is compared: CPU seconds a minute of a call, the peak of memory, and the time from starting the program to the first decoded
// picture of the other. Chromium runs headless and without a GPU; Paravent decodes every picture and shows it nowhere. The driver of
// the browser (Node) is not counted.
//
// Chromium blurs in two ways, with the very network that Paravent runs. LiveKit's own processor wants a GPU; without one it takes all of
// two cores for a few pictures a second. So there is the way of Jitsi Meet as well, which needs none: the network in WebAssembly, the rest
// on a canvas. That is the one to be measured by. A latecomer looks at what arrives: a call whose room is not blurred is an error.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"paravent/cmd/internal/interop/rig"
	"paravent/cmd/internal/scene"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1) //nolint:forbidigo // a program of its own
	}
}

func run(ctx context.Context) (err error) {
	span := flag.Duration("for", 30*time.Second, "how long each of the three calls is measured")
	codec := flag.String("codec", "vp8", "vp8, vp9 or h264")
	flag.Parse()
	home, err := rig.Home()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "paravent-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s := setting{film: filepath.Join(dir, "film.y4m"), voice: filepath.Join(home, "assets/try/colleague.wav"), codec: *codec, span: *span, background: "off"}
	if err := scene.WriteFilm(s.film, 640, 360); err != nil {
		return err
	}
	plain, err := hold(ctx, s)
	if err != nil {
		return err
	}
	plain.table(*codec, *span)
	s.background = "blur"
	for _, way := range []struct {
		blur  rig.Way
		words string
	}{
		{rig.CanvasBlur, "WebAssembly and a canvas, as Jitsi Meet does"},
		{rig.LiveKitBlur, "LiveKit's own processor; its WebGL is computed by the processor (SwiftShader), for there is no GPU"},
	} {
		s.blur = way.blur
		p, err := hold(ctx, s)
		if err != nil {
			return err
		}
		p.blurTable(way.words, plain)
		if most := max(p.ours.detail, p.theirs.detail); most > plain.ours.detail*mostDetail {
			return fmt.Errorf("a room is not blurred: its detail is %.2f, without a blur %.2f", most, plain.ours.detail)
		}
	}
	fmt.Println()
	return nil
}

// mostDetail is the share of the room's detail that a blur may leave. The weakest, LiveKit's, leaves a sixth.
const mostDetail = 0.4
