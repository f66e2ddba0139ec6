// Package command is the one table of what a person can tell the program
// during a call. The terminal's ":" line and keys, the line face's input and
// the window's menus are made of it.
package command

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"paravent/media/sfu"
)

// A Desk is what verbs act on: the call. Every method may take as long as a
// device or a server takes, so faces call verbs off their drawing goroutine.
type Desk interface {
	SetCamera(ctx context.Context, on bool) error
	SetMicrophone(ctx context.Context, on bool) error
	// SetScreen shares the screen or window of the given name, "" for the one
	// that was chosen at the start, or stops sharing.
	SetScreen(ctx context.Context, on bool, name string) error
	SetHand(ctx context.Context, up bool) error
	Say(ctx context.Context, text string) error
	// ShowHeld shows the others for a while what the person holds before the
	// camera.
	ShowHeld(ctx context.Context) error
	// Answer answers the open question.
	Answer(yes bool)
	// Panic stops everything that leaves this machine, at once.
	Panic()
	Leave(ctx context.Context) error
	// On reports whether the source is being sent, or is about to be.
	On(src sfu.Source) bool
	HandUp() bool
}

// A Verb is one thing to do.
type Verb struct {
	Name    string
	Aliases []string
	Key     string // in the terminal and the window; empty if none
	Args    string // as shown in help, such as "TEXT"
	Short   string // what it does, in words
	Run     func(ctx context.Context, d Desk, args []string) error
}

// A UsageError is a line that is no command.
type UsageError struct {
	Line string // as typed
	Why  string
}

func (e *UsageError) Error() string { return fmt.Sprintf("%s: %s", e.Line, e.Why) }

// Verbs returns the table.
func Verbs() []Verb {
	return []Verb{
		{Name: "mic", Aliases: []string{"microphone", "m"}, Key: "m", Args: "[on|off]", Short: "open or close the microphone", Run: toggle(Desk.SetMicrophone, sfu.Microphone)},
		{Name: "camera", Aliases: []string{"cam", "c"}, Key: "c", Args: "[on|off]", Short: "open or close the camera", Run: toggle(Desk.SetCamera, sfu.Camera)},
		{Name: "screen", Aliases: []string{"share"}, Key: "s", Args: "[on [NAME]|off]", Short: "share a window or the screen, or stop", Run: runScreen},
		{Name: "hand", Key: "h", Args: "[up|down]", Short: "raise or lower your hand", Run: runHand},
		{Name: "say", Args: "TEXT", Short: "send a chat message", Run: runSay},
		{Name: "show", Key: "o", Short: "show for 10 seconds what you hold up", Run: runShow},
		{Name: "yes", Key: "y", Short: "answer the open question with yes", Run: answer(true)},
		{Name: "no", Key: "n", Short: "answer the open question with no", Run: answer(false)},
		{Name: "panic", Key: "!", Short: "stop camera, microphone and screen at once", Run: runPanic},
		{Name: "leave", Aliases: []string{"quit", "q"}, Key: "q", Short: "leave the call", Run: runLeave},
	}
}

// Find returns the verb of a name or an alias.
func Find(name string) (Verb, bool) {
	for _, v := range Verbs() {
		if v.Name == name {
			return v, true
		}
		for _, a := range v.Aliases {
			if a == name {
				return v, true
			}
		}
	}
	return Verb{}, false
}

// Run carries out a line such as "say hello"; a leading colon is allowed. What
// is no command is a *UsageError.
func Run(ctx context.Context, d Desk, line string) error {
	words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), ":"))
	if len(words) == 0 {
		return nil
	}
	v, ok := Find(words[0])
	if !ok {
		return &UsageError{Line: words[0], Why: "there is no such command"}
	}
	err := v.Run(ctx, d, words[1:])
	var usage *UsageError
	if errors.As(err, &usage) && v.Args != "" {
		return &UsageError{Line: words[0], Why: "use it as: " + v.Name + " " + v.Args}
	}
	return err
}

func toggle(set func(Desk, context.Context, bool) error, src sfu.Source) func(context.Context, Desk, []string) error {
	return func(ctx context.Context, d Desk, args []string) error {
		on, err := onOff(args, "on", "off", !d.On(src))
		if err != nil {
			return err
		}
		return set(d, ctx, on)
	}
}

// onOff reads the one argument that a switch takes, or none.
func onOff(args []string, yes, no string, otherwise bool) (bool, error) {
	switch {
	case len(args) == 0:
		return otherwise, nil
	case len(args) == 1 && args[0] == yes:
		return true, nil
	case len(args) == 1 && args[0] == no:
		return false, nil
	}
	return false, &UsageError{}
}

func runScreen(ctx context.Context, d Desk, args []string) error {
	if len(args) > 1 && args[0] == "on" {
		return d.SetScreen(ctx, true, strings.Join(args[1:], " "))
	}
	on, err := onOff(args, "on", "off", !d.On(sfu.Screen))
	if err != nil {
		return err
	}
	return d.SetScreen(ctx, on, "")
}

func runHand(ctx context.Context, d Desk, args []string) error {
	up, err := onOff(args, "up", "down", !d.HandUp())
	if err != nil {
		return err
	}
	return d.SetHand(ctx, up)
}

func runSay(ctx context.Context, d Desk, args []string) error {
	if len(args) == 0 {
		return &UsageError{}
	}
	return d.Say(ctx, strings.Join(args, " "))
}

func runShow(ctx context.Context, d Desk, _ []string) error { return d.ShowHeld(ctx) }

func answer(yes bool) func(context.Context, Desk, []string) error {
	return func(_ context.Context, d Desk, _ []string) error {
		d.Answer(yes)
		return nil
	}
}

func runPanic(_ context.Context, d Desk, _ []string) error {
	d.Panic()
	return nil
}

func runLeave(ctx context.Context, d Desk, _ []string) error { return d.Leave(ctx) }
