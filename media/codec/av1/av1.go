// Package av1 decodes AV1 with dav1d. There is no encoder: those that run in
// real time on the machines of a home office cost more than they save.
//
// It reads profile 0 in 8 bits, as browsers send it, as temporal units of OBUs
// in the low-overhead format (AV1 bitstream specification, section 5).
package av1

/*
#cgo pkg-config: dav1d
#cgo noescape pv_av1_decode
#cgo nocallback pv_av1_decode
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"fmt"
	"image"
	"unsafe"

	"paravent/media/codec"
	"paravent/media/codec/internal/plane"
	"paravent/media/frame"
)

// maxPacket is more than any picture of MaxPixels that is worth decoding.
const maxPacket = 32 << 20

// Codec returns the codec of the AV1 bitstream specification, to receive only.
func Codec() codec.VideoCodec {
	return codec.VideoCodec{
		Name:       codec.AV1,
		NewDecoder: func() (codec.VideoDecoder, error) { return newDecoder(), nil },
	}
}

// A decoder gives dav1d up after every error and opens it anew at the next
// keyframe, so that nothing broken data did to its state stays.
type decoder struct {
	c       *C.pv_av1_decoder // nil after Close
	waiting bool              // for a keyframe
	threads int               // that dav1d was opened with
	copier  plane.Copier
}

func newDecoder() *decoder {
	return &decoder{c: (*C.pv_av1_decoder)(C.calloc(1, C.sizeof_pv_av1_decoder)), waiting: true}
}

// Decode implements codec.VideoDecoder.
func (d *decoder) Decode(pkt codec.Packet) (*frame.Picture, error) {
	if d.c == nil {
		return nil, codec.ErrClosed
	}
	p, err := d.decode(pkt)
	if err != nil {
		d.waiting = true
		C.pv_av1_close_decoder(d.c)
	}
	return p, err
}

func (d *decoder) decode(pkt codec.Packet) (*frame.Picture, error) {
	if len(pkt.Data) == 0 || len(pkt.Data) > maxPacket {
		return nil, codec.ErrNeedKeyframe
	}
	if size, ok := codec.Dimensions(codec.AV1, pkt.Data); ok {
		if !codec.Fits(size) {
			return nil, codec.ErrTooLarge
		}
		if err := d.start(size); err != nil {
			return nil, err
		}
	} else if d.waiting {
		return nil, codec.ErrNeedKeyframe
	}
	if C.pv_av1_decode(d.c, (*C.uint8_t)(unsafe.SliceData(pkt.Data)), C.size_t(len(pkt.Data))) != 0 {
		return nil, codec.ErrNeedKeyframe
	}
	pic := &d.c.picture
	if pic.data[0] == nil {
		return nil, nil
	}
	if pic.p.layout != C.DAV1D_PIXEL_LAYOUT_I420 || pic.p.bpc != 8 {
		return nil, codec.ErrFormat
	}
	return d.copier.Copy(plane.Foreign{
		Y: pic.data[0], Cb: pic.data[1], Cr: pic.data[2],
		YStride: int(pic.stride[0]),
		CStride: int(pic.stride[1]),
		Size:    image.Pt(int(pic.p.w), int(pic.p.h)),
	}, pkt.At)
}

// start makes dav1d ready for a keyframe of the given size.
func (d *decoder) start(size image.Point) error {
	threads := min(codec.Threads(size), 2)
	if !d.waiting && d.threads == threads {
		return nil
	}
	C.pv_av1_close_decoder(d.c)
	if code := C.pv_av1_open_decoder(d.c, C.int(threads), codec.MaxPixels); code != 0 {
		return fmt.Errorf("open decoder for av1: dav1d says %d", int(code))
	}
	d.waiting, d.threads = false, threads
	return nil
}

// Close implements codec.VideoDecoder. It may be called again.
func (d *decoder) Close() error {
	if d.c != nil {
		C.pv_av1_close_decoder(d.c)
		C.free(unsafe.Pointer(d.c))
		d.c = nil
	}
	return nil
}
