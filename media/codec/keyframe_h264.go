package codec

import "image"

// The NAL unit types of H.264, table 7-1, that matter here.
const (
	nalIDR = 5
	nalSPS = 7
	nalPPS = 8
)

// h264Find returns the first NAL unit of the given type in an Annex B byte
// stream, without its start code, or nil.
func h264Find(data []byte, kind byte) []byte {
	for unit, rest := h264Next(data); unit != nil; unit, rest = h264Next(rest) {
		if unit[0]&0x1f == kind && unit[0]&0x80 == 0 {
			return unit
		}
	}
	return nil
}

// h264Next returns the first NAL unit of data that is not empty, and the bytes
// after it, which begin with the next start code. It returns nil at the end.
func h264Next(data []byte) (unit, rest []byte) {
	for {
		i := startCode(data)
		if i < 0 {
			return nil, nil
		}
		data = data[i+3:]
		end := startCode(data)
		if end < 0 {
			end = len(data)
		}
		if end > 0 {
			return data[:end], data[end:]
		}
	}
}

// startCode returns where the next 00 00 01 is, or −1.
func startCode(data []byte) int {
	for i := 2; i < len(data); {
		switch {
		case data[i] > 1:
			i += 3
		case data[i] == 1 && data[i-1] == 0 && data[i-2] == 0:
			return i - 2
		default:
			i++
		}
	}
	return -1
}

// h264Size reads the size of the picture, after cropping, from a sequence
// parameter set; H.264, section 7.3.2.1.1.
func h264Size(sps []byte) (image.Point, bool) {
	if len(sps) < 4 {
		return image.Point{}, false
	}
	profile := sps[1]
	b := bits{data: sps[4:], unescape: true}
	b.ue() // seq_parameter_set_id
	chroma := uint32(1)
	switch profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
		chroma = b.ue()
		if chroma == 3 {
			b.skip(1)
		}
		b.ue()
		b.ue()
		b.skip(1)
		if b.flag() {
			h264Scaling(&b, chroma)
		}
	}
	b.ue() // log2_max_frame_num_minus4
	switch b.ue() {
	case 0:
		b.ue()
	case 1:
		b.skip(1)
		b.se()
		b.se()
		n := b.ue()
		for i := uint32(0); i < n && i < 256 && !b.failed; i++ {
			b.se()
		}
	}
	b.ue() // max_num_ref_frames
	b.skip(1)
	w, h := uint64(b.ue())+1, uint64(b.ue())+1
	fieldFactor := uint64(2)
	if b.flag() { // frame_mbs_only_flag
		fieldFactor = 1
	} else {
		b.skip(1)
	}
	w, h = w*16, h*16*fieldFactor
	b.skip(1)
	if b.flag() { // frame_cropping_flag
		ux, uy := uint64(1), fieldFactor
		if chroma == 1 || chroma == 2 {
			ux = 2
		}
		if chroma == 1 {
			uy *= 2
		}
		cropX := (uint64(b.ue()) + uint64(b.ue())) * ux
		cropY := (uint64(b.ue()) + uint64(b.ue())) * uy
		if cropX >= w || cropY >= h {
			return image.Point{}, false
		}
		w, h = w-cropX, h-cropY
	}
	const most = 1 << 20 // far beyond level 6.2, and safe to multiply
	if b.failed || w > most || h > most {
		return image.Point{}, false
	}
	return image.Pt(int(w), int(h)), true
}

// h264Scaling passes over the scaling lists; section 7.3.2.1.1.1.
func h264Scaling(b *bits, chroma uint32) {
	lists := 8
	if chroma == 3 {
		lists = 12
	}
	for i := range lists {
		if !b.flag() {
			continue
		}
		size := 16
		if i >= 6 {
			size = 64
		}
		last, next := int32(8), int32(8)
		for j := 0; j < size && !b.failed; j++ {
			if next != 0 {
				next = (last + b.se()) & 0xff
			}
			if next != 0 {
				last = next
			}
		}
	}
}
