package rtc

import "encoding/binary"

// maxDatagram is the largest packet that is read.
const maxDatagram = 1500

// A packet is what the parts above the socket need of an RTP packet.
type packet struct {
	seq     uint16
	ts      uint32
	kind    byte // payload type
	marker  bool
	payload []byte // borrowed from the datagram; empty in padding
}

// parsePacket reads RFC 3550, section 5.1. It does not allocate.
func parsePacket(b []byte) (p packet, ok bool) {
	if len(b) < 12 || b[0]>>6 != 2 {
		return p, false
	}
	p.marker, p.kind = b[1]&0x80 != 0, b[1]&0x7f
	p.seq = binary.BigEndian.Uint16(b[2:])
	p.ts = binary.BigEndian.Uint32(b[4:])
	padded, extended, at := b[0]&0x20 != 0, b[0]&0x10 != 0, 12+4*int(b[0]&0x0f)
	if extended {
		if len(b) < at+4 {
			return p, false
		}
		at += 4 + 4*int(binary.BigEndian.Uint16(b[at+2:]))
	}
	end := len(b)
	if padded {
		end -= int(b[len(b)-1])
	}
	if at > len(b) || end < at {
		return p, false
	}
	p.payload = b[at:end]
	return p, true
}
