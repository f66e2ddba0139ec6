package config_test

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"paravent/cmd/internal/config"
	"paravent/privacy/policy"
)

func keys(l policy.Layer) (names []string) {
	for _, s := range l.Said {
		names = append(names, s.Key)
	}
	return names
}

func TestTheFileSaysRulesByItsSectionAndByItsSettings(t *testing.T) {
	for text, want := range map[string][]string{
		"": nil,
		"name = \"Ada\"\ncamera = \"any\"\nscreen = \"any\"\nmicrophone = \"any\"\n": nil, // which opens nothing
		"background = \"blur\"\n":                                   {"background_image"},
		"background = \"cover\"\n":                                  nil,
		"background = \"off\"\n":                                    {"background_image", "background_always"},
		"room_gate = \"off\"\n":                                     {"room_gate_always"},
		"room_gate = \"strict\"\n":                                  nil,
		"background = \"off\"\n[rules]\nbackground_always = true\n": {"background_always", "background_image", "background_always"},
	} {
		p, err := config.Read(write(t, text))
		if err != nil || p.Rules.Origin != policy.File || !slices.Equal(keys(p.Rules), want) {
			t.Errorf("%q: %+v, %v", text, p.Rules, err)
		}
	}
	if p, err := config.Read(filepath.Join(t.TempDir(), "none")); err != nil || p.Rules.Origin != policy.File || !reflect.DeepEqual(p.Join, config.Defaults()) {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestAMistakeInARuleIsOneOfTheFile(t *testing.T) {
	for text, want := range map[string]string{
		"[rules]\nno_camra = true\n":              `line 2, column 1: there is no rule "no_camra"`,
		"[rules]\nnotice = \"x\"\n":               "line 2, column 1: notice is for the organisation to set",
		"[rules]\nask_before_recording = false\n": "cannot be false",
	} {
		if _, err := config.Load(write(t, text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAFlagSaysARuleOnlyIfItWasTyped(t *testing.T) {
	j := config.Join{Background: "off", RoomGate: "off", Camera: "any", Microphone: "any", Screen: "any"}
	if l := j.Says(func(string) bool { return false }, policy.Place{}); l.Said != nil {
		t.Errorf("%+v", l)
	}
	l := j.Says(func(string) bool { return true }, policy.Place{})
	for _, key := range keys(l) {
		if _, known := policy.Find(key); !known || config.Setting(key) == "" {
			t.Errorf("%s is no rule, or of no setting", key)
		}
	}
	if len(l.Said) != 6 || l.Origin != policy.Flag {
		t.Errorf("%+v", l)
	}
}
