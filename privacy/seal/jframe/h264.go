package jframe

// The NAL unit types of H.264, table 7-1, that matter here.
const (
	nalSlice     = 1
	nalIDR       = 5
	nalDelimiter = 9
	nalFiller    = 12
)

// nextUnit finds the next start code from i on. It returns where the code begins and
// where the unit after it does; both are −1 if there is none.
func nextUnit(b []byte, i int) (code, unit int) {
	for ; i+3 < len(b); i++ {
		if b[i] == 0 && b[i+1] == 0 && b[i+2] == 1 {
			return i, i + 3
		}
	}
	return -1, -1
}

// sliceAt returns where the first slice begins in an Annex B byte stream, after its
// start code, or −1.
func sliceAt(b []byte) int {
	for _, u := nextUnit(b, 0); u >= 0; _, u = nextUnit(b, u) {
		if t := b[u] & 0x1f; t == nalSlice || t == nalIDR {
			return u
		}
	}
	return -1
}

// appendHeader appends the units of a clear header in the form that a receiver puts
// them together again: with start codes of four bytes, without zeros between them,
// and without those that are not sent.
func appendHeader(dst, header []byte) []byte {
	_, u := nextUnit(header, 0)
	for u >= 0 {
		code, next := nextUnit(header, u)
		end := code
		if code < 0 {
			end = len(header)
		}
		for code >= 0 && end > u && header[end-1] == 0 {
			end--
		}
		if t := header[u] & 0x1f; end > u && t != nalDelimiter && t != nalFiller {
			dst = append(dst, 0, 0, 0, 1)
			dst = append(dst, header[u:end]...)
		}
		u = next
	}
	return dst
}

// appendEscaped appends b with a 3 wherever a start code would appear: H.264, section
// 7.4.1.
func appendEscaped(dst, b []byte) []byte {
	zeros := 0
	for _, v := range b {
		if zeros >= 2 && v <= 3 {
			dst = append(dst, 3)
			zeros = 0
		}
		dst = append(dst, v)
		if zeros++; v != 0 {
			zeros = 0
		}
	}
	return dst
}

// appendUnescaped undoes appendEscaped.
func appendUnescaped(dst, b []byte) []byte {
	zeros := 0
	for _, v := range b {
		if zeros >= 2 && v == 3 {
			zeros = 0
			continue
		}
		dst = append(dst, v)
		if zeros++; v != 0 {
			zeros = 0
		}
	}
	return dst
}
