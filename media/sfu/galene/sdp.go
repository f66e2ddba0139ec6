package galene

import (
	"strings"

	"paravent/media/codec"
)

// Kinds of media in a stream.
const (
	sound = iota
	picture
	kinds
)

// maxSections bounds the sections of a description that are looked at.
const maxSections = 64

// offers reads what a description of the server offers to send: for each kind the
// codec, or none.
func offers(sdp string) (got [kinds]codec.Name) {
	kind, sections := -1, 0
	sends := false
	var codecs map[string]codec.Name // by payload type
	var first string                 // payload type
	end := func() {
		if kind >= 0 && sends && got[kind] == "" {
			got[kind] = codecs[first]
		}
	}
	for line := range strings.Lines(sdp) {
		line = strings.TrimRight(line, "\r\n")
		if media, ok := strings.CutPrefix(line, "m="); ok {
			end()
			if sections++; sections > maxSections {
				return got
			}
			f := strings.Fields(media) // KIND PORT PROTOCOL TYPE …
			kind, sends, first, codecs = -1, true, "", make(map[string]codec.Name)
			if len(f) < 4 || f[1] == "0" {
				continue
			}
			switch f[0] {
			case "audio":
				kind = sound
			case "video":
				kind = picture
			}
			first = f[3]
			continue
		}
		switch {
		case line == "a=inactive", line == "a=recvonly":
			sends = false
		case strings.HasPrefix(line, "a=rtpmap:") && len(codecs) < maxSections:
			number, form, _ := strings.Cut(strings.TrimPrefix(line, "a=rtpmap:"), " ")
			name, _, _ := strings.Cut(strings.ToLower(form), "/")
			if n := codec.Name(name); fits(kind, n) {
				codecs[number] = n
			}
		}
	}
	end()
	return got
}

// fits reports whether we can take a codec.
func fits(kind int, n codec.Name) bool {
	switch n {
	case codec.Opus:
		return kind == sound
	case codec.VP8, codec.VP9, codec.H264, codec.AV1:
		return kind == picture
	}
	return false
}
