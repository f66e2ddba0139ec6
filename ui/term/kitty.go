package term

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"

	"github.com/charmbracelet/x/ansi/kitty"
)

// chunk is how much of a picture, in base64, goes into one escape sequence: the
// protocol's bound.
const chunk = 4096

// firstImage keeps our numbers away from those of other programs that draw in
// the same terminal.
const firstImage = 0x70617200

// kittyPicture sends whole pictures. Each goes under the other of two numbers
// before the last is deleted, so that nothing flickers.
//
// https://sw.kovidgoyal.net/kitty/graphics-protocol/
type kittyPicture struct {
	look   Abilities
	pen    *pen
	number int  // of the picture on the screen
	other  int  // of the one before, and after
	shown  bool // there is one
	packed bytes.Buffer
	zip    *zlib.Writer
	code   [chunk]byte
}

func newKitty(look Abilities, slot int) *kittyPicture {
	k := &kittyPicture{look: look, pen: newPen(), number: firstImage + 2*slot, other: firstImage + 2*slot + 1}
	if look.Slow {
		k.zip, _ = zlib.NewWriterLevel(&k.packed, zlib.BestSpeed)
	}
	return k
}

func (k *kittyPicture) draw(dst []byte, r *raster, _ bool) []byte {
	old, had := k.number, k.shown
	k.number, k.other = k.other, k.number
	dst = k.pen.move(dst, r.fit.cells.Min.X, r.fit.cells.Min.Y)
	dst = k.send(dst, r)
	if k.look.Passthrough {
		dst = k.placeholders(dst, r)
	}
	if had {
		dst = k.delete(dst, old)
	}
	k.shown = true
	return dst
}

// send transmits the picture and shows it at the cursor, scaled to its cells,
// without moving the cursor (C=1) and without an answer (q=2). For a terminal
// around tmux it becomes a virtual one (U=1), which placeholders show.
func (k *kittyPicture) send(dst []byte, r *raster) []byte {
	data, format := r.pix, ""
	if k.zip != nil {
		k.packed.Reset()
		k.zip.Reset(&k.packed)
		_, _ = k.zip.Write(r.pix) // a bytes.Buffer takes everything
		_ = k.zip.Close()
		if k.packed.Len() < len(r.pix) {
			data, format = k.packed.Bytes(), ",o=z"
		}
	}
	const raw = chunk / 4 * 3
	for first := true; first || len(data) > 0; first = false {
		part := data[:min(raw, len(data))]
		data = data[len(part):]
		dst = k.begin(dst)
		if first {
			dst = append(dst, "a=T,f=24,q=2,C=1,p=1"...)
			dst = append(dst, format...)
			if k.look.Passthrough {
				dst = append(dst, ",U=1"...)
			}
			dst = k.value(dst, ",i=", k.number)
			dst = k.value(dst, ",s=", r.size.X)
			dst = k.value(dst, ",v=", r.size.Y)
			dst = k.value(dst, ",c=", r.fit.cells.Dx())
			dst = k.value(dst, ",r=", r.fit.cells.Dy())
			dst = append(dst, ',')
		} else {
			dst = append(dst, "q=2,"...)
		}
		if len(data) > 0 {
			dst = append(dst, "m=1;"...)
		} else {
			dst = append(dst, "m=0;"...)
		}
		n := base64.StdEncoding.EncodedLen(len(part))
		base64.StdEncoding.Encode(k.code[:n], part)
		dst = k.end(append(dst, k.code[:n]...))
	}
	return dst
}

// placeholders fills the cells with the character that stands for a picture; its
// colour is the picture's number and its diacritics are the row and the column.
func (k *kittyPicture) placeholders(dst []byte, r *raster) []byte {
	for y := range r.fit.cells.Dy() {
		dst = k.pen.move(dst, r.fit.cells.Min.X, r.fit.cells.Min.Y+y)
		dst = append(dst, "\x1b["...)
		dst = k.pen.triple(dst, "38;2;", colour(k.number&0xffffff))
		dst = append(dst, 'm')
		for x := range r.fit.cells.Dx() {
			dst = append(dst, string(kitty.Placeholder)...)
			dst = append(dst, string(kitty.Diacritic(y))...)
			dst = append(dst, string(kitty.Diacritic(x))...)
			dst = append(dst, string(kitty.Diacritic(k.number>>24))...)
		}
	}
	return append(dst, "\x1b[0m"...)
}

func (k *kittyPicture) erase(dst []byte) []byte {
	if k.shown {
		dst = k.delete(dst, k.number)
	}
	k.shown = false
	return dst
}

// delete takes a picture off the screen and out of the terminal's memory.
func (k *kittyPicture) delete(dst []byte, number int) []byte {
	dst = k.begin(dst)
	dst = append(dst, "a=d,d=I,q=2"...)
	return k.end(k.value(dst, ",i=", number))
}

func (k *kittyPicture) value(dst []byte, key string, n int) []byte {
	return k.pen.number(append(dst, key...), n)
}

// begin and end frame one sequence; tmux wants every ESC inside doubled.
func (k *kittyPicture) begin(dst []byte) []byte {
	if k.look.Passthrough {
		return append(dst, "\x1bPtmux;\x1b\x1b_G"...)
	}
	return append(dst, "\x1b_G"...)
}

func (k *kittyPicture) end(dst []byte) []byte {
	if k.look.Passthrough {
		return append(dst, "\x1b\x1b\\\x1b\\"...)
	}
	return append(dst, "\x1b\\"...)
}
