// Package calibration keeps how a person sounds at each of their microphones: a
// few levels in dB, which tell how near and how loud somebody is, and not who.
// They are in one file that nobody else may read, and go when the person says so.
package calibration

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/adrg/xdg"
	"github.com/pelletier/go-toml/v2"
)

// A Reference is how a person sounds at a device and a place.
type Reference struct {
	Levels []float32 // of each band while they speak, in dB of full scale
	Cues   []float32 // what else tells near from far; may be empty
	Floor  float32   // of the room while nobody speaks, in dB of full scale
}

// An Entry is the Reference of one device.
type Entry struct {
	ID    string // of the device
	Label string // its name for people
	Made  time.Time
	Reference
}

// A List is what is kept, the newest first. Its methods change no list.
type List []Entry

// The bounds of a list.
const (
	mostDevices = 64
	mostNumbers = 256 // levels, or cues, of a device
	mostBytes   = 1 << 20
	mostDB      = 200
	mostCue     = 1000
)

// ErrNone is wrapped by the error of Without for a device that has no Entry.
var ErrNone = errors.New("there is no calibration")

// A FileError says what is wrong with the file.
type FileError struct {
	Path string
	Why  string
}

func (e *FileError) Error() string { return e.Path + ": " + e.Why }

// Find returns the reference of a device: by its ID, or else by its label if no
// other device has that.
func (l List) Find(id, label string) (Reference, bool) {
	if i := slices.IndexFunc(l, func(e Entry) bool { return e.ID == id }); i >= 0 {
		return l[i].Reference, true
	}
	if named := l.which(func(e Entry) bool { return e.Label == label }); len(named) == 1 && label != "" {
		return l[named[0]].Reference, true
	}
	return Reference{}, false
}

func (l List) which(is func(Entry) bool) []int {
	var all []int
	for i, e := range l {
		if is(e) {
			all = append(all, i)
		}
	}
	return all
}

// With returns a list with e in place of what it had for that device. Of too many
// devices the oldest is forgotten.
func (l List) With(e Entry) List {
	out := List{e}
	for _, old := range l {
		if old.ID != e.ID && len(out) < mostDevices {
			out = append(out, old)
		}
	}
	return out
}

// Without returns a list without a device: its ID, its label, or the beginning of
// the label of one device only.
func (l List) Without(device string) (List, error) {
	for _, is := range []func(Entry) bool{
		func(e Entry) bool { return e.ID == device },
		func(e Entry) bool { return e.Label == device },
		func(e Entry) bool { return device != "" && strings.HasPrefix(e.Label, device) },
	} {
		switch found := l.which(is); len(found) {
		case 0:
		case 1:
			return slices.Delete(slices.Clone(l), found[0], found[0]+1), nil
		default:
			return l, fmt.Errorf("%q is the name of %d calibrations: say which by its ID", device, len(found))
		}
	}
	return l, fmt.Errorf("%w of %q", ErrNone, device)
}

// Path is where the file is.
func Path() string { return filepath.Join(xdg.ConfigHome, "paravent", "calibration.toml") }

// file is the file as it is written.
type file struct {
	Device []device `toml:"device"`
}

type device struct {
	ID     string    `toml:"id"`
	Label  string    `toml:"label"`
	Made   time.Time `toml:"made"`
	Floor  float64   `toml:"floor"`
	Levels []float64 `toml:"levels"`
	Cues   []float64 `toml:"cues,omitempty"`
}

const heading = `# How you sound at each microphone, in dB: how near and how loud, not who.
# "paravent calibrate" writes it, and "paravent calibrate --delete all" removes it.

`

// Load reads the file. That there is none is no error; one that is damaged, or was
// written by somebody else, is a *FileError.
func Load(path string) (List, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	l, why := parse(b)
	if why != "" {
		return nil, &FileError{Path: path, Why: why}
	}
	return l, nil
}

// parse reads the file's content, or says what is wrong with it.
func parse(b []byte) (l List, why string) {
	if len(b) > mostBytes {
		return nil, "it is too long"
	}
	var f file
	d := toml.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		var at *toml.DecodeError
		if errors.As(err, &at) {
			row, _ := at.Position()
			return nil, fmt.Sprintf("line %d: %s", row, strings.TrimPrefix(at.Error(), "toml: "))
		}
		return nil, "it is no list of calibrations"
	}
	if len(f.Device) > mostDevices {
		return nil, fmt.Sprintf("it has %d devices", len(f.Device))
	}
	for i, one := range f.Device {
		e := Entry{ID: one.ID, Label: one.Label, Made: one.Made}
		var ok [3]bool
		var floor []float32
		e.Levels, ok[0] = narrowed(one.Levels, mostDB)
		e.Cues, ok[1] = narrowed(one.Cues, mostCue)
		floor, ok[2] = narrowed([]float64{one.Floor}, mostDB)
		if e.ID == "" || len(e.Levels) == 0 || ok != [3]bool{true, true, true} {
			return nil, fmt.Sprintf("device %d is damaged", i+1)
		}
		e.Floor = floor[0]
		l = append(l, e)
	}
	return l, ""
}

// narrowed returns v as float32, if it is not too long and nothing in it is
// further from 0 than most.
func narrowed(v []float64, most float64) ([]float32, bool) {
	var out []float32
	for _, x := range v {
		if !(math.Abs(x) <= most) {
			return nil, false
		}
		out = append(out, float32(x))
	}
	return out, len(v) <= mostNumbers
}

// Save replaces the file, whole or not at all. An empty list removes it.
func Save(path string, l List) error {
	if len(l) == 0 {
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	var f file
	for _, e := range l {
		f.Device = append(f.Device, device{
			ID: e.ID, Label: e.Label, Made: e.Made.UTC().Truncate(time.Second), Floor: tenths(e.Floor),
			Levels: widened(e.Levels), Cues: widened(e.Cues),
		})
	}
	b, err := toml.Marshal(f)
	if err != nil {
		return err
	}
	if _, why := parse(b); why != "" {
		return &FileError{Path: path, Why: "what was measured cannot be kept: " + why}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return replace(path, append([]byte(heading), b...))
}

func replace(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".calibration-*") // which only the person may read
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

func tenths(v float32) float64 { return math.Round(float64(v)*10) / 10 }

// widened rounds to thousandths, which is more than was measured.
func widened(v []float32) []float64 {
	var out []float64
	for _, x := range v {
		out = append(out, math.Round(float64(x)*1000)/1000)
	}
	return out
}
