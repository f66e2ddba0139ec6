package command_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"paravent/media/call"
	"paravent/media/sfu"
	"paravent/ui/command"
)

// A desk is a double that notes what it is told.
type desk struct {
	told []string
	on   bool

	state call.State
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
func (d *desk) SendFile(_ context.Context, path string, exact bool) error {
	return d.note("send %s %v", path, exact)
}
func (d *desk) TellFiles()                   { _ = d.note("files") }
func (d *desk) Talk(on bool) error           { return d.note("talk %v", on) }
func (d *desk) Record(context.Context) error { return d.note("record") }
func (d *desk) TellVolumes()                 { _ = d.note("volumes") }
func (d *desk) SetVolume(id sfu.MemberID, v call.Volume) {
	_ = d.note("volume of %s %d %v", id, v.Percent, v.Muted)
}
func (d *desk) Remove(_ context.Context, id sfu.MemberID) error { return d.note("remove %s", id) }
func (d *desk) Lock(_ context.Context, on bool) error           { return d.note("lock %v", on) }
func (d *desk) TellWords(language string) error                 { return d.note("words %q", language) }
func (d *desk) Verified() error                                 { return d.note("verified") }
func (d *desk) State() call.State                               { return d.state }
func (d *desk) Answer(yes bool)                                 { _ = d.note("answer %v", yes) }
func (d *desk) Panic()                                          { _ = d.note("panic") }
func (d *desk) Leave(context.Context) error                     { return d.note("leave") }
func (d *desk) On(sfu.Source) bool                              { return d.on }
func (d *desk) HandUp() bool                                    { return d.on }

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
		"lock":                  "lock true",
		"lock off":              "lock false",
		"show":                  "show",
		"send my report.pdf":    "send my report.pdf false",
		"send exact a.jpg":      "send a.jpg true",
		"files":                 "files",
		"quit":                  "leave",
		"words":                 `words ""`,
		"words de":              `words "de"`,
		"verified":              "verified",
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
		"send":        "use it as: send [exact] FILE",
		"words fr":    "use it as: words [de|en]",
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

func TestVolumesAreSetByNameAndMutingKeepsThem(t *testing.T) {
	s := call.State{
		Self:    "me",
		Roster:  []call.Member{{ID: "me", Name: "Ada"}, {ID: "1", Name: "Bo 2"}, {ID: "2", Name: "Cy"}, {ID: "3", Name: "cy"}},
		Volumes: map[sfu.MemberID]call.Volume{"1": {Percent: 70, Muted: true}},
	}
	for line, want := range map[string]string{
		"volume":          "volumes",
		"volume Bo 2 50":  "volume of 1 50 false",
		"vol bo 120%":     "volume of 1 120 false",
		"mute bo 2":       "volume of 1 70 true",
		"unmute bo":       "volume of 1 70 false",
		"volume 2 0":      "volume of 2 0 false",
		"volume bo 201":   "use it as: volume [NAME 0..200]",
		"volume bo -1":    "use it as: volume [NAME 0..200]",
		"volume bo 2":     "volume of 1 2 false",
		"volume bo":       "use it as: volume [NAME 0..200]",
		"volume 50":       "use it as: volume [NAME 0..200]",
		"mute":            "use it as: mute NAME",
		"volume cy 50":    "2 members are called \"cy\"",
		"mute ada":        "nobody here is called \"ada\"",
		"kick bo":         "remove 1",
		"kick":            "use it as: kick NAME",
		"kick dee":        "nobody here is called \"dee\"",
		"talk on":         "talk true",
		"talk":            "talk true",
		"talk off":        "talk false",
		"record":          "record",
		"volume Dee 100%": "nobody here is called \"Dee\"",
	} {
		d := &desk{state: s}
		err := command.Run(t.Context(), d, line)
		got := strings.Join(d.told, ", ")
		if err != nil {
			got += err.Error()
		}
		var usage *command.UsageError
		if errors.As(err, &usage) {
			got = usage.Why
		}
		if got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
	d := &desk{state: s}
	command.Louder(d, "1", 1)
	command.Louder(d, "2", -20)
	command.Louder(d, "3", 20)
	command.ToggleMute(d, "1")
	command.ToggleMute(d, "2")
	if got := strings.Join(d.told, ", "); got != "volume of 1 80 false, volume of 2 0 false, volume of 3 200 false, volume of 1 70 false, volume of 2 100 true" {
		t.Errorf("by keys: %s", got)
	}
}
