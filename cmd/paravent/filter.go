package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"paravent/cmd/internal/config"
	"paravent/media/capture"
	"paravent/media/capture/y4m"
	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/policy"
)

func newFilter() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "filter",
		Short: "Put a file through the filters of a call, to see and measure what they do",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newFilterPicture())
	return cmd
}

func newFilterPicture() *cobra.Command {
	settings, loadErr := config.Load(config.Path())
	background, asJSON := settings.Background, false
	cmd := &cobra.Command{
		Use:   "picture IN.y4m OUT.y4m",
		Short: "Put a film through the very chain of a call",
		Long: `Put a film through the very chain that a camera's pictures go through in a call,
and say what it took. OUT has the size and the rate of IN, in 4:2:0. "-" is
standard input or output. Where IN is cut short, what was whole is written.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return &usageError{fmt.Errorf("filter picture takes two files, IN.y4m and OUT.y4m, not %d", len(args))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if loadErr != nil {
				return loadErr
			}
			chain, err := newCameraChain(background, policy.Default())
			if err := errors.Join(err, chain.lost); err != nil {
				return err
			}
			f := filtering{in: args[0], out: args[1], chain: chain, stdin: cmd.InOrStdin(), stdout: cmd.OutOrStdout()}
			figures, err := f.run(cmd.Context())
			var cut *cutError
			if err != nil && !errors.As(err, &cut) {
				return err
			}
			say := cmd.OutOrStdout()
			if f.out == pipe {
				say = cmd.ErrOrStderr()
			}
			if asJSON {
				return errors.Join(err, json.NewEncoder(say).Encode(figures))
			}
			_, told := io.WriteString(say, figures.String())
			return errors.Join(err, told)
		},
	}
	cmd.Flags().StringVar(&background, "background", settings.Background, backgroundUsage)
	cmd.Flags().BoolVar(&asJSON, "json", false, "the figures as one object")
	return cmd
}

// pipe stands for standard input or output.
const pipe = "-"

// A filtering is one run over a film.
type filtering struct {
	in, out string // files, or pipe
	chain   cameraChain
	stdin   io.Reader
	stdout  io.Writer
}

// A cutError means that a film broke off, after which what was whole was kept.
type cutError struct {
	in, out string
	kept    int // pictures
	err     error
}

func (e *cutError) Error() string {
	return fmt.Sprintf("%s: %v; what came before is in %s (pictures: %d)", e.in, e.err, e.out, e.kept)
}
func (e *cutError) Unwrap() error { return e.err }

// run filters the film. It takes the same memory for every length.
func (f filtering) run(ctx context.Context) (figures *filmFigures, err error) {
	figures = &filmFigures{Background: f.chain.name}
	var in io.Reader
	if f.in == pipe {
		in = interruptible(ctx, f.stdin)
	} else {
		file, bad := os.Open(f.in)
		if bad != nil {
			return figures, &capture.FileError{Path: f.in, Err: bad}
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		if same(file, f.out) {
			return figures, &usageError{fmt.Errorf("%s cannot be both the film and what becomes of it", f.in)}
		}
		in = file
	}
	r, err := y4m.NewWholeReader(in)
	switch {
	case ctx.Err() != nil:
		return figures, ctx.Err()
	case err != nil:
		return figures, &capture.FileError{Path: f.in, Err: err}
	}
	out, err := f.create()
	if err != nil {
		return figures, err
	}
	film, err := f.film(ctx, r, out, figures)
	if err == nil || film {
		return figures, errors.Join(err, out.keep())
	}
	return figures, errors.Join(err, out.drop())
}

// interruptible returns r, but a Read that waits ends with ctx. Whoever writes to r
// may be waited for until the program ends.
func interruptible(ctx context.Context, r io.Reader) io.Reader {
	from, to := io.Pipe()
	context.AfterFunc(ctx, func() { _ = from.CloseWithError(ctx.Err()) }) // never fails
	go func() {
		_, err := io.Copy(to, r)
		_ = to.CloseWithError(err) // never fails; nil is the end
	}()
	return from
}

// film filters all pictures of r. It reports whether out is worth keeping.
func (f filtering) film(ctx context.Context, r *y4m.Reader, out *result, figures *filmFigures) (worth bool, err error) {
	chain, err := f.chain.make(overFile)
	if err != nil {
		return false, err
	}
	defer chain.Close()
	size, rate := r.Header().Size(), r.Header().Rate
	figures.Width, figures.Height, figures.FPS = size.X, size.Y, rate.Float()
	w, err := y4m.NewWriter(out, size, rate)
	if err != nil {
		return false, err
	}
	pool := frame.NewPool(size.X, size.Y)
	for {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		p := pool.Get(time.Duration(figures.Frames) * time.Second / time.Duration(rate.Num) * time.Duration(rate.Den))
		if err := r.Next(p); err != nil {
			p.Release()
			if ctx.Err() != nil {
				return false, ctx.Err()
			}
			return figures.Frames > 0, f.ending(err, figures.Frames, w)
		}
		if err := f.picture(chain, p, w, figures); err != nil {
			return false, err
		}
	}
}

// ending says how it ends when no more can be read.
func (f filtering) ending(err error, frames int, w *y4m.Writer) error {
	over := errors.Is(err, io.EOF)
	switch {
	case over && frames == 0:
		return &capture.FileError{Path: f.in, Err: fmt.Errorf("%w: the file has no picture", capture.ErrFormat)}
	case frames == 0:
		return &capture.FileError{Path: f.in, Err: err}
	}
	if bad := w.Flush(); bad != nil || over {
		return bad
	}
	return &cutError{in: f.in, out: f.out, kept: frames, err: err}
}

// picture takes ownership of p.
func (f filtering) picture(chain *filter.VideoChain, p *frame.Picture, w *y4m.Writer, figures *filmFigures) error {
	cleared, held := chain.Clear(p)
	defer cleared.Release()
	figures.add(chain.Worked(), chain.Notes(), held)
	return w.Write(cleared.Picture())
}

// same reports whether path is the file that is open.
func same(file *os.File, path string) bool {
	a, err1 := file.Stat()
	b, err2 := os.Stat(path)
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}

// A result is a file that comes to be under its name only when it is whole.
type result struct {
	io.Writer
	file *os.File // nil if it is not ours to close
	path string   // under which it is kept; empty if it stands there already
}

func (f filtering) create() (*result, error) {
	if f.out == pipe {
		return &result{Writer: f.stdout}, nil
	}
	if s, err := os.Stat(f.out); err == nil && !s.Mode().IsRegular() && !s.IsDir() {
		file, err := os.OpenFile(f.out, os.O_WRONLY, 0) // a pipe or a device is never replaced
		return &result{Writer: file, file: file}, err
	} else if err == nil && s.IsDir() {
		return nil, &capture.FileError{Path: f.out, Err: errors.New("is a folder")}
	}
	file, err := os.CreateTemp(filepath.Dir(f.out), ".paravent-*")
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("there is no such folder")
	}
	if err != nil {
		return nil, &capture.FileError{Path: f.out, Err: err}
	}
	return &result{Writer: file, file: file, path: f.out}, nil
}

func (r *result) keep() error {
	if r.file == nil {
		return nil
	}
	if err := r.file.Close(); err != nil {
		return errors.Join(err, r.remove())
	}
	if r.path == "" {
		return nil
	}
	if err := os.Rename(r.file.Name(), r.path); err != nil {
		return errors.Join(&capture.FileError{Path: r.path, Err: err}, r.remove())
	}
	return nil
}

func (r *result) drop() error {
	if r.file == nil {
		return nil
	}
	return errors.Join(r.file.Close(), r.remove())
}

func (r *result) remove() error {
	if r.path == "" {
		return nil
	}
	return os.Remove(r.file.Name())
}
