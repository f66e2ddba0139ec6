package judge_test

import (
	"math"
	"math/rand/v2"

	"paravent/privacy/sound/judge/internal/wave"
)

// cepstra returns 20 mel cepstra of every 10 ms in which somebody speaks, from 80 to
// 7000 Hz, without the level (Davis and Mermelstein, 1980). Bare takes their mean away:
// the microphone's colour, and some of the voice.
func cepstra(x []float64, bare bool) (out [][]float64) {
	const n, bands, count = 512, 28, 20
	mel := func(hz float64) float64 { return 2595 * math.Log10(1+hz/700) }
	bin := func(m float64) float64 { return 700 * (math.Pow(10, m/2595) - 1) * n / printRate }
	f := wave.NewFourier(n)
	least := wave.ActiveLevel(x, printRate) - 20
	buf := make([]complex128, n)
	for at := 1; at+400 <= len(x); at += printRate / 100 {
		if wave.Level(x[at:at+400]) < least {
			continue
		}
		clear(buf)
		for i := range 400 {
			w := .54 - .46*math.Cos(2*math.Pi*float64(i)/399)
			buf[i] = complex(w*(x[at+i]-.97*x[at+i-1]), 0)
		}
		f.Forward(buf)
		var logs [bands]float64
		low, step := mel(80), (mel(7000)-mel(80))/(bands+1)
		for b := range logs {
			l, m, h := bin(low+float64(b)*step), bin(low+float64(b+1)*step), bin(low+float64(b+2)*step)
			sum := 1e-12
			for k := int(l); k <= int(h); k++ {
				g := min((float64(k)-l)/(m-l), (h-float64(k))/(h-m))
				sum += max(0, g) * (real(buf[k])*real(buf[k]) + imag(buf[k])*imag(buf[k]))
			}
			logs[b] = math.Log(sum)
		}
		c := make([]float64, count)
		for k := range c {
			for b, v := range logs {
				c[k] += v * math.Cos(math.Pi*float64(k+1)*(float64(b)+.5)/bands)
			}
		}
		out = append(out, c)
	}
	for k := range count {
		sum := 0.0
		for _, c := range out {
			sum += c[k] / float64(len(out))
		}
		for _, c := range out {
			if bare {
				c[k] -= sum
			}
		}
	}
	return out
}

// A mixture is a sum of normal distributions without covariance.
type mixture struct {
	scale      []float64   // logarithm of what each has at its mean
	mean, vary [][]float64 // half the inverse of the variance
}

// set makes part k one of a weight and of variances.
func (m mixture) set(k int, weight float64, mean, variance []float64) {
	m.mean[k], m.scale[k] = mean, math.Log(weight)
	m.vary[k] = make([]float64, len(mean))
	for i, v := range variance {
		m.vary[k][i] = .5 / v
		m.scale[k] -= .5 * math.Log(2*math.Pi*v)
	}
}

func parts(k int) mixture {
	return mixture{make([]float64, k), make([][]float64, k), make([][]float64, k)}
}

// log returns the logarithms of the weighted densities at x, and of their sum.
func (m mixture) log(x, out []float64) float64 {
	top := math.Inf(-1)
	for k, mean := range m.mean {
		vary, sum := m.vary[k], 0.0
		for i, v := range x {
			d := v - mean[i]
			sum += d * d * vary[i]
		}
		sum = m.scale[k] - sum
		out[k] = sum
		top = max(top, sum)
	}
	sum := 0.0
	for _, v := range out {
		sum += math.Exp(v - top)
	}
	return top + math.Log(sum)
}

// likely returns the mean logarithm of the density of x.
func (m mixture) likely(x [][]float64) (sum float64) {
	out := make([]float64, len(m.mean))
	for _, v := range x {
		sum += m.log(v, out) / float64(len(x))
	}
	return sum
}

// count returns how much of x falls to each part, and its sums and squares there.
func (m mixture) count(x [][]float64) (n []float64, sum, square [][]float64) {
	k, d := len(m.mean), len(x[0])
	n = make([]float64, k)
	for range k {
		sum, square = append(sum, make([]float64, d)), append(square, make([]float64, d))
	}
	out := make([]float64, k)
	for _, v := range x {
		all := m.log(v, out)
		for j, l := range out {
			p := math.Exp(l - all)
			if p < 1e-4 {
				continue
			}
			n[j] += p
			for i, u := range v {
				sum[j][i] += p * u
				square[j][i] += p * u * u
			}
		}
	}
	return n, sum, square
}

// learn fits k distributions to x, by ten rounds of expectation and maximisation.
func learn(x [][]float64, k int) mixture {
	rnd := rand.New(rand.NewPCG(1, 1))
	d := len(x[0])
	whole := make([]float64, d)
	middle := make([]float64, d)
	for _, v := range x {
		for i, u := range v {
			middle[i] += u / float64(len(x))
			whole[i] += u * u / float64(len(x))
		}
	}
	for i, u := range middle {
		whole[i] -= u * u
	}
	m := parts(k)
	for j := range k {
		m.set(j, 1/float64(k), x[rnd.IntN(len(x))], whole)
	}
	for range 10 {
		n, sum, square := m.count(x)
		for j := range k {
			variance := make([]float64, d)
			for i := range d {
				sum[j][i] /= n[j] + 1e-9
				variance[i] = max(square[j][i]/(n[j]+1e-9)-sum[j][i]*sum[j][i], whole[i]/100)
			}
			m.set(j, (n[j]+1)/float64(len(x)+k), sum[j], variance)
		}
	}
	return m
}

// adapt moves the means towards x (Reynolds, Quatieri and Dunn, "Speaker verification
// using adapted Gaussian mixture models", 2000, with a relevance of 8).
func (m mixture) adapt(x [][]float64) mixture {
	n, sum, _ := m.count(x)
	own := mixture{scale: m.scale, vary: m.vary}
	for j, mean := range m.mean {
		a := n[j] / (n[j] + 8)
		u := make([]float64, len(mean))
		for i, v := range mean {
			u[i] = a*sum[j][i]/(n[j]+1e-9) + (1-a)*v
		}
		own.mean = append(own.mean, u)
	}
	return own
}
