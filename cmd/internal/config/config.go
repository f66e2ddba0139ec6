// Package config turns the settings file, the environment and the flags into one
// plain struct. Nobody else reads a setting.
//
// The file can name devices and choose looks. It cannot open a camera or a
// microphone: that is said anew for each call.
package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/adrg/xdg"
	"github.com/pelletier/go-toml/v2"

	"paravent/media/codec"
	"paravent/media/frame"
)

// A Face is how the program shows a call.
type Face string

// The faces.
const (
	Auto     Face = ""
	Terminal Face = "terminal"
	Window   Face = "window"
	Line     Face = "line"
	JSON     Face = "json"
)

// The choices of encryption from end to end.
const (
	Offered  = "auto"
	Required = "required"
	Group    = "group" // required, with keys that the members agree on
)

// Join is what a person chose for a call, as typed.
type Join struct {
	Name       string `toml:"name"`
	Face       string `toml:"face"`
	Camera     string `toml:"camera"`     // in the file: the device to use when the camera is opened
	Microphone string `toml:"microphone"` // likewise
	Speaker    string `toml:"speaker"`
	Screen     string `toml:"screen"`
	Background string `toml:"background"`
	RoomGate   string `toml:"room_gate"`
	Codec      string `toml:"codec"`
	Away       string `toml:"away"`
	Talk       string `toml:"talk"`
	// Confidential says that nobody beside the person may hear the meeting.
	Confidential bool   `toml:"confidential"`
	Receipt      string `toml:"receipt"` // whether one is kept of each call
	// Encryption from end to end: auto, required, group or empty, which is required with a
	// passphrase and auto without.
	Encryption string `toml:"encryption"`
	// SignIn says where one signs in, by the server: [sign_in."meet.example"].
	SignIn map[string]SignIn `toml:"sign_in"`
	// Files is the folder for what others send; empty takes nothing.
	Files string `toml:"files"`

	Budget string `toml:"budget"` // UP/DOWN: bits a second on the wire

	For       time.Duration `toml:"-"`
	Stats     string        `toml:"-"`
	TokenFile string        `toml:"-"`
	// PassphraseFile holds the passphrase of an encrypted meeting.
	PassphraseFile string `toml:"-"`
	Remember       bool   `toml:"-"` // what was asked for, in the keyring
	Server         string `toml:"-"` // that the page of a link may lead to, beside its own
	Watch          string `toml:"-"`
}

// A SignIn is how one signs in at a server.
type SignIn struct {
	Issuer   string   `toml:"issuer"`    // the address of the identity provider
	ClientID string   `toml:"client_id"` // what it calls this program; else "paravent"
	Scopes   []string `toml:"scopes"`    // beside openid; else offline_access
	ACR      []string `toml:"acr"`       // how strong a login must be: one of these; else as the provider likes
}

// Defaults are the most private settings.
func Defaults() Join {
	return Join{Background: string(Blur), RoomGate: "near", Codec: string(codec.VP8), Away: "keep", Talk: "open", Watch: "shown", Receipt: "on"}
}

// A FileError says what is wrong with a settings file.
type FileError struct {
	Path string
	Why  string
}

func (e *FileError) Error() string { return e.Path + ": " + e.Why }

// Path is where the settings file is looked for.
func Path() string { return filepath.Join(xdg.ConfigHome, "paravent", "config.toml") }

// Load reads the settings file over the defaults. That there is none is no
// error.
func Load(path string) (Join, error) {
	p, err := Read(path)
	return p.Join, err
}

func explain(err error) string {
	var (
		strict *toml.StrictMissingError
		decode *toml.DecodeError
	)
	switch {
	case errors.As(err, &strict) && len(strict.Errors) > 0:
		e := strict.Errors[0]
		row, _ := e.Position()
		return fmt.Sprintf("line %d: there is no setting %q", row, strings.Join(e.Key(), "."))
	case errors.As(err, &decode):
		row, _ := decode.Position()
		return fmt.Sprintf("line %d: %v", row, decode)
	}
	return err.Error()
}

// A ChoiceError says that a setting has a value that it cannot have.
type ChoiceError struct {
	Setting, Value string
	Want           string // in words
}

func (e *ChoiceError) Error() string {
	return fmt.Sprintf("%s cannot be %q: it is one of %s", e.Setting, e.Value, e.Want)
}

// A Background is what becomes of the picture behind the person.
type Background struct {
	Kind   BackgroundKind
	Colour frame.Colour // of a Colour, and of what is sent in place of a picture held back
	Path   string       // of an Image
}

// A BackgroundKind is one of the ways to keep the room out of the picture.
type BackgroundKind string

// The ways.
const (
	Cover  BackgroundKind = "cover" // hides the whole picture, the person too
	Blur   BackgroundKind = "blur"
	Colour BackgroundKind = "color"
	Image  BackgroundKind = "image"
	Off    BackgroundKind = "off"
)

// grey is what is sent in place of a picture if no colour was chosen: a calm
// blue-grey.
func grey() frame.Colour { return frame.RGB(0x2e, 0x3a, 0x46) }

// ParseBackground reads "cover", "blur", "color:#RRGGBB", "image:PATH" or "off".
func ParseBackground(s string) (Background, error) {
	wrong := &ChoiceError{Setting: "--background", Value: s, Want: "cover, blur, color:#RRGGBB, image:PATH, off"}
	b := Background{Kind: BackgroundKind(s), Colour: grey()}
	if b.Kind == Cover || b.Kind == Blur || b.Kind == Off {
		return b, nil
	}
	if path, ok := strings.CutPrefix(s, "image:"); ok && path != "" {
		b.Kind, b.Path = Image, path
		return b, nil
	}
	hex, ok := strings.CutPrefix(s, "color:#")
	v, err := strconv.ParseUint(hex, 16, 32)
	if !ok || len(hex) != 6 || err != nil {
		return Background{}, wrong
	}
	b.Kind, b.Colour = Colour, frame.RGB(byte(v>>16), byte(v>>8), byte(v))
	return b, nil
}

// Push reports whether the microphone is closed except while the person talks.
func (j Join) Push() bool { return j.Talk == "push" }

// Choices checks the words that must be one of a few.
func (j Join) Choices() error {
	for _, c := range []struct{ setting, value, want string }{
		{"--face", j.Face, "terminal, window, line, json"},
		{"--room-gate", j.RoomGate, "near, strict, off"},
		{"--codec", j.Codec, "vp8, vp9, h264"},
		{"--away", j.Away, "keep, mute"},
		{"--talk", j.Talk, "open, push"},
		{"--watch", j.Watch, "shown, all"},
		{"--receipt", j.Receipt, "on, off"},
		{"--encryption", j.Encryption, "auto, required, group"},
	} {
		if c.value == "" {
			continue
		}
		ok := false
		for _, w := range strings.Split(c.want, ", ") {
			ok = ok || w == c.value
		}
		if !ok {
			return &ChoiceError{Setting: c.setting, Value: c.value, Want: c.want}
		}
	}
	if _, err := ParseBudget(j.Budget); err != nil {
		return err
	}
	_, err := ParseBackground(j.Background)
	return err
}
