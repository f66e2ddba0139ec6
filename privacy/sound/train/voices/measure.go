package main

import "math"

// bandwidth returns the highest frequency in Hz, in steps of 50, whose mean
// power lies no more than 55 dB below the strongest.
func bandwidth(x []float32) float64 {
	const n = rate / 50
	var power [n/2 + 1]float64
	var cs, sn [n]float64
	for i := range n {
		cs[i], sn[i] = math.Cos(2*math.Pi*float64(i)/n), math.Sin(2*math.Pi*float64(i)/n)
	}
	step := max(n, len(x)/n/2000*n) // two thousand frames tell enough
	for at := 0; at+n <= len(x); at += step {
		var w [n]float64
		for i, v := range x[at : at+n] {
			w[i] = float64(v) * (0.5 - 0.5*cs[i])
		}
		for k := range power {
			re, im, p := 0.0, 0.0, 0
			for _, v := range w {
				re += v * cs[p]
				im += v * sn[p]
				if p += k; p >= n {
					p -= n
				}
			}
			power[k] += re*re + im*im
		}
	}
	most := 0.0
	for _, p := range power {
		most = max(most, p)
	}
	for k := len(power) - 1; k > 0; k-- {
		if power[k] > most*math.Pow(10, -5.5) {
			return float64(k) * 50
		}
	}
	return 0
}

// pitch returns the median frequency in Hz of the voiced frames, by the greatest
// autocorrelation between 70 and 450 Hz, or 0 without any.
func pitch(x []float32) float64 {
	const n, lo, hi = 640, rate / 450, rate / 70
	var found []float64
	step := max(n, len(x)/1000)
	for at := 0; at+n+hi <= len(x); at += step {
		f := x[at : at+n+hi]
		var e0 float64
		for _, v := range f[:n] {
			e0 += float64(v) * float64(v)
		}
		if e0/n < 3e-4 {
			continue
		}
		var r [hi + 1]float64
		best := lo
		for lag := lo; lag <= hi; lag++ {
			var c, e float64
			for i := range n {
				c += float64(f[i]) * float64(f[i+lag])
				e += float64(f[i+lag]) * float64(f[i+lag])
			}
			r[lag] = c / math.Sqrt(e0*e+1e-9)
			if r[lag] > r[best] {
				best = lag
			}
		}
		if r[best] < 0.7 {
			continue
		}
		for lag := lo + 1; lag < best; lag++ { // the first peak nearly as high, not its double
			if r[lag] > 0.9*r[best] && r[lag] >= r[lag-1] && r[lag] >= r[lag+1] {
				best = lag
				break
			}
		}
		found = append(found, rate/float64(best))
	}
	if len(found) < 5 {
		return 0
	}
	return quantile(found, 0.5)
}
