package say

import (
	"errors"
	"fmt"
	"io/fs"

	"paravent/media/call"
	"paravent/media/sealed"
	"paravent/media/sfu"
	"paravent/privacy/parcel"
)

// File says a notice of a file.
func (w Words) File(what call.What, f call.File) string {
	text := fmt.Sprintf("%s (%s) was sent to all", f.Name, size(f.Size))
	if what == call.FileKept {
		text = fmt.Sprintf("%s sent %s (%s). It was not opened, and is here: %s", f.From, f.Name, size(f.Size), f.Where)
	}
	if !f.Sealed {
		text += " (" + w.OperatorReads + ")"
	}
	return text
}

func size(n int64) string {
	switch {
	case n < 0:
		return "of unknown size"
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1_000_000:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// ofParcel returns the words for a file that was not sent, or not kept.
func ofParcel(err error) (Problem, bool) {
	var e *call.FileError
	if !errors.As(err, &e) {
		return Problem{}, false
	}
	p := Problem{Code: "file-not-sent", Text: e.Name + " was not sent: "}
	if e.From != "" {
		p = Problem{Code: "file-not-taken", Text: fmt.Sprintf("%s sent %s, which was not kept: ", e.From, e.Name)}
	}
	switch {
	case errors.Is(e.Err, sfu.ErrNotTaken):
		p.Text, p.Hint = p.Text+"files are not taken in this call", "join with --files FOLDER to have them put there"
	case errors.Is(e.Err, sealed.ErrMemberPlain):
		p.Text += "it was not encrypted end to end"
	case errors.Is(e.Err, parcel.ErrTooLarge), errors.Is(e.Err, parcel.ErrNotAFile), errors.Is(e.Err, parcel.ErrFull), errors.Is(e.Err, parcel.ErrShort):
		p.Text += e.Err.Error()
	case errors.Is(e.Err, parcel.ErrJPEG):
		p.Text, p.Hint = p.Text+parcel.ErrJPEG.Error(), "send exact FILE sends it as it is"
	case errors.Is(e.Err, fs.ErrNotExist):
		p.Text, p.Hint = p.Text+"there is no such file", "check the name"
	default:
		p.Text += sfu.Foreign(e.Err.Error()).Clean()
	}
	return p, true
}
