// Package spectrum turns blocks of sound into spectra and back.
//
// It is written by hand because the filters of sound want three things together
// that no package at hand has: single precision, as sound is kept in it; real
// input, which halves the work; and no allocation, since a transform runs many
// times in each 10 ms. gonum's and the usual others are double and complex, and
// take more than twice as long (see the benchmark).
//
// A real transform of n points is a complex one of n/2 points and one pass more
// (Press et al., Numerical Recipes, 12.3). The complex one is Stockham's, which
// needs no reordering, with the radices 4, 2, 3 and 5.
package spectrum

import (
	"fmt"
	"math"
)

// A Transform is the discrete Fourier transform of n real points. It holds
// memory to work in, so it is used by one goroutine at a time.
type Transform struct {
	n      int
	passes []pass
	turn   []complex64 // exp(−2πik/n) for k up to n/4
	a, b   []complex64 // n/2 points each, to work in
}

// A pass splits the transform of len points, of which there are stride side by
// side, into radix shorter ones.
type pass struct {
	radix, len, stride int
	turn               []complex64 // exp(−2πipt/len) for t from 1 to radix−1, of each p below len/radix
}

// New returns the transform of n points. n is even and has no prime factor above
// 5, such as 320, 512, 960, 1024 or 1920; any other n is a mistake in the program,
// and New panics.
func New(n int) *Transform {
	if n < 2 || n%2 != 0 {
		panic(fmt.Sprintf("spectrum: %d points: the number must be even", n))
	}
	m := n / 2
	t := &Transform{n: n, a: make([]complex64, m), b: make([]complex64, m)}
	for k := range m/2 + 1 {
		t.turn = append(t.turn, unit(k, n))
	}
	length, stride := m, 1
	for _, radix := range []int{5, 3, 4, 2} {
		for length%radix == 0 {
			p := pass{radix: radix, len: length, stride: stride}
			for k := range length / radix {
				for j := 1; j < radix; j++ {
					p.turn = append(p.turn, unit(k*j, length))
				}
			}
			t.passes = append(t.passes, p)
			length /= radix
			stride *= radix
		}
	}
	if length != 1 {
		panic(fmt.Sprintf("spectrum: %d points: the number must have no prime factor above 5", n))
	}
	return t
}

// unit returns exp(−2πik/n).
func unit(k, n int) complex64 {
	sin, cos := math.Sincos(-2 * math.Pi * float64(k%n) / float64(n))
	return complex(float32(cos), float32(sin))
}

// Len returns the number of real points, n.
func (t *Transform) Len() int { return t.n }

// Bins returns the number of points of a spectrum, n/2+1.
func (t *Transform) Bins() int { return t.n/2 + 1 }

// Forward writes to dst the spectrum of src: dst[k] is the sum of
// src[i]·exp(−2πiki/n), not scaled, for k from 0 to n/2. dst has at least n/2+1
// points, src at least n, and src stays as it is. Real-time: it does not allocate.
func (t *Transform) Forward(dst []complex64, src []float32) {
	m := t.n / 2
	dst, src = dst[:m+1], src[:t.n]
	z := t.a
	for i := range z {
		z[i] = complex(src[2*i], src[2*i+1])
	}
	z = t.complexForward()
	// The even points are in the real parts of z, the odd ones in the imaginary.
	dst[0] = complex(real(z[0])+imag(z[0]), 0)
	dst[m] = complex(real(z[0])-imag(z[0]), 0)
	for k := 1; k <= m/2; k++ {
		p, q := z[k], z[m-k]
		er, ei := (real(p)+real(q))/2, (imag(p)-imag(q))/2
		or, oi := (imag(p)+imag(q))/2, (real(q)-real(p))/2
		w := t.turn[k]
		wr, wi := or*real(w)-oi*imag(w), or*imag(w)+oi*real(w)
		dst[k] = complex(er+wr, ei+wi)
		dst[m-k] = complex(er-wr, wi-ei)
	}
}

// Inverse writes to dst the sound of the spectrum src, scaled by 1/n, so that it
// undoes Forward. dst has at least n points, src at least n/2+1, and src stays as
// it is; of its first and last point only the real part counts. Real-time: it
// does not allocate.
func (t *Transform) Inverse(dst []float32, src []complex64) {
	m := t.n / 2
	dst, src = dst[:t.n], src[:m+1]
	half := 1 / float32(t.n) // 1/m for the complex transform, 1/2 for the split
	// The inverse is the forward transform with real and imaginary parts swapped,
	// before and after.
	z := t.a
	z[0] = complex((real(src[0])-real(src[m]))*half, (real(src[0])+real(src[m]))*half)
	for k := 1; k <= m/2; k++ {
		p, q := src[k], src[m-k]
		er, ei := (real(p)+real(q))*half, (imag(p)-imag(q))*half
		dr, di := (real(p)-real(q))*half, (imag(p)+imag(q))*half
		w := t.turn[k]
		or, oi := dr*real(w)+di*imag(w), di*real(w)-dr*imag(w)
		z[k] = complex(ei+or, er-oi)
		z[m-k] = complex(or-ei, er+oi)
	}
	for i, v := range t.complexForward() {
		dst[2*i], dst[2*i+1] = imag(v), real(v)
	}
}

// complexForward transforms a, and returns where the outcome lies.
func (t *Transform) complexForward() []complex64 {
	x, y := t.a, t.b
	for i := range t.passes {
		switch p := &t.passes[i]; p.radix {
		case 4:
			p.by4(x, y)
		case 2:
			p.by2(x, y)
		case 3:
			p.by3(x, y)
		default:
			p.by5(x, y)
		}
		x, y = y, x
	}
	return x
}
