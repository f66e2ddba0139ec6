package say

import (
	"errors"
	"fmt"
)

// The reasons why there is no window. They live here, so that Of knows them
// and a build without the window does too.
var (
	// ErrNoWindow says that the program was built without its window.
	ErrNoWindow = errors.New("this build has no window")
	// ErrNoDisplay says that there is no screen to open a window on.
	ErrNoDisplay = errors.New("there is no display to open a window on")
)

// noFace returns the words for an error of opening a window.
func noFace(err error) (Problem, bool) {
	switch {
	case errors.Is(err, ErrNoWindow):
		return Problem{"no-window", ErrNoWindow.Error(), "use --face terminal, or install a build with the window"}, true
	case errors.Is(err, ErrNoDisplay):
		return Problem{"no-display", ErrNoDisplay.Error(), "use --face terminal, or start the program inside a desktop"}, true
	}
	return Problem{}, false
}

// Window holds the words that only the window needs.
type Window struct {
	Program             string
	MenuCall, MenuHelp  string
	Chat, WriteHere     string
	WritePlain          string // in place of WriteHere, where the operator can read it
	NoChat              string
	NoPictures, Waiting string
	HelpTitle, HelpKey  string
	HelpWrite, HelpPage string
	Close, Leaving      string
	On, Off             string
	Volumes, Alone      string
	Mute, Unmute        string
	CallOver            string
}

// EnglishWindow returns the English words of the window.
func EnglishWindow() Window {
	return Window{
		Program:  "Paravent",
		MenuCall: "Call", MenuHelp: "Help",
		Chat: "chat", WriteHere: "write to all, or :command",
		WritePlain: "write to all (the operator can read it), or :command",
		NoChat:     "this server has no chat",
		NoPictures: "nobody shows a picture", Waiting: "no picture yet",
		HelpTitle: "what you can do", HelpKey: "show or close this help",
		HelpWrite: "go from the message back to the keys",
		HelpPage:  "show more pictures, if there are more than fit",
		Close:     "close", Leaving: "leaving the call …",
		On: "ON", Off: "off",
		Volumes: "how loud you hear the others", Alone: "nobody else is here",
		Mute: "do not hear", Unmute: "hear again",
		CallOver: "the call is over",
	}
}

// Members heads the roster.
func (Window) Members(n int) string { return fmt.Sprintf("in the call: %d", n) }

// More says how many members the roster leaves out.
func (Window) More(n int) string { return fmt.Sprintf("and %d more", n) }

// Pages says which of the pictures are shown.
func (Window) Pages(first, last, all int) string {
	return fmt.Sprintf("%d to %d of %d, Page Down", first, last, all)
}

// Title is the window's title. It never holds a link.
func (w Window) Title(room string) string {
	if room == "" {
		return w.Program
	}
	return room + " – " + w.Program
}
