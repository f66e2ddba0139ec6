package sframe

import "errors"

// maxHeader is the length of the longest header: a byte, eight of the key's
// number and eight of the counter.
const maxHeader = 17

// ErrFrame is returned for bytes that are no frame.
var ErrFrame = errors.New("not a sealed frame")

// A Header names the key of a frame and counts the frames under it (RFC 9605,
// section 4.3).
type Header struct {
	KID uint64 // number of the key
	CTR uint64 // number of the frame under that key
}

// Append appends the coded header to b.
func (h Header) Append(b []byte) []byte {
	at := len(b)
	b = append(b, 0)
	k, b := appendField(b, h.KID)
	c, b := appendField(b, h.CTR)
	b[at] = k<<4 | c
	return b
}

// appendField returns the four bits of a field and appends its bytes: a value
// below 8 is in the bits, any other is in as few bytes as hold it.
func appendField(b []byte, v uint64) (bits byte, _ []byte) {
	if v < 8 {
		return byte(v), b
	}
	n := 1
	for n < 8 && v>>(8*n) != 0 {
		n++
	}
	for i := n - 1; i >= 0; i-- {
		b = append(b, byte(v>>(8*i)))
	}
	return 8 | byte(n-1), b
}

// ReadHeader reads the header at the beginning of a frame and returns how many
// bytes it has. A value that is coded longer than it must be is ErrFrame: the
// RFC allows one form only.
func ReadHeader(frame []byte) (Header, int, error) {
	if len(frame) == 0 {
		return Header{}, 0, ErrFrame
	}
	kid, n, ok := readField(frame[0]>>4, frame[1:])
	if !ok {
		return Header{}, 0, ErrFrame
	}
	ctr, m, ok := readField(frame[0]&15, frame[1+n:])
	if !ok {
		return Header{}, 0, ErrFrame
	}
	return Header{KID: kid, CTR: ctr}, 1 + n + m, nil
}

func readField(bits byte, b []byte) (v uint64, n int, ok bool) {
	if bits&8 == 0 {
		return uint64(bits), 0, true
	}
	n = int(bits&7) + 1
	if len(b) < n {
		return 0, 0, false
	}
	for _, c := range b[:n] {
		v = v<<8 | uint64(c)
	}
	return v, n, v >= 8 && v>>(8*(n-1)) != 0
}
