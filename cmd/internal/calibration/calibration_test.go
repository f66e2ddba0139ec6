package calibration_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"paravent/cmd/internal/calibration"
)

func entry(id, label string) calibration.Entry {
	return calibration.Entry{
		ID: id, Label: label, Made: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC),
		Reference: calibration.Reference{Levels: []float32{-40.5, -32, -50.125}, Cues: []float32{.25, -1}, Floor: -62.5},
	}
}

func TestWhatIsSavedIsLoaded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "calibration.toml")
	if l, err := calibration.Load(path); err != nil || len(l) != 0 {
		t.Fatal(l, err)
	}
	want := calibration.List{entry("a", "Headset \x1b[2J \"x\""), entry("b", "Mikrofon ä")}
	want[1].Cues = nil
	if err := calibration.Save(path, want); err != nil {
		t.Fatal(err)
	}
	got, err := calibration.Load(path)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if s, err := os.Stat(path); err != nil || s.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", s.Mode(), err)
	}
	if s, err := os.Stat(filepath.Dir(path)); err != nil || s.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", s.Mode(), err)
	}
	if err := errors.Join(calibration.Save(path, nil), calibration.Save(path, nil)); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestADeviceIsFoundByItsIDAndElseByItsLabel(t *testing.T) {
	other := entry("b", "Twin")
	other.Floor = -50
	l := calibration.List{entry("a", "Headset"), other, entry("c", "Twin")}
	for _, c := range []struct {
		id, label string
		floor     float32
	}{{"b", "Headset", -50}, {"gone", "Headset", -62.5}, {"gone", "Twin", 0}, {"gone", "", 0}, {"gone", "gone", 0}} {
		r, ok := l.Find(c.id, c.label)
		if r.Floor != c.floor || ok != (c.floor != 0) {
			t.Errorf("%q, %q: %v, %v", c.id, c.label, r, ok)
		}
	}
}

func TestTheNewestReplacesAndTheOldestIsForgotten(t *testing.T) {
	var l calibration.List
	for i := range 70 {
		l = l.With(entry(fmt.Sprint(i), ""))
	}
	l = l.With(entry("30", "again"))
	if len(l) != 64 || l[0].ID != "30" || l[0].Label != "again" || l[1].ID != "69" || l[63].ID != "6" {
		t.Error(len(l), l[0], l[1], l[63])
	}
}

func TestADeviceIsRemovedByItsIDItsLabelOrTheBeginningOfOne(t *testing.T) {
	l := calibration.List{entry("a", "Headset"), entry("b", "Twin 1"), entry("c", "Twin 2"), entry("Headset", "Other")}
	for device, left := range map[string]string{"a": "b c Headset", "Headset": "a b c", "Twin 1": "a c Headset", "Oth": "a b c"} {
		got, err := l.Without(device)
		var ids []string
		for _, e := range got {
			ids = append(ids, e.ID)
		}
		if err != nil || strings.Join(ids, " ") != left {
			t.Errorf("%s: %v, %v", device, ids, err)
		}
	}
	for _, device := range []string{"", "none"} {
		if got, err := l.Without(device); !errors.Is(err, calibration.ErrNone) || len(got) != 4 {
			t.Errorf("%q: %v", device, err)
		}
	}
	if _, err := l.Without("Twin"); err == nil || !strings.Contains(err.Error(), "2 calibrations") {
		t.Error(err)
	}
}

func TestADamagedFileIsSaidInWordsAndStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "calibration.toml")
	for text, says := range map[string]string{
		"\x00\x01":                             "line 1",
		"[[device]]\nid = \"a\"\nlevels = [x]": "line 3",
		"[[device]]\nid = \"a\"\nvoice = 1":    "line 3: unknown field",
		"[[device]]\nid = \"a\"":               "device 1 is damaged",
		"[[device]]\nlevels = [1.0]":           "device 1 is damaged",
		"[[device]]\nid = \"a\"\nlevels = [1.0]\n[[device]]\nid = \"b\"\nlevels = [nan]": "device 2 is damaged",
		"[[device]]\nid = \"a\"\nlevels = [inf]":                                         "device 1 is damaged",
		"[[device]]\nid = \"a\"\nlevels = [1e300]":                                       "device 1 is damaged",
		"[[device]]\nid = \"a\"\nfloor = -201.0\nlevels = [1.0]":                         "device 1 is damaged",
		"[[device]]\nid = \"a\"\nlevels = [" + strings.Repeat("1.0,", 300) + "]":         "device 1 is damaged",
		strings.Repeat("[[device]]\nid = \"a\"\nlevels = [1.0]\n", 65):                   "65 devices",
		strings.Repeat("# a long comment\n", 1<<17):                                      "too long",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := calibration.Load(path)
		var bad *calibration.FileError
		if !errors.As(err, &bad) || bad.Path != path || !strings.Contains(err.Error(), says) || l != nil {
			t.Errorf("%.60q: %v, %v", text, l, err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != text {
			t.Errorf("%.60q was changed", text)
		}
	}
}

func TestWhatIsNoNumberIsNotKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "calibration.toml")
	good := calibration.List{entry("a", "Headset")}
	if err := calibration.Save(path, good); err != nil {
		t.Fatal(err)
	}
	bad := entry("b", "Broken")
	bad.Levels[1] = float32(math.NaN())
	if err := calibration.Save(path, good.With(bad)); err == nil {
		t.Error("it was kept")
	}
	if l, err := calibration.Load(path); err != nil || len(l) != 1 {
		t.Error("what was there is gone", l, err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte("[[device]]\nid = \"a\"\nlabel = \"b\"\nmade = 2026-11-25T12:00:00Z\nfloor = -60.5\nlevels = [-1.0, 2]\ncues = [1]\n"))
	f.Add([]byte("[[device]]\nid = \"a\"\nlevels = [nan]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "calibration.toml")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := calibration.Load(path)
		if err != nil {
			return
		}
		if err := calibration.Save(path, l); err != nil {
			t.Fatal(err)
		}
		again, err := calibration.Load(path)
		if err != nil || len(again) != len(l) {
			t.Fatal(again, err)
		}
	})
}
