//go:build unix

package organisation

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"paravent/privacy/policy"
	"paravent/privacy/policy/written"
)

// A File is a source that is a file in a folder of its own. Both must belong to
// Owner, nobody else may be able to write to them, and neither is a symbolic link.
type File struct {
	Path  string
	Owner int // a user's number
}

func (f File) String() string { return f.Path }

// Read reads the file.
func (f File) Read() ([]policy.Layer, error) {
	text, err := f.text()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return written.Organisation(f.Path, text)
}

// text opens the folder and then the file in it, so that what is checked is what is
// read.
func (f File) text() (text []byte, err error) {
	dir := filepath.Dir(f.Path)
	d, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, unopened(dir, "folder", err)
	}
	folder := os.NewFile(uintptr(d), dir)
	defer func() { err = errors.Join(err, folder.Close()) }()
	if err := f.check(folder, "folder", fs.FileMode.IsDir); err != nil {
		return nil, err
	}
	// A pipe that nobody writes to would be waited for, but for O_NONBLOCK.
	n, err := unix.Openat(d, filepath.Base(f.Path), unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, unopened(f.Path, "file", err)
	}
	file := os.NewFile(uintptr(n), f.Path)
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := f.check(file, "file", fs.FileMode.IsRegular); err != nil {
		return nil, err
	}
	return whole(file, f.Path)
}

// whole reads a file that may not be large.
func whole(r io.Reader, path string) ([]byte, error) {
	at := policy.Place{Path: path}
	text, err := io.ReadAll(io.LimitReader(r, MostBytes+1))
	switch {
	case err != nil:
		return nil, written.Broken(at, "cannot be read: %v", bare(err))
	case len(text) > MostBytes:
		return nil, written.Broken(at, "is larger than %d kB, which no policy is", MostBytes>>10)
	}
	return text, nil
}

func unopened(path, what string, err error) error {
	at := policy.Place{Path: path}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return err
	case errors.Is(err, unix.ELOOP), errors.Is(err, unix.ENOTDIR):
		return written.Broken(at, "is a symbolic link, or no %s: put the %s itself there", what, what)
	case errors.Is(err, fs.ErrPermission):
		return written.Broken(at, "this user may not read it: chmod a+rX makes it readable")
	}
	return written.Broken(at, "cannot be opened: %v", err)
}

// bare is err without the path, which is told beside it.
func bare(err error) error {
	if named := (*fs.PathError)(nil); errors.As(err, &named) {
		return named.Err
	}
	return err
}

// writers are the bits of those who must not be able to write.
const writers = 0o022

func (f File) check(file *os.File, what string, right func(fs.FileMode) bool) error {
	at := policy.Place{Path: file.Name()}
	var s unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &s); err != nil {
		return written.Broken(at, "cannot be checked: %v", err)
	}
	info, err := file.Stat()
	switch {
	case err != nil:
		return written.Broken(at, "cannot be checked: %v", bare(err))
	case !right(info.Mode()):
		return written.Broken(at, "is no %s, but something else (%s)", what, kind(info.Mode()))
	case int64(s.Uid) != int64(f.Owner):
		return written.Broken(at, "belongs to user %d, who could change it: chown %s gives it to the administrator", s.Uid, owner(f.Owner))
	case info.Mode().Perm()&writers != 0:
		return written.Broken(at, "others than its owner may write to it: chmod go-w takes that away")
	}
	return nil
}

func owner(id int) string {
	if id == 0 {
		return "root"
	}
	return fmt.Sprint(id)
}

func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeDevice != 0:
		return "a device"
	case m&fs.ModeSocket != 0:
		return "a socket"
	}
	return m.String()
}
