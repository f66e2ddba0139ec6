package h264

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"image"
	"unsafe"

	"paravent/media/codec"
	"paravent/media/codec/internal/plane"
	"paravent/media/frame"
)

// maxPacket is more than any picture that is worth decoding.
const maxPacket = 32 << 20

// A decoder runs openh264 without error concealment and with one thread. It
// opens it anew at the first keyframe after an error if the parameter sets come
// with it, so nothing that broken data did to its state is carried on.
type decoder struct {
	c       *C.pv_h264_decoder // nil after Close
	waiting bool               // for a keyframe
	copier  plane.Copier
}

func newDecoder() *decoder {
	return &decoder{c: (*C.pv_h264_decoder)(C.calloc(1, C.sizeof_pv_h264_decoder)), waiting: true}
}

// Decode implements codec.VideoDecoder.
func (d *decoder) Decode(pkt codec.Packet) (*frame.Picture, error) {
	if d.c == nil {
		return nil, codec.ErrClosed
	}
	p, err := d.decode(pkt)
	if err != nil {
		d.waiting = true
	}
	return p, err
}

func (d *decoder) decode(pkt codec.Packet) (*frame.Picture, error) {
	if len(pkt.Data) == 0 || len(pkt.Data) > maxPacket {
		return nil, codec.ErrNeedKeyframe
	}
	size, known := codec.Dimensions(codec.H264, pkt.Data)
	if known && (!codec.Fits(size) || size.X*size.Y > maxPixels) {
		return nil, codec.ErrTooLarge
	}
	switch {
	case codec.IsKeyframe(codec.H264, pkt.Data):
		if err := d.start(codec.HasParameters(pkt.Data)); err != nil {
			return nil, err
		}
	case d.waiting && !known:
		return nil, codec.ErrNeedKeyframe
	case d.waiting: // parameter sets that come ahead of the keyframe
		if err := d.start(true); err != nil {
			return nil, err
		}
		C.pv_h264_decode(d.c, (*C.uint8_t)(unsafe.SliceData(pkt.Data)), C.int(len(pkt.Data)))
		return nil, codec.ErrNeedKeyframe
	}
	if code := C.pv_h264_decode(d.c, (*C.uint8_t)(unsafe.SliceData(pkt.Data)), C.int(len(pkt.Data))); code != 0 {
		return nil, codec.ErrNeedKeyframe
	}
	if d.c.plane[0] == nil {
		return nil, nil
	}
	b := (*C.SSysMEMBuffer)(unsafe.Pointer(&d.c.info.UsrData))
	if b.iFormat != C.videoFormatI420 {
		return nil, codec.ErrFormat
	}
	return d.copier.Copy(plane.Foreign{
		Y:       unsafe.Pointer(d.c.plane[0]),
		Cb:      unsafe.Pointer(d.c.plane[1]),
		Cr:      unsafe.Pointer(d.c.plane[2]),
		YStride: int(b.iStride[0]),
		CStride: int(b.iStride[1]),
		Size:    image.Pt(int(b.iWidth), int(b.iHeight)),
	}, pkt.At)
}

// start makes openh264 ready for a keyframe. whole says that the parameter sets
// come with it, so that nothing older is needed.
func (d *decoder) start(whole bool) error {
	if d.c.svc != nil && (!d.waiting || !whole) {
		d.waiting = false
		return nil
	}
	C.pv_h264_close_decoder(d.c)
	if code := C.pv_h264_open_decoder(d.c); code != 0 {
		C.pv_h264_close_decoder(d.c)
		return problem("open decoder for", code)
	}
	d.waiting = false
	return nil
}

// Close implements codec.VideoDecoder. It may be called again.
func (d *decoder) Close() error {
	if d.c != nil {
		C.pv_h264_close_decoder(d.c)
		C.free(unsafe.Pointer(d.c))
		d.c = nil
	}
	return nil
}
