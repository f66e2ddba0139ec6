package spectrum_test

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"strconv"
	"testing"

	"paravent/privacy/sound/spectrum"
)

// sizes are those the filters use, and each radix alone and with the others.
func sizes() []int {
	return []int{2, 4, 6, 8, 10, 16, 18, 30, 32, 50, 54, 60, 120, 240, 250, 256, 320, 480, 512, 640, 960, 1024, 1920, 2048}
}

func noise(n int) []float32 {
	r := rand.New(rand.NewPCG(7, uint64(n)))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

func TestTheSpectrumIsTheSumOfItsDefinition(t *testing.T) {
	for _, n := range sizes() {
		x := noise(n)
		tr := spectrum.New(n)
		if tr.Len() != n || tr.Bins() != n/2+1 {
			t.Fatalf("%d points: says %d points and %d bins", n, tr.Len(), tr.Bins())
		}
		got := make([]complex64, n/2+1)
		tr.Forward(got, x)
		worst := 0.0
		for k := range got {
			want := complex(0, 0)
			for i, v := range x {
				want += complex(float64(v), 0) * cmplx.Rect(1, -2*math.Pi*float64(k*i%n)/float64(n))
			}
			worst = max(worst, cmplx.Abs(complex128(got[k])-want))
		}
		if worst > 2e-6*math.Sqrt(float64(n))*math.Log2(float64(2*n)) {
			t.Errorf("%d points: wrong by %g", n, worst)
		}
	}
}

func TestTheInverseOfTheSpectrumIsTheSound(t *testing.T) {
	for _, n := range sizes() {
		x, y := noise(n), make([]float32, n)
		s := make([]complex64, n/2+1)
		tr := spectrum.New(n)
		tr.Forward(s, x)
		before := append([]complex64(nil), s...)
		tr.Inverse(y, s)
		for i := range x {
			if math.Abs(float64(x[i]-y[i])) > 4e-6 {
				t.Fatalf("%d points: point %d is %g, and was %g", n, i, y[i], x[i])
			}
		}
		for k := range s {
			if s[k] != before[k] {
				t.Fatalf("%d points: the spectrum was changed", n)
			}
		}
	}
}

func TestOfTheFirstAndTheLastPointOnlyTheRealPartCounts(t *testing.T) {
	const n = 960
	tr := spectrum.New(n)
	s, a, b := make([]complex64, n/2+1), make([]float32, n), make([]float32, n)
	tr.Forward(s, noise(n))
	tr.Inverse(a, s)
	s[0] += 5i
	s[n/2] -= 7i
	tr.Inverse(b, s)
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("point %d: %g and %g", i, a[i], b[i])
		}
	}
}

func TestOtherSizesAreRefused(t *testing.T) {
	for _, n := range []int{-2, 0, 1, 7, 14, 481, 962} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%d points were taken", n)
				}
			}()
			spectrum.New(n)
		}()
	}
}

func TestATransformDoesNotAllocate(t *testing.T) {
	const n = 960
	tr := spectrum.New(n)
	x, s := noise(n), make([]complex64, n/2+1)
	if a := testing.AllocsPerRun(100, func() {
		tr.Forward(s, x)
		tr.Inverse(x, s)
	}); a != 0 {
		t.Errorf("%v allocations", a)
	}
}

func BenchmarkForward(b *testing.B) {
	bench(b, func(tr *spectrum.Transform, x []float32, s []complex64) { tr.Forward(s, x) })
}

func BenchmarkInverse(b *testing.B) {
	bench(b, func(tr *spectrum.Transform, x []float32, s []complex64) { tr.Inverse(x, s) })
}

func bench(b *testing.B, f func(*spectrum.Transform, []float32, []complex64)) {
	for _, n := range []int{320, 512, 960, 1024, 1920} {
		tr := spectrum.New(n)
		x, s := noise(n), make([]complex64, n/2+1)
		tr.Forward(s, x)
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f(tr, x, s)
			}
		})
	}
}

// BenchmarkDouble is what a complex double transform of 960 points takes, of the
// usual recursive form.
func BenchmarkDouble(b *testing.B) {
	const n = 960
	turn := make([]complex128, n)
	for i := range turn {
		turn[i] = cmplx.Rect(1, -2*math.Pi*float64(i)/n)
	}
	in, out := make([]complex128, n), make([]complex128, n)
	for i, v := range noise(n) {
		in[i] = complex(float64(v), 0)
	}
	b.ReportAllocs()
	for b.Loop() {
		double(out, in, turn, []int{4, 4, 4, 3, 5}, 1)
	}
}

func double(out, in, turn []complex128, radices []int, stride int) {
	if len(radices) == 0 {
		out[0] = in[0]
		return
	}
	p := radices[0]
	m := len(out) / p
	for k := range p {
		double(out[k*m:(k+1)*m], in[k*stride:], turn, radices[1:], stride*p)
	}
	step := stride
	for k := range m {
		var t [5]complex128
		for q := range p {
			t[q] = out[k+q*m] * turn[q*k*step]
		}
		if p == 4 {
			a, b, c, d := t[0]+t[2], t[0]-t[2], t[1]+t[3], t[1]-t[3]
			d = complex(imag(d), -real(d))
			out[k], out[k+m], out[k+2*m], out[k+3*m] = a+c, b+d, a-c, b-d
			continue
		}
		for r := range p {
			s := t[0]
			for q := 1; q < p; q++ {
				s += t[q] * turn[q*r*m*step%len(turn)]
			}
			out[k+r*m] = s
		}
	}
}
