package echo_test

import (
	"math"

	"paravent/privacy/sound/judge"
)

// part returns x from a to b, in seconds.
func part(x []float32, a, b float64) []float32 {
	return x[min(len(x), int(a*rate)):min(len(x), int(b*rate))]
}

// lowered says by how many dB the energy of out is below that of in.
func lowered(in, out []float32) float64 {
	return 10 * math.Log10((energy(in)+1e-20)/(energy(out)+1e-20))
}

// stoi is the intelligibility of heard, where clean is the clean sound.
func stoi(clean, heard []float32) float64 { return judge.STOI(clean, heard, rate) }
