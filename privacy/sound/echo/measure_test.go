package echo_test

import (
	"math"

	"paravent/privacy/sound/spectrum"
)

// part returns x from a to b, in seconds.
func part(x []float32, a, b float64) []float32 {
	return x[min(len(x), int(a*rate)):min(len(x), int(b*rate))]
}

// lowered says by how many dB the energy of out is below that of in.
func lowered(in, out []float32) float64 {
	return 10 * math.Log10((energy(in)+1e-20)/(energy(out)+1e-20))
}

// stoi is the short-time objective intelligibility of y, when x is the clean
// sound (Taal, Hendriks, Heusdens and Jensen 2011); both at 48 kHz.
func stoi(clean, heard []float32) float64 {
	const size, hop, points, bands, span = 256, 128, 512, 15, 30
	x, y := resampled(clean, rate, 10000), resampled(heard, rate, 10000)
	window := make([]float32, size)
	for i := range window {
		window[i] = float32(.5 - .5*math.Cos(2*math.Pi*float64(i+1)/(size+1)))
	}
	// Pauses, 40 dB below the loudest frame of the clean sound, do not count.
	frames := (min(len(x), len(y)) - size) / hop
	loud, top := make([]float64, frames), -400.
	for f := range loud {
		e := 1e-20
		for i, w := range window {
			v := float64(x[f*hop+i] * w)
			e += v * v
		}
		loud[f] = 10 * math.Log10(e)
		top = max(top, loud[f])
	}
	xs, ys := make([]float32, len(x)), make([]float32, len(y))
	n := 0
	for f, l := range loud {
		if l > top-40 {
			for i, w := range window {
				xs[n*hop+i] += x[f*hop+i] * w
				ys[n*hop+i] += y[f*hop+i] * w
			}
			n++
		}
	}
	tr := spectrum.New(points)
	third := func(z []float32) [][bands]float64 {
		out := make([][bands]float64, 0, n)
		buf, s := make([]float32, points), make([]complex64, points/2+1)
		for f := range n {
			for i, w := range window {
				buf[i] = z[f*hop+i] * w
			}
			tr.Forward(s, buf)
			var row [bands]float64
			for j := range row {
				mid := 150 * math.Pow(2, float64(j)/3) * points / 10000
				sum := 0.
				for k := int(math.Round(mid * math.Pow(2, -1./6))); k < int(math.Round(mid*math.Pow(2, 1./6))); k++ {
					sum += float64(real(s[k])*real(s[k]) + imag(s[k])*imag(s[k]))
				}
				row[j] = math.Sqrt(sum)
			}
			out = append(out, row)
		}
		return out
	}
	a, b := third(xs), third(ys)
	clip := 1 + math.Pow(10, 15./20)
	sum, count := 0., 0
	for m := span; m <= n; m++ {
		for j := range bands {
			var aa, bb, am, bm float64
			for t := m - span; t < m; t++ {
				aa += a[t][j] * a[t][j]
				bb += b[t][j] * b[t][j]
			}
			scale := math.Sqrt(aa / (bb + 1e-20))
			var u, v [span]float64
			for t := range span {
				u[t] = a[m-span+t][j]
				v[t] = min(scale*b[m-span+t][j], u[t]*clip)
				am += u[t] / span
				bm += v[t] / span
			}
			var ab, va, vb float64
			for t := range span {
				ab += (u[t] - am) * (v[t] - bm)
				va += (u[t] - am) * (u[t] - am)
				vb += (v[t] - bm) * (v[t] - bm)
			}
			sum += ab / (math.Sqrt(va*vb) + 1e-20)
			count++
		}
	}
	return sum / float64(count)
}
