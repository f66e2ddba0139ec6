package rtc

// av1Unpacker reads the RTP payload format for AV1 (AOMedia, v1.0, section
// 4.4) and writes a temporal unit in the low-overhead format: every OBU with
// its size in front, behind a temporal delimiter.
type av1Unpacker struct {
	obu  []byte // what has come of the OBU that goes on in the next packet
	open bool
}

const (
	obuDelimiter, obuTileList, obuPadding = 2, 8, 15
	obuHasSize, obuHasExtension           = 0x02, 0x04
)

func (u *av1Unpacker) starts(payload []byte) bool {
	// N: the first of a coded video sequence; not Z: no OBU goes on here.
	return len(payload) > 1 && payload[0]&0x88 == 0x08
}

func (u *av1Unpacker) begin() { u.obu, u.open = u.obu[:0], false }

func (u *av1Unpacker) add(frame, payload []byte) ([]byte, error) {
	if len(payload) < 2 {
		return frame, errPayload
	}
	goesOn, willGoOn, count := payload[0]&0x80 != 0, payload[0]&0x40 != 0, int(payload[0]>>4&3)
	if goesOn != u.open {
		return frame, errPayload
	}
	if len(frame) == 0 {
		frame = append(frame, obuDelimiter<<3|obuHasSize, 0)
	}
	rest := payload[1:]
	for i := 1; len(rest) > 0; i++ {
		n := len(rest)
		if i != count { // W: the last of a known number has no length
			var ok bool
			if n, rest, ok = leb128(rest); !ok || n > len(rest) {
				return frame, errPayload
			}
		}
		if len(u.obu)+n > maxFrame {
			return frame, errPayload
		}
		u.obu = append(u.obu, rest[:n]...)
		rest = rest[n:]
		u.open = len(rest) == 0 && willGoOn
		if u.open {
			break
		}
		var err error
		if frame, err = u.flush(frame); err != nil {
			return frame, err
		}
	}
	return frame, nil
}

// flush writes the OBU that is complete.
func (u *av1Unpacker) flush(frame []byte) ([]byte, error) {
	obu := u.obu
	u.obu = u.obu[:0]
	if len(obu) == 0 {
		return frame, nil
	}
	header := 1
	if obu[0]&obuHasExtension != 0 {
		header = 2
	}
	if len(obu) < header || obu[0]&0x80 != 0 {
		return frame, errPayload
	}
	switch obu[0] >> 3 & 15 {
	case obuDelimiter, obuTileList, obuPadding:
		return frame, nil
	}
	body := obu[header:]
	if obu[0]&obuHasSize != 0 {
		n, rest, ok := leb128(body)
		if !ok || n > len(rest) {
			return frame, errPayload
		}
		body = rest[:n]
	}
	frame = append(frame, obu[0]|obuHasSize)
	if header == 2 {
		frame = append(frame, obu[1])
	}
	n := len(body)
	for n >= 0x80 {
		frame = append(frame, byte(n)|0x80)
		n >>= 7
	}
	frame = append(frame, byte(n))
	return append(frame, body...), nil
}

func (u *av1Unpacker) end(frame []byte) ([]byte, error) {
	if u.open {
		return frame, errPayload
	}
	return frame, nil
}

// leb128 reads a number of at most four bytes; larger ones cannot be meant.
func leb128(b []byte) (n int, rest []byte, ok bool) {
	for i := range min(4, len(b)) {
		n |= int(b[i]&0x7f) << (7 * i)
		if b[i]&0x80 == 0 {
			return n, b[i+1:], true
		}
	}
	return 0, b, false
}
