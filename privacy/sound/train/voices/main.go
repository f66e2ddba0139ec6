// Voices collects the material that the room gate is trained with: it fetches
// packages of Debian, decodes what they hold to 16 kHz, takes the silence out,
// brings it to one level and writes one file a speaker. See README.md.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

func main() {
	out := flag.String("out", "", "folder to write `OUT`/SPLIT/KIND/NAME.f32 to")
	work := flag.String("work", "", "folder for packages (default OUT/.work)")
	only := flag.String("only", ".", "make only the sources whose name matches this expression")
	flag.Parse()
	if *out == "" || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "voices: error: no folder to write to\nvoices: hint: voices -out FOLDER")
		os.Exit(2)
	}
	if *work == "" {
		*work = filepath.Join(*out, ".work")
	}
	if err := run(context.Background(), *out, *work, *only); err != nil {
		fmt.Fprintln(os.Stderr, "voices: error:", err)
		os.Exit(1)
	}
}

// A row is a line of sources.tsv.
type row struct {
	Source
	file    packed
	seconds float64
	snr     float64 // dB
	width   float64 // Hz
	pitch   float64 // Hz
	sum     string
	fault   string // why it was left out
}

func run(ctx context.Context, out, work, only string) error {
	match, err := regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	all := catalogue()
	if err := check(all); err != nil {
		return err
	}
	old, err := readTable(filepath.Join(out, "sources.tsv"))
	if err != nil {
		return err
	}
	var names []string
	var wanted []Source
	for _, s := range all {
		if match.MatchString(s.Name) {
			wanted = append(wanted, s)
			names = append(names, s.Package)
		}
	}
	slices.Sort(names)
	packs, err := fetch(ctx, work, slices.Compact(names))
	if err != nil {
		return err
	}
	rows := make([]row, len(wanted))
	var wg sync.WaitGroup
	slots := make(chan struct{}, 2)
	for i, s := range wanted {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			r := make1(ctx, s, packs[s.Package], out, work)
			rows[i] = r
			fmt.Printf("%-5s %-6s %-24s %6.1f s  snr %4.0f dB  band %4.0f Hz  pitch %3.0f Hz  %s\n", s.Split, s.Kind, s.Name, r.seconds, r.snr, r.width, r.pitch, r.fault)
		})
	}
	wg.Wait()
	for _, r := range rows {
		old[r.Name] = r.line()
	}
	if err := writeTable(filepath.Join(out, "sources.tsv"), all, old); err != nil {
		return err
	}
	return writeReady(out)
}

// make1 makes the file of one source.
func make1(ctx context.Context, s Source, p packed, out, work string) row {
	r := row{Source: s, file: p}
	path := filepath.Join(out, s.Split, s.Kind, s.Name+".f32")
	_ = os.Remove(path)
	files, err := find(p.dir, s)
	if err != nil {
		r.fault = err.Error()
		return r
	}
	if s.Say.Engine != "" {
		if files, err = say(ctx, s, filepath.Join(work, "said")); err != nil {
			r.fault = err.Error()
			return r
		}
	}
	raw, err := decode(ctx, files, s.seconds()*3)
	if err != nil {
		r.fault = err.Error()
		return r
	}
	var clips []clip
	var snr []float64
	for _, x := range raw {
		if c, ok := dress(x, !s.speaks()); ok {
			clips = append(clips, c)
			snr = append(snr, c.snr)
		}
	}
	x := join(clips, int(s.seconds()*rate))
	r.seconds, r.snr, r.width = float64(len(x))/rate, quantile(snr, 0.5), bandwidth(x)
	if s.speaks() {
		r.pitch = pitch(x)
	}
	if r.fault = fault(r); r.fault != "" {
		return r
	}
	b := make([]byte, 4*len(x))
	for i, v := range x {
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(v))
	}
	r.sum = fmt.Sprintf("%x", sha256.Sum256(b))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.fault = err.Error()
	} else if err := os.WriteFile(path, b, 0o644); err != nil {
		r.fault = err.Error()
	}
	return r
}

// fault says why a source is not used, or nothing.
func fault(r row) string {
	switch {
	case r.seconds == 0:
		return "holds no sound"
	case !r.speaks():
		return ""
	case r.seconds < 5:
		return "too short"
	case r.width < 5000:
		return "too narrow"
	case r.snr < 25:
		return "too noisy"
	}
	return ""
}

const header = "name\tsplit\tkind\tperson\tlanguage\tpackage\tversion\tlicence\tseconds\tsnr_db\tband_hz\tpitch_hz\tsha256\tleft_out"

func (r row) line() string {
	return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%.1f\t%.0f\t%.0f\t%.0f\t%s\t%s", r.Name, r.Split, r.Kind, r.person(), r.Lang,
		r.Package, r.file.version, licences()[r.Package], r.seconds, r.snr, r.width, r.pitch, r.sum, r.fault)
}

func readTable(path string) (map[string]string, error) {
	lines := map[string]string{}
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return lines, nil
	}
	for l := range strings.Lines(string(b)) {
		name, _, _ := strings.Cut(l, "\t")
		lines[name] = strings.TrimSuffix(l, "\n")
	}
	return lines, err
}

func writeTable(path string, all []Source, lines map[string]string) error {
	text := header + "\n"
	for _, s := range all {
		if l, ok := lines[s.Name]; ok {
			text += l + "\n"
		}
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// writeReady counts what there is, in the file READY.
func writeReady(out string) error {
	var text strings.Builder
	for _, split := range splits() {
		for _, kind := range kinds() {
			files, err := filepath.Glob(filepath.Join(out, split, kind, "*.f32"))
			if err != nil {
				return err
			}
			var bytes int64
			for _, f := range files {
				if i, err := os.Stat(f); err == nil {
					bytes += i.Size()
				}
			}
			fmt.Fprintf(&text, "%s\t%s\t%d files\t%.1f min\n", split, kind, len(files), float64(bytes)/4/rate/60)
		}
	}
	return os.WriteFile(filepath.Join(out, "READY"), []byte(text.String()), 0o644)
}
