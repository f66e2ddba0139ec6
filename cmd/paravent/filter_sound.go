package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"paravent/cmd/internal/calibration"
	"paravent/cmd/internal/config"
	"paravent/media/capture"
	"paravent/media/frame"
	"paravent/media/soundcard/wav"
	"paravent/privacy/filter"
)

func newFilterSound(book rulebook) *cobra.Command {
	person, loadErr := book.person, book.broken
	chosen, far, voice, asJSON := person.Join, "", "", false
	cmd := &cobra.Command{
		Use:   "sound IN.wav OUT.wav",
		Short: "Put a recording through the very chain of a call",
		Long: `Put a recording through the very chain that a microphone's sound goes through in
a call, and say what it took. IN may have 8 to 192 kHz and up to eight channels,
of which the mean is taken; OUT is 48 kHz, mono, 16 bit, and as long as IN: what
the chain keeps back in a call is made up for. "-" is standard input or output.
Where IN is cut short, what was whole is written.

The gate's line has a sign for each 100 ms: # is open, + is open in part, and .
is closed, which is exact silence.`,
		Args: twoFiles("filter sound", "IN.wav", "OUT.wav"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if loadErr != nil {
				return loadErr
			}
			if err := (config.Join{RoomGate: chosen.RoomGate, Background: string(config.Blur)}).Choices(); err != nil {
				return err
			}
			rules, err := book.holds(cmd, &chosen)
			if err != nil {
				return err
			}
			chain, err := newSoundChain(chosen.RoomGate, rules.Policy)
			if err != nil {
				return err
			}
			f := soundFiltering{filesOf(cmd, "recording", args), chain, far, voice}
			figures, err := f.run(cmd.Context())
			return tell(cmd, f.files, figures, asJSON, err)
		},
	}
	cmd.Flags().StringVar(&chosen.RoomGate, "room-gate", chosen.RoomGate, "near, strict or off")
	cmd.Flags().StringVar(&far, "far", "", "a WAV file of what the loudspeaker played meanwhile (default: silence)")
	cmd.Flags().StringVar(&voice, "calibrate", "", "a WAV file of the person alone, speaking for six seconds or more")
	cmd.Flags().BoolVar(&asJSON, "json", false, "the figures as one object")
	return cmd
}

// A soundFiltering is one run over a recording.
type soundFiltering struct {
	files
	chain      soundChain
	far, voice string // files; empty is none
}

// run filters the recording. It takes the same memory for every length, but for
// the gate's line.
func (f soundFiltering) run(ctx context.Context) (figures *soundFigures, err error) {
	figures = &soundFigures{Gate: f.chain.name, Calibrated: f.voice != ""}
	var in *wav.Stream
	begin := func(r io.Reader) (err error) {
		in, err = wav.NewStream(r)
		return foreign(err)
	}
	return figures, f.through(ctx, begin, func(out *result) (bool, error) {
		figures.Format, figures.Rate = in.Format().String(), in.Format().Rate
		return f.sound(ctx, in, out, figures)
	})
}

// foreign says of an error about the content of a WAV file that it is one about
// content.
func foreign(err error) error {
	if errors.Is(err, wav.ErrFormat) {
		return fmt.Errorf("%w: %w", capture.ErrFormat, err)
	}
	return err
}

// sound filters all of in. It reports whether out is worth keeping.
func (f soundFiltering) sound(ctx context.Context, in *wav.Stream, out *result, figures *soundFigures) (worth bool, err error) {
	known, err := f.known(ctx)
	if err != nil {
		return false, err
	}
	chain, err := f.chain.make(known, false)
	if err != nil {
		return false, err
	}
	figures.Delay = chain.Delay()
	far, err := openWAV(f.far)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, far.Close()) }()
	w, err := out.wav()
	if err != nil {
		return false, err
	}
	runtime.LockOSThread() // whose time is then that of the chain
	defer runtime.UnlockOSThread()
	ending, err := f.blocks(ctx, chain, in, far, w, figures)
	switch {
	case err != nil:
		return false, err
	case figures.in == 0 && errors.Is(ending, io.EOF):
		return false, &capture.FileError{Path: f.in, Err: foreign(fmt.Errorf("%w: there is no sound in it", wav.ErrFormat))}
	case figures.in == 0:
		return false, &capture.FileError{Path: f.in, Err: ending}
	}
	if err := w.Close(); err != nil {
		return false, err
	}
	if in.Cut() {
		ending = errors.New("ends before its header says")
	}
	if errors.Is(ending, io.EOF) {
		return true, nil
	}
	return true, &cutError{in: f.in, out: f.out, kept: fmt.Sprintf("seconds: %.2f", figures.seconds()), err: ending}
}

// blocks filters in, up to the error that ends it, and then what the chain still
// keeps.
func (f soundFiltering) blocks(ctx context.Context, chain *filter.AudioChain, in *wav.Stream, far *wavFile, w *wav.Writer, figures *soundFigures) (ending, err error) {
	skip := int(chain.Delay() * frame.Rate / time.Second) // of what comes first, which is of before the beginning
	var s frame.Sound
	for ; ending == nil || figures.out < figures.in; s.At += frame.BlockFor {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		n := 0
		if ending == nil {
			n, ending = whole(in, s.Near[:])
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			figures.hear(s.Near[:n])
			if n == 0 && figures.out == figures.in {
				break // it ended with a whole block, and the chain keeps nothing
			}
		}
		clear(s.Near[n:])
		if err := far.fill(s.Far[:]); err != nil {
			return nil, err
		}
		var (
			cleared filter.ClearedSound
			held    error
		)
		work := filter.Measured(func() { cleared, held = chain.Clear(&s) })
		figures.add(work, chain.Notes(), held)
		give := cleared.Block()[min(skip, frame.BlockLen):]
		skip -= frame.BlockLen - len(give)
		give = give[:min(len(give), figures.in-figures.out)]
		figures.give(give)
		if err := w.Write(give); err != nil {
			return nil, err
		}
	}
	figures.end()
	return ending, nil
}

// whole reads until out is full, or an error comes.
func whole(r *wav.Stream, out []float32) (n int, err error) {
	for n < len(out) && err == nil {
		var got int
		got, err = r.Read(out[n:])
		n += got
	}
	return n, err
}

// known returns how the person sounds, if there is a file that says so.
func (f soundFiltering) known(ctx context.Context) (*calibration.Reference, error) {
	if f.voice == "" {
		return nil, nil //nolint:nilnil // nobody knows, and that is no fault
	}
	file, err := openWAV(f.voice)
	if err != nil {
		return nil, err
	}
	ref, err := file.reference(ctx)
	if bad := (*speechError)(nil); errors.As(err, &bad) {
		err = &speechError{bad.code, f.voice + ": " + bad.text, bad.hint}
	}
	return &ref, errors.Join(err, file.Close())
}

// A wavFile is a file of sound beside the one that is filtered. That of no name is
// silence.
type wavFile struct {
	path string
	file *os.File
	*wav.Stream
}

func openWAV(path string) (*wavFile, error) {
	if path == "" {
		return &wavFile{}, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, &capture.FileError{Path: path, Err: err}
	}
	s, err := wav.NewStream(file)
	if err != nil {
		return nil, errors.Join(&capture.FileError{Path: path, Err: foreign(err)}, file.Close())
	}
	return &wavFile{path, file, s}, nil
}

// fill reads what comes next; after the end there is silence.
func (f *wavFile) fill(out []float32) error {
	n := 0
	if f.file != nil {
		var err error
		if n, err = whole(f.Stream, out); err != nil && !errors.Is(err, io.EOF) {
			return &capture.FileError{Path: f.path, Err: err}
		}
	}
	clear(out[n:])
	return nil
}

// reference measures the person who speaks in f.
func (f *wavFile) reference(ctx context.Context) (calibration.Reference, error) {
	heard := newSpeech()
	for range longestSpeech / frame.BlockFor {
		if ctx.Err() != nil {
			return calibration.Reference{}, ctx.Err()
		}
		var b frame.Block
		_, err := whole(f.Stream, b[:])
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return calibration.Reference{}, &capture.FileError{Path: f.path, Err: err}
		}
		heard.hear(&b)
	}
	return heard.reference()
}

// Close closes the file, if there is one.
func (f *wavFile) Close() error {
	if f.file == nil {
		return nil
	}
	return f.file.Close()
}

// wav writes sound to r, which is told its length if there is a way back to where
// that stands.
func (r *result) wav() (*wav.Writer, error) {
	if r.path != "" {
		return wav.NewWriter(r.file, frame.Rate)
	}
	return wav.NewPipeWriter(r.Writer, frame.Rate)
}
