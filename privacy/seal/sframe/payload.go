package sframe

import (
	"bytes"
	"errors"

	"paravent/media/codec"
)

// What a server reads of a frame to pass it on, and what it is shown of it here
// (2026-11, read from the sources of Galene, Janus and LiveKit):
//
//   - VP8. The layer and the picture's number are in the descriptor of the RTP
//     payload, outside of the frame. Servers look into the frame for its first bit
//     (keyframe or not), and for bytes 3 to 9 of a keyframe (start code, size). So 10
//     bytes of a keyframe and 1 of any other stay clear.
//   - VP9. Descriptor as above. Galene reads the first byte (profile, keyframe): 1.
//   - H.264. Servers look for the parameter sets and the type of each unit. So all
//     before the first slice stays clear, and the slice's first byte; the rest of the
//     frame, other slices too, is one run of ciphertext, with the emulation prevention
//     bytes that keep a start code from appearing in it.
//   - Opus. No server reads it: 0.
//   - AV1. A server, and the packer, read each OBU of a frame, so a frame cannot be one
//     run of ciphertext. It is refused.
//
// What stays clear is metadata: authenticated, so that a server that changes it has
// made a frame that does not open. It tells the size of a picture and which is a
// keyframe, both of which the lengths of the packets tell as well.

const (
	vp8Key   = 10
	vp8Other = 1
	vp9Any   = 1
)

// ErrCodec is returned for frames of a codec that cannot be sealed.
var ErrCodec = errors.New("frames of this codec cannot be encrypted from end to end")

// SealFrame appends the sealed form of an encoded frame to dst, which must not
// overlap with it.
func SealFrame(s *Sealer, name codec.Name, dst, frame []byte) ([]byte, error) {
	if name == codec.H264 {
		return sealH264(s, dst, frame)
	}
	n, err := clearBytes(name, frame)
	if err != nil {
		return dst, err
	}
	sealed, err := s.Seal(append(dst, frame[:n]...), frame[:n], frame[n:])
	if err != nil {
		return dst, err
	}
	return sealed, nil
}

// OpenFrame appends the encoded frame that is in sealed to dst, which must not
// overlap with it. The errors are those of Open, and ErrCodec.
func OpenFrame(o *Opener, name codec.Name, dst, sealed []byte) ([]byte, error) {
	if name == codec.H264 {
		return openH264(o, dst, sealed)
	}
	n, err := clearBytes(name, sealed)
	if err != nil {
		return dst, err
	}
	plain, err := o.Open(append(dst, sealed[:n]...), sealed[:n], sealed[n:])
	if err != nil {
		return dst, err
	}
	return plain, nil
}

// KeyOf returns the number of the key that a sealed frame names.
func KeyOf(name codec.Name, sealed []byte) (uint64, error) {
	n, err := clearBytes(name, sealed)
	if err != nil {
		return 0, err
	}
	if name == codec.H264 {
		// A header without emulation prevention is the rule; one with it is read as it is.
		var head [maxHeader + 8]byte
		sealed, n = unescape(head[:0], sealed[n:min(len(sealed), n+maxHeader+8)]), 0
	}
	h, _, err := ReadHeader(sealed[n:])
	return h.KID, err
}

// clearBytes is how many bytes of a frame stay clear, sealed or not.
func clearBytes(name codec.Name, frame []byte) (int, error) {
	n := 0
	switch name {
	case codec.Opus:
	case codec.VP8:
		if n = vp8Other; len(frame) > 0 && frame[0]&1 == 0 {
			n = vp8Key
		}
	case codec.VP9:
		n = vp9Any
	case codec.H264:
		at, ok := firstSlice(frame)
		if !ok {
			return 0, ErrFrame
		}
		n = at + 1
	case codec.AV1:
		return 0, ErrCodec
	default:
		return 0, ErrCodec
	}
	if len(frame) < n {
		return 0, ErrFrame
	}
	return n, nil
}

const (
	unitType      = 0x1f
	unitDelimiter = 9
	unitFiller    = 12
)

// firstSlice is where the first slice of a frame in Annex B begins, after its
// start code.
func firstSlice(frame []byte) (int, bool) {
	for at := 0; ; {
		i := bytes.Index(frame[at:], []byte{0, 0, 1})
		if i < 0 || at+i+3 >= len(frame) {
			return 0, false
		}
		at += i + 3
		if t := frame[at] & unitType; t >= 1 && t <= 5 {
			return at, true
		}
	}
}

// sealH264 writes what is before the first slice with start codes of four bytes
// and without the units that packers leave out: as it will arrive.
func sealH264(s *Sealer, dst, frame []byte) ([]byte, error) {
	slice, ok := firstSlice(frame)
	if !ok {
		return dst, ErrFrame
	}
	out := dst
	for rest := frame[:slice]; ; {
		_, after, ok := bytes.Cut(rest, []byte{0, 0, 1})
		if !ok {
			break
		}
		unit, _, _ := bytes.Cut(after, []byte{0, 0, 1})
		unit = bytes.TrimRight(unit, "\x00")
		if rest = after; len(unit) == 0 || unit[0]&unitType == unitDelimiter || unit[0]&unitType == unitFiller {
			continue
		}
		out = append(append(out, 0, 0, 0, 1), unit...)
	}
	out = append(out, 0, 0, 0, 1, frame[slice])
	at := len(out)
	out, err := s.Seal(out, out[len(dst):at], frame[slice+1:])
	if err != nil {
		return dst, err
	}
	return escape(append(out, stop), at), nil
}

// stop ends the ciphertext, since zeros at the end of a unit may be cut off.
const stop = 0x80

func openH264(o *Opener, dst, sealed []byte) ([]byte, error) {
	n, err := clearBytes(codec.H264, sealed)
	if err != nil {
		return dst, err
	}
	out := append(dst, sealed[:n]...)
	at := len(out)
	out = unescape(out, sealed[n:])
	if len(out) == at || out[len(out)-1] != stop {
		return dst, ErrFrame
	}
	frame := out[at : len(out)-1]
	_, head, err := ReadHeader(frame)
	if err != nil {
		return dst, err
	}
	plain, err := o.Open(frame[head:head], sealed[:n], frame) // in its own place
	if err != nil {
		return dst, err
	}
	return append(out[:at], plain...), nil // moved over the header
}

// escape puts a 3 before each byte below 4 that follows two zeros, from b[at:] on
// (ITU-T H.264, section 7.4.1).
func escape(b []byte, at int) []byte {
	more, zeros := 0, 0
	for _, c := range b[at:] {
		if zeros >= 2 && c <= 3 {
			more, zeros = more+1, 0
		}
		zeros = count(zeros, c)
	}
	if more == 0 {
		return b
	}
	for range more {
		b = append(b, 0)
	}
	copy(b[at+more:], b[at:])
	zeros = 0
	to := at
	for _, c := range b[at+more:] {
		if zeros >= 2 && c <= 3 {
			b[to] = 3
			to, zeros = to+1, 0
		}
		b[to] = c
		to, zeros = to+1, count(zeros, c)
	}
	return b
}

// unescape appends src without what escape put in.
func unescape(dst, src []byte) []byte {
	zeros := 0
	for _, c := range src {
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		dst, zeros = append(dst, c), count(zeros, c)
	}
	return dst
}

func count(zeros int, c byte) int {
	if c == 0 {
		return zeros + 1
	}
	return 0
}
