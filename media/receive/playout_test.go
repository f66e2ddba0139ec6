package receive

import (
	"math"
	"testing"

	"paravent/media/frame"
)

func voice(n int, hz float64) []float32 {
	x := make([]float32, n, n+maxLag)
	for i := range x {
		p := 2 * math.Pi * hz * float64(i) / frame.Rate
		x[i] = float32(0.2*math.Sin(p) + 0.1*math.Sin(2*p+1) + 0.05*math.Sin(5*p))
	}
	return x
}

// steepest returns the largest step between two samples.
func steepest(x []float32) float64 {
	most := 0.0
	for i := 1; i < len(x); i++ {
		most = max(most, math.Abs(float64(x[i]-x[i-1])))
	}
	return most
}

func TestStretchingTakesWholePeriodsWithoutAClick(t *testing.T) {
	for _, hz := range []float64{90, 120, 170, 233, 350} {
		x := voice(4*frame.BlockLen, hz)
		limit := 1.1 * steepest(x)
		less := shorten(x)
		periods := float64(less) * hz / frame.Rate
		if less == 0 || math.Abs(periods-math.Round(periods)) > 0.03 || steepest(x[:len(x)-less]) > limit {
			t.Errorf("%v Hz: %d samples shorter, which is %.3f periods, steepest %v of %v", hz, less, periods, steepest(x[:len(x)-less]), limit)
		}
		y := voice(4*frame.BlockLen, hz)
		more := lengthen(y[:cap(y)], len(y))
		y = y[:len(y)+more]
		periods = float64(more) * hz / frame.Rate
		if more == 0 || math.Abs(periods-math.Round(periods)) > 0.03 || steepest(y) > limit {
			t.Errorf("%v Hz: %d samples longer, which is %.3f periods, steepest %v of %v", hz, more, periods, steepest(y), limit)
		}
	}
}

func TestWhatHasNoPeriodIsLeftAlone(t *testing.T) {
	x := make([]float32, 3*frame.BlockLen)
	state := uint32(1)
	for i := range x {
		state = state*1664525 + 1013904223
		x[i] = float32(state>>8)/(1<<24) - 0.5
	}
	if n := shorten(x); n != 0 {
		t.Errorf("%d samples of noise were taken out", n)
	}
	if n := shorten(make([]float32, 3*frame.BlockLen)); n == 0 {
		t.Error("silence was not made shorter")
	}
	if n := shorten(make([]float32, minLag)); n != 0 {
		t.Errorf("%d samples of too few were taken out", n)
	}
}

func BenchmarkShorten(b *testing.B) {
	x, y := voice(4*frame.BlockLen, 120), make([]float32, 4*frame.BlockLen)
	for b.Loop() {
		copy(y, x)
		shorten(y)
	}
}
