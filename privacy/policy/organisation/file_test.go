//go:build unix && !darwin

package organisation_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"paravent/privacy/policy"
	"paravent/privacy/policy/organisation"
	"paravent/privacy/policy/written"
)

const rule = "[mandatory]\nno_camera = true\n"

// folder is one like that of the organisation's file, with the file if it has text.
func folder(t *testing.T, text string) organisation.File {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "paravent")
	must(t, os.Mkdir(dir, 0o755))
	f := organisation.File{Path: filepath.Join(dir, "policy.toml"), Owner: os.Getuid()}
	if text != "" {
		must(t, os.WriteFile(f.Path, []byte(text), 0o644))
	}
	return f
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFileThatIsAsItShouldBeIsRead(t *testing.T) {
	layers, err := folder(t, rule).Read()
	if err != nil || !policy.Resolve(layers...).Policy.NoCamera {
		t.Errorf("%v, %v", layers, err)
	}
}

func TestWithoutAFileOrItsFolderThereIsNoPolicy(t *testing.T) {
	f := folder(t, "")
	if layers, err := f.Read(); err != nil || layers != nil {
		t.Errorf("%v, %v", layers, err)
	}
	must(t, os.Remove(filepath.Dir(f.Path)))
	if layers, err := f.Read(); err != nil || layers != nil {
		t.Errorf("%v, %v", layers, err)
	}
}

func TestAFileThatSomebodyElseCouldHaveWrittenIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(f *organisation.File) error
		want  string
	}{
		"all may write":        {func(f *organisation.File) error { return os.Chmod(f.Path, 0o646) }, "others than its owner may write"},
		"a group may write":    {func(f *organisation.File) error { return os.Chmod(f.Path, 0o664) }, "others than its owner may write"},
		"all may put it there": {func(f *organisation.File) error { return os.Chmod(filepath.Dir(f.Path), 0o777) }, "others than its owner may write"},
		"another owner":        {func(f *organisation.File) error { f.Owner++; return nil }, "belongs to user"},
		"a link": {func(f *organisation.File) error {
			return errors.Join(os.Rename(f.Path, f.Path+".there"), os.Symlink(f.Path+".there", f.Path))
		}, "is a symbolic link"},
		"a link to nothing": {func(f *organisation.File) error {
			return errors.Join(os.Remove(f.Path), os.Symlink("/nonexistent/policy.toml", f.Path))
		}, "is a symbolic link"},
		"a folder that is a link": {func(f *organisation.File) error {
			dir := filepath.Dir(f.Path)
			return errors.Join(os.Rename(dir, dir+".there"), os.Symlink(dir+".there", dir))
		}, "is a symbolic link"},
		"a folder that is a file": {func(f *organisation.File) error {
			dir := filepath.Dir(f.Path)
			return errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o644))
		}, "or no folder"},
		"a folder": {func(f *organisation.File) error { return errors.Join(os.Remove(f.Path), os.Mkdir(f.Path, 0o755)) }, "is no file, but something else (a folder)"},
		"a pipe":   {func(f *organisation.File) error { return errors.Join(os.Remove(f.Path), unix.Mkfifo(f.Path, 0o644)) }, "is no file, but something else (a pipe)"},
		"too large": {func(f *organisation.File) error {
			return os.WriteFile(f.Path, []byte(rule+strings.Repeat("# x\n", organisation.MostBytes/4)), 0o644)
		}, "is larger than 256 kB"},
		"no text": {func(f *organisation.File) error { return os.WriteFile(f.Path, []byte("\x00\x01"), 0o644) }, "line 1, column 1: "},
	} {
		f := folder(t, rule)
		must(t, c.spoil(&f))
		layers, err := f.Read()
		var broken *written.BrokenError
		if !errors.As(err, &broken) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), filepath.Dir(f.Path)) {
			t.Errorf("%s: %v, %v", name, layers, err)
		}
	}
}

func TestAFileThatCannotBeReadIsRefused(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	for _, file := range []bool{true, false} {
		f := folder(t, rule)
		if file {
			must(t, os.Chmod(f.Path, 0))
		} else {
			must(t, os.Chmod(filepath.Dir(f.Path), 0))
		}
		if layers, err := f.Read(); err == nil || !strings.Contains(err.Error(), "may not read it") {
			t.Errorf("%v, %v", layers, err)
		}
		must(t, os.Chmod(filepath.Dir(f.Path), 0o755))
	}
}

func TestTheSystemsFileIsTheAdministrators(t *testing.T) {
	t.Setenv("XDG_CONFIG_DIRS", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	f, ok := organisation.System().(organisation.File)
	if !ok || f.Owner != 0 || !strings.HasPrefix(f.Path, "/etc/") {
		t.Errorf("%+v", f)
	}
}
