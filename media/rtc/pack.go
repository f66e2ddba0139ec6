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
	pack(p codec.Packet, emit func(payload []byte, last bool) error) error
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

func (opusPacker) pack(p codec.Packet, emit func([]byte, bool) error) error {
	return emit(p.Data, true)
}

// vp8Packer writes the payload descriptor of RFC 7741, section 4.2, with a
// picture number of 15 bits and the temporal layer.
type vp8Packer struct {
	id  uint16
	tl0 byte
	buf [maxPayload]byte
}

func (p *vp8Packer) pack(pkt codec.Packet, emit func([]byte, bool) error) error {
	const header = 6
	p.id = (p.id + 1) & 0x7fff
	layer := byte(pkt.Temporal&3) << 6 // TID
	if layer == 0 {
		p.tl0++
	}
	if pkt.Sync && layer != 0 {
		layer |= 0x20 // Y: needs layer 0 only
	}
	first := byte(0x10) // S: a partition starts here
	for frame := pkt.Data; len(frame) > 0; first = 0 {
		n := min(len(frame), maxPayload-header)
		b := append(p.buf[:0], 0x80|first, 0xe0, 0x80|byte(p.id>>8), byte(p.id), p.tl0, layer) // X; I, L and T
		b = append(b, frame[:n]...)
		frame = frame[n:]
		if err := emit(b, len(frame) == 0); err != nil {
			return err
		}
	}
	return nil
}

// vp9Packer writes the payload descriptor of RFC 9628, section 4.2, in
// flexible mode: each picture names those it refers to, which is right for any
// pattern of temporal layers.
type vp9Packer struct {
	id   uint16
	last [3]uint16 // number of the last picture of each temporal layer
	seen [3]bool   // since the keyframe
	buf  [maxPayload]byte
}

func (p *vp9Packer) pack(pkt codec.Packet, emit func([]byte, bool) error) error {
	const withID, inter, withLayers, flexible, begins, ends = 0x80, 0x40, 0x20, 0x10, 0x08, 0x04
	p.id = (p.id + 1) & 0x7fff
	t := min(max(pkt.Temporal, 0), 2)
	layer := byte(t) << 5
	if pkt.Sync && t > 0 {
		layer |= 0x10 // U: one may go up here
	}
	flags := byte(withID | withLayers | flexible | begins)
	var refs [3]byte
	n := 0
	if pkt.Keyframe {
		p.seen = [3]bool{}
	} else {
		flags |= inter
		for i := 0; i <= t; i++ {
			if p.seen[i] && (i == 0 || !pkt.Sync) {
				refs[n] = byte(min((p.id-p.last[i])&0x7fff, 127)) << 1
				n++
			}
		}
		if n == 0 {
			refs[0], n = 1<<1, 1
		}
		for i := range n - 1 {
			refs[i] |= 1 // another follows
		}
	}
	p.last[t], p.seen[t] = p.id, true
	for frame := pkt.Data; len(frame) > 0; flags &^= begins {
		b := append(p.buf[:0], flags, 0x80|byte(p.id>>8), byte(p.id), layer)
		b = append(b, refs[:n]...)
		k := min(len(frame), maxPayload-len(b))
		if k == len(frame) {
			b[0] |= ends
		}
		b = append(b, frame[:k]...)
		frame = frame[k:]
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
	nalIDR, nalSPS, nalPPS, nalDelimiter, nalFiller = 5, 7, 8, 9, 12
	nalStapA, nalFuA                                = 24, 28
	nalType                                         = 0x1f
)

func (p *h264Packer) pack(pkt codec.Packet, emit func([]byte, bool) error) error {
	p.sets = p.sets[:0]
	exact := pkt.Sealed > 0
	unit, rest := nextUnit(pkt.Data, exact)
	for len(unit) > 0 {
		var following []byte
		following, rest = nextUnit(rest, exact)
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
// follows it; the unit is empty if there is none. Zeros at the end of the stream belong
// to its last unit if they are exact, as what is sealed is.
func nextUnit(b []byte, exact bool) (unit, rest []byte) {
	for {
		i := bytes.Index(b, []byte{0, 0, 1})
		if i < 0 {
			return nil, nil
		}
		b = b[i+3:]
		end := bytes.Index(b, []byte{0, 0, 1})
		switch {
		case end < 0 && exact:
			return b, nil
		case end < 0:
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
