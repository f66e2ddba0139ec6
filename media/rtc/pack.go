package rtc

import (
	"bytes"

	"paravent/media/codec"
)

// maxPayload is what a packet carries of a frame: with the headers of RTP, its
// extensions, SRTP, UDP and IPv6, and of a relay, it stays below 1280 bytes,
// which IPv6 asks of every network (RFC 8200, section 5).
const maxPayload = 1120

// A packer cuts one encoded frame into the payloads of RTP packets. It gives
// each to emit, which borrows it until it returns; last marks the frame's end.
// Real-time: it does not allocate once its buffer has grown.
type packer interface {
	pack(frame []byte, key bool, emit func(payload []byte, last bool) error) error
}

func newPacker(name codec.Name, pictureID uint16) packer {
	switch name {
	case codec.VP8:
		return &vp8Packer{id: pictureID & 0x7fff}
	case codec.VP9:
		return &vp9Packer{id: pictureID & 0x7fff}
	case codec.H264:
		return &h264Packer{}
	case codec.Opus:
		return opusPacker{}
	case codec.AV1:
	}
	return nil
}

// opusPacker: a packet of Opus is a payload (RFC 7587, section 4.2).
type opusPacker struct{}

func (opusPacker) pack(frame []byte, _ bool, emit func([]byte, bool) error) error {
	return emit(frame, true)
}

// vp8Packer writes the payload descriptor of RFC 7741, section 4.2, with a
// picture number of 15 bits.
type vp8Packer struct {
	id  uint16
	buf [maxPayload]byte
}

func (p *vp8Packer) pack(frame []byte, _ bool, emit func([]byte, bool) error) error {
	const header = 4
	p.id = (p.id + 1) & 0x7fff
	first := byte(0x10) // S: a partition starts here
	for len(frame) > 0 {
		n := min(len(frame), maxPayload-header)
		b := append(p.buf[:0], 0x80|first, 0x80, 0x80|byte(p.id>>8), byte(p.id)) // X; I; M and the number
		b = append(b, frame[:n]...)
		frame, first = frame[n:], 0
		if err := emit(b, len(frame) == 0); err != nil {
			return err
		}
	}
	return nil
}

// vp9Packer writes the payload descriptor of RFC 9628, section 4.2, in
// non-flexible mode with one layer. Chromium wants the running number of layer
// frames (TL0PICIDX) there, and the description of a group of one picture with
// every keyframe.
type vp9Packer struct {
	id  uint16
	tl0 byte
	buf [maxPayload]byte
}

func (p *vp9Packer) pack(frame []byte, key bool, emit func([]byte, bool) error) error {
	const (
		withID, inter, withLayers, begins, ends, withGroup = 0x80, 0x40, 0x20, 0x08, 0x04, 0x02
		header                                             = 8
	)
	p.id = (p.id + 1) & 0x7fff
	p.tl0++
	flags := byte(withID | withLayers | begins)
	if key {
		flags |= withGroup
	} else {
		flags |= inter
	}
	for len(frame) > 0 {
		n := min(len(frame), maxPayload-header)
		if n == len(frame) {
			flags |= ends
		}
		b := append(p.buf[:0], flags, 0x80|byte(p.id>>8), byte(p.id), 0, p.tl0)
		if flags&withGroup != 0 {
			// One spatial layer (N_S = 0) without its size, G: a group of one
			// picture, in layer 0, which refers to one, the one before it.
			b = append(b, 0x08, 1, 0x04, 1)
		}
		n = min(n, maxPayload-len(b))
		if n < len(frame) {
			b[0] &^= ends
		}
		b = append(b, frame[:n]...)
		frame = frame[n:]
		flags &^= begins | withGroup
		if err := emit(b, len(frame) == 0); err != nil {
			return err
		}
	}
	return nil
}

// h264Packer writes the payloads of RFC 6184 in packetization mode 1: single
// units, parameter sets together (STAP-A), and large units in pieces (FU-A).
type h264Packer struct {
	sets []byte // a STAP-A in the making
	buf  [maxPayload]byte
}

const (
	nalIDR, nalSEI, nalSPS, nalPPS, nalDelimiter, nalFiller = 5, 6, 7, 8, 9, 12
	nalStapA, nalFuA                                        = 24, 28
	nalType                                                 = 0x1f
)

func (p *h264Packer) pack(frame []byte, _ bool, emit func([]byte, bool) error) error {
	p.sets = p.sets[:0]
	unit, rest := nextUnit(frame)
	for len(unit) > 0 {
		var following []byte
		following, rest = nextUnit(rest)
		last := len(following) == 0
		var err error
		switch t := unit[0] & nalType; {
		case t == nalDelimiter, t == nalFiller:
		case (t == nalSPS || t == nalPPS) && !last && len(p.sets)+3+len(unit) <= maxPayload:
			p.add(unit)
		default:
			if err = p.flush(emit); err == nil {
				err = p.cut(unit, last, emit)
			}
		}
		if err != nil {
			return err
		}
		unit = following
	}
	return p.flush(emit)
}

func (p *h264Packer) add(unit []byte) {
	if len(p.sets) == 0 {
		p.sets = append(p.sets, 0x60|nalStapA)
	}
	p.sets = append(p.sets, byte(len(unit)>>8), byte(len(unit)))
	p.sets = append(p.sets, unit...)
}

func (p *h264Packer) flush(emit func([]byte, bool) error) error {
	if len(p.sets) == 0 {
		return nil
	}
	err := emit(p.sets, false)
	p.sets = p.sets[:0]
	return err
}

func (p *h264Packer) cut(unit []byte, last bool, emit func([]byte, bool) error) error {
	if len(unit) <= maxPayload {
		return emit(unit, last)
	}
	indicator, kind := unit[0]&^nalType|nalFuA, unit[0]&nalType
	unit = unit[1:]
	for flag := byte(0x80); len(unit) > 0; flag = 0 { // S, then neither, then E
		n := min(len(unit), maxPayload-2)
		if n == len(unit) {
			flag |= 0x40
		}
		b := append(p.buf[:0], indicator, flag|kind)
		b = append(b, unit[:n]...)
		unit = unit[n:]
		if err := emit(b, last && len(unit) == 0); err != nil {
			return err
		}
	}
	return nil
}

// nextUnit returns the first NAL unit of an Annex B byte stream, and what
// follows it; the unit is empty if there is none.
func nextUnit(b []byte) (unit, rest []byte) {
	for {
		i := bytes.Index(b, []byte{0, 0, 1})
		if i < 0 {
			return nil, nil
		}
		b = b[i+3:]
		end := bytes.Index(b, []byte{0, 0, 1})
		if end < 0 {
			return trimZeros(b), nil
		}
		if unit = trimZeros(b[:end]); len(unit) > 0 {
			return unit, b[end:]
		}
		b = b[end:]
	}
}

// trimZeros drops the zeros between units, which belong to none.
func trimZeros(b []byte) []byte { return bytes.TrimRight(b, "\x00") }
