package codec

import "image"

// IsKeyframe reports whether a decoder without a past can start at data, which
// is one whole picture as a depacketizer puts it together and comes from the
// network. It looks at headers only and does not allocate.
//
// The forms are: VP8 after RFC 6386; VP9 after its bitstream specification,
// also as a superframe or as spatial layers one after the other; H.264 as an
// Annex B byte stream, where an IDR slice counts; AV1 as a temporal unit of
// OBUs in the low-overhead format, where a sequence header with a key frame
// after it counts. Any Opus packet will do.
func IsKeyframe(name Name, data []byte) bool {
	switch name {
	case VP8:
		_, ok := vp8Size(data)
		return ok
	case VP9:
		h, ok := vp9Parse(data)
		return ok && h.key
	case H264:
		return h264Find(data, nalIDR) != nil
	case AV1:
		_, ok := av1Start(data)
		return ok
	case Opus:
		return len(data) > 0
	}
	return false
}

// Dimensions returns the size in pixels that the headers of a keyframe ask for,
// before anything is decoded or any memory taken. It reports false if data says
// nothing of a size. Of VP9 with several spatial layers it is the lowest one's.
func Dimensions(name Name, data []byte) (image.Point, bool) {
	switch name {
	case VP8:
		return vp8Size(data)
	case VP9:
		h, ok := vp9Parse(data)
		return h.size, ok && h.size != image.Point{}
	case H264:
		return h264Size(h264Find(data, nalSPS))
	case AV1:
		return av1Start(data)
	case Opus:
	}
	return image.Point{}, false
}

// HasParameters reports whether an H.264 access unit carries the parameter sets
// that a decoder without a past needs.
func HasParameters(data []byte) bool {
	return h264Find(data, nalSPS) != nil && h264Find(data, nalPPS) != nil
}

// vp8Size reads the header of a VP8 keyframe; RFC 6386, section 9.1.
func vp8Size(data []byte) (image.Point, bool) {
	if len(data) < 10 || data[0]&1 != 0 || data[3] != 0x9d || data[4] != 0x01 || data[5] != 0x2a {
		return image.Point{}, false
	}
	w := int(data[6]) | int(data[7])<<8
	h := int(data[8]) | int(data[9])<<8
	size := image.Pt(w&0x3fff, h&0x3fff) // the upper bits ask for upscaling
	return size, size.X > 0 && size.Y > 0
}

// vp9Header is what the start of a VP9 frame says.
type vp9Header struct {
	key  bool
	size image.Point // zero if the frame has the size of one before
}

// vp9Parse reads the uncompressed header of the first frame in data; VP9
// bitstream specification 0.6, section 6.2. Only frames of profile 0 count: the
// others are not 8-bit 4:2:0, which a decoder says in its own words.
func vp9Parse(data []byte) (vp9Header, bool) {
	b := bits{data: data}
	var h vp9Header
	if b.get(2) != 2 {
		return h, false
	}
	profile := b.get(1) | b.get(1)<<1
	if profile == 3 {
		b.skip(1)
	}
	if b.flag() { // show_existing_frame
		return h, !b.failed
	}
	inter := b.flag()
	show := b.flag()
	resilient := b.flag()
	switch {
	case !inter:
		h.key = true
		if !vp9Sync(&b) {
			return vp9Header{}, false
		}
		vp9Colour(&b, profile)
		h.size = vp9Size(&b)
	case !show && b.flag(): // intra_only
		if !resilient {
			b.skip(2)
		}
		if !vp9Sync(&b) {
			return vp9Header{}, false
		}
		if profile > 0 {
			vp9Colour(&b, profile)
		}
		b.skip(8)
		h.size = vp9Size(&b)
	default:
		if !resilient {
			b.skip(2)
		}
		b.skip(8 + 3*4)
		found := false // the size of one of the three references
		for i := 0; i < 3 && !found; i++ {
			found = b.flag()
		}
		if !found {
			h.size = vp9Size(&b)
		}
	}
	return h, !b.failed
}

func vp9Sync(b *bits) bool { return b.get(24) == 0x498342 }

// vp9Colour passes over color_config().
func vp9Colour(b *bits, profile uint32) {
	if profile >= 2 {
		b.skip(1) // ten or twelve bits
	}
	const rgb = 7
	if b.get(3) != rgb {
		b.skip(1)
		if profile&1 == 1 {
			b.skip(3)
		}
	} else if profile&1 == 1 {
		b.skip(1)
	}
}

func vp9Size(b *bits) image.Point {
	w := int(b.get(16)) + 1
	return image.Pt(w, int(b.get(16))+1)
}
