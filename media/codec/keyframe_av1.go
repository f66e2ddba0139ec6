package codec

import "image"

// The OBU types of AV1, section 6.2.2, that matter here.
const (
	obuSequenceHeader = 1
	obuFrameHeader    = 3
	obuFrame          = 6
)

// av1Start returns the size that the sequence header in data allows at most, if
// a key frame follows it.
func av1Start(data []byte) (image.Point, bool) {
	var size image.Point
	known, still := false, false
	for len(data) > 0 {
		kind, payload, rest, ok := av1OBU(data)
		if !ok {
			return image.Point{}, false
		}
		switch kind {
		case obuSequenceHeader:
			size, still, known = av1Sequence(payload)
			if !known {
				return image.Point{}, false
			}
		case obuFrameHeader, obuFrame:
			b := bits{data: payload}
			key := still || b.get(3) == 0 // neither show_existing_frame nor a frame_type but KEY_FRAME
			return size, known && key && !b.failed
		}
		data = rest
	}
	return image.Point{}, false
}

// av1OBU takes the first OBU off data; AV1, sections 5.3 and 4.10.5. One
// without a size reaches to the end.
func av1OBU(data []byte) (kind byte, payload, rest []byte, ok bool) {
	header := data[0]
	if header&0x80 != 0 {
		return 0, nil, nil, false
	}
	kind = header >> 3 & 15
	i := 1
	if header&4 != 0 { // the extension
		i++
	}
	if header&2 == 0 {
		if i > len(data) {
			return 0, nil, nil, false
		}
		return kind, data[i:], nil, true
	}
	size := uint64(0)
	for shift := 0; ; shift += 7 {
		if i >= len(data) || shift == 56 {
			return 0, nil, nil, false
		}
		c := data[i]
		i++
		size |= uint64(c&0x7f) << shift
		if c&0x80 == 0 {
			break
		}
	}
	if size > uint64(len(data)-i) {
		return 0, nil, nil, false
	}
	return kind, data[i : i+int(size)], data[i+int(size):], true
}

// av1Sequence reads the size from a sequence header; AV1, section 5.5.1. still
// is reduced_still_picture_header, with which every frame is a key frame.
func av1Sequence(payload []byte) (size image.Point, still, ok bool) {
	b := bits{data: payload}
	b.skip(3 + 1)
	still = b.flag()
	if still {
		b.skip(5)
	} else {
		av1Operating(&b)
	}
	wbits, hbits := int(b.get(4))+1, int(b.get(4))+1
	w := int(b.get(wbits)) + 1
	size = image.Pt(w, int(b.get(hbits))+1)
	return size, still, !b.failed
}

// av1Operating passes over the timing and the operating points.
func av1Operating(b *bits) {
	model, delayBits := false, 0
	if b.flag() { // timing_info
		b.skip(64)
		if b.flag() {
			b.ue()
		}
		if model = b.flag(); model {
			delayBits = int(b.get(5)) + 1
			b.skip(32 + 5 + 5)
		}
	}
	displayDelay := b.flag()
	points := int(b.get(5)) + 1
	for range points {
		b.skip(12)
		if b.get(5) > 7 {
			b.skip(1)
		}
		if model && b.flag() {
			b.skip(2*delayBits + 1)
		}
		if displayDelay && b.flag() {
			b.skip(4)
		}
	}
}
