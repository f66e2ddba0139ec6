package vpx

/*
#include "shim.h"
*/
import "C"

// A step says what one picture of a pattern of temporal layers refers to, and
// which later ones may refer to it.
type step struct {
	layer int
	sync  bool // refers only to layer 0
	flags C.long
}

// Only layer 0 is kept in the last frame buffer, and only it carries on the
// statistics of the entropy coder. Of three layers, the middle one is kept in
// the golden frame. So a room may leave out every picture of a layer, and of
// those above it, and the rest still decodes.
const (
	base = C.VP8_EFLAG_NO_REF_GF | C.VP8_EFLAG_NO_REF_ARF |
		C.VP8_EFLAG_NO_UPD_GF | C.VP8_EFLAG_NO_UPD_ARF
	kept = C.VP8_EFLAG_NO_REF_GF | C.VP8_EFLAG_NO_REF_ARF |
		C.VP8_EFLAG_NO_UPD_LAST | C.VP8_EFLAG_NO_UPD_ARF | C.VP8_EFLAG_NO_UPD_ENTROPY
	loose = C.VP8_EFLAG_NO_REF_GF | C.VP8_EFLAG_NO_REF_ARF |
		C.VP8_EFLAG_NO_UPD_LAST | C.VP8_EFLAG_NO_UPD_GF | C.VP8_EFLAG_NO_UPD_ARF | C.VP8_EFLAG_NO_UPD_ENTROPY
	looseOnKept = C.VP8_EFLAG_NO_REF_ARF |
		C.VP8_EFLAG_NO_UPD_LAST | C.VP8_EFLAG_NO_UPD_GF | C.VP8_EFLAG_NO_UPD_ARF | C.VP8_EFLAG_NO_UPD_ENTROPY
)

// stepAt returns the n-th step after a keyframe, which is number 0, with the
// given number of temporal layers, in the order that browsers send: 0 1, and
// 0 2 1 2.
func stepAt(n uint, layers int) step {
	switch layers {
	case 2:
		if n%2 == 1 {
			return step{1, true, loose}
		}
		return step{0, false, base}
	case 3:
		switch n % 4 {
		case 1:
			return step{2, true, loose}
		case 2:
			return step{1, true, kept}
		case 3:
			return step{2, false, looseOnKept}
		}
		return step{0, false, base}
	}
	return step{}
}
