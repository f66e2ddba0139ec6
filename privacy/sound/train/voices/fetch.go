package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// packed is a package, unpacked.
type packed struct {
	dir     string
	version string
}

// fetch downloads packages of the distribution and unpacks them below work,
// unless they are there, and clones what is no package.
func fetch(ctx context.Context, work string, names []string) (map[string]packed, error) {
	debs := filepath.Join(work, "deb")
	if err := os.MkdirAll(debs, 0o755); err != nil {
		return nil, err
	}
	var missing []string
	all := map[string]packed{}
	for _, n := range names {
		if c, ok := clones()[n]; ok {
			p, err := c.take(ctx, filepath.Join(work, n))
			if err != nil {
				return nil, err
			}
			all[n] = p
			continue
		}
		if got, _ := filepath.Glob(filepath.Join(debs, n+"_*.deb")); len(got) == 0 {
			missing = append(missing, n)
		}
	}
	if len(missing) > 0 {
		c := exec.CommandContext(ctx, "apt-get", append([]string{"-qq", "download"}, missing...)...)
		c.Dir = debs
		if msg, err := c.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("download packages: %w: %s (this runs on Debian 12, after apt-get update)", err, msg)
		}
	}
	for _, n := range names {
		if _, ok := all[n]; ok {
			continue
		}
		got, _ := filepath.Glob(filepath.Join(debs, n+"_*.deb"))
		if len(got) == 0 {
			return nil, fmt.Errorf("package %s is missing", n)
		}
		parts := strings.Split(filepath.Base(got[0]), "_")
		p := packed{dir: filepath.Join(work, n), version: strings.ReplaceAll(parts[1], "%3a", ":")}
		if _, err := os.Stat(p.dir); err != nil {
			if msg, err := exec.CommandContext(ctx, "dpkg", "-x", got[0], p.dir).CombinedOutput(); err != nil {
				return nil, fmt.Errorf("unpack %s: %w: %s", n, err, msg)
			}
		}
		if err := archives(p.dir); err != nil {
			return nil, err
		}
		all[n] = p
	}
	return all, nil
}

// find returns the files of a source, in order.
func find(dir string, s Source) ([]string, error) {
	if s.Files == "" {
		return nil, nil
	}
	in, err := regexp.Compile(s.Files)
	if err != nil {
		return nil, err
	}
	not := regexp.MustCompile(`silence|beep|/tt-|Noise\.wav`)
	if s.Not != "" {
		if not, err = regexp.Compile(s.Not); err != nil {
			return nil, err
		}
	}
	var files []string
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if rel, _ := filepath.Rel(dir, path); in.MatchString(rel) && !not.MatchString(rel) {
			files = append(files, path)
		}
		return nil
	})
	slices.Sort(files)
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no file matches %s", s.Files)
	}
	return files, err
}

// decode returns the sound of files, at 16 kHz, one channel, until there are
// seconds of it. Long runs of files are thinned so that all parts are heard.
func decode(ctx context.Context, files []string, seconds, raise float64) ([][]float32, error) {
	const batch = 24
	var all [][]float32
	total := 0
	dir, err := os.MkdirTemp("", "voices")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for _, some := range slices.Collect(slices.Chunk(spread(files), batch)) {
		got, err := ffmpeg(ctx, dir, some, seconds, raise)
		if err != nil && len(some) > 1 { // one of them is not sound
			for _, f := range some {
				if one, err := ffmpeg(ctx, dir, []string{f}, seconds, raise); err == nil {
					got = append(got, one...)
				}
			}
		} else if err != nil {
			continue
		}
		for _, x := range got {
			total += len(x)
			all = append(all, x)
		}
		if float64(total) > seconds*rate {
			break
		}
	}
	return all, nil
}

// spread reorders files so that any beginning of them is spread over all: by
// the bits of the place, reversed.
func spread(files []string) []string {
	n := 1
	for n < len(files) {
		n *= 2
	}
	out := make([]string, 0, len(files))
	for i := range n {
		k := 0
		for a, b := i, n/2; b > 0; a, b = a/2, b/2 {
			if a&1 != 0 {
				k += b
			}
		}
		if k < len(files) {
			out = append(out, files[k])
		}
	}
	return out
}

func ffmpeg(ctx context.Context, dir string, files []string, seconds, raise float64) ([][]float32, error) {
	args := []string{"-v", "error", "-nostdin", "-y"}
	for _, f := range files {
		if strings.HasSuffix(f, ".g722") {
			args = append(args, "-f", "g722")
		}
		args = append(args, "-t", fmt.Sprint(seconds), "-i", f)
	}
	for i := range files {
		if raise > 0 { // read faster, then stretched back
			args = append(args, "-filter:a", fmt.Sprintf("aresample=48000,asetrate=%.0f,atempo=%.3f", 48000*raise, 1/raise))
		}
		args = append(args, "-map", fmt.Sprintf("%d:a:0", i), "-ac", "1", "-ar", fmt.Sprint(rate), "-f", "f32le", filepath.Join(dir, fmt.Sprint(i)))
	}
	if msg, err := exec.CommandContext(ctx, "ffmpeg", args...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("decode %s: %w: %s", files[0], err, msg)
	}
	var all [][]float32
	for i := range files {
		b, err := os.ReadFile(filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			return nil, err
		}
		x := make([]float32, len(b)/4)
		for k := range x {
			x[k] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*k:]))
		}
		all = append(all, x)
	}
	return all, nil
}
