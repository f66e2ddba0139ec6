package h264

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"image"
	"slices"
	"time"
	"unsafe"

	"paravent/media/codec"
	"paravent/media/codec/internal/plane"
	"paravent/privacy/filter"
)

// What openh264 takes at most: its tables end at level 5.2.
const (
	maxPixels = 36864 * 256 // MaxFS of level 5.2 in macroblocks; H.264, table A-1
	maxFPS    = 60
)

type encoder struct {
	c        *C.pv_h264_encoder // nil after Close
	settings codec.VideoSettings
	clock    plane.Clock
	out      []byte
	force    bool // a keyframe was asked for
	rate     int  // what openh264 aims at, in bits per second
	wanted   int  // what it is to aim at from the next picture on
}

func newEncoder(s codec.VideoSettings) (*encoder, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if s.Width%2 != 0 || s.Height%2 != 0 || s.Width*s.Height > maxPixels {
		return nil, fmt.Errorf("%w: picture of %d×%d pixels; h264 takes even sides and %d pixels at most",
			codec.ErrSettings, s.Width, s.Height, maxPixels)
	}
	s.TemporalLayers = max(s.TemporalLayers, 1)
	if s.Threads == 0 {
		s.Threads = codec.Threads(image.Pt(s.Width, s.Height))
	}
	e := &encoder{
		c:        (*C.pv_h264_encoder)(C.calloc(1, C.sizeof_pv_h264_encoder)),
		settings: s,
		out:      make([]byte, 0, s.Width*s.Height/4+4096),
		rate:     s.Bitrate,
		wanted:   s.Bitrate,
	}
	code := C.pv_h264_open_encoder(e.c, &C.pv_h264_settings{
		width:   C.int(s.Width),
		height:  C.int(s.Height),
		fps:     C.float(min(max(s.FPS, 1), maxFPS)),
		bitrate: C.int(s.Bitrate),
		threads: C.int(s.Threads),
		layers:  C.int(s.TemporalLayers),
		screen:  cbool(s.Screen),
	})
	if code != 0 {
		return nil, errors.Join(problem("open encoder for", code), e.Close())
	}
	return e, nil
}

func cbool(b bool) C.int {
	if b {
		return 1
	}
	return 0
}

// Encode implements codec.VideoEncoder.
func (e *encoder) Encode(p filter.ClearedPicture) (codec.Packet, error) {
	if e.c == nil {
		return codec.Packet{}, codec.ErrClosed
	}
	img, err := plane.Of(p, e.settings)
	if err != nil {
		return codec.Packet{}, err
	}
	if err := e.prepare(); err != nil {
		return codec.Packet{}, err
	}
	at := p.Picture().At
	var size C.size_t
	var key, layer C.int
	code := C.pv_h264_encode(e.c,
		(*C.uint8_t)(unsafe.SliceData(img.Y)), (*C.uint8_t)(unsafe.SliceData(img.Cb)), (*C.uint8_t)(unsafe.SliceData(img.Cr)),
		C.int(img.YStride), C.int(img.CStride),
		C.int64_t(e.clock.Next(at, e.settings.FPS)/time.Millisecond), &size, &key, &layer)
	if code != 0 {
		return codec.Packet{}, problem("encode", code)
	}
	e.out = slices.Grow(e.out[:0], int(size))[:size]
	if size > 0 {
		C.pv_h264_copy(e.c, (*C.uint8_t)(unsafe.SliceData(e.out)))
	}
	if key != 0 {
		e.force = false
	}
	return codec.Packet{
		Data: e.out, Codec: codec.H264, At: at,
		Keyframe: key != 0, Temporal: int(layer),
	}, nil
}

// prepare hands on what was asked for since the last picture.
func (e *encoder) prepare() error {
	if e.wanted != e.rate {
		if code := C.pv_h264_set_bitrate(e.c, C.int(e.wanted)); code != 0 {
			return problem("set bitrate of", code)
		}
		e.rate = e.wanted
	}
	if e.force {
		if code := C.pv_h264_force_keyframe(e.c); code != 0 {
			return problem("ask for keyframe of", code)
		}
	}
	return nil
}

// SetBitrate implements codec.VideoEncoder. It holds from the next picture on.
func (e *encoder) SetBitrate(bps int) {
	e.wanted = min(max(bps, codec.MinVideoBitrate), codec.MaxVideoBitrate)
}

// ForceKeyframe implements codec.VideoEncoder.
func (e *encoder) ForceKeyframe() { e.force = true }

// Close implements codec.VideoEncoder. It may be called again.
func (e *encoder) Close() error {
	if e.c != nil {
		C.pv_h264_close_encoder(e.c)
		C.free(unsafe.Pointer(e.c))
		e.c = nil
	}
	return nil
}
