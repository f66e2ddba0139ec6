package config

import (
	"bytes"
	"errors"
	"io/fs"
	"os"

	"github.com/pelletier/go-toml/v2"

	"paravent/privacy/policy"
	"paravent/privacy/policy/written"
)

// A Person is all that somebody's settings file says.
type Person struct {
	Join  Join         // over the defaults
	Rules policy.Layer // the section [rules], and what the settings choose that a rule is about
}

// Read reads the settings file. That there is none is no error.
func Read(path string) (Person, error) {
	none := Person{Join: Defaults(), Rules: policy.Layer{Origin: policy.File}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	content := struct {
		Join
		Rules map[string]any `toml:"rules"`
	}{Join: Defaults()}
	d := toml.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&content); err != nil {
		return none, &FileError{Path: path, Why: explain(err)}
	}
	rules, err := written.Person(path, text)
	var broken *written.BrokenError
	if errors.As(err, &broken) {
		return none, &FileError{Path: path, Why: broken.Problems[0].Where()}
	}
	if err != nil {
		return none, err
	}
	named := make(map[string]any)
	if err := toml.Unmarshal(text, &named); err != nil {
		return none, err
	}
	has := func(setting string) bool {
		_, ok := named[setting]
		// A device that is named is not opened by that.
		return ok && (setting == "background" || setting == "room_gate")
	}
	rules.Said = append(rules.Said, content.Says(has, policy.Place{Path: path}).Said...)
	return Person{Join: content.Join, Rules: rules}, nil
}

// off is a device that is not opened.
const off = "off"

// Says are the rules that are chosen by settings, of those that has reports as said
// by the person. Its names are those of the file.
func (j Join) Says(has func(setting string) bool, at policy.Place) policy.Layer {
	l := policy.Layer{Origin: policy.Flag}
	say := func(key string, value any) {
		l.Said = append(l.Said, policy.Said{Key: key, Value: value, At: at})
	}
	// The cover hides more than any image.
	if has("background") && j.Background != string(Cover) {
		say("background_image", "")
		if j.Background == string(Off) {
			say("background_always", false)
		}
	}
	if has("room_gate") && j.RoomGate == "off" {
		say("room_gate_always", false)
	}
	if has("encryption") && j.Encryption == Offered {
		say("end_to_end_always", false)
	}
	if has("receipt") && j.Receipt == off {
		say("receipts_always", false)
	}
	if has("camera") && j.Camera != off {
		say("no_camera", false)
	}
	if has("microphone") && j.Microphone != off {
		say("no_microphone", false)
	}
	if has("screen") && j.Screen != "" {
		say("no_screen", false)
	}
	return l
}

// Setting is the setting that speaks about a rule; empty if there is none.
func Setting(rule string) string {
	return map[string]string{
		"background_image": "background", "background_always": "background", "room_gate_always": "room_gate",
		"no_camera": "camera", "no_microphone": "microphone", "no_screen": "screen",
		"receipts_always": "receipt", "end_to_end_always": "encryption",
	}[rule]
}
