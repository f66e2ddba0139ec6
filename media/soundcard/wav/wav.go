// Package wav reads and writes uncompressed sound in RIFF/WAVE files.
//
// What it reads may come from anywhere: it believes no length that a file
// states, and holds no more than one block of it in memory. It knows PCM of 8 to
// 32 bits and floating point, of one to eight channels, from 8 to 192 kHz, and
// makes one channel of it. What else a file is, the error says in words. A Stream
// is the same at the rate that the program works at.
package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"paravent/media/soundcard/resample"
)

// ErrFormat is wrapped by every error about the content of a file.
var ErrFormat = errors.New("not a WAV file that can be used")

// ErrTooLong is returned by a Writer for more than the four gigabytes that the
// format has room for.
var ErrTooLong = errors.New("a WAV file cannot be longer than 4 GiB")

const (
	maxChunks   = 64      // before the sound; real files have two to five
	maxSkip     = 1 << 20 // bytes of a chunk before the sound; pictures of covers come after it
	maxChannels = 8
	pcm         = 1      // WAVE_FORMAT_PCM
	float       = 3      // WAVE_FORMAT_IEEE_FLOAT
	extended    = 0xFFFE // WAVE_FORMAT_EXTENSIBLE
	unknown     = math.MaxInt64
	soxEndless  = 0x7FFFF000 // the length that SoX writes to a pipe
)

// subformat is what follows the tag in the GUID of WAVE_FORMAT_EXTENSIBLE.
const subformat = "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"

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

// A Reader reads the samples of one file as mono: the mean of its channels.
type Reader struct {
	format Format
	wide   int // bytes of one sample
	r      io.Reader
	start  int64  // of the samples, from the beginning of the file
	length int64  // of the samples as stated, in bytes; unknown means up to the end
	left   int64  // of length
	raw    []byte // one read's worth
	cut    bool
}

// NewReader reads the header of a file. It reads no further than to the first
// sample. An error about the content wraps ErrFormat.
func NewReader(r io.Reader) (*Reader, error) {
	d := &Reader{r: r}
	if err := d.header(); err != nil {
		return nil, err
	}
	d.left = d.length
	d.raw = make([]byte, 4096*d.frame())
	return d, nil
}

// Format returns how the file is written.
func (d *Reader) Format() Format { return d.format }

// frame returns how many bytes one sample of all channels has.
func (d *Reader) frame() int { return d.wide * d.format.Channels }

// Len returns how many samples of mono the header promises, or −1 where it does
// not know, as in a file that came through a pipe.
func (d *Reader) Len() int64 {
	if d.length == unknown {
		return -1
	}
	return d.length / int64(d.frame())
}

func (d *Reader) header() error {
	var head [12]byte
	if err := d.full(head[:], "its first 12 bytes"); err != nil {
		return err
	}
	kind := string(head[:4])
	switch {
	case kind == "RIFX" && string(head[8:]) == "WAVE":
		return fmt.Errorf("%w: its numbers are big-endian (RIFX)", ErrFormat)
	case kind != "RIFF" && kind != "RF64" && kind != "BW64" || string(head[8:]) != "WAVE":
		return fmt.Errorf("%w: it does not begin as a WAV file does", ErrFormat)
	}
	// A program that writes to a pipe does not know these, and one that was
	// interrupted has not written them yet.
	all := binary.LittleEndian.Uint32(head[4:])
	open := all == 0 || all == math.MaxUint32
	long := int64(unknown) // of the samples, where 32 bits do not suffice
	d.start = int64(len(head))
	for range maxChunks {
		var c [8]byte
		if err := d.full(c[:], "its sound"); err != nil {
			return err
		}
		size := int64(binary.LittleEndian.Uint32(c[4:]))
		switch string(c[:4]) {
		case "data":
			if d.wide == 0 {
				return fmt.Errorf("%w: the sound comes before its description", ErrFormat)
			}
			switch {
			case size == math.MaxUint32 && kind != "RIFF":
				size = long
			case size == math.MaxUint32, size == math.MaxInt32, size == soxEndless, size == 0 && open:
				size = unknown
			}
			if size != unknown {
				size -= size % int64(d.frame())
			}
			d.length = size
			return nil
		case "fmt ":
			if err := d.describe(size); err != nil {
				return err
			}
		case "ds64":
			var b [16]byte // the length of the file, and that of the samples
			if size < int64(len(b)) {
				return fmt.Errorf("%w: a part for long files has %d bytes", ErrFormat, size)
			}
			if err := d.full(b[:], "its sound"); err != nil {
				return err
			}
			if v := binary.LittleEndian.Uint64(b[8:]); v < unknown {
				long = int64(v)
			}
			size -= int64(len(b))
			fallthrough
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
	tag := binary.LittleEndian.Uint16(b)
	if tag == extended {
		if size < 40 || string(b[26:40]) != subformat {
			return fmt.Errorf("%w: it does not say how its sound is written", ErrFormat)
		}
		tag = binary.LittleEndian.Uint16(b[24:])
	}
	d.format = Format{
		Channels: int(binary.LittleEndian.Uint16(b[2:])),
		Rate:     int(binary.LittleEndian.Uint32(b[4:])),
		Bits:     int(binary.LittleEndian.Uint16(b[14:])),
		Float:    tag == float,
	}
	if tag != pcm && tag != float {
		return fmt.Errorf("%w: its sound is compressed (%s), and wanted is PCM or floating point", ErrFormat, compression(tag))
	}
	return d.check(int(binary.LittleEndian.Uint16(b[12:])))
}

// compression names what people meet.
func compression(tag uint16) string {
	switch tag {
	case 0x02, 0x11:
		return "ADPCM"
	case 0x06:
		return "A-law"
	case 0x07:
		return "µ-law"
	case 0x31:
		return "GSM"
	case 0x55:
		return "MP3"
	}
	return fmt.Sprintf("tag %#04x", tag)
}

// check reports whether the description makes sense, and sets wide. frame is how
// many bytes one sample of all channels is said to have.
func (d *Reader) check(frame int) error {
	f := d.format
	switch {
	case f.Channels < 1 || f.Channels > maxChannels:
		return fmt.Errorf("%w: it is %v, and there may be one to %d channels", ErrFormat, f, maxChannels)
	case f.Rate < resample.MinRate || f.Rate > resample.MaxRate:
		return fmt.Errorf("%w: it is %v, and wanted are %d to %d Hz", ErrFormat, f, resample.MinRate, resample.MaxRate)
	case f.Float && f.Bits != 32 && f.Bits != 64, !f.Float && (f.Bits < 8 || f.Bits > 32):
		return fmt.Errorf("%w: it is %v, and wanted are 8 to 32 bits of PCM, or 32 or 64 of floating point", ErrFormat, f)
	}
	// Samples of 12 bits lie in two bytes, of 24 also in four: at the upper end.
	wide := frame / f.Channels
	if frame%f.Channels != 0 || 8*wide < f.Bits || f.Float && 8*wide != f.Bits || !f.Float && wide > 4 {
		return fmt.Errorf("%w: it is %v, which does not fit in the %d bytes that it says a sample has", ErrFormat, f, frame)
	}
	d.wide = wide
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
	n, err := io.ReadFull(d.r, b)
	d.start += int64(n)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends before %s", ErrFormat, what)
	}
	return err
}

// Read writes mono samples, of which full scale is −1 to 1, to out, and returns
// how many. What is beyond is cut off, and what is not a number is silence. It
// returns io.EOF after the last, which in a file that was cut off is the last
// there is. It does not allocate.
func (d *Reader) Read(out []float32) (int, error) {
	frame := d.frame()
	want := min(int64(len(out)*frame), int64(len(d.raw)), d.left)
	if want < int64(frame) {
		if len(out) == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	n, err := io.ReadFull(d.r, d.raw[:want])
	if d.left != unknown {
		d.left -= int64(n)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		d.cut = d.left != unknown
		d.left, err = 0, nil
		if n < frame {
			return 0, io.EOF
		}
	}
	b := d.raw[:n-n%frame]
	for i := range out[:len(b)/frame] {
		sum := 0.
		for c := range d.format.Channels {
			sum += d.sample(b[i*frame+c*d.wide:][:d.wide])
		}
		out[i] = float32(max(-1, min(1, sum/float64(d.format.Channels))))
	}
	return len(b) / frame, err
}

// sample reads one sample of one channel.
func (d *Reader) sample(b []byte) float64 {
	switch {
	case d.format.Float && d.wide == 4:
		return finite(float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
	case d.format.Float:
		return finite(math.Float64frombits(binary.LittleEndian.Uint64(b)))
	case d.wide == 1:
		return (float64(b[0]) - 128) / 128
	}
	v := uint32(0)
	for _, x := range b {
		v = v>>8 | uint32(x)<<24
	}
	return float64(int32(v)) / (1 << 31)
}

// loudest is what a sample is cut to: so much that the mean of eight of them is
// still a number.
const loudest = 1 << 20

func finite(v float64) float64 {
	if v != v {
		return 0
	}
	return max(-loudest, min(loudest, v))
}

// Cut reports whether Read came to an end before the one that the header states.
func (d *Reader) Cut() bool { return d.cut }

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
