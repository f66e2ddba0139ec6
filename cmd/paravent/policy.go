package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"paravent/cmd/internal/config"
	"paravent/media/capture"
	"paravent/media/soundcard"
	"paravent/privacy/policy"
	"paravent/privacy/policy/organisation"
	"paravent/privacy/policy/written"
	"paravent/ui/command"
	"paravent/ui/say"
)

func newPolicy(book rulebook) *cobra.Command {
	of, words := command.Policy()
	cmd := commandOf(of)
	cmd.Args = noArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	for i, fill := range []func(*cobra.Command, rulebook){fillPolicyShow, fillPolicyCheck} {
		sub := commandOf(words[i])
		fill(sub, book)
		cmd.AddCommand(sub)
	}
	return cmd
}

// commandOf is a command that does nothing yet.
func commandOf(p command.Program) *cobra.Command {
	words := strings.Fields(p.Name)
	use := strings.TrimSpace(words[len(words)-1] + " " + p.Args)
	return &cobra.Command{Use: use, Short: p.Short, Long: p.Long}
}

func fillPolicyShow(cmd *cobra.Command, book rulebook) {
	person, loadErr := book.person, book.broken
	chosen, asJSON := person.Join, false
	cmd.Args = noArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if loadErr != nil {
			return loadErr
		}
		if err := chosen.Choices(); err != nil {
			return err
		}
		e, err := book.effective(cmd.Flags(), chosen)
		if err != nil {
			return err
		}
		if asJSON {
			return showJSON(cmd.OutOrStdout(), e)
		}
		return showRules(cmd.OutOrStdout(), e)
	}
	f := cmd.Flags()
	f.StringVar(&chosen.Background, "background", person.Join.Background, backgroundUsage)
	f.StringVar(&chosen.RoomGate, "room-gate", person.Join.RoomGate, "near, strict or off")
	f.StringVar(&chosen.Camera, "camera", soundcard.Off, "off, or what would be opened")
	f.StringVar(&chosen.Microphone, "microphone", soundcard.Off, "off, or what would be opened")
	f.StringVar(&chosen.Screen, "screen", person.Join.Screen, "the screen or window that would be shared")
	f.BoolVar(&asJSON, "json", false, "one object a line")
}

// showRules writes each rule on a line, and what was asked for and does not hold.
func showRules(w io.Writer, e policy.Effective) error {
	for _, r := range e.Rules {
		if _, err := fmt.Fprintln(w, say.RuleLine(r)); err != nil {
			return err
		}
	}
	for _, o := range e.Overruled {
		if _, err := fmt.Fprintln(w, say.PutAside(o, spelled(o))); err != nil {
			return err
		}
	}
	return nil
}

// spelled is the setting that o is about, as a flag or as in the file.
func spelled(o policy.Overruled) string {
	setting := config.Setting(o.Key.Name)
	if o.By == policy.Flag {
		return flagOf(setting)
	}
	return setting
}

// A ruleObject is a rule as --json writes it.
type ruleObject struct {
	Key       string           `json:"key"`
	Value     any              `json:"value"`
	Origin    policy.Origin    `json:"origin"`
	At        *policy.Place    `json:"at,omitempty"`
	Unused    bool             `json:"unused,omitempty"` // this version has nothing that it applies to
	Overruled *overruledObject `json:"overruled,omitempty"`
}

type overruledObject struct {
	Value  any           `json:"value"`
	Origin policy.Origin `json:"origin"`
	At     *policy.Place `json:"at,omitempty"`
}

func showJSON(w io.Writer, e policy.Effective) error {
	out := json.NewEncoder(w)
	for _, r := range e.Rules {
		o := ruleObject{Key: r.Key.Name, Value: r.Value, Origin: r.Origin, At: placed(r.At), Unused: r.Key.Unused}
		for _, over := range e.Overruled {
			if over.Key.Name == r.Key.Name {
				o.Overruled = &overruledObject{over.Wanted, over.By, placed(over.Said)}
			}
		}
		if err := out.Encode(o); err != nil {
			return err
		}
	}
	return nil
}

func placed(at policy.Place) *policy.Place {
	if at == (policy.Place{}) {
		return nil
	}
	return &at
}

// errMistakes means that the mistakes were told already.
var errMistakes = errors.New("the policy has mistakes")

func fillPolicyCheck(cmd *cobra.Command, book rulebook) {
	asJSON := false
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return &usageError{fmt.Errorf("policy check takes one file, not %d", len(args))}
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		read, fine := book.office.Read, say.GoodPolicy
		if len(args) == 1 {
			read = func() ([]policy.Layer, error) { return draft(args[0]) }
		}
		layers, err := read()
		if err == nil && layers == nil {
			fine = say.NoPolicy
		}
		return checked(cmd.OutOrStdout(), err, fine, asJSON)
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one object a line for each mistake")
}

// draft reads a file that is no policy yet, and may belong to anybody.
func draft(path string) (layers []policy.Layer, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &capture.FileError{Path: path, Err: err}
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	text, err := io.ReadAll(io.LimitReader(f, organisation.MostBytes+1))
	if err != nil {
		return nil, &capture.FileError{Path: path, Err: err}
	}
	if len(text) > organisation.MostBytes {
		return nil, written.Broken(policy.Place{Path: path}, "is larger than %d kB, which no policy is", organisation.MostBytes>>10)
	}
	return written.Organisation(path, text)
}

// checked tells every mistake that err has.
func checked(w io.Writer, err error, fine string, asJSON bool) error {
	var broken *written.BrokenError
	if err != nil && !errors.As(err, &broken) {
		return err
	}
	if broken == nil {
		if asJSON {
			return nil
		}
		_, err := fmt.Fprintln(w, fine)
		return err
	}
	for _, p := range broken.Problems {
		if asJSON {
			err = json.NewEncoder(w).Encode(struct {
				policy.Place
				Text string `json:"text"`
			}{p.At, p.Text})
		} else {
			_, err = fmt.Fprintln(w, say.Mistake(p))
		}
		if err != nil {
			return err
		}
	}
	return errMistakes
}
