package rtc

import (
	"errors"

	"paravent/media/codec"
)

// errPayload reports a payload that its codec's format does not allow.
var errPayload = errors.New("malformed payload")

// maxFrame bounds one picture, in bytes.
const maxFrame = 4 << 20

// An unpacker puts the payloads of one picture together again. What it is
// given comes from the network: anything may be in it.
type unpacker interface {
	// starts reports whether payload is the first of a picture that a new
	// viewer can start at.
	starts(payload []byte) bool

	// begin forgets what it knows of the last picture.
	begin()

	// add appends what payload carries to frame.
	add(frame, payload []byte) ([]byte, error)

	// end finishes the picture.
	end(frame []byte) ([]byte, error)
}

func newUnpacker(name codec.Name) unpacker {
	switch name {
	case codec.VP8:
		return vp8Unpacker{}
	case codec.VP9:
		return vp9Unpacker{}
	case codec.H264:
		return &h264Unpacker{}
	case codec.AV1:
		return &av1Unpacker{}
	case codec.Opus:
	}
	return nil
}

// vp8Unpacker reads RFC 7741, section 4.2.
type vp8Unpacker struct{}

// vp8Payload returns the first byte of the descriptor and what follows it.
func vp8Payload(b []byte) (first byte, rest []byte, err error) {
	if len(b) == 0 {
		return 0, nil, errPayload
	}
	first, rest = b[0], b[1:]
	if first&0x80 != 0 { // X
		if len(rest) == 0 {
			return 0, nil, errPayload
		}
		x := rest[0]
		n := 1
		if x&0x80 != 0 { // I: one byte, or two with M
			if len(rest) < 2 {
				return 0, nil, errPayload
			}
			n++
			if rest[1]&0x80 != 0 {
				n++
			}
		}
		if x&0x40 != 0 { // L
			n++
		}
		if x&0x30 != 0 { // T or K
			n++
		}
		if len(rest) < n {
			return 0, nil, errPayload
		}
		rest = rest[n:]
	}
	return first, rest, nil
}

func (vp8Unpacker) starts(payload []byte) bool {
	first, rest, err := vp8Payload(payload)
	// The start of partition 0, whose first bit is 0 in a keyframe.
	return err == nil && first&0x1f == 0x10 && len(rest) > 0 && rest[0]&1 == 0
}

func (vp8Unpacker) begin() {}

func (vp8Unpacker) add(frame, payload []byte) ([]byte, error) {
	_, rest, err := vp8Payload(payload)
	return append(frame, rest...), err
}

func (vp8Unpacker) end(frame []byte) ([]byte, error) { return frame, nil }

// vp9Unpacker reads RFC 9628, section 4.2. Spatial layers of one picture come
// one after the other in the frame.
type vp9Unpacker struct{}

type vp9Descriptor struct {
	inter, begins bool
	spatial       byte
}

func vp9Payload(b []byte) (d vp9Descriptor, rest []byte, err error) {
	r := reader{b: b}
	flags := r.byte()
	d.inter, d.begins = flags&0x40 != 0, flags&0x08 != 0
	flexible := flags&0x10 != 0
	if flags&0x80 != 0 && r.byte()&0x80 != 0 { // I, M
		r.byte()
	}
	if flags&0x20 != 0 { // L
		d.spatial = r.byte() >> 1 & 7
		if !flexible {
			r.byte()
		}
	}
	if flexible && d.inter {
		for range 3 {
			if r.byte()&1 == 0 {
				break
			}
		}
	}
	if flags&0x02 != 0 { // V: the structure of the layers
		s := r.byte()
		if s&0x10 != 0 { // Y: their sizes
			r.skip(4 * (int(s>>5) + 1))
		}
		if s&0x08 != 0 { // G: a group of pictures
			for range r.byte() {
				r.skip(int(r.byte() >> 2 & 3))
			}
		}
	}
	if r.bad {
		return d, nil, errPayload
	}
	return d, r.b, nil
}

func (vp9Unpacker) starts(payload []byte) bool {
	d, rest, err := vp9Payload(payload)
	return err == nil && d.begins && !d.inter && d.spatial == 0 && len(rest) > 0
}

func (vp9Unpacker) begin() {}

func (vp9Unpacker) add(frame, payload []byte) ([]byte, error) {
	_, rest, err := vp9Payload(payload)
	return append(frame, rest...), err
}

func (vp9Unpacker) end(frame []byte) ([]byte, error) { return frame, nil }

// A reader takes bytes off a slice; it turns bad at the end instead of failing.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) skip(n int) {
	if n > len(r.b) {
		r.bad, n = true, len(r.b)
	}
	r.b = r.b[n:]
}

// h264Unpacker reads RFC 6184 and writes an Annex B byte stream.
type h264Unpacker struct {
	set bool // parameter sets were seen
}

func (u *h264Unpacker) starts(payload []byte) bool {
	if len(payload) < 2 {
		return false
	}
	t := payload[0] & nalType
	switch t {
	case nalStapA:
		for rest := payload[1:]; len(rest) > 2; {
			n := int(rest[0])<<8 | int(rest[1])
			if n == 0 || n > len(rest)-2 {
				return false
			}
			if k := rest[2] & nalType; k == nalSPS || k == nalIDR && u.set {
				return true
			}
			rest = rest[2+n:]
		}
		return false
	case nalFuA:
		if payload[1]&0x80 == 0 {
			return false
		}
		t = payload[1] & nalType
	}
	return t == nalSPS || t == nalIDR && u.set
}

func (u *h264Unpacker) begin() {}

func (u *h264Unpacker) add(frame, payload []byte) ([]byte, error) {
	if len(payload) == 0 {
		return frame, errPayload
	}
	switch t := payload[0] & nalType; {
	case t >= 1 && t <= 23:
		return u.unit(frame, payload), nil
	case t == nalStapA:
		for rest := payload[1:]; len(rest) > 0; {
			if len(rest) < 3 {
				return frame, errPayload
			}
			n := int(rest[0])<<8 | int(rest[1])
			if n == 0 || n > len(rest)-2 {
				return frame, errPayload
			}
			frame = u.unit(frame, rest[2:2+n])
			rest = rest[2+n:]
		}
		return frame, nil
	case t == nalFuA:
		if len(payload) < 3 {
			return frame, errPayload
		}
		if payload[1]&0x80 != 0 {
			frame = append(frame, 0, 0, 0, 1, payload[0]&^nalType|payload[1]&nalType)
		}
		return append(frame, payload[2:]...), nil
	}
	return frame, errPayload
}

func (u *h264Unpacker) unit(frame, unit []byte) []byte {
	if unit[0]&nalType == nalSPS {
		u.set = true
	}
	frame = append(frame, 0, 0, 0, 1)
	return append(frame, unit...)
}

func (u *h264Unpacker) end(frame []byte) ([]byte, error) { return frame, nil }
