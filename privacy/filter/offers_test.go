package filter_test

import (
	"runtime"
	"testing"
	"time"

	"paravent/privacy/filter"
)

func TestMeasuredTimeIsThatOfWhatWasDone(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began := time.Now()
	w := filter.Measured(func() {
		<-time.After(2 * time.Millisecond)
	})
	if most := time.Since(began); w.Wall < 2*time.Millisecond || w.Wall > most || w.CPU < 0 {
		t.Errorf("%+v of %v", w, most)
	}
	done := 0
	if n := testing.AllocsPerRun(20, func() { filter.Measured(func() { done++ }) }); n != 0 || done != 21 {
		t.Errorf("%v allocations, done %d times", n, done)
	}
}
