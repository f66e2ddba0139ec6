package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"paravent/cmd/internal/config"
	"paravent/media/capture"
	"paravent/media/capture/y4m"
	"paravent/media/frame"
	"paravent/privacy/filter"
)

func newFilterPicture(book rulebook) *cobra.Command {
	person, loadErr := book.person, book.broken
	chosen, asJSON := person.Join, false
	cmd := &cobra.Command{
		Use:   "picture IN.y4m OUT.y4m",
		Short: "Put a film through the very chain of a call",
		Long: `Put a film through the very chain that a camera's pictures go through in a call,
and say what it took. OUT has the size and the rate of IN, in 4:2:0. "-" is
standard input or output. Where IN is cut short, what was whole is written.`,
		Args: twoFiles("filter picture", "IN.y4m", "OUT.y4m"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if loadErr != nil {
				return loadErr
			}
			if _, err := config.ParseBackground(chosen.Background); err != nil {
				return err
			}
			rules, err := book.holds(cmd, &chosen)
			if err != nil {
				return err
			}
			chain, err := newCameraChain(chosen.Background, rules.Policy)
			if err := errors.Join(err, chain.lost); err != nil {
				return err
			}
			f := filtering{filesOf(cmd, "film", args), chain}
			figures, err := f.run(cmd.Context())
			return tell(cmd, f.files, figures, asJSON, err)
		},
	}
	cmd.Flags().StringVar(&chosen.Background, "background", chosen.Background, backgroundUsage)
	cmd.Flags().BoolVar(&asJSON, "json", false, "the figures as one object")
	return cmd
}

// A filtering is one run over a film.
type filtering struct {
	files
	chain cameraChain
}

// run filters the film. It takes the same memory for every length.
func (f filtering) run(ctx context.Context) (figures *filmFigures, err error) {
	figures = &filmFigures{Background: f.chain.name}
	var r *y4m.Reader
	begin := func(in io.Reader) (err error) {
		r, err = y4m.NewWholeReader(in)
		return err
	}
	return figures, f.through(ctx, begin, func(out *result) (bool, error) { return f.film(ctx, r, out, figures) })
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
	return &cutError{in: f.in, out: f.out, kept: fmt.Sprintf("pictures: %d", frames), err: err}
}

// picture takes ownership of p.
func (f filtering) picture(chain *filter.VideoChain, p *frame.Picture, w *y4m.Writer, figures *filmFigures) error {
	cleared, held := chain.Clear(p)
	defer cleared.Release()
	figures.add(chain.Worked(), chain.Notes(), held)
	return w.Write(cleared.Picture())
}
