package whip

import (
	"slices"
	"strconv"
	"strings"

	"paravent/media/codec"
)

// maxSections bounds the sections of a description that are looked at.
const maxSections = 32

// A section is what a description says of one stream.
type section struct {
	kind      string // "audio", "video", or something else
	mid       string
	formats   []string
	direction string     // "sendonly", "recvonly", "sendrecv", "inactive"
	codec     codec.Name // the first that is known; empty if none is
	rejected  bool       // the port is nought, and not because another section's way is shared
}

// sends and takes report whether the side that described the section sends in
// it, or receives.
func (s section) sends() bool {
	return !s.rejected && (s.direction == "sendonly" || s.direction == "sendrecv")
}

func (s section) takes() bool {
	return !s.rejected && (s.direction == "recvonly" || s.direction == "sendrecv")
}

// sections reads a session description (RFC 8866) as far as is needed here. It
// may be anything.
func sections(sdp string) []section {
	var all []section
	names := make(map[string]codec.Name)
	end := func() {
		if len(all) == 0 {
			return
		}
		s := &all[len(all)-1]
		for _, f := range s.formats {
			if name, ok := names[f]; ok {
				s.codec = name
				break
			}
		}
		clear(names)
	}
	for line := range strings.Lines(sdp) {
		line = strings.TrimRight(line, "\r\n")
		if m, ok := strings.CutPrefix(line, "m="); ok {
			end()
			if len(all) == maxSections {
				return all
			}
			f := strings.Fields(m)
			s := section{direction: "sendrecv"} // RFC 8866, section 6.7
			if len(f) >= 3 {
				s.kind, s.rejected, s.formats = f[0], f[1] == "0", f[3:]
			}
			all = append(all, s)
			continue
		}
		a, ok := strings.CutPrefix(line, "a=")
		if !ok || len(all) == 0 {
			continue
		}
		s := &all[len(all)-1]
		key, value, _ := strings.Cut(a, ":")
		switch key {
		case "mid":
			s.mid = value
		case "bundle-only": // RFC 9143, section 6
			s.rejected = false
		case "sendonly", "recvonly", "sendrecv", "inactive":
			s.direction = key
		case "rtpmap":
			number, name, _ := strings.Cut(value, " ")
			name, _, _ = strings.Cut(strings.ToLower(name), "/")
			if c := codec.Name(name); slices.Contains(known(), c) {
				names[number] = c
			}
		}
	}
	end()
	return all
}

func known() []codec.Name {
	return []codec.Name{codec.Opus, codec.VP8, codec.VP9, codec.H264, codec.AV1}
}

// strict adds to our offer, or answer, what RFC 9725 and RFC 8840 want and pion
// leaves out: that the ways are trickled, and that RTCP has no port of its own.
func strict(sdp string) string {
	var b strings.Builder
	for line := range strings.Lines(sdp) {
		if strings.HasPrefix(line, "a=group:BUNDLE") && !strings.Contains(sdp, "a=ice-options:") {
			b.WriteString(iceOptions + "\r\n")
		}
		b.WriteString(line)
		if strings.TrimSpace(line) == "a=rtcp-mux" && !strings.Contains(sdp, "a=rtcp-mux-only") {
			b.WriteString("a=rtcp-mux-only\r\n")
		}
	}
	return b.String()
}

// iceOptions: candidates are trickled (RFC 8840), and the rules are those of RFC
// 8445.
const iceOptions = "a=ice-options:trickle ice2"

// A fragment is what one side says of its ways (RFC 8840, section 9).
type fragment struct {
	user, password string
	candidates     []string // "candidate:…"
	last           bool     // there are no more
}

// write puts f in words, for the first section of the offer.
func (f fragment) write(offer string) string {
	var b strings.Builder
	line := func(s string) { b.WriteString(s + "\r\n") }
	line(iceOptions)
	for l := range strings.Lines(offer) {
		l = strings.TrimSpace(l)
		if strings.HasPrefix(l, "a=group:BUNDLE") || strings.HasPrefix(l, "m=") {
			line(l)
		}
		if strings.HasPrefix(l, "a=mid:") {
			line(l)
			break
		}
	}
	line("a=ice-ufrag:" + f.user)
	line("a=ice-pwd:" + f.password)
	for _, c := range f.candidates {
		line("a=" + c)
	}
	if f.last {
		line("a=end-of-candidates")
	}
	return b.String()
}

// maxCandidates bounds the candidates that a server may name at once.
const maxCandidates = 64

// readFragment reads a fragment, or the same out of a whole description. It may
// be anything. It returns false if it names no way in, or several.
func readFragment(text string) (f fragment, ok bool) {
	set := func(v *string, s string) bool {
		if *v != "" && *v != s {
			return false
		}
		*v = s
		return true
	}
	for line := range strings.Lines(text) {
		a, found := strings.CutPrefix(strings.TrimSpace(line), "a=")
		if !found {
			continue
		}
		key, value, _ := strings.Cut(a, ":")
		switch {
		case key == "ice-ufrag" && !set(&f.user, value), key == "ice-pwd" && !set(&f.password, value):
			return fragment{}, false
		case key == "candidate" && len(f.candidates) < maxCandidates && !slices.Contains(f.candidates, a):
			f.candidates = append(f.candidates, a)
		case key == "end-of-candidates":
			f.last = true
		}
	}
	return f, credential(f.user, 4) && credential(f.password, 22)
}

// credential reports whether s is made of ice-chars, of the length that RFC
// 8839, section 5.4, allows.
func credential(s string, least int) bool {
	const ice = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"
	return len(s) >= least && len(s) <= 256 && strings.Trim(s, ice) == ""
}

// renewed is the last answer with the ways of f in place of its own.
func renewed(answer string, f fragment) string {
	var b strings.Builder
	sections := 0
	candidates := func() { // belong to the first section, whose way all share
		for _, c := range f.candidates {
			b.WriteString("a=" + c + "\r\n")
		}
		f.candidates = nil
	}
	for line := range strings.Lines(answer) {
		key, _, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch {
		case key == "a=ice-ufrag":
			line = "a=ice-ufrag:" + f.user + "\r\n"
		case key == "a=ice-pwd":
			line = "a=ice-pwd:" + f.password + "\r\n"
		case key == "a=candidate", key == "a=end-of-candidates":
			continue
		case strings.HasPrefix(line, "m="):
			if sections++; sections == 2 {
				candidates()
			}
		}
		b.WriteString(line)
	}
	candidates()
	return b.String()
}

// number is a small count in a name.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return " " + strconv.Itoa(n+1)
}
