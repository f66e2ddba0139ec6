// Command summary tells in words what a call sent and received, from the file that `paravent join --stats FILE` wrote. `make try` ends
// with it. It exits 1 when one of the four streams of a meeting of two is missing, so that a script can rely on it.
package main

import (
	"fmt"
	"io"
	"os"

	"paravent/cmd/internal/interop/stats"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "summary: %v\n", err)
		os.Exit(1) //nolint:forbidigo // a program of its own
	}
}

func run(args []string, out io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("wants one file of figures, got %d", len(args))
	}
	f, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	all, err := stats.Read(f)
	if err != nil {
		return err
	}
	return tell(out, all[len(all)-1])
}

func tell(out io.Writer, l stats.Line) error {
	_, _ = fmt.Fprintf(out, "\nIn %.0f seconds\n", l.Seconds)
	var missing []string
	for _, source := range []string{"camera", "microphone"} {
		s := l.Sent[source]
		if s.Packets == 0 {
			missing = append(missing, "our "+source)
			continue
		}
		if source == "camera" {
			_, _ = fmt.Fprintf(out, "  sent      %-10s  %5d pictures in %5d packets, %s\n", source, s.Frames, s.Packets, size(s.Bytes))
		} else {
			_, _ = fmt.Fprintf(out, "  sent      %-10s  %5d packets, %s\n", source, s.Packets, size(s.Bytes))
		}
	}
	for _, r := range l.Received {
		_, _ = fmt.Fprintf(out, "  received  %-10s  from %q: ", r.Source, r.Member)
		if r.Width > 0 {
			_, _ = fmt.Fprintf(out, "%d pictures of %dx%d (%s) in ", r.Frames, r.Width, r.Height, r.Codec)
		}
		_, _ = fmt.Fprintf(out, "%d packets, %s, %d lost\n", r.Packets, size(r.Bytes), r.Lost)
	}
	for _, source := range []string{"camera", "microphone"} {
		r, ok := l.From("", source)
		if !ok || r.Packets == 0 || source == "camera" && r.Frames == 0 {
			missing = append(missing, "the other's "+source)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("nothing of %v", missing)
	}
	return nil
}

func size(b uint64) string {
	if b < 1e6 {
		return fmt.Sprintf("%.0f kB", float64(b)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(b)/1e6)
}
