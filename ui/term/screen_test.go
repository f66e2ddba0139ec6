package term

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"image"
	"image/color"
	"io"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// A fake is a small terminal: a grid of cells, sixels and kitty pictures.
type fake struct {
	t        *testing.T
	px       *image.RGBA // of cells, as half blocks
	text     [][]rune
	w, h     int
	x, y     int
	fg, bg   color.RGBA
	sixels   *image.RGBA
	sixelAt  image.Point
	pictures map[string]map[string]string // kitty, by number
	data     map[string]*bytes.Buffer
	loading  string
}

func newFake(t *testing.T, w, h int) *fake {
	t.Helper()
	f := &fake{t: t, w: w, h: h, px: image.NewRGBA(image.Rect(0, 0, w, 2*h)), pictures: map[string]map[string]string{}, data: map[string]*bytes.Buffer{}}
	f.text = make([][]rune, h)
	for y := range f.text {
		f.text[y] = []rune(strings.Repeat(" ", w))
	}
	return f
}

func (f *fake) write(b []byte) {
	f.t.Helper()
	s := string(b)
	for s != "" {
		switch {
		case strings.HasPrefix(s, "\x1b["):
			end := strings.IndexFunc(s[2:], func(r rune) bool { return r >= 0x40 && r <= 0x7e }) + 2
			f.csi(s[end], s[2:end])
			s = s[end+1:]
		case strings.HasPrefix(s, "\x1b_G"), strings.HasPrefix(s, "\x1bP"):
			end := strings.Index(s, "\x1b\\")
			if end < 0 {
				f.t.Fatalf("a sequence without end: %.40q", s)
			}
			if s[1] == '_' {
				f.kitty(s[3:end])
			} else {
				f.sixel(s[2:end])
			}
			s = s[end+2:]
		default:
			r, n := utf8.DecodeRuneInString(s)
			if r < ' ' || r == utf8.RuneError {
				f.t.Fatalf("a stray control character in %.20q", s)
			}
			f.put(r)
			s = s[n:]
		}
	}
}

func (f *fake) put(r rune) {
	if f.x >= f.w || f.y >= f.h {
		f.t.Fatalf("a character is outside of the screen, at %d,%d", f.x, f.y)
	}
	f.text[f.y][f.x] = r
	top, bottom := f.bg, f.bg
	if r == '▀' {
		top = f.fg
	}
	f.px.SetRGBA(f.x, 2*f.y, top)
	f.px.SetRGBA(f.x, 2*f.y+1, bottom)
	f.x++
}

func (f *fake) csi(final byte, params string) {
	var p []int
	for _, field := range strings.Split(params, ";") {
		n, _ := strconv.Atoi(field)
		p = append(p, n)
	}
	switch final {
	case 'H':
		f.y, f.x = p[0]-1, p[1]-1
	case 'C':
		f.x += p[0]
	case 'X':
		for x := f.x; x < f.x+p[0]; x++ {
			f.text[f.y][x] = ' '
			f.px.SetRGBA(x, 2*f.y, color.RGBA{})
			f.px.SetRGBA(x, 2*f.y+1, color.RGBA{})
		}
	case 'm':
		f.sgr(p)
	default:
		f.t.Fatalf("an unexpected sequence: %q %c", params, final)
	}
}

func (f *fake) sgr(p []int) {
	for len(p) > 0 {
		switch {
		case p[0] == 0:
			f.fg, f.bg = color.RGBA{}, color.RGBA{}
			p = p[1:]
		case len(p) >= 5 && p[1] == 2:
			f.ground(p[0], color.RGBA{uint8(p[2]), uint8(p[3]), uint8(p[4]), 255})
			p = p[5:]
		case len(p) >= 3 && p[1] == 5:
			f.ground(p[0], indexed(p[2]))
			p = p[3:]
		default:
			f.t.Fatalf("an unexpected colour: %v", p)
		}
	}
}

func (f *fake) ground(which int, c color.RGBA) {
	if which == 38 {
		f.fg = c
	} else {
		f.bg = c
	}
}

func indexed(i int) color.RGBA {
	if i >= 232 {
		v := uint8(8 + 10*(i-232))
		return color.RGBA{v, v, v, 255}
	}
	level := [6]uint8{0, 95, 135, 175, 215, 255}
	i -= 16
	return color.RGBA{level[i/36], level[i/6%6], level[i%6], 255}
}

func (f *fake) sixel(s string) {
	_, s, _ = strings.Cut(s, "q\"1;1;")
	number := func() int {
		n := 0
		for s != "" && s[0] >= '0' && s[0] <= '9' {
			n, s = n*10+int(s[0]-'0'), s[1:]
		}
		return n
	}
	w := number()
	s = s[1:]
	h := number()
	f.sixels, f.sixelAt = image.NewRGBA(image.Rect(0, 0, w, h)), image.Pt(f.x, f.y)
	palette := map[int]color.RGBA{}
	x, y, pen := 0, 0, 0
	for s != "" {
		c := s[0]
		s = s[1:]
		switch c {
		case '#':
			pen = number()
			if s[0] == ';' {
				s = s[3:]
				r := number()
				s = s[1:]
				g := number()
				s = s[1:]
				palette[pen] = color.RGBA{uint8(r * 255 / 100), uint8(g * 255 / 100), uint8(number() * 255 / 100), 255}
			}
		case '$':
			x = 0
		case '-':
			x, y = 0, y+6
		default:
			n := 1
			if c == '!' {
				n = number()
				c, s = s[0], s[1:]
			}
			for range n {
				for k := range 6 {
					if (c-63)>>k&1 == 0 {
						continue
					}
					if !image.Pt(x, y+k).In(f.sixels.Rect) {
						f.t.Fatalf("a pixel is outside of the sixels: %d,%d of %d,%d", x, y+k, w, h)
					}
					f.sixels.SetRGBA(x, y+k, palette[pen])
				}
				x++
			}
		}
	}
}

func (f *fake) kitty(s string) {
	head, payload, _ := strings.Cut(s, ";")
	keys := map[string]string{}
	for _, kv := range strings.Split(head, ",") {
		k, v, _ := strings.Cut(kv, "=")
		keys[k] = v
	}
	switch keys["a"] {
	case "d":
		delete(f.pictures, keys["i"])
		return
	case "T":
		f.loading = keys["i"]
		keys["x"], keys["y"] = strconv.Itoa(f.x), strconv.Itoa(f.y)
		f.pictures[f.loading] = keys
		f.data[f.loading] = &bytes.Buffer{}
	}
	if len(payload) > 4096 {
		f.t.Fatalf("a chunk of %d bytes", len(payload))
	}
	raw, err := base64.StdEncoding.DecodeString(payload)
	if err != nil {
		f.t.Fatal(err)
	}
	f.data[f.loading].Write(raw)
}

// picture returns the pixels of the only kitty picture on the screen.
func (f *fake) picture() *image.RGBA {
	f.t.Helper()
	if len(f.pictures) != 1 {
		f.t.Fatalf("%d pictures on the screen", len(f.pictures))
	}
	for id, keys := range f.pictures {
		var data io.Reader = f.data[id]
		if keys["o"] == "z" {
			z, err := zlib.NewReader(data)
			if err != nil {
				f.t.Fatal(err)
			}
			data = z
		}
		raw, err := io.ReadAll(data)
		if err != nil {
			f.t.Fatal(err)
		}
		w, _ := strconv.Atoi(keys["s"])
		h, _ := strconv.Atoi(keys["v"])
		if len(raw) != w*h*3 {
			f.t.Fatalf("%d bytes for %d×%d", len(raw), w, h)
		}
		img := image.NewRGBA(image.Rect(0, 0, w, h))
		for i := range w * h {
			img.SetRGBA(i%w, i/w, color.RGBA{raw[3*i], raw[3*i+1], raw[3*i+2], 255})
		}
		return img
	}
	return nil
}
