package call_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"paravent/media/call"
	"paravent/media/sfu"
)

func TestFilesThatCameAreListedUnderSafeNames(t *testing.T) {
	s := call.State{}.After(sfu.MemberJoined{Member: sfu.Member{ID: "b", Name: "Bob"}})
	s = s.After(sfu.FileCame{File: sfu.File{From: "b", Name: "../../x\x1b[2J.pdf", Size: 3, Sealed: true}, Where: "/received/x[2J.pdf"})
	s = s.After(sfu.FileCame{File: sfu.File{From: "b", Name: "y"}, Err: sfu.ErrNotTaken})
	if len(s.Files) != 1 || s.Files[0] != (call.File{From: "Bob", Name: "x[2J.pdf", Where: "/received/x[2J.pdf", Size: 3, Sealed: true}) {
		t.Errorf("files %+v", s.Files)
	}
	var e *call.FileError
	if n := s.Notices; len(n) != 2 || n[0].What != call.FileKept || !errors.As(n[1].Err, &e) || e.From != "Bob" || !errors.Is(e, sfu.ErrNotTaken) {
		t.Errorf("notices %+v", n)
	}
}

func TestAFileThatCannotBeSentSaysWhy(t *testing.T) {
	s := enter(t, nil)
	s.session.caps.Files = true
	file := filepath.Join(t.TempDir(), "x.txt")
	var e *call.FileError
	if err := s.SendFile(t.Context(), file, false); !errors.As(err, &e) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error = %v", err)
	}
	s.session.caps.Files = false
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.SendFile(t.Context(), file, false); !errors.Is(err, sfu.ErrUnsupported) {
		t.Errorf("to a server without files: %v", err)
	}
	s.end(t)
}
