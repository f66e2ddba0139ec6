// Package y4m reads and writes YUV4MPEG2 files: raw video with a line of text
// before all and before each picture, which every video tool knows.
//
// Files may come from anyone. So every length is bounded before memory is
// taken, and a fault is an error that says what and where.
package y4m

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"io"
	"strconv"
	"strings"

	"paravent/media/capture"
	"paravent/media/capture/internal/pixels"
	"paravent/media/frame"
)

const (
	magic     = "YUV4MPEG2"
	maxHeader = 1024 // bytes of the first line
	maxMarker = 256  // bytes of the line before a picture
	maxRate   = 1000 // pictures a second
)

// A Rate is pictures a second, as a fraction.
type Rate struct{ Num, Den int }

// Float returns the rate as a number.
func (r Rate) Float() float64 { return float64(r.Num) / float64(r.Den) }

// A layout is how the colour is stored.
type layout int

const (
	c420 layout = iota
	c422
	c444
	mono
)

// A Header is the first line of a file.
type Header struct {
	Width, Height int // pixels, as stored
	Rate          Rate

	layout layout
	full   bool // full range
	whole  bool // the last column and row of an odd size are kept
}

// Size is the size of the pictures that Next gives: that of the file, without
// the last column or row of an odd one unless the reader is a whole one.
func (h Header) Size() image.Point {
	if h.whole {
		return image.Pt(h.Width, h.Height)
	}
	return pixels.Even(h.Width, h.Height)
}

// PictureBytes is the length of a picture in the file, without its marker.
func (h Header) PictureBytes() int64 {
	return int64(h.Width)*int64(h.Height) + 2*int64(h.chroma().X)*int64(h.chroma().Y)
}

// chroma is the size of each colour plane in the file.
func (h Header) chroma() image.Point {
	switch h.layout {
	case c420:
		return image.Pt((h.Width+1)/2, (h.Height+1)/2)
	case c422:
		return image.Pt((h.Width+1)/2, h.Height)
	case c444:
		return image.Pt(h.Width, h.Height)
	case mono:
	}
	return image.Point{}
}

// A Reader reads pictures. It is used by one goroutine.
type Reader struct {
	r      *bufio.Reader
	header Header
	rows   []byte // two of one plane, for what does not fit
	count  int
}

// NewReader reads the header from r. A fault in it wraps capture.ErrFormat, and so
// does a side of one pixel, which no camera has.
func NewReader(r io.Reader) (*Reader, error) {
	out, err := NewWholeReader(r)
	if err != nil {
		return nil, err
	}
	if err := out.header.forCameras(); err != nil {
		return nil, err
	}
	out.header.whole = false
	return out, nil
}

// NewWholeReader returns a reader of pictures in just the file's size, odd ones
// and single pixels as well: for what is written to a file again.
func NewWholeReader(r io.Reader) (*Reader, error) {
	br := bufio.NewReaderSize(r, 1<<16)
	line, err := readLine(br, maxHeader)
	if err != nil {
		return nil, headerError(err)
	}
	h, err := parseHeader(line)
	if err != nil {
		return nil, err
	}
	h.whole = true
	return &Reader{r: br, header: h, rows: make([]byte, 2*(h.Width+1))}, nil
}

func headerError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, bufio.ErrBufferFull) {
		return fault("the header does not end")
	}
	return err
}

// Header returns what the file says of itself.
func (r *Reader) Header() Header { return r.header }

// headerBytes is how long the header is, for those that know the file's start.
func headerBytes(start []byte) (int, bool) {
	i := bytes.IndexByte(start[:min(len(start), maxHeader)], '\n')
	return i + 1, i >= 0
}

// Next reads a picture into p, which must have the size of the header's Size.
// It returns io.EOF when the file is over; where it ends within a picture, the
// error wraps capture.ErrFormat. It does not allocate.
func (r *Reader) Next(p *frame.Picture) error {
	marker, err := readLine(r.r, maxMarker)
	switch {
	case err == nil:
	case errors.Is(err, io.EOF) && len(marker) == 0:
		return io.EOF
	case errors.Is(err, io.EOF):
		return r.cut()
	case errors.Is(err, bufio.ErrBufferFull):
		return r.lost()
	default:
		return err
	}
	if !isMarker(marker) {
		return r.lost()
	}
	if err := r.planes(p.Image); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return r.cut()
		}
		return err
	}
	if r.header.full {
		pixels.Limit(p.Image)
	}
	r.count++
	return nil
}

func isMarker(line []byte) bool {
	return bytes.HasPrefix(line, []byte("FRAME")) && (len(line) == 5 || line[5] == ' ')
}

func (r *Reader) cut() error { return fault("the file ends within picture %d", r.count+1) }

func (r *Reader) lost() error { return fault("picture %d does not begin with FRAME", r.count+1) }

func (r *Reader) planes(img *image.YCbCr) error {
	h, size := r.header, r.header.Size()
	if img.Rect.Size() != size {
		return fmt.Errorf("y4m: a picture of %v for a file of %v", img.Rect.Size(), size)
	}
	if err := r.plane(img.Y, img.YStride, size, h.Width, h.Height); err != nil {
		return err
	}
	half := image.Pt((size.X+1)/2, (size.Y+1)/2)
	for _, plane := range [2][]byte{img.Cb, img.Cr} {
		var err error
		switch h.layout {
		case c420:
			err = r.plane(plane, img.CStride, half, h.chroma().X, h.chroma().Y)
		case c422, c444:
			err = r.halve(plane, img.CStride, half)
		case mono:
			for i := range plane {
				plane[i] = 128
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// plane reads w × h bytes and keeps as many as fit into size.
func (r *Reader) plane(dst []byte, stride int, size image.Point, w, h int) error {
	for y := range h {
		if y >= size.Y || w != size.X {
			if _, err := io.ReadFull(r.r, r.rows[:w]); err != nil {
				return err
			}
			if y < size.Y {
				copy(dst[y*stride:y*stride+size.X], r.rows)
			}
			continue
		}
		if _, err := io.ReadFull(r.r, dst[y*stride:y*stride+w]); err != nil {
			return err
		}
	}
	return nil
}

// halve reads a plane of more colour than 4:2:0 has, two rows at a time. What an
// odd size lacks is the same as what is beside it.
func (r *Reader) halve(dst []byte, stride int, size image.Point) error {
	c := r.header.chroma()
	n := c.X + 1
	rows := r.rows[:2*n]
	for y := 0; y < c.Y; y += 2 {
		if err := r.row(rows[:n]); err != nil {
			return err
		}
		copy(rows[n:], rows[:n])
		if y+1 < c.Y {
			if err := r.row(rows[n:]); err != nil {
				return err
			}
		}
		if y/2 >= size.Y {
			continue
		}
		row := dst[y/2*stride : y/2*stride+size.X]
		if r.header.layout == c422 {
			pixels.HalveRows(row, stride, rows, n, size.X, 1)
		} else {
			pixels.HalveBoth(row, stride, rows, n, size.X, 1)
		}
	}
	return nil
}

// row reads all but the last byte, which is the one before it once more.
func (r *Reader) row(dst []byte) error {
	n := len(dst) - 1
	if _, err := io.ReadFull(r.r, dst[:n]); err != nil {
		return err
	}
	dst[n] = dst[n-1]
	return nil
}

// readLine returns a line of up to limit bytes without its end. The bytes are
// valid until the next read.
func readLine(r *bufio.Reader, limit int) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if len(line) > limit {
		return nil, bufio.ErrBufferFull
	}
	if err != nil {
		return line, err
	}
	return line[:len(line)-1], nil
}

func parseHeader(line []byte) (Header, error) {
	h := Header{Rate: Rate{30, 1}}
	name, rest, _ := strings.Cut(string(line), " ")
	if name != magic {
		return h, fault("this is no Y4M file")
	}
	for _, field := range strings.Fields(rest) {
		if err := h.set(field[0], field[1:]); err != nil {
			return h, err
		}
	}
	if h.Width < 1 || h.Height < 1 {
		return h, fault("the header names no size")
	}
	return h, nil
}

// forCameras refuses what has no even size.
func (h Header) forCameras() error {
	if h.Width < 2 || h.Height < 2 {
		return fault("a side must have 2 to %d pixels", pixels.MaxSide)
	}
	return nil
}

func (h *Header) set(key byte, value string) (err error) {
	switch key {
	case 'W':
		h.Width, err = side(value)
	case 'H':
		h.Height, err = side(value)
	case 'F':
		h.Rate, err = rate(value)
	case 'C':
		h.layout, err = chroma(value)
	case 'I':
		if value != "p" && value != "?" {
			err = fault("interlaced video")
		}
	case 'X':
		h.full = h.full || value == "COLORRANGE=FULL"
	}
	return err
}

func side(value string) (int, error) {
	n, err := strconv.ParseUint(value, 10, 16)
	if err != nil || n < 1 || n > pixels.MaxSide {
		return 0, fault("a side must have 1 to %d pixels", pixels.MaxSide)
	}
	return int(n), nil
}

func rate(value string) (Rate, error) {
	a, b, _ := strings.Cut(value, ":")
	num, err1 := strconv.ParseUint(a, 10, 31)
	den, err2 := strconv.ParseUint(b, 10, 31)
	switch {
	case err1 == nil && err2 == nil && num == 0 && den == 0:
		return Rate{30, 1}, nil // unknown, says the format
	case err1 != nil || err2 != nil || num == 0 || den == 0 || num > maxRate*den || den > 3600*num:
		return Rate{}, fault("the rate must be one picture an hour to %d a second", maxRate)
	}
	return Rate{int(num), int(den)}, nil
}

func chroma(value string) (layout, error) {
	switch value {
	case "420", "420jpeg", "420mpeg2", "420paldv":
		return c420, nil
	case "422":
		return c422, nil
	case "444":
		return c444, nil
	case "mono":
		return mono, nil
	}
	return 0, fault("only 4:2:0, 4:2:2, 4:4:4 and mono of 8 bits")
}

func fault(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{capture.ErrFormat}, args...)...)
}
