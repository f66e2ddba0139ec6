package sfu

import (
	"context"
	"errors"
	"io"
)

// A File is one that goes from person to person.
type File struct {
	From   MemberID // empty of one that we send
	Name   Foreign  // never a path of this machine
	Size   int64    // bytes; −1 if it is not said
	Sealed bool     // encrypted from end to end; else whoever runs the server can read it
}

// A Shipper is a Session that sends files, as Caps say.
type Shipper interface {
	// SendFile sends all that r gives, which is as long as f says, to everybody. It
	// waits where the way is narrow. There is no going on where it broke off.
	SendFile(ctx context.Context, f File, r io.Reader) error
}

// A Shelf takes files that others send. It may be used by several goroutines.
type Shelf interface {
	// Take begins a file, or returns why it is not taken.
	Take(f File) (Incoming, error)
}

// An Incoming is a file that is arriving. Either Done or Drop ends it.
type Incoming interface {
	io.Writer

	// Done keeps it, and returns where.
	Done() (where string, err error)

	Drop()
}

// ErrNotTaken is why a file is not taken where there is no Shelf.
var ErrNotTaken = errors.New("files are not taken")
