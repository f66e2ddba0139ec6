package wav

import (
	"encoding/binary"
	"io"
	"math"
)

const (
	headerLen = 44
	bufferLen = 1 << 15             // bytes held back before they are written
	mostBytes = math.MaxUint32 - 64 // of samples
)

// A Writer writes 16-bit mono. After every Flush, and after Close, the file is
// whole: its header says how long it is.
type Writer struct {
	w    io.Writer
	back io.Seeker // nil where there is no way back
	rate int
	size int64  // of the samples written to w, in bytes
	buf  []byte // not yet written
}

// NewWriter writes the header of an empty file. w must be at its beginning.
func NewWriter(w io.WriteSeeker, rate int) (*Writer, error) {
	return begin(&Writer{w: w, back: w, rate: rate})
}

// NewPipeWriter is NewWriter where there is no way back to the header. It says
// that the sound lasts until the end, as programs do that write to a pipe.
func NewPipeWriter(w io.Writer, rate int) (*Writer, error) {
	return begin(&Writer{w: w, rate: rate})
}

func begin(d *Writer) (*Writer, error) {
	d.buf = make([]byte, 0, bufferLen)
	if _, err := d.w.Write(d.header()); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *Writer) header() []byte {
	whole, size := uint32(headerLen-8+d.size), uint32(d.size)
	if d.back == nil {
		whole, size = math.MaxUint32, math.MaxUint32
	}
	b := make([]byte, 0, headerLen)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, whole)
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, pcm)
	b = binary.LittleEndian.AppendUint16(b, 1) // channel
	b = binary.LittleEndian.AppendUint32(b, uint32(d.rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(2*d.rate)) // bytes a second
	b = binary.LittleEndian.AppendUint16(b, 2)                // bytes of all channels
	b = binary.LittleEndian.AppendUint16(b, 16)               // bits
	b = append(b, "data"...)
	return binary.LittleEndian.AppendUint32(b, size)
}

// Write takes samples, of which full scale is −1 to 1; what is beyond is cut
// off. It writes to the file now and then, and does not allocate.
func (d *Writer) Write(samples []float32) error {
	if d.back != nil && d.size+int64(len(d.buf)+2*len(samples)) > mostBytes {
		return ErrTooLong
	}
	for _, v := range samples {
		if len(d.buf)+2 > cap(d.buf) {
			if err := d.drain(); err != nil {
				return err
			}
		}
		d.buf = binary.LittleEndian.AppendUint16(d.buf, uint16(sample(v)))
	}
	return nil
}

func sample(v float32) int16 {
	x := math.Round(float64(v) * 32768)
	if x != x { // not a number
		return 0
	}
	return int16(max(math.MinInt16, min(math.MaxInt16, x)))
}

func (d *Writer) drain() error {
	n, err := d.w.Write(d.buf)
	d.size += int64(n)
	d.buf = d.buf[:0]
	return err
}

// Flush writes what was held back, and makes the header true.
func (d *Writer) Flush() error {
	if err := d.drain(); err != nil || d.back == nil {
		return err
	}
	if _, err := d.back.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if _, err := d.w.Write(d.header()); err != nil {
		return err
	}
	_, err := d.back.Seek(0, io.SeekEnd)
	return err
}

// Close flushes. What NewWriter was given, the caller still owns.
func (d *Writer) Close() error { return d.Flush() }
