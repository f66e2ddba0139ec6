package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"paravent/cmd/internal/config"
	"paravent/privacy/policy"
	"paravent/privacy/policy/organisation"
	"paravent/ui/say"
)

// A rulebook is where the rules of a command come from. The settings file is read once,
// for all commands.
type rulebook struct {
	office organisation.Source
	person config.Person // what the settings file says
	broken error         // why it cannot be read
}

func readRulebook(office organisation.Source) rulebook {
	person, err := config.Read(config.Path())
	return rulebook{office, person, err}
}

// rules returns what holds for a command that chooses nothing which a rule is about.
func (b rulebook) rules(cmd *cobra.Command) (policy.Effective, error) {
	if b.broken != nil {
		return policy.Effective{}, b.broken
	}
	return b.effective(cmd.Flags(), config.Join{})
}

// official returns what the organisation alone says, for a command that must work beside
// a broken settings file.
func (b rulebook) official(cmd *cobra.Command) (policy.Effective, error) {
	return rulebook{office: b.office}.rules(cmd)
}

// effective returns what holds for a command with these flags. A policy that cannot
// be followed is an error.
func (b rulebook) effective(flags *pflag.FlagSet, chosen config.Join) (policy.Effective, error) {
	layers, err := b.office.Read()
	if err != nil {
		return policy.Effective{}, err
	}
	said := func(setting string) bool { return flags.Changed(flagOf(setting)) }
	return policy.Resolve(append(layers, b.person.Rules, chosen.Says(said, policy.Place{}))...), nil
}

// flagOf is the flag that says a setting of the file.
func flagOf(setting string) string { return strings.ReplaceAll(setting, "_", "-") }

// holds returns the policy for cmd. A flag that asks for less than a rule is refused;
// a setting of the file that does is put aside in chosen, and the person is told.
func (b rulebook) holds(cmd *cobra.Command, chosen *config.Join) (policy.Effective, error) {
	e, err := b.effective(cmd.Flags(), *chosen)
	if err != nil {
		return e, err
	}
	for _, o := range e.Overruled {
		setting := config.Setting(o.Key.Name)
		flag := flagOf(setting) // of the same name
		if o.By == policy.Flag {
			return e, &policy.WeakerError{Setting: fmt.Sprintf("--%s %s", flag, cmd.Flags().Lookup(flag).Value), Overruled: o}
		}
		if _, err := fmt.Fprintf(cmd.ErrOrStderr(), "paravent: %s\n", say.PutAside(o, setting)); err != nil {
			return e, err
		}
		if !cmd.Flags().Changed(flag) {
			putBack(chosen, setting)
		}
	}
	return e, nil
}

// putBack sets a setting of the file to what it would be without the file.
func putBack(chosen *config.Join, setting string) {
	switch was := config.Defaults(); setting {
	case "background":
		chosen.Background = was.Background
	case "encryption":
		chosen.Encryption = was.Encryption
	case "receipt":
		chosen.Receipt = was.Receipt
	case "room_gate":
		chosen.RoomGate = was.RoomGate
	}
}
