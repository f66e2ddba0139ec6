package gate_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"paravent/media/frame"
	"paravent/privacy/sound/gate"
	"paravent/privacy/sound/net"
)

// random is a network that has learned nothing.
func random(tb testing.TB) *net.Model {
	tb.Helper()
	const f, a, b, c, o = gate.Features, 96, 176, 128, 2 * (gate.Bands + 2)
	raw := []byte("PVGATE01")
	for _, n := range []uint32{f, a, b, c, o} {
		raw = binary.LittleEndian.AppendUint32(raw, n)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	gru := func(in, h int) int { return 3 * h * (in + h + 2) }
	for i := range 2*f + (f+1)*a + gru(a, b) + gru(b, c) + (b+c+1)*o {
		v := float32(rnd.NormFloat64() * 0.1)
		if i >= f && i < 2*f {
			v = 1
		}
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	m, err := net.Parse(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func BenchmarkApply(b *testing.B) {
	g, err := gate.New(gate.Near, random(b), gate.Reference{})
	if err != nil {
		b.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	var in frame.Block
	for i := range in {
		in[i] = float32(rnd.NormFloat64() * 0.1)
	}
	b.ReportAllocs()
	for b.Loop() {
		s := frame.Sound{Near: in}
		if err := g.Apply(&s); err != nil {
			b.Fatal(err)
		}
	}
}
