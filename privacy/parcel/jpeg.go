package parcel

import (
	"bytes"
	"errors"
)

// ErrJPEG reports a picture whose parts cannot be told apart, so that what a camera
// wrote into it cannot be taken out.
var ErrJPEG = errors.New("the picture is damaged, so that its place and time cannot be taken out")

// The markers of JPEG; ITU-T T.81, table B.1.
const (
	markSOI  = 0xd8
	markEOI  = 0xd9
	markSOS  = 0xda
	markRST0 = 0xd0
	markRST7 = 0xd7
	markTEM  = 0x01
	markAPP0 = 0xe0
	markAPPE = 0xee // Adobe's, which says how the colours are meant
	markAPP2 = 0xe2
	markAPPF = 0xef
	markCOM  = 0xfe
)

func isJPEG(b []byte) bool { return bytes.HasPrefix(b, []byte{0xff, markSOI, 0xff}) }

// Strip returns a JPEG without what is no picture: Exif and XMP (APP1), IPTC (APP13),
// comments, thumbnails, what makers add, and what follows the picture's end. Of the
// application segments only JFIF's, Adobe's and colour profiles stay. Pictures of which
// Exif says that they are turned are shown as they were taken.
func Strip(b []byte) ([]byte, error) {
	if !isJPEG(b) {
		return nil, ErrJPEG
	}
	out := append(make([]byte, 0, len(b)), b[:2]...)
	for i := 2; ; {
		if i+2 > len(b) || b[i] != 0xff {
			return nil, ErrJPEG
		}
		kind := b[i+1]
		if kind == 0xff { // filler
			i++
			continue
		}
		if kind == markEOI {
			return append(out, 0xff, markEOI), nil
		}
		if kind >= markRST0 && kind <= markRST7 || kind == markTEM { // without a length
			out = append(out, b[i:i+2]...)
			i += 2
			continue
		}
		if i+4 > len(b) {
			return nil, ErrJPEG
		}
		end := i + 2 + int(b[i+2])<<8 + int(b[i+3])
		if end < i+4 || end > len(b) {
			return nil, ErrJPEG
		}
		if kind == markSOS {
			end = scanEnd(b, end)
		}
		if !personal(kind, b[i+4:end]) {
			out = append(out, b[i:end]...)
		}
		i = end
	}
}

// personal reports whether a segment may tell of the person.
func personal(kind byte, content []byte) bool {
	switch kind {
	case markCOM:
		return true
	case markAPP0: // JFIF may hold a thumbnail; JFXX is nothing else
		return !bytes.HasPrefix(content, []byte("JFIF\x00")) || len(content) > 14
	case markAPP2:
		return !bytes.HasPrefix(content, []byte("ICC_PROFILE\x00"))
	case markAPPE:
		return !bytes.HasPrefix(content, []byte("Adobe"))
	}
	return kind > markAPP0 && kind <= markAPPF
}

// scanEnd returns where the coded data from i on ends: at a marker that is no restart
// and no escaped byte.
func scanEnd(b []byte, i int) int {
	for ; i+1 < len(b); i++ {
		if b[i] == 0xff && b[i+1] != 0 && b[i+1] != 0xff && (b[i+1] < markRST0 || b[i+1] > markRST7) {
			return i
		}
	}
	return len(b)
}
