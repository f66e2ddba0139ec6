// Package vpx encodes and decodes VP8 and VP9 with libvpx.
//
// VP8 is what every browser has; VP9 gives the better picture for the same
// bits, at more work. Both are set up for talking: one pass, no look-ahead, a
// constant bitrate that is kept by leaving pictures out, no keyframe but the
// first and those asked for, and decoding that survives a lost packet.
package vpx

/*
#cgo pkg-config: vpx
#cgo noescape pv_vpx_encode
#cgo nocallback pv_vpx_encode
#cgo noescape pv_vpx_next
#cgo nocallback pv_vpx_next
#cgo noescape pv_vpx_decode
#cgo nocallback pv_vpx_decode
#cgo nocallback pv_vpx_set_bitrate
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"fmt"

	"paravent/media/codec"
)

// VP8 returns the codec of RFC 6386.
func VP8() codec.VideoCodec { return video(codec.VP8) }

// VP9 returns the codec of the VP9 bitstream specification, profile 0.
func VP9() codec.VideoCodec { return video(codec.VP9) }

func video(name codec.Name) codec.VideoCodec {
	return codec.VideoCodec{
		Name:       name,
		NewEncoder: func(s codec.VideoSettings) (codec.VideoEncoder, error) { return newEncoder(name, s) },
		NewDecoder: func() (codec.VideoDecoder, error) { return newDecoder(name), nil },
	}
}

// problem is an error of libvpx, in its own words.
func problem(doing string, name codec.Name, code C.int) error {
	return fmt.Errorf("%s %s: %s", doing, name, C.GoString(C.vpx_codec_err_to_string(C.vpx_codec_err_t(code))))
}

func cbool(b bool) C.int {
	if b {
		return 1
	}
	return 0
}
