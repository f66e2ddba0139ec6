// Package opus encodes and decodes speech with libopus: mono, at 48 kHz, with
// what makes a call bearable on a bad line (RFC 6716): a copy of the packet
// before in the next one, and silence that costs nothing.
package opus

/*
#cgo pkg-config: opus
#cgo noescape opus_encode_float
#cgo nocallback opus_encode_float
#cgo noescape opus_decode_float
#cgo nocallback opus_decode_float
#cgo noescape opus_packet_get_nb_samples
#cgo nocallback opus_packet_get_nb_samples
#include "shim.h"
*/
import "C"

import (
	"fmt"

	"paravent/media/codec"
)

func problem(doing string, code C.int) error {
	return fmt.Errorf("%s opus: %s", doing, C.GoString(C.opus_strerror(code)))
}

// NewEncoder returns an encoder of speech. It has the signature of
// codec.Set.NewSoundEncoder.
func NewEncoder(s codec.SoundSettings) (codec.SoundEncoder, error) { return newEncoder(s) }

// NewDecoder returns a decoder. It has the signature of
// codec.Set.NewSoundDecoder.
func NewDecoder() (codec.SoundDecoder, error) { return newDecoder() }
