package vpx

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"errors"
	"image"
	"runtime"
	"time"
	"unsafe"

	"paravent/media/codec"
	"paravent/media/codec/internal/plane"
	"paravent/privacy/filter"
)

// clockRate is the timebase of the encoder, in Hz: that of RTP.
const clockRate = 90000

type encoder struct {
	c        *C.pv_vpx_encoder // nil after Close
	name     codec.Name
	settings codec.VideoSettings
	clock    plane.Clock
	out      []byte
	step     uint // since the last keyframe, for the temporal layers
	force    bool // a keyframe was asked for
	kbps     int  // what libvpx aims at
	wanted   int  // what it is to aim at from the next picture on
}

func newEncoder(name codec.Name, s codec.VideoSettings) (*encoder, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	size := image.Pt(s.Width, s.Height)
	s.TemporalLayers = max(s.TemporalLayers, 1)
	if s.Threads == 0 {
		s.Threads = codec.Threads(size)
	}
	e := &encoder{
		c:        (*C.pv_vpx_encoder)(C.calloc(1, C.sizeof_pv_vpx_encoder)),
		name:     name,
		settings: s,
		out:      make([]byte, 0, size.X*size.Y/4+4096),
		force:    true,
		kbps:     kilobits(s.Bitrate),
	}
	e.wanted = e.kbps
	code := C.pv_vpx_open_encoder(e.c, &C.pv_vpx_settings{
		vp9:               cbool(name == codec.VP9),
		width:             C.int(s.Width),
		height:            C.int(s.Height),
		speed:             C.int(speed(name, size, runtime.NumCPU())),
		threads:           C.int(s.Threads),
		layers:            C.int(s.TemporalLayers),
		screen:            cbool(s.Screen),
		kbps:              C.uint(e.kbps),
		max_intra_percent: C.uint(maxIntra(s.FPS)),
	})
	if code != 0 {
		return nil, errors.Join(problem("open encoder for", name, code), e.Close())
	}
	return e, nil
}

// speed returns libvpx's cpu-used, which trades quality for time. Negative is
// VP8's way of fixing the speed in place of steering it by the clock.
//
// 2026-11-22, a person moving before a room, with sensor noise, 474 kbit/s at
// 360p on one thread: VP8 at −8 took 3.4 ms and reached 40.2 dB, at −12 2.0 ms
// and 40.0 dB, at −16 2.3 ms and 38.7 dB; at 180p −10 took 0.7 ms and 38.5 dB,
// −6 1.2 ms and 38.6 dB. A second thread cost 60 % more at the same quality.
func speed(name codec.Name, size image.Point, cores int) int {
	pixels := size.X * size.Y
	small, medium := pixels <= 320*180, pixels <= 640*360
	if name == codec.VP8 {
		if small {
			return -10
		}
		return -12
	}
	switch {
	case small:
		return 7
	case medium || cores >= 8:
		return 8
	}
	return 9
}

// maxIntra returns how large a keyframe may be, in percent of the average
// picture: half of what the receiver's buffer holds, and three pictures at
// least. The rule is WebRTC's (MaxIntraTarget in libvpx_vp8_encoder.cc).
func maxIntra(fps float64) int {
	const optimalBuffer = 0.6 // s, rc_buf_optimal_sz of the shim
	return max(300, int(optimalBuffer/2*fps*100))
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
	if e.wanted != e.kbps {
		if code := C.pv_vpx_set_bitrate(e.c, C.uint(e.wanted)); code != 0 {
			return codec.Packet{}, problem("set bitrate of", e.name, code)
		}
		e.kbps = e.wanted
	}
	if e.force {
		e.step = 0
	}
	now := stepAt(e.step, e.settings.TemporalLayers)
	flags := now.flags
	if e.force {
		flags = C.VPX_EFLAG_FORCE_KF
	}
	at := p.Picture().At
	code := C.pv_vpx_encode(e.c,
		(*C.uint8_t)(unsafe.SliceData(img.Y)), (*C.uint8_t)(unsafe.SliceData(img.Cb)), (*C.uint8_t)(unsafe.SliceData(img.Cr)),
		C.int(img.YStride), C.int(img.CStride),
		C.int64_t(e.clock.Next(at, e.settings.FPS)*clockRate/time.Second), C.ulong(max(1, clockRate/e.settings.FPS)),
		flags, C.int(now.layer))
	if code != 0 {
		return codec.Packet{}, problem("encode", e.name, code)
	}
	e.step++
	pkt := codec.Packet{Codec: e.name, At: at, Temporal: now.layer, Sync: now.sync}
	e.collect(&pkt)
	if pkt.Keyframe {
		e.force = false
		pkt.Temporal, pkt.Sync = 0, false
	}
	return pkt, nil
}

// collect copies what libvpx made into pkt.
func (e *encoder) collect(pkt *codec.Packet) {
	e.out = e.out[:0]
	var data unsafe.Pointer
	var size C.size_t
	var key C.int
	for C.pv_vpx_next(e.c, &data, &size, &key) != 0 {
		e.out = append(e.out, unsafe.Slice((*byte)(data), int(size))...)
		pkt.Keyframe = pkt.Keyframe || key != 0
	}
	pkt.Data = e.out
}

// SetBitrate implements codec.VideoEncoder. It holds from the next picture on.
func (e *encoder) SetBitrate(bps int) { e.wanted = kilobits(bps) }

// kilobits is the unit of libvpx.
func kilobits(bps int) int {
	return (min(max(bps, codec.MinVideoBitrate), codec.MaxVideoBitrate) + 500) / 1000
}

// ForceKeyframe implements codec.VideoEncoder.
func (e *encoder) ForceKeyframe() { e.force = true }

// Close implements codec.VideoEncoder. It may be called again.
func (e *encoder) Close() error {
	if e.c != nil {
		C.pv_vpx_close_encoder(e.c)
		C.free(unsafe.Pointer(e.c))
		e.c = nil
	}
	return nil
}
