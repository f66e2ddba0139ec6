// Package wav reads and writes uncompressed sound in RIFF/WAVE files.
//
// What it reads may come from anywhere: it believes no length that a file
// states, and holds no more than one block of it in memory. It knows 16-bit PCM
// and nothing else, because everything in the program is made of that; what
// else a file is, the error says in words.
package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrFormat is wrapped by every error about the content of a file.
var ErrFormat = errors.New("not a WAV file that can be used")

// ErrTooLong is returned by a Writer for more than the four gigabytes that the
// format has room for.
var ErrTooLong = errors.New("a WAV file cannot be longer than 4 GiB")

const (
	maxChunks = 64      // before the sound; real files have two to five
	maxSkip   = 1 << 20 // bytes of a chunk before the sound; pictures of covers come after it
	pcm       = 1       // WAVE_FORMAT_PCM
	float     = 3       // WAVE_FORMAT_IEEE_FLOAT
	extended  = 0xFFFE  // WAVE_FORMAT_EXTENSIBLE
)

// A Format is how the samples of a file are written.
type Format struct {
	Rate     int // samples a second, in each channel
	Channels int
	Bits     int // of one sample
	Float    bool
}

// String says the format in words, such as "44100 Hz stereo, 16-bit PCM".
func (f Format) String() string {
	channels := fmt.Sprintf("%d channels", f.Channels)
	switch f.Channels {
	case 1:
		channels = "mono"
	case 2:
		channels = "stereo"
	}
	kind := "PCM"
	if f.Float {
		kind = "floating point"
	}
	return fmt.Sprintf("%d Hz %s, %d-bit %s", f.Rate, channels, f.Bits, kind)
}

// A Reader reads the samples of one file as mono.
type Reader struct {
	format Format
	r      io.Reader
	start  int64  // of the samples, from the beginning of the file
	length int64  // of the samples as stated, in bytes
	left   int64  // of length
	raw    []byte // one read's worth
}

// NewReader reads the header of a file of 16-bit PCM, mono or stereo, at any
// rate. It reads no further than to the first sample. An error about the
// content wraps ErrFormat.
func NewReader(r io.Reader) (*Reader, error) {
	d := &Reader{r: r}
	if err := d.header(); err != nil {
		return nil, err
	}
	f := d.format
	if f.Float || f.Bits != 16 || f.Channels < 1 || f.Channels > 2 || f.Rate < 1 {
		return nil, fmt.Errorf("%w: it is %v, and wanted is 16-bit PCM, mono or stereo", ErrFormat, f)
	}
	d.left = d.length
	d.raw = make([]byte, 4096*2*f.Channels)
	return d, nil
}

// Format returns how the file is written.
func (d *Reader) Format() Format { return d.format }

// Len returns how many samples of mono the header promises.
func (d *Reader) Len() int64 { return d.length / int64(2*d.format.Channels) }

func (d *Reader) header() error {
	var head [12]byte
	if err := d.full(head[:], "its first 12 bytes"); err != nil {
		return err
	}
	if string(head[:4]) != "RIFF" || string(head[8:]) != "WAVE" {
		return fmt.Errorf("%w: it does not begin as a WAV file does", ErrFormat)
	}
	d.start = int64(len(head))
	known := false
	for range maxChunks {
		var c [8]byte
		if err := d.full(c[:], "its sound"); err != nil {
			return err
		}
		d.start += int64(len(c))
		size := int64(binary.LittleEndian.Uint32(c[4:]))
		switch string(c[:4]) {
		case "data":
			if !known {
				return fmt.Errorf("%w: the sound comes before its description", ErrFormat)
			}
			d.length = size - size%int64(max(1, d.format.Channels*d.format.Bits/8))
			return nil
		case "fmt ":
			if err := d.describe(size); err != nil {
				return err
			}
			known = true
		default:
			if err := d.skip(size + size%2); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("%w: no sound among its first %d parts", ErrFormat, maxChunks)
}

// describe reads the chunk that says how samples are written.
func (d *Reader) describe(size int64) error {
	if size < 16 || size > 1024 {
		return fmt.Errorf("%w: its description is %d bytes long", ErrFormat, size)
	}
	b := make([]byte, size+size%2)
	if err := d.full(b, "its description"); err != nil {
		return err
	}
	d.start += int64(len(b))
	tag := binary.LittleEndian.Uint16(b)
	if tag == extended && size >= 26 {
		tag = binary.LittleEndian.Uint16(b[24:])
	}
	d.format = Format{
		Channels: int(binary.LittleEndian.Uint16(b[2:])),
		Rate:     int(binary.LittleEndian.Uint32(b[4:])),
		Bits:     int(binary.LittleEndian.Uint16(b[14:])),
		Float:    tag == float,
	}
	if tag != pcm && tag != float {
		return fmt.Errorf("%w: its sound is compressed (tag %#04x), and wanted is 16-bit PCM", ErrFormat, tag)
	}
	return nil
}

func (d *Reader) skip(n int64) error {
	if n > maxSkip {
		return fmt.Errorf("%w: a part of %d bytes comes before the sound", ErrFormat, n)
	}
	got, err := io.CopyN(io.Discard, d.r, n)
	d.start += got
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: it ends before its sound", ErrFormat)
	}
	return err
}

func (d *Reader) full(b []byte, what string) error {
	_, err := io.ReadFull(d.r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends before %s", ErrFormat, what)
	}
	return err
}

// Read writes mono samples, of which full scale is −1 to 1, to out, and returns
// how many. It returns io.EOF after the last, which in a file that was cut off
// is the last there is. It does not allocate.
func (d *Reader) Read(out []float32) (int, error) {
	frame := 2 * d.format.Channels
	want := min(int64(len(out)*frame), int64(len(d.raw)), d.left)
	if want == 0 {
		if len(out) == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	n, err := io.ReadFull(d.r, d.raw[:want])
	d.left -= int64(n)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		d.left, err = 0, nil
		if n < frame {
			return 0, io.EOF
		}
	}
	b := d.raw[:n-n%frame]
	for i := 0; i*frame < len(b); i++ {
		v := float32(int16(binary.LittleEndian.Uint16(b[i*frame:])))
		if d.format.Channels == 2 {
			v = (v + float32(int16(binary.LittleEndian.Uint16(b[i*frame+2:])))) / 2
		}
		out[i] = v / 32768
	}
	return len(b) / frame, err
}

// Rewind goes back to the first sample. What NewReader was given must be an
// io.Seeker at whose beginning the file begins.
func (d *Reader) Rewind() error {
	s, ok := d.r.(io.Seeker)
	if !ok {
		return errors.ErrUnsupported
	}
	if _, err := s.Seek(d.start, io.SeekStart); err != nil {
		return err
	}
	d.left = d.length
	return nil
}

// Read reads a whole file into memory, as mono, and at most the given number of
// samples of it.
func Read(r io.Reader, most int) ([]float32, Format, error) {
	d, err := NewReader(r)
	if err != nil {
		return nil, Format{}, err
	}
	var all []float32
	part := make([]float32, 4096)
	for len(all) < most {
		n, err := d.Read(part[:min(len(part), most-len(all))])
		all = append(all, part[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return all, d.format, err
		}
	}
	return all, d.format, nil
}
