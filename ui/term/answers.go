package term

import (
	"bytes"
	"image"
	"strconv"
)

// Answers are what a terminal said of itself.
type Answers struct {
	Kitty bool        // it knows the kitty graphics protocol
	Sixel bool        // it draws sixels
	Cell  image.Point // pixels of a character; zero if it did not say
	Name  string      // printable ASCII; may be empty
}

// Query asks what the terminal can do: for kitty graphics (by loading one pixel
// without keeping it), its name (XTVERSION), the size of a character (XTWINOPS
// 16) and, last, its device attributes, which every terminal answers and which
// so end the answers.
func Query() string {
	return "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\" + "\x1b[>0q" + "\x1b[16t" + Fence()
}

// Fence asks for the device attributes alone. The answer says that the terminal
// has worked off all that was written before.
func Fence() string { return "\x1b[c" }

// What a Listener is in the middle of.
const (
	ground = iota
	escape
	control    // CSI
	text       // DCS, APC or OSC
	textEscape // ESC inside of it
)

// maxAnswer bounds what a Listener keeps of one answer.
const maxAnswer = 256

// A Listener reads what comes from a terminal and picks the answers out of it.
// The zero Listener is ready. It takes any bytes.
type Listener struct {
	state   int
	kind    byte // of a text: 'P', '_' or ']'
	buf     [maxAnswer]byte
	n       int
	answers Answers
}

// Answers returns what was heard so far.
func (l *Listener) Answers() Answers { return l.answers }

// Hear reads on. It returns how often the device attributes came: how many
// queries are answered.
func (l *Listener) Hear(p []byte) int {
	done := 0
	for _, b := range p {
		if l.next(b) {
			done++
		}
	}
	return done
}

func (l *Listener) next(b byte) bool {
	switch {
	case b == 0x18 || b == 0x1a: // CAN and SUB end everything
		l.state = ground
	case l.state == ground:
		if b == 0x1b {
			l.state = escape
		}
	case l.state == escape:
		l.begin(b)
	case l.state == control:
		return l.inControl(b)
	case l.state == textEscape:
		l.state = ground
		if b == '\\' {
			l.text(l.buf[:l.n])
		} else {
			l.begin(b)
		}
	case b == 0x1b:
		l.state = textEscape
	case b == 0x07 && l.kind == ']':
		l.state = ground
	default:
		l.keep(b)
	}
	return false
}

func (l *Listener) begin(b byte) {
	l.n = 0
	switch b {
	case '[':
		l.state = control
	case 'P', '_', ']':
		l.state, l.kind = text, b
	case 0x1b:
		l.state = escape
	default:
		l.state = ground
	}
}

// keep lets what is too long run on without its end.
func (l *Listener) keep(b byte) {
	if l.n < len(l.buf) {
		l.buf[l.n] = b
		l.n++
	}
}

func (l *Listener) inControl(b byte) bool {
	switch {
	case b == 0x1b:
		l.state = escape
	case b >= 0x20 && b <= 0x3f:
		l.keep(b)
	case b >= 0x40 && b <= 0x7e:
		l.state = ground
		return l.control(b, l.buf[:l.n])
	default:
		l.state = ground
	}
	return false
}

func (l *Listener) control(final byte, params []byte) bool {
	switch final {
	case 'c':
		rest, ok := bytes.CutPrefix(params, []byte("?"))
		if !ok {
			return false
		}
		for i, field := range bytes.Split(rest, []byte(";")) {
			if i > 0 && string(field) == "4" {
				l.answers.Sixel = true
			}
		}
		return true
	case 't':
		fields := bytes.Split(params, []byte(";"))
		if len(fields) == 3 && string(fields[0]) == "6" {
			h, errH := strconv.Atoi(string(fields[1]))
			w, errW := strconv.Atoi(string(fields[2]))
			if errH == nil && errW == nil && h >= 2 && w >= 2 && h <= 200 && w <= 200 {
				l.answers.Cell = image.Pt(w, h)
			}
		}
	}
	return false
}

func (l *Listener) text(b []byte) {
	switch l.kind {
	case '_':
		if bytes.HasPrefix(b, []byte("Gi=31")) && bytes.HasSuffix(b, []byte(";OK")) {
			l.answers.Kitty = true
		}
	case 'P':
		if name, ok := bytes.CutPrefix(b, []byte(">|")); ok {
			l.answers.Name = string(bytes.Map(func(r rune) rune {
				if r < 0x20 || r > 0x7e {
					return -1
				}
				return r
			}, name))
		}
	}
}
