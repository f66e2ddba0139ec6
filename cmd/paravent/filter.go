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

	"github.com/spf13/cobra"

	"paravent/media/capture"
)

func newFilter(book rulebook) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "filter",
		Short: "Put a file through the filters of a call, to see and measure what they do",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newFilterPicture(book), newFilterSound(book))
	return cmd
}

// pipe stands for standard input or output.
const pipe = "-"

// files are what a filter reads and what it writes.
type files struct {
	what    string // it is, such as "film"
	in, out string // files, or pipe
	stdin   io.Reader
	stdout  io.Writer
}

func filesOf(cmd *cobra.Command, what string, args []string) files {
	return files{what: what, in: args[0], out: args[1], stdin: cmd.InOrStdin(), stdout: cmd.OutOrStdout()}
}

// twoFiles are the arguments of a command that reads a file and writes another.
func twoFiles(name, in, out string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 2 {
			return &usageError{fmt.Errorf("%s takes two files, %s and %s, not %d", name, in, out, len(args))}
		}
		return nil
	}
}

// tell writes the figures of a run that ended with err, where they are not among
// what was filtered.
func tell(cmd *cobra.Command, f files, figures fmt.Stringer, asJSON bool, err error) error {
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
}

// A cutError means that a file broke off, after which what was whole was kept.
type cutError struct {
	in, out string
	kept    string // in words
	err     error
}

func (e *cutError) Error() string {
	return fmt.Sprintf("%s: %v; what came before is in %s (%s)", e.in, e.err, e.out, e.kept)
}
func (e *cutError) Unwrap() error { return e.err }

// through lets begin read the head of what is read, and then work the rest. It
// keeps what work wrote if that did not fail, or says that it is worth it. An
// error of begin is one of the file.
func (f files) through(ctx context.Context, begin func(io.Reader) error, work func(*result) (worth bool, err error)) (err error) {
	var in io.Reader
	if f.in == pipe {
		in = interruptible(ctx, f.stdin)
	} else {
		file, bad := os.Open(f.in)
		if bad != nil {
			return &capture.FileError{Path: f.in, Err: bad}
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		if same(file, f.out) {
			return &usageError{fmt.Errorf("%s cannot be both the %s and what becomes of it", f.in, f.what)}
		}
		in = file
	}
	err = begin(in)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return &capture.FileError{Path: f.in, Err: err}
	}
	out, err := f.create()
	if err != nil {
		return err
	}
	worth, err := work(out)
	if err == nil || worth {
		return errors.Join(err, out.keep())
	}
	return errors.Join(err, out.drop())
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

func (f files) create() (*result, error) {
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
