package judge

import (
	"math"

	"paravent/privacy/sound/judge/internal/wave"
)

// Figures are what a take measures of a chain. NaN is what a take has no place for.
type Figures struct {
	Plain float64 // STOI of the microphone, while only the user speaks
	Loss  float64 // of STOI, by the chain
	Cut   float64 // share of the user's frames that lose more than 10 dB
	Gain  float64 // dB, the chain's on the user
	Clear float64 // dB of SI-SDR gained
	Words float64 // whose beginning could be judged
	Kept  float64 // of these

	Lowered float64 // dB, bystanders alone
	Least   float64 // dB, in the worst half second
	Audible float64 // share of 100 ms with more than −40 dB below the user

	PlainBoth float64 // STOI of the microphone, while both speak
	BothSTOI  float64 // gained by the chain
	BothSDR   float64 // dB of SI-SDR gained

	Keys, Noise float64 // dB that blows, and quiet, are lowered
}

// Measure compares what a chain made of a take, without delay, with what it
// should have made.
func Measure(t *Take, out []float32) Figures {
	none := math.NaN()
	f := Figures{Lowered: none, Least: none, Audible: none, PlainBoth: none, BothSTOI: none, BothSDR: none, Keys: none, Noise: none}

	near, got := Join(t.Near, t.NearOnly), Join(out, t.NearOnly)
	alone := t.hear(out, t.NearOnly)
	f.Plain, f.Loss, f.Clear = t.alone.stoi, t.alone.stoi-alone.stoi, alone.sdr-t.alone.sdr
	f.Cut = Cut(near, got, rate)
	f.Gain = Level(got) - Level(near)
	for _, at := range t.Words {
		f.Words++
		if OnsetKept(t.Near, out, at, rate) {
			f.Kept++
		}
	}
	if len(t.FarOnly) > 0 {
		in, got := Join(t.Mix, t.FarOnly), Join(out, t.FarOnly)
		f.Lowered = Lowered(in, got)
		floor := ActiveLevel(Join(t.Far, t.FarOnly), rate) - 15
		f.Least = LeastLowered(in, got, rate/2, floor)
		f.Audible = Audible(got, rate/10, t.NearLevel-40)
	}
	if len(t.Both) > 0 {
		both := t.hear(out, t.Both)
		f.PlainBoth, f.BothSTOI, f.BothSDR = t.both.stoi, both.stoi-t.both.stoi, both.sdr-t.both.sdr
	}
	if len(t.Keys) > 0 {
		f.Keys = Lowered(Join(t.Mix, t.Keys), Join(out, t.Keys))
	}
	if len(t.Quiet) > 0 {
		f.Noise = Lowered(Join(t.Mix, t.Quiet), Join(out, t.Quiet))
	}
	return f
}

// hear returns how well the user is heard in x.
func (t *Take) hear(x []float32, spans []Span) heard {
	if len(spans) == 0 {
		return heard{math.NaN(), math.NaN()}
	}
	near, got := Join(t.Near, spans), Join(x, spans)
	return heard{STOI(near, got, rate), SISDR(near, got)}
}

// levelled returns out with the gain on the user taken away, which the median of
// the user's frames tells, for a chain that also sets the level.
func levelled(t *Take, out []float32) []float32 {
	near, got := Levels(Join(t.Near, t.NearOnly), rate/100), Levels(Join(out, t.NearOnly), rate/100)
	var by []float64
	for i, l := range near {
		if l > t.NearLevel-20 {
			by = append(by, got[i]-l)
		}
	}
	g := float32(wave.Gain(-min(20, max(-20, middle(by)))))
	x := make([]float32, len(out))
	for i, v := range out {
		x[i] = g * v
	}
	return x
}
