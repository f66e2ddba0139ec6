package call

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"paravent/media/sfu"
	"paravent/privacy/parcel"
	"paravent/privacy/policy"
)

// A File is one that came from another member and was kept.
type File struct {
	From, Name string // already cleaned
	Where      string // on this machine
	Size       int64  // bytes; −1 if it was not said
	Sealed     bool   // it came encrypted from end to end
}

// A FileError says why a file was not sent, or not kept.
type FileError struct {
	From string // already cleaned; empty of one's own
	Name string // already cleaned
	Err  error
}

func (e *FileError) Error() string { return fmt.Sprintf("file %s: %v", e.Name, e.Err) }
func (e *FileError) Unwrap() error { return e.Err }

// maxListed bounds the files that a call remembers.
const maxListed = 200

// withFile takes what became of a file that another sent.
func (s State) withFile(e sfu.FileCame) State {
	from, name := s.Name(e.File.From), parcel.Name(string(e.File.Name))
	if e.Err != nil {
		return s.withNotice(Notice{Err: &FileError{From: from, Name: name, Err: e.Err}})
	}
	f := File{From: from, Name: name, Where: e.Where, Size: e.File.Size, Sealed: e.File.Sealed}
	s.Files = last(append(slices.Clone(s.Files), f), maxListed)
	return s.withNotice(Notice{What: FileKept, File: &f})
}

// SendFile sends a file to everybody. A JPEG leaves without what its camera wrote into
// it, unless it is to go exactly as it is. It only begins that: a notice says when the
// file has been sent, or why not.
func (c *Call) SendFile(_ context.Context, path string, exact bool) error {
	if err := c.settings.Policy.MayUse(policy.Files); err != nil {
		return err
	}
	if !c.session.Caps().Files {
		return sfu.ErrUnsupported
	}
	l, err := parcel.Open(path, exact)
	if err != nil {
		return &FileError{Name: sfu.Foreign(path).Clean(), Err: err}
	}
	begun := c.others.beside(func(ctx context.Context) {
		err := c.session.SendFile(ctx, sfu.File{Name: sfu.Foreign(l.Name), Size: l.Size}, l)
		if err = errors.Join(err, l.Close()); err != nil {
			c.tell(&FileError{Name: l.Name, Err: err})
			return
		}
		c.Tell(Notice{What: FileSent, File: &File{Name: l.Name, Size: l.Size, Sealed: c.State().Encryption.On()}})
	})
	if !begun {
		return errors.Join(sfu.ErrEnded, l.Close())
	}
	return nil
}

// TellFiles lists what was received.
func (c *Call) TellFiles() {
	files := c.State().Files
	if len(files) == 0 {
		c.Tell(Notice{What: NoFiles})
	}
	for _, f := range files {
		c.Tell(Notice{What: FileKept, File: &f})
	}
}
