package gate

import "math"

// The spectrum is looked at in bins of 50 Hz, at every sampling rate, and summed
// to Bands triangles of power: one bin wide where the harmonics
// of a voice lie, wider above, as the ear has it. Above the last edge most voices
// that the network learned from have nothing.
const (
	Bands = 44
	binHz = 50
)

// edge returns the middle of a band, in bins: one apart up to 1 kHz, two up to 2, four
// up to 3.2 and eight above.
func edge(b int) int {
	switch {
	case b < 19:
		return 2 + b
	case b < 29:
		return 22 + 2*(b-19)
	case b < 35:
		return 44 + 4*(b-29)
	}
	return 72 + 8*(b-35)
}

// Powers sums the spectrum x of n real samples to bands. A sine of full scale has
// about the same power at every n.
func Powers(x []complex64, n int, p *[Bands]float32) {
	*p = [Bands]float32{}
	scale := 1 / (float32(n) * float32(n))
	for b := range Bands - 1 {
		low, high := edge(b), edge(b+1)
		share, step := float32(0), 1/float32(high-low)
		for k := low; k < high; k++ {
			re, im := real(x[k]), imag(x[k])
			q := (re*re + im*im) * scale
			p[b] += (1 - share) * q
			p[b+1] += share * q
			share += step
		}
	}
	re, im := real(x[edge(Bands-1)]), imag(x[edge(Bands-1)])
	p[Bands-1] += (re*re + im*im) * scale
}

// spread writes to out, for each bin, what stands in g for the bands around it.
// Bins above the last band follow the least of the last three; the first bin is
// no sound.
func spread(g *[Bands]float32, out []float32) {
	out[0] = 0
	for k := 1; k < edge(0); k++ {
		out[k] = g[0]
	}
	for b := range Bands - 1 {
		low, high := edge(b), edge(b+1)
		v, step := g[b], (g[b+1]-g[b])/float32(high-low)
		for k := low; k < high; k++ {
			out[k] = v
			v += step
		}
	}
	out[edge(Bands-1)] = g[Bands-1]
	top := min(g[Bands-1], g[Bands-2], g[Bands-3])
	for k := edge(Bands-1) + 1; k < len(out); k++ {
		out[k] = top
	}
}

// quiet is the least power that is told from nothing: −100 dB.
const quiet = 1e-10

// db returns 10·log10(p), for powers above quiet to a thousandth.
func db(p float32) float32 { return float32(10 * math.Log10(float64(p+quiet))) }
