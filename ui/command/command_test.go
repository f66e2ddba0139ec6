package command_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"paravent/media/sfu"
	"paravent/ui/command"
)

// A desk is a double that notes what it is told.
type desk struct {
	told []string
	on   bool
}

func (d *desk) note(format string, args ...any) error {
	d.told = append(d.told, fmt.Sprintf(format, args...))
	return nil
}
func (d *desk) SetCamera(_ context.Context, on bool) error     { return d.note("camera %v", on) }
func (d *desk) SetMicrophone(_ context.Context, on bool) error { return d.note("microphone %v", on) }

func (d *desk) SetScreen(_ context.Context, on bool, name string) error {
	return d.note("screen %v %q", on, name)
}
func (d *desk) SetHand(_ context.Context, up bool) error { return d.note("hand %v", up) }
func (d *desk) Say(_ context.Context, text string) error { return d.note("say %q", text) }
func (d *desk) ShowHeld(context.Context) error           { return d.note("show") }
func (d *desk) Answer(yes bool)                          { _ = d.note("answer %v", yes) }
func (d *desk) Panic()                                   { _ = d.note("panic") }
func (d *desk) Leave(context.Context) error              { return d.note("leave") }
func (d *desk) On(sfu.Source) bool                       { return d.on }
func (d *desk) HandUp() bool                             { return d.on }

func TestALineBecomesWhatItSays(t *testing.T) {
	for line, want := range map[string]string{
		"mic on":                "microphone true",
		":m":                    "microphone true",
		"cam off":               "camera false",
		"screen on Budget 2026": `screen true "Budget 2026"`,
		"screen off":            `screen false ""`,
		"hand down":             "hand false",
		"  say  hello   there ": `say "hello there"`,
		"yes":                   "answer true",
		"n":                     "",
		"no":                    "answer false",
		"panic":                 "panic",
		"show":                  "show",
		"quit":                  "leave",
		"":                      "",
		":":                     "",
	} {
		d := &desk{}
		err := command.Run(t.Context(), d, line)
		if got := strings.Join(d.told, ", "); got != want || (err != nil) != (line == "n") {
			t.Errorf("%q: told %q, error %v, want %q", line, got, err, want)
		}
	}
	d := &desk{on: true}
	for _, line := range []string{"mic", "camera", "hand", "share"} {
		if err := command.Run(t.Context(), d, line); err != nil {
			t.Errorf("%q: %v", line, err)
		}
	}
	if got := strings.Join(d.told, ", "); got != `microphone false, camera false, hand false, screen false ""` {
		t.Errorf("switches: %q", got)
	}
}

func TestALineThatMakesNoSenseSaysHowItIsUsed(t *testing.T) {
	for line, want := range map[string]string{
		"dance":       "there is no such command",
		"mic loud":    "use it as: mic [on|off]",
		"hand on off": "use it as: hand [up|down]",
		"say":         "use it as: say TEXT",
	} {
		d := &desk{}
		var usage *command.UsageError
		if err := command.Run(t.Context(), d, line); !errors.As(err, &usage) || usage.Why != want || len(d.told) != 0 {
			t.Errorf("%q: %v, told %q", line, err, d.told)
		}
	}
}

func TestNoTwoVerbsShareANameOrAKey(t *testing.T) {
	names, keys := make(map[string]bool), make(map[string]bool)
	for _, v := range command.Verbs() {
		for _, n := range append([]string{v.Name}, v.Aliases...) {
			if names[n] {
				t.Errorf("two verbs are called %q", n)
			}
			names[n] = true
		}
		if v.Key != "" && keys[v.Key] {
			t.Errorf("two verbs have the key %q", v.Key)
		}
		keys[v.Key] = true
		if v.Short == "" || v.Run == nil {
			t.Errorf("%s does nothing, or nobody knows what", v.Name)
		}
	}
}
