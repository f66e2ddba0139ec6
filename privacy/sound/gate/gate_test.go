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
	rnd := rand.New(rand.NewPCG(1, 2))
	return made(tb, func(int, int) float32 { return float32(rnd.NormFloat64() * 0.1) })
}

// made is a network of the weights that are given: weight is asked for each, by its
// place and by how many are left.
func made(tb testing.TB, weight func(at, left int) float32) *net.Model {
	tb.Helper()
	const f, a, b, c, o = gate.Features, 96, 176, 128, 2 * (gate.Bands + 2)
	raw := []byte("PVGATE01")
	for _, n := range []uint32{f, a, b, c, o} {
		raw = binary.LittleEndian.AppendUint32(raw, n)
	}
	gru := func(in, h int) int { return 3 * h * (in + h + 2) }
	all := 2*f + (f+1)*a + gru(a, b) + gru(b, c) + (b+c+1)*o
	for i := range all {
		v := weight(i, all-i)
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

// open is a network that lets everything pass.
func open(tb testing.TB) *net.Model {
	tb.Helper()
	return made(tb, func(_, left int) float32 {
		if left <= 2*(gate.Bands+2) {
			return 40 // the last biases
		}
		return 0
	})
}

func TestWhatIsThePersonsComesOutAsItWentIn(t *testing.T) {
	for _, mode := range []gate.Mode{gate.Near, gate.Strict, gate.Worn} {
		g, err := gate.New(mode, open(t), nil)
		if err != nil {
			t.Fatal(err)
		}
		var in, out []float32
		for range 50 {
			var s frame.Sound
			for i := range s.Near {
				at := 2 * math.Pi * float64(len(in)+i) / frame.Rate
				s.Near[i] = float32(0.3*math.Sin(333*at) + 0.2*math.Sin(9000*at))
			}
			in = append(in, s.Near[:]...)
			if err := g.Apply(&s); err != nil {
				t.Fatal(err)
			}
			out = append(out, s.Near[:]...)
		}
		late := int(g.Delay().Seconds()*frame.Rate + 0.5)
		for i, v := range out[late+frame.BlockLen:] {
			if math.Abs(float64(v-in[i+frame.BlockLen])) > 1e-3 { // the first bin is taken away
				t.Fatalf("mode %d: sample %d is %v and was %v", mode, i, v, in[i+frame.BlockLen])
			}
		}
	}
}

func TestAWornMicrophoneOpensOnlyToWhatIsSurer(t *testing.T) {
	likely := func(_, left int) float32 { // 0.88, of every output
		if left <= 2*(gate.Bands+2) {
			return 2
		}
		return 0
	}
	for mode, opens := range map[gate.Mode]bool{gate.Near: true, gate.Strict: false, gate.Worn: false} {
		g, err := gate.New(mode, made(t, likely), nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			var s frame.Sound
			for i := range s.Near {
				s.Near[i] = 0.3 * float32(math.Sin(float64(i)*2*math.Pi*300/frame.Rate))
			}
			if err := g.Apply(&s); err != nil {
				t.Fatal(err)
			}
		}
		if got := g.Speech() > 0; got != opens {
			t.Errorf("mode %d: the gate is open: %v, want %v", mode, got, opens)
		}
	}
}

func BenchmarkApply(b *testing.B) {
	g, err := gate.New(gate.Near, random(b), nil)
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
