// Voices collects the material that the room gate is trained with: it fetches
// packages of Debian, decodes what they hold to 16 kHz, takes the silence out,
// brings it to one level and writes one file a speaker. See README.md.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"maps"
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
	cuts := flag.String("judge", "", "only cut the pieces that the repository keeps, from OUT to this `FOLDER`")
	flag.Parse()
	if *out == "" || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "voices: error: no folder to write to\nvoices: hint: voices -out FOLDER")
		os.Exit(2)
	}
	if *work == "" {
		*work = filepath.Join(*out, ".work")
	}
	if *cuts != "" {
		if err := judge(*out, *cuts); err != nil {
			fmt.Fprintln(os.Stderr, "voices: error:", err)
			os.Exit(1)
		}
		return
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
	wanted, err = expand(wanted, packs)
	if err != nil {
		return err
	}
	if err := check(wanted); err != nil {
		return err
	}
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex // guards failed and the table
		failed error
	)
	slots := make(chan struct{}, 3)
	for _, s := range wanted {
		if s.Kind == "tv" {
			continue
		}
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			r := make1(ctx, s, packs[s.Package], out, work)
			mu.Lock()
			defer mu.Unlock()
			if err := record(out, r); err != nil {
				failed = errors.Join(failed, err)
			}
			fmt.Printf("%-5s %-6s %-24s %6.1f s  snr %4.0f dB  band %4.0f Hz  pitch %3.0f Hz  %s\n", s.Split, s.Kind, s.Name, r.seconds, r.snr, r.width, r.pitch, r.fault)
		})
	}
	wg.Wait()
	mixed, err := mixes(ctx, wanted, packs, out)
	if err != nil {
		return err
	}
	for _, r := range mixed {
		failed = errors.Join(failed, record(out, r))
	}
	return failed
}

// record writes the line of a source into the table, and counts again.
func record(out string, r row) error {
	path := filepath.Join(out, "sources.tsv")
	lines, err := readTable(path)
	if err != nil {
		return err
	}
	lines[r.Name] = r.line()
	if err := writeTable(path, lines); err != nil {
		return err
	}
	return writeReady(out)
}

// make1 makes the file of one source.
func make1(ctx context.Context, s Source, p packed, out, work string) (r row) {
	r = row{Source: s, file: p}
	path := filepath.Join(out, s.Split, s.Kind, s.Name+".f32")
	defer func() {
		if r.sum == "" {
			_ = os.Remove(path) // what an earlier run left
		}
	}()
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
	raw, err := decode(ctx, files, s.seconds()*1.5, s.Raise)
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
	if err := r.save(path, x); err != nil {
		r.fault = err.Error()
	}
	return r
}

func (r *row) save(path string, x []float32) error {
	b := make([]byte, 4*len(x))
	for i, v := range x {
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(v))
	}
	r.sum = fmt.Sprintf("%x", sha256.Sum256(b))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", b, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path) // whoever reads has the old one or the new one
}

// expand replaces sources of many files by one for each, but for films, which
// are mixed later.
func expand(all []Source, packs map[string]packed) ([]Source, error) {
	var out []Source
	for _, s := range all {
		if s.Each == 0 || s.Kind == "tv" {
			out = append(out, s)
			continue
		}
		files, err := find(packs[s.Package].dir, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		for i, f := range spread(files)[:min(s.Each, len(files))] {
			one := s
			one.Name = fmt.Sprintf("%s_%02d", s.Name, i)
			one.Files = regexp.QuoteMeta(strings.TrimPrefix(f, packs[s.Package].dir+"/")) + "$"
			out = append(out, one)
		}
	}
	return out, nil
}

// mixes makes what a television sounds like: talk of a game, with music of the
// same split below, 6 to 14 dB lower.
func mixes(ctx context.Context, all []Source, packs map[string]packed, out string) ([]row, error) {
	var rows []row
	for _, s := range all {
		if s.Kind != "tv" {
			continue
		}
		files, err := find(packs[s.Package].dir, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		tracks, err := filepath.Glob(filepath.Join(out, s.Split, "music", s.Music+"*.f32"))
		if err != nil || len(tracks) == 0 {
			return nil, fmt.Errorf("%s: no music %s: make it first", s.Name, s.Music)
		}
		part := len(files) / s.Each
		for i := range s.Each {
			r := row{Source: s, file: packs[s.Package]}
			r.Name = fmt.Sprintf("%s_%02d", s.Name, i)
			raw, err := decode(ctx, files[i*part:(i+1)*part], 90, 0)
			if err != nil {
				return nil, err
			}
			var clips []clip
			for _, x := range raw {
				if c, ok := dress(x, true); ok {
					clips = append(clips, c)
				}
			}
			music, err := load(tracks[i%len(tracks)])
			if err != nil {
				return nil, err
			}
			x := mix(join(clips, 60*rate), music, float64(-6-i%5*2))
			r.seconds, r.width = float64(len(x))/rate, bandwidth(x)
			if err := r.save(filepath.Join(out, s.Split, s.Kind, r.Name+".f32"), x); err != nil {
				return nil, err
			}
			fmt.Printf("%-5s %-6s %-24s %6.1f s\n", s.Split, s.Kind, r.Name, r.seconds)
			rows = append(rows, r)
		}
	}
	return rows, nil
}

func load(path string) ([]float32, error) {
	b, err := os.ReadFile(path)
	x := make([]float32, len(b)/4)
	for i := range x {
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return x, err
}

// mix adds music below talk, by db, repeated as needed, and brings the sum to
// the level.
func mix(talk, music []float32, db float64) []float32 {
	g := float32(math.Pow(10, db/20))
	y := make([]float64, len(talk))
	for i, v := range talk {
		y[i] = float64(v)
		if len(music) > 0 {
			y[i] += float64(g * music[i%len(music)])
		}
	}
	all := gain(levels(y))
	out := make([]float32, len(y))
	for i, v := range y {
		out[i] = float32(max(-1, min(1, v*all)))
	}
	return out
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

func writeTable(path string, lines map[string]string) error {
	delete(lines, "name")
	text := header + "\n"
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		text += lines[name] + "\n"
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
