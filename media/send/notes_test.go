package send

import (
	"testing"
	"time"

	"paravent/privacy/filter"
)

func TestANoteIsToldOnceItHasSettledWhateverOthersDo(t *testing.T) {
	var s steady
	var told []filter.Notes
	for i := range 60 {
		var n filter.Notes
		if i%2 == 0 {
			n |= filter.OffCentre // flickers
		}
		if i >= 10 && i < 40 {
			n |= filter.SecondPerson
		}
		if s.after(time.Duration(i)*time.Second/30, n) {
			told = append(told, s.told)
		}
	}
	if len(told) != 2 || told[0] != filter.SecondPerson || told[1] != 0 {
		t.Errorf("told %v", told)
	}
}
