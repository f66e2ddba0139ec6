package say_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"paravent/media/call"
	"paravent/media/sealed"
	"paravent/media/sfu"
	"paravent/privacy/parcel"
	"paravent/ui/say"
)

func TestEveryFateOfAFileHasItsWords(t *testing.T) {
	for _, err := range []error{
		sfu.ErrNotTaken, sealed.ErrMemberPlain, parcel.ErrTooLarge, parcel.ErrFull, parcel.ErrShort, parcel.ErrNotAFile, parcel.ErrJPEG, fs.ErrNotExist,
		fmt.Errorf("something\x1b[2J else"),
	} {
		for from, want := range map[string]string{"": "x.pdf was not sent: ", "Bob": "Bob sent x.pdf, which was not kept: "} {
			p := say.Of(&call.FileError{From: from, Name: "x.pdf", Err: err})
			if !strings.HasPrefix(p.Text, want) || len(p.Text) < len(want)+8 || !strings.HasPrefix(p.Code, "file-not-") || strings.Contains(p.Text, "\x1b") {
				t.Errorf("%v: %+v", err, p)
			}
		}
	}
	for want, f := range map[string]call.File{
		"Bob sent x.pdf (2.1 MB). It was not opened, and is here: /received/x.pdf":                                            {From: "Bob", Name: "x.pdf", Where: "/received/x.pdf", Size: 2_100_000, Sealed: true},
		"Bob sent x.pdf (of unknown size). It was not opened, and is here: /x.pdf (the operator of the server can read this)": {From: "Bob", Name: "x.pdf", Where: "/x.pdf", Size: -1},
	} {
		if got := say.English().File(call.FileKept, f); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
