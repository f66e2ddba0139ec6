// Package command is the one table of what a person can tell the program
// during a call. The terminal's ":" line and keys, the line face's input and
// the window's menus are made of it.
package command

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"paravent/media/call"
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
	// SendFile sends a file to everybody: a JPEG without what its camera wrote into
	// it, unless it is to go exactly as it is. It only begins that.
	SendFile(ctx context.Context, path string, exact bool) error
	// TellFiles lists what was received.
	TellFiles()
	// ShowHeld shows the others for a while what the person holds before the
	// camera.
	ShowHeld(ctx context.Context) error
	// Talk opens the microphone while on, with push to talk. It must not block,
	// and of several calls the last one holds.
	Talk(on bool) error
	// Record records what the others would hear, and plays it. It only begins
	// that.
	Record(ctx context.Context) error
	// SetVolume says how loud a member is heard here, and by nobody else.
	SetVolume(id sfu.MemberID, v call.Volume)
	// TellVolumes lists how loud the members are heard.
	TellVolumes()
	// Remove sends a member out of the room, and Lock lets nobody else in, or
	// people in again: where the server lets this person.
	Remove(ctx context.Context, id sfu.MemberID) error
	Lock(ctx context.Context, on bool) error
	// TellWords tells the safety words of a call whose members agree on keys, in a
	// language such as "de", or in the person's own. Verified is their word that
	// all who are here have the same.
	TellWords(language string) error
	Verified() error
	State() call.State
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
		{Name: "talk", Key: "space", Args: "[on|off]", Short: "with --talk push: be heard while you hold the key", Run: runTalk},
		{Name: "camera", Aliases: []string{"cam", "c"}, Key: "c", Args: "[on|off]", Short: "open or close the camera", Run: toggle(Desk.SetCamera, sfu.Camera)},
		{Name: "screen", Aliases: []string{"share"}, Key: "s", Args: "[on [NAME]|off]", Short: "share a window or the screen, or stop", Run: runScreen},
		{Name: "hand", Key: "h", Args: "[up|down]", Short: "raise or lower your hand", Run: runHand},
		{Name: "say", Args: "TEXT", Short: "send a chat message", Run: runSay},
		{Name: "send", Args: "[exact] FILE", Short: "send a file; of a JPEG not where and when it was taken, unless exact", Run: runSend},
		{Name: "files", Short: "list the files that were received", Run: runFiles},
		{Name: "show", Key: "o", Short: "show for 10 seconds what you hold up", Run: runShow},
		{Name: "volume", Aliases: []string{"vol"}, Args: "[NAME 0..200]", Short: "how loud you hear somebody, in percent; alone: list", Run: runVolume},
		{Name: "mute", Args: "NAME", Short: "do not hear somebody; the others still do", Run: runMute(true)},
		{Name: "unmute", Args: "NAME", Short: "hear somebody again as loud as before", Run: runMute(false)},
		{Name: "kick", Args: "NAME", Short: "send somebody out of the room", Run: runKick},
		{Name: "lock", Args: "[on|off]", Short: "let nobody else into the room, or people in again", Run: runLock},
		{Name: "words", Key: "w", Args: "[de|en]", Short: "encrypted as a group: show the words to compare by ear", Run: runWords},
		{Name: "verified", Key: "V", Short: "encrypted as a group: say that all here have read the same words", Run: runVerified},
		{Name: "record", Key: "r", Short: "rehearsal: record 10 seconds as the others would hear you, and play them", Run: runRecord},
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

// runSend takes all that is left for the name: names have spaces.
func runSend(ctx context.Context, d Desk, args []string) error {
	exact := len(args) > 1 && args[0] == "exact"
	if exact {
		args = args[1:]
	}
	if len(args) == 0 {
		return &UsageError{}
	}
	return d.SendFile(ctx, strings.Join(args, " "), exact)
}

func runFiles(_ context.Context, d Desk, _ []string) error {
	d.TellFiles()
	return nil
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

func runTalk(_ context.Context, d Desk, args []string) error {
	on, err := onOff(args, "on", "off", !d.On(sfu.Microphone))
	if err != nil {
		return err
	}
	return d.Talk(on)
}

func runRecord(ctx context.Context, d Desk, _ []string) error { return d.Record(ctx) }

func runWords(_ context.Context, d Desk, args []string) error {
	if len(args) > 1 || len(args) == 1 && args[0] != "de" && args[0] != "en" {
		return &UsageError{}
	}
	return d.TellWords(strings.Join(args, ""))
}

func runVerified(_ context.Context, d Desk, _ []string) error { return d.Verified() }

// runVolume reads the percentage from the last word: names have spaces.
func runVolume(_ context.Context, d Desk, args []string) error {
	if len(args) == 0 {
		d.TellVolumes()
		return nil
	}
	last := len(args) - 1
	percent, err := strconv.Atoi(strings.TrimSuffix(args[last], "%"))
	if err != nil || last == 0 || percent < 0 || percent > call.MostPercent {
		return &UsageError{}
	}
	id, err := d.State().Find(strings.Join(args[:last], " "))
	if err != nil {
		return err
	}
	d.SetVolume(id, call.Volume{Percent: percent})
	return nil
}

func runMute(on bool) func(context.Context, Desk, []string) error {
	return func(_ context.Context, d Desk, args []string) error {
		if len(args) == 0 {
			return &UsageError{}
		}
		s := d.State()
		id, err := s.Find(strings.Join(args, " "))
		if err != nil {
			return err
		}
		v := s.Volume(id)
		v.Muted = on
		d.SetVolume(id, v)
		return nil
	}
}

func runKick(ctx context.Context, d Desk, args []string) error {
	if len(args) == 0 {
		return &UsageError{}
	}
	id, err := d.State().Find(strings.Join(args, " "))
	if err != nil {
		return err
	}
	return d.Remove(ctx, id)
}

func runLock(ctx context.Context, d Desk, args []string) error {
	on, err := onOff(args, "on", "off", true)
	if err != nil {
		return err
	}
	return d.Lock(ctx, on)
}

// VolumeStep is what one press of a key changes a volume by, in percent.
const VolumeStep = 10

// Louder changes how loud a member is heard by so many steps. Who was not heard is
// heard again.
func Louder(d Desk, id sfu.MemberID, steps int) {
	v := d.State().Volume(id)
	d.SetVolume(id, call.Volume{Percent: max(0, min(v.Percent+steps*VolumeStep, call.MostPercent))})
}

// ToggleMute stops hearing a member, or hears them again.
func ToggleMute(d Desk, id sfu.MemberID) {
	v := d.State().Volume(id)
	v.Muted = !v.Muted
	d.SetVolume(id, v)
}
