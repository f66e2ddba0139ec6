package vpx

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

// maxBuffer is what VP9 may take for one picture, in bytes: the largest one in
// 8-bit 4:2:0, with the border of 160 pixels that libvpx puts around it.
const maxBuffer = 2 * codec.MaxPixels

// maxPacket is more than any picture of MaxPixels that is worth decoding.
const maxPacket = 32 << 20

// vp9Profile are the bits of a frame's first byte that are zero for 8-bit 4:2:0;
// VP9 bitstream specification 0.6, section 6.2.
const vp9Profile = 0x30

// A decoder gives libvpx up after every error and opens it anew at the next
// keyframe, so that nothing broken data did to its state, or made it take in
// memory, stays.
type decoder struct {
	c       *C.pv_vpx_decoder // nil after Close
	name    codec.Name
	waiting bool // for a keyframe
	threads int  // that libvpx was opened with
	copier  plane.Copier
}

func newDecoder(name codec.Name) *decoder {
	return &decoder{c: (*C.pv_vpx_decoder)(C.calloc(1, C.sizeof_pv_vpx_decoder)), name: name, waiting: true}
}

// Decode implements codec.VideoDecoder.
func (d *decoder) Decode(pkt codec.Packet) (*frame.Picture, error) {
	if d.c == nil {
		return nil, codec.ErrClosed
	}
	p, err := d.decode(pkt)
	if err != nil {
		d.waiting = true
		C.pv_vpx_close_decoder(d.c)
	}
	return p, err
}

func (d *decoder) decode(pkt codec.Packet) (*frame.Picture, error) {
	if len(pkt.Data) == 0 || len(pkt.Data) > maxPacket {
		return nil, codec.ErrNeedKeyframe
	}
	size, known := codec.Dimensions(d.name, pkt.Data)
	if known && !codec.Fits(size) {
		return nil, codec.ErrTooLarge
	}
	if codec.IsKeyframe(d.name, pkt.Data) {
		if d.name == codec.VP9 && pkt.Data[0]&vp9Profile != 0 {
			return nil, codec.ErrFormat
		}
		if err := d.start(size); err != nil {
			return nil, err
		}
	} else if d.waiting {
		return nil, codec.ErrNeedKeyframe
	}
	if C.pv_vpx_decode(d.c, (*C.uint8_t)(unsafe.SliceData(pkt.Data)), C.uint(len(pkt.Data))) != 0 {
		return nil, codec.ErrNeedKeyframe
	}
	img := d.c.image
	if img == nil {
		return nil, nil
	}
	if img.fmt != C.VPX_IMG_FMT_I420 { // those of more than 8 bits have another
		return nil, codec.ErrFormat
	}
	return d.copier.Copy(plane.Foreign{
		Y:       unsafe.Pointer(img.planes[C.VPX_PLANE_Y]),
		Cb:      unsafe.Pointer(img.planes[C.VPX_PLANE_U]),
		Cr:      unsafe.Pointer(img.planes[C.VPX_PLANE_V]),
		YStride: int(img.stride[C.VPX_PLANE_Y]),
		CStride: int(img.stride[C.VPX_PLANE_U]),
		Size:    image.Pt(int(img.d_w), int(img.d_h)),
	}, pkt.At)
}

// start makes libvpx ready for a keyframe of the given size.
func (d *decoder) start(size image.Point) error {
	threads := codec.Threads(size)
	if !d.waiting && d.threads == threads {
		return nil
	}
	C.pv_vpx_close_decoder(d.c)
	if code := C.pv_vpx_open_decoder(d.c, cbool(d.name == codec.VP9), C.int(threads), maxBuffer); code != 0 {
		return problem("open decoder for", d.name, code)
	}
	d.waiting, d.threads = false, threads
	return nil
}

// Close implements codec.VideoDecoder. It may be called again.
func (d *decoder) Close() error {
	if d.c != nil {
		C.pv_vpx_close_decoder(d.c)
		C.free(unsafe.Pointer(d.c))
		d.c = nil
	}
	return nil
}
