package opus

/*
#include "shim.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"paravent/media/codec"
	"paravent/media/frame"
)

// The errors of a decoder.
var (
	ErrPacket = errors.New("not an opus packet")
	ErrRoom   = errors.New("wrong number of samples asked for")
)

// grain is what lengths are multiples of: 2.5 ms; RFC 6716, section 2.1.4.
const grain = frame.BlockLen / 4

// largest is the size that no packet of one stream exceeds: 120 ms in 48 frames
// of 1275 bytes with their lengths; RFC 6716, section 3.2.
const largest = 48*(1275+2) + 2

type decoder struct {
	c *C.OpusDecoder // nil after Close
}

func newDecoder() (*decoder, error) {
	var code C.int
	c := C.opus_decoder_create(frame.Rate, 1, &code)
	if code != C.OPUS_OK {
		return nil, problem("open decoder for", code)
	}
	return &decoder{c: c}, nil
}

// Decode implements codec.SoundDecoder. Real-time: it does not allocate.
func (d *decoder) Decode(data []byte, out []float32) (int, error) {
	if _, err := d.Duration(data); err != nil {
		return 0, err
	}
	if len(out) < codec.MaxSound {
		return 0, ErrRoom
	}
	return d.decode(data, out[:codec.MaxSound], false)
}

// Recover implements codec.SoundDecoder. Real-time: it does not allocate.
func (d *decoder) Recover(next []byte, out []float32) error {
	if _, err := d.Duration(next); err != nil {
		return err
	}
	return d.fill(next, out)
}

// Conceal implements codec.SoundDecoder. Real-time: it does not allocate.
func (d *decoder) Conceal(out []float32) error {
	if d.c == nil {
		return codec.ErrClosed
	}
	return d.fill(nil, out)
}

// fill makes exactly as many samples as out is long in place of a lost packet.
func (d *decoder) fill(next []byte, out []float32) error {
	if len(out) == 0 || len(out) > codec.MaxSound || len(out)%grain != 0 {
		return ErrRoom
	}
	n, err := d.decode(next, out, next != nil)
	if err == nil && n != len(out) {
		return ErrRoom
	}
	return err
}

// decode calls libopus, for which no data means a lost packet.
func (d *decoder) decode(data []byte, out []float32, fec bool) (int, error) {
	n := C.opus_decode_float(d.c, (*C.uchar)(unsafe.SliceData(data)), C.opus_int32(len(data)),
		(*C.float)(unsafe.SliceData(out)), C.int(len(out)), cbool(fec))
	if n < 0 {
		return 0, fmt.Errorf("%w: %w", ErrPacket, problem("decode", n))
	}
	return int(n), nil
}

// Duration implements codec.SoundDecoder.
func (d *decoder) Duration(data []byte) (int, error) {
	if d.c == nil {
		return 0, codec.ErrClosed
	}
	if len(data) == 0 || len(data) > largest {
		return 0, ErrPacket
	}
	n := C.opus_packet_get_nb_samples((*C.uchar)(unsafe.SliceData(data)), C.opus_int32(len(data)), frame.Rate)
	if n <= 0 || n > codec.MaxSound {
		return 0, ErrPacket
	}
	return int(n), nil
}

// Close implements codec.SoundDecoder. It may be called again.
func (d *decoder) Close() error {
	if d.c != nil {
		C.opus_decoder_destroy(d.c)
		d.c = nil
	}
	return nil
}
