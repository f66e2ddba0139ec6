//go:build interop

// Command bench measures Paravent and Chromium side by side: in one room, sending each other the same 360p30 film and the same voice,
// each counted from outside as a whole tree of processes. It prints a table in Markdown.
//
// What is compared: CPU seconds a minute of a call, the peak of memory, and the time from starting the program to the first decoded
// picture of the other. Chromium runs headless and without a GPU; Paravent decodes every picture and shows it nowhere. The driver of
// the browser (Node) is not counted.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"paravent/cmd/internal/interop/rig"
	"paravent/cmd/internal/interop/stats"
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

const (
	person  = "Paravent"
	browser = "Chromium"
	guest   = "Latecomer"
)

// figures are one program's column.
type figures struct {
	cpu    float64       // seconds a minute
	memory uint64        // bytes, the peak
	first  time.Duration // start to first picture
	sent   float64       // pictures a second
	shown  float64       // decoded a second
}

func run(ctx context.Context) error {
	span := flag.Duration("for", time.Minute, "how long the call is measured")
	codec := flag.String("codec", "vp8", "vp8, vp9 or h264")
	flag.Parse()
	ctx, cancel := context.WithTimeoutCause(ctx, *span+3*time.Minute, errors.New("it takes too long"))
	defer cancel()
	dir, err := os.MkdirTemp("", "paravent-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // nothing to tell
	film := filepath.Join(dir, "film.y4m")
	if err := writeFilm(film); err != nil {
		return err
	}
	home, err := rig.Home()
	if err != nil {
		return err
	}
	voice := filepath.Join(home, "assets/try/colleague.wav")
	room, err := rig.OpenRoom(ctx, person, browser, guest)
	if err != nil {
		return err
	}
	defer func() { _ = room.Stop(true); _, _ = room.End(ctx) }()

	chromium := rig.BrowserOptions{Simulcast: *codec != "vp9", Codec: *codec, Picture: film, Sound: voice}
	b, err := rig.OpenBrowser(ctx, room.Guest(browser), chromium)
	if err != nil {
		return err
	}
	defer leave(ctx, b)
	if _, err := b.Event(ctx, "published", "", ""); err != nil {
		return err
	}
	c, err := rig.OpenClient(ctx, dir, room.Guest(person).Link, "--name", person, "--camera", "file:"+film, "--microphone", "file:"+voice,
		"--speaker", "file:"+filepath.Join(dir, "heard.wav"), "--background", "off", "--room-gate", "off", "--watch", "all", "--codec", *codec)
	if err != nil {
		return err
	}
	first, err := c.FiguresThat(ctx, func(l stats.Line) bool { return l.FirstPictureMs > 0 })
	if err != nil {
		return err
	}
	if _, err := b.Event(ctx, "first-picture", person, ""); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(os.Stderr, "bench: both see each other; measuring for %s\n", *span)
	ours, theirs, err := measure(ctx, c, b, *span)
	if err != nil {
		return err
	}
	ours.first = time.Duration(first.FirstPictureMs * float64(time.Millisecond))

	// A second browser joins the running call: from its start to the first picture of the client, as the client was measured with it.
	leave(ctx, b)
	begun := time.Now()
	late, err := rig.OpenBrowser(ctx, room.Guest(guest), rig.BrowserOptions{Listen: true})
	if err != nil {
		return err
	}
	defer leave(ctx, late)
	starting, err := late.Event(ctx, "starting", "", "")
	if err != nil {
		return err
	}
	seen, err := late.Event(ctx, "first-picture", person, "")
	if err != nil {
		return err
	}
	if starting.Time().Before(begun.Add(-time.Second)) {
		return errors.New("the browser's clock is not ours")
	}
	theirs.first = seen.Time().Sub(starting.Time())
	_ = c.Colon("leave")
	if _, err := c.End(ctx); err != nil {
		return err
	}
	table(*codec, *span, ours, theirs)
	return nil
}

func leave(ctx context.Context, b *rig.Browser) {
	_ = b.Leave()
	_, _ = b.End(ctx)
}

func measure(ctx context.Context, c *rig.Client, b *rig.Browser, span time.Duration) (ours, theirs figures, err error) {
	own, err := newTree(c.Pid(), nil)
	if err != nil {
		return ours, theirs, err
	}
	// The browser is everything below Node but Node itself.
	other, err := newTree(b.Pid(), []int{b.Pid()})
	if err != nil {
		return ours, theirs, err
	}
	before, err := b.Figures(ctx, time.Now())
	if err != nil {
		return ours, theirs, err
	}
	all, err := c.Figures()
	if err != nil {
		return ours, theirs, err
	}
	begun := all[len(all)-1]
	own.start()
	other.start()
	from := time.Now()
	if err := rig.Ticks(ctx, 250*time.Millisecond, func() bool {
		own.sample()
		other.sample()
		return time.Since(from) >= span
	}); err != nil {
		return ours, theirs, err
	}
	took := time.Since(from)
	after, err := b.Figures(ctx, time.Now())
	if err != nil {
		return ours, theirs, err
	}
	if all, err = c.Figures(); err != nil {
		return ours, theirs, err
	}
	now := all[len(all)-1]
	ours.cpu, ours.memory = own.spent().Seconds()/took.Minutes(), own.peak
	theirs.cpu, theirs.memory = other.spent().Seconds()/took.Minutes(), other.peak
	seconds := now.Seconds - begun.Seconds
	r0, _ := begun.From(browser, "camera")
	r1, _ := now.From(browser, "camera")
	ours.sent = float64(now.Sent["camera"].Frames-begun.Sent["camera"].Frames) / seconds
	ours.shown = float64(r1.Frames-r0.Frames) / seconds
	seconds = after.Time().Sub(before.Time()).Seconds()
	theirs.sent = float64(rig.Find(after.Sent, "", "camera").Frames-rig.Find(before.Sent, "", "camera").Frames) / seconds
	theirs.shown = float64(rig.Find(after.Received, person, "camera").Frames-rig.Find(before.Received, person, "camera").Frames) / seconds
	return ours, theirs, nil
}

func table(codec string, span time.Duration, ours, theirs figures) {
	row := func(what, unit string, a, b, target float64) {
		verdict := ""
		if target > 0 {
			verdict = fmt.Sprintf("%.2f (target %.2f)", a/b, target)
		}
		fmt.Printf("| %s | %.1f %s | %.1f %s | %s |\n", what, a, unit, b, unit, verdict)
	}
	fmt.Printf("\n%s, 640x360 at 30 pictures a second each way, %s, %d processors (%s)\n\n", strings.ToUpper(codec), span, runtime.NumCPU(), runtime.GOARCH)
	fmt.Println("| | Paravent | Chromium | ratio |")
	fmt.Println("|---|---|---|---|")
	row("CPU a minute", "s", ours.cpu, theirs.cpu, 1.0/3)
	row("peak memory", "MB", float64(ours.memory)/1e6, float64(theirs.memory)/1e6, 1.0/4)
	row("start to first picture", "ms", float64(ours.first.Milliseconds()), float64(theirs.first.Milliseconds()), 1.0/3)
	row("pictures sent", "/s", ours.sent, theirs.sent, 0)
	row("pictures decoded", "/s", ours.shown, theirs.shown, 0)
	fmt.Println()
}

// writeFilm makes four seconds of 640x360 at 30 pictures a second: a gradient that drifts, a box that moves, and a little noise, so that
// an encoder has the work of a quiet room with a person in it.
func writeFilm(path string) error {
	const w, h, frames = 640, 360, 120
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<20)
	_, _ = fmt.Fprintf(out, "YUV4MPEG2 W%d H%d F30:1 Ip A1:1 C420jpeg\n", w, h)
	luma := make([]byte, w*h)
	chroma := make([]byte, w*h/4)
	noise := uint32(1)
	for n := range frames {
		left := 40 + n*(w-200)/frames
		for y := range h {
			for x := range w {
				noise = noise*1664525 + 1013904223
				v := byte(64 + x%128/2 + y/8 + int(noise>>30))
				if x >= left && x < left+120 && y >= 90 && y < 300 {
					v = byte(150 + (x-left)/4 + int(noise>>30))
				}
				luma[y*w+x] = v
			}
		}
		_, _ = out.WriteString("FRAME\n")
		_, _ = out.Write(luma)
		for plane := range 2 {
			for i := range chroma {
				chroma[i] = byte(118 + plane*12 + (i%(w/2))/32)
			}
			_, _ = out.Write(chroma)
		}
	}
	return errors.Join(out.Flush(), f.Close())
}
