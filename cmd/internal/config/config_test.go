package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"paravent/cmd/internal/config"
	"paravent/media/frame"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadWithoutAFileGivesTheDefaults(t *testing.T) {
	j, err := config.Load(filepath.Join(t.TempDir(), "none.toml"))
	if err != nil || !cmp.Equal(j, config.Defaults()) {
		t.Errorf("Load = %+v, %v", j, err)
	}
}

func TestLoadNamesTheLineOfAMistake(t *testing.T) {
	for text, want := range map[string]string{
		"name = \"Ada\"\nbakground = \"blur\"\n": `line 2: there is no setting "bakground"`,
		"name = \n":                              "line 1",
	} {
		_, err := config.Load(write(t, text))
		var file *config.FileError
		if !errors.As(err, &file) || !strings.Contains(file.Why, want) {
			t.Errorf("%q: error = %v, want %q in it", text, err, want)
		}
	}
}

func TestTheFileCannotWidenWhatItDoesNotName(t *testing.T) {
	j, err := config.Load(write(t, "name = \"Ada\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if j.Name != "Ada" || j.Background != "blur" || j.RoomGate != "near" {
		t.Errorf("Load = %+v", j)
	}
}

func TestChoicesRefusesWhatIsNotOneOfThem(t *testing.T) {
	if err := config.Defaults().Choices(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	for _, change := range []func(*config.Join){
		func(j *config.Join) { j.Face = "hologram" },
		func(j *config.Join) { j.RoomGate = "open" },
		func(j *config.Join) { j.Codec = "av1" },
		func(j *config.Join) { j.Away = "leave" },
		func(j *config.Join) { j.Talk = "always" },
		func(j *config.Join) { j.Background = "color:#12345" },
		func(j *config.Join) { j.Background = "" },
		func(j *config.Join) { j.Background = "image:" },
		func(j *config.Join) { j.Background = "color:#+12345" },
	} {
		j := config.Defaults()
		change(&j)
		var choice *config.ChoiceError
		if err := j.Choices(); !errors.As(err, &choice) {
			t.Errorf("%+v: error = %v, want a ChoiceError", j, err)
		}
	}
}

func TestParseBackgroundReadsAColour(t *testing.T) {
	b, err := config.ParseBackground("color:#ffffff")
	if err != nil || b.Kind != config.Colour || b.Colour != (frame.Colour{Y: 235, Cb: 128, Cr: 128}) {
		t.Errorf("ParseBackground = %+v, %v", b, err)
	}
}
