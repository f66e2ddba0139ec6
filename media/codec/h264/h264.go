// Package h264 encodes and decodes H.264 with Cisco's openh264, for rooms and
// browsers that want nothing else.
//
// It sends the constrained baseline profile as an Annex B byte stream, with the
// parameter sets before every IDR picture, and reads baseline, main and high
// profile in 8-bit 4:2:0.
package h264

/*
#cgo pkg-config: openh264
#cgo noescape pv_h264_encode
#cgo nocallback pv_h264_encode
#cgo noescape pv_h264_copy
#cgo nocallback pv_h264_copy
#cgo noescape pv_h264_decode
#cgo nocallback pv_h264_decode
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"fmt"

	"paravent/media/codec"
)

// Codec returns the codec of ITU-T H.264.
func Codec() codec.VideoCodec {
	return codec.VideoCodec{
		Name:       codec.H264,
		NewEncoder: func(s codec.VideoSettings) (codec.VideoEncoder, error) { return newEncoder(s) },
		NewDecoder: func() (codec.VideoDecoder, error) { return newDecoder(), nil },
	}
}

func problem(doing string, code C.int) error {
	return fmt.Errorf("%s h264: openh264 says %#x", doing, uint32(code))
}
