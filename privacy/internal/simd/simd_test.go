package simd_test

import (
	"math"
	"testing"

	"paravent/privacy/internal/simd"
)

func TestEveryPathComputesTheSigmoid(t *testing.T) {
	for _, p := range simd.Paths() {
		worst := 0.
		for x := -40.; x < 40; x += .01 {
			v := [8]float32{float32(x), 0, 0, 0, 0, 0, 0, float32(-x)}
			simd.Sigmoid(p, &v)
			worst = max(worst, math.Abs(float64(v[0])-1/(1+math.Exp(-x))), math.Abs(float64(v[7])-1/(1+math.Exp(x))))
			if v[1] != .5 {
				t.Fatalf("%v: the sigmoid of 0 is %v", p, v[1])
			}
		}
		t.Logf("%v: %.2g", p, worst)
		if !(worst < 2e-6) {
			t.Errorf("%v is wrong by %g", p, worst)
		}
	}
}

func TestTheSigmoidOfTheGreatestNumbersIsANumber(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, p := range simd.Paths() {
		v := [8]float32{inf, -inf, math.MaxFloat32, -math.MaxFloat32}
		simd.Sigmoid(p, &v)
		for i, want := range []float32{1, 0, 1, 0} {
			if !(v[i] >= want-1e-6 && v[i] <= want+1e-6) {
				t.Errorf("%v, value %d: %v", p, i, v[i])
			}
		}
	}
}

func TestTheLastPathIsPlainGo(t *testing.T) {
	paths := simd.Paths()
	if last := paths[len(paths)-1]; last != simd.Plain || last.String() != "plain Go" {
		t.Error(last)
	}
}
