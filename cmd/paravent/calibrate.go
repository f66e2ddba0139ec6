package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"paravent/cmd/internal/calibration"
	"paravent/cmd/internal/config"
	"paravent/media/capture"
	"paravent/media/frame"
	"paravent/media/present"
	"paravent/media/soundcard"
	"paravent/privacy/filter"
	"paravent/privacy/policy"
	"paravent/ui/say"
)

const (
	shortestCalibration = 3 * time.Second
	usualCalibration    = 6 * time.Second
	everyDevice         = "all" // for --delete
)

func newCalibrate(book rulebook) *cobra.Command {
	person, loadErr := book.person, book.broken
	c := calibrating{path: calibration.Path()}
	list, remove := false, ""
	cmd := &cobra.Command{
		Use:   "calibrate",
		Short: "Let the room gate learn how you sound at your microphone",
		Long: `Let the room gate learn how near and how loud you are at your microphone: speak
for six seconds, as in a meeting, alone and at your usual place. Kept are a few
levels for this device, in a file that only you may read; no sound, and nothing
by which your voice could be known again. Nothing leaves this machine.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if loadErr != nil {
				return loadErr
			}
			c.out = cmd.OutOrStdout()
			switch deleting := cmd.Flags().Changed("delete"); {
			case list && deleting:
				return &usageError{errors.New("either --list or --delete")}
			case list:
				return c.list()
			case deleting:
				return c.remove(remove)
			case c.span < shortestCalibration || c.span > longestSpeech:
				return &usageError{fmt.Errorf("--for cannot be %v: it is from %v to %v", c.span, shortestCalibration, longestSpeech)}
			}
			rules, err := book.rules(cmd)
			if err := errors.Join(err, rules.Policy.MayUse(policy.Microphone)); err != nil {
				return err
			}
			return c.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.device, "microphone", person.Join.Microphone, "a device or file:PATH.wav (default: the system's)")
	f.DurationVar(&c.span, "for", usualCalibration, "how long you speak, from 3s to 1m")
	f.BoolVar(&list, "list", false, "say which microphones are calibrated")
	f.StringVar(&remove, "delete", "", "forget a microphone, or all")
	f.BoolVar(&c.asJSON, "json", false, "one object a line, and no progress")
	return cmd
}

// A calibrating is one run of the command.
type calibrating struct {
	path   string // of what is kept
	device string
	span   time.Duration
	asJSON bool
	out    io.Writer
}

// run measures the person at the microphone, and keeps that, or nothing.
func (c *calibrating) run(ctx context.Context) (err error) {
	kept, err := calibration.Load(c.path)
	if err != nil {
		return err
	}
	card, err := soundcard.Open(ctx, soundcard.Wish{Speaker: soundcard.Off, Microphone: c.device}, present.NewMixer())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, card.Close()) }()
	mic, err := card.OpenMicrophone(ctx)
	if err != nil {
		return err
	}
	heard, err := c.listen(ctx, mic, c.progress())
	dev := mic.Device()
	if err := errors.Join(err, mic.Close()); err != nil {
		return err
	}
	ref, err := heard.reference()
	if err != nil {
		return err
	}
	entry := calibration.Entry{ID: dev.ID, Label: dev.Label, Made: time.Now(), Reference: ref}
	if err := calibration.Save(c.path, kept.With(entry)); err != nil {
		return err
	}
	var notes filter.Notes
	if gateReference(&ref).TooLive() {
		notes = filter.TooLive
	}
	if c.asJSON {
		return json.NewEncoder(c.out).Encode(map[string]any{
			"id": dev.ID, "label": say.Device(dev), "speech_db": rounded(&heard.loud), "room_db": rounded(&heard.quiet), "notes": notes,
		})
	}
	_, err = fmt.Fprintf(c.out, "%s is calibrated: you speak at %.0f dB, and the room has %.0f dB\n", say.Device(dev), heard.loud, heard.quiet)
	if err == nil && notes != 0 {
		_, err = fmt.Fprintln(c.out, say.Words{}.Advice(notes))
	}
	return err
}

// unsettled is how long a microphone may take to give what it hears.
const unsettled = 200 * time.Millisecond

// listen hears the person, and shows them how far they are.
func (c *calibrating) listen(ctx context.Context, mic capture.Microphone, show *progress) (*speech, error) {
	if err := show.begin(mic.Device()); err != nil {
		return nil, err
	}
	var s frame.Sound
	defer s.Wipe()
	heard := newSpeech()
	for at := -unsettled; at < c.span; at += frame.BlockFor {
		if err := mic.Next(ctx, &s); err != nil {
			return nil, errors.Join(err, show.end())
		}
		if at < 0 {
			continue
		}
		if err := show.at(c.span-at, heard.hear(&s.Near)); err != nil {
			return nil, err
		}
	}
	return heard, show.end()
}

// A progress shows a person how long to speak, and how loud they are.
type progress struct {
	out   io.Writer
	every time.Duration // 0 is never
	bar   bool          // one line, written over and over, instead of many
	level float64       // the most since it was shown
}

func (c *calibrating) progress() *progress {
	switch {
	case c.asJSON:
		return &progress{out: io.Discard}
	case face("") == config.Terminal:
		return &progress{out: c.out, every: 100 * time.Millisecond, bar: true}
	}
	return &progress{out: c.out, every: time.Second}
}

func (p *progress) begin(d capture.Device) error {
	p.level = silent
	_, err := fmt.Fprintf(p.out, "Speak now, as in a meeting: %s listens. No sound is kept.\n", say.Device(d))
	return err
}

// at shows a block, with what is left from its beginning on.
func (p *progress) at(left time.Duration, level float64) error {
	p.level = max(p.level, level)
	if p.every == 0 || left%p.every != 0 {
		return nil
	}
	line := fmt.Sprintf("%2.0f seconds left, %4.0f dB\n", left.Seconds(), p.level)
	if p.bar {
		const least, cells = -60, 30
		full := int(math.Round(max(0, min(1, 1-p.level/least)) * cells))
		line = fmt.Sprintf("\r%2.0f seconds left  [%s%s] %4.0f dB ", math.Ceil(left.Seconds()), strings.Repeat("=", full), strings.Repeat(" ", cells-full), p.level)
	}
	p.level = silent
	_, err := io.WriteString(p.out, line)
	return err
}

func (p *progress) end() error {
	if !p.bar {
		return nil
	}
	_, err := io.WriteString(p.out, "\n")
	return err
}

// list says what is kept.
func (c *calibrating) list() error {
	kept, err := calibration.Load(c.path)
	if err != nil {
		return err
	}
	for _, e := range kept {
		name := say.Device(capture.Device{Kind: capture.MicrophoneKind, ID: e.ID, Label: e.Label})
		made := e.Made.Local().Format(time.DateOnly)
		if c.asJSON {
			err = json.NewEncoder(c.out).Encode(map[string]any{"id": e.ID, "label": name, "made": e.Made, "room_db": e.Floor})
		} else {
			_, err = fmt.Fprintf(c.out, "%s, of %s, where the room has %.0f dB\n    %s\n", name, made, e.Floor, e.ID)
		}
		if err != nil {
			return err
		}
	}
	if len(kept) == 0 && !c.asJSON {
		_, err = io.WriteString(c.out, "no microphone is calibrated\n")
	}
	return err
}

// remove forgets a device, or all, even if what is kept cannot be read.
func (c *calibrating) remove(device string) error {
	var kept calibration.List
	if device != everyDevice {
		all, err := calibration.Load(c.path)
		if err != nil {
			return err
		}
		if kept, err = all.Without(device); err != nil {
			return err
		}
	}
	if err := calibration.Save(c.path, kept); err != nil {
		return err
	}
	left := "no microphone is calibrated any more"
	if len(kept) > 0 {
		left = fmt.Sprintf("forgotten; calibrated microphones left: %d", len(kept))
	}
	_, err := fmt.Fprintln(c.out, left)
	return err
}
