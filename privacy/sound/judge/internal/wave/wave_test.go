package wave_test

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"

	"paravent/privacy/sound/judge/internal/wave"
)

func noise(n int) []float64 {
	rnd := rand.New(rand.NewPCG(1, uint64(n)))
	x := make([]float64, n)
	for i := range x {
		x[i] = rnd.NormFloat64()
	}
	return x
}

func TestTheTransformIsTheSumOfTurns(t *testing.T) {
	const n = 32
	x, in := make([]complex128, n), noise(2*n)
	for i := range x {
		x[i] = complex(in[i], in[n+i])
	}
	got := append([]complex128(nil), x...)
	f := wave.NewFourier(n)
	f.Forward(got)
	for k := range n {
		want := complex(0, 0)
		for i, v := range x {
			want += v * cmplx.Rect(1, -2*math.Pi*float64(k*i)/n)
		}
		if cmplx.Abs(got[k]-want) > 1e-9 {
			t.Fatalf("value %d is %v, want %v", k, got[k], want)
		}
	}
	f.Inverse(got)
	for i, v := range x {
		if cmplx.Abs(got[i]-v) > 1e-12 {
			t.Fatalf("back again, value %d is %v, want %v", i, got[i], v)
		}
	}
}

func TestConvolutionIsTheSumOfEchoes(t *testing.T) {
	x, h := noise(5000), noise(300)
	for i := 1500; i < 3500; i++ {
		x[i] = 0 // stretches of silence are skipped
	}
	got := wave.Convolve(x, h)
	for i := range x {
		want := 0.0
		for k := 0; k <= i && k < len(h); k++ {
			want += h[k] * x[i-k]
		}
		if math.Abs(got[i]-want) > 1e-9 {
			t.Fatalf("sample %d is %g, want %g", i, got[i], want)
		}
	}
}

func TestResamplingKeepsATone(t *testing.T) {
	for _, c := range []struct {
		from, to int
		hz       float64
	}{{16000, 48000, 3000}, {48000, 10000, 3000}, {44100, 48000, 12000}, {48000, 16000, 440}} {
		x := make([]float64, c.from)
		for i := range x {
			x[i] = math.Sin(2 * math.Pi * c.hz * float64(i) / float64(c.from))
		}
		y := wave.Resample(x, c.from, c.to)
		if len(y) != c.to {
			t.Fatalf("%d to %d: %d samples, want %d", c.from, c.to, len(y), c.to)
		}
		worst := 0.0
		for i := len(y) / 4; i < len(y)*3/4; i++ {
			worst = max(worst, math.Abs(y[i]-math.Sin(2*math.Pi*c.hz*float64(i)/float64(c.to))))
		}
		if worst > 2e-3 {
			t.Errorf("%d to %d Hz: a tone of %g Hz is off by %g", c.from, c.to, c.hz, worst)
		}
	}
}

func TestResamplingDropsWhatTheLowerRateCannotHold(t *testing.T) {
	x := make([]float64, 48000)
	for i := range x {
		x[i] = math.Sin(2 * math.Pi * 6000 * float64(i) / 48000)
	}
	y := wave.Resample(x, 48000, 10000)
	if got := wave.Level(y[2000:8000]); got > -70 {
		t.Errorf("a tone of 6 kHz at a rate of 10 kHz is %.0f dB, want below −70", got)
	}
}

func TestPausesDoNotCountInTheActiveLevel(t *testing.T) {
	x := noise(48000)
	want := wave.ActiveLevel(x, 48000)
	got := wave.ActiveLevel(append(make([]float64, 96000), x...), 48000)
	if math.Abs(got-want) > 0.1 || math.Abs(got) > 0.3 {
		t.Errorf("the active level of noise at 0 dB is %.2f dB, with pauses %.2f dB", want, got)
	}
}
