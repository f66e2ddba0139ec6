package judge_test

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"paravent/privacy/sound/judge"
)

const rate = 48000

// speaker returns a made-up voice: pulses through three resonances that move, in
// syllables and words, at 16 kHz.
func speaker(t testing.TB, name string, pitch float64) judge.Voice {
	t.Helper()
	rnd := rand.New(rand.NewPCG(uint64(pitch), 1))
	const hz = 16000
	x := make([]float32, 0, 12*hz)
	phase := 0.0
	var state [3][2]float64
	for len(x) < 11*hz {
		f := [3]float64{300 + 500*rnd.Float64(), 900 + 1400*rnd.Float64(), 2500 + 700*rnd.Float64()}
		n := hz/8 + rnd.IntN(hz/6)
		for i := range n {
			phase += pitch * (1 - .2*float64(i)/float64(n)) / hz
			in := .05 * rnd.NormFloat64()
			if phase >= 1 {
				phase--
				in++
			}
			y := 0.0
			for k, c := range f {
				r := math.Exp(-math.Pi * 90 / hz)
				v := in + 2*r*math.Cos(2*math.Pi*c/hz)*state[k][0] - r*r*state[k][1]
				state[k][1], state[k][0] = state[k][0], v
				y += v / float64(k+1)
			}
			x = append(x, float32(.05*y*math.Sin(math.Pi*float64(i)/float64(n))))
		}
		if rnd.IntN(4) == 0 {
			x = append(x, make([]float32, hz/4+rnd.IntN(hz/4))...)
		}
	}
	v, err := judge.NewVoice(judge.Recording{Name: name, Rate: hz, X: x})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// made is material that nobody recorded.
func made(t testing.TB) judge.Material {
	return judge.Material{Voices: []judge.Voice{speaker(t, "one", 110), speaker(t, "two", 210), speaker(t, "three", 160)}}
}

// recorded is the material of testdata.
func recorded(t testing.TB) judge.Material {
	t.Helper()
	m, err := judge.Read(os.DirFS("testdata"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func scene(t testing.TB, key string) judge.Scene {
	t.Helper()
	all := judge.Scenes()
	i := slices.IndexFunc(all, func(s judge.Scene) bool { return s.Key == key })
	if i < 0 {
		t.Fatalf("there is no scene %s", key)
	}
	return all[i]
}

func TestATakeIsTheSumOfItsParts(t *testing.T) {
	of := recorded(t)
	scenes := judge.Scenes()
	if testing.Short() {
		scenes = []judge.Scene{scene(t, "B"), scene(t, "keys"), scene(t, "nears")}
	}
	for _, s := range scenes {
		k := s.Make(of, 1)
		for i, v := range k.Mix {
			if sum := k.Near[i] + k.Far[i] + k.Noise[i]; v != sum && v > -1 && v < 1 {
				t.Fatalf("scene %s: sample %d is %g, its parts make %g", s.Key, i, v, sum)
			}
		}
		near := judge.ActiveLevel(k.Near, rate)
		level := func(x []float32, spans []judge.Span) float64 { return judge.Level(judge.Join(x, spans)) - near }
		if got := level(k.Near, k.NearOnly); got < -10 {
			t.Errorf("scene %s: where the user has the word, the user is at %.0f dB", s.Key, got)
		}
		if got := level(k.Far, k.NearOnly); got > -40 {
			t.Errorf("scene %s: where the user has the word, the others are at %.0f dB", s.Key, got)
		}
		if got := level(k.Near, k.FarOnly); len(k.FarOnly) > 0 && got > -40 {
			t.Errorf("scene %s: where the others have the word, the user is at %.0f dB", s.Key, got)
		}
		if got := level(k.Near, k.Quiet); got > -30 {
			t.Errorf("scene %s: where it is quiet, the user is at %.0f dB", s.Key, got)
		}
		if len(s.Others) == 0 != (len(k.FarOnly) == 0) || len(s.Others) == 0 != (len(k.Both) == 0) || len(k.Words) == 0 {
			t.Errorf("scene %s: %d turns of others, %d of both, %d words", s.Key, len(k.FarOnly), len(k.Both), len(k.Words))
		}
		if s.Typing != (len(k.Keys) > 0) || s.Uncalibrated != (k.Calibration == nil) {
			t.Errorf("scene %s: %d blows of keys, %d samples of calibration", s.Key, len(k.Keys), len(k.Calibration))
		}
	}
}

func TestTheSameSeedIsTheSameTake(t *testing.T) {
	of := made(t)
	s := scene(t, "A")
	one, two, other := s.Make(of, 4), s.Make(of, 4), s.Make(of, 5)
	if !slices.Equal(one.Mix, two.Mix) || !slices.Equal(one.Calibration, two.Calibration) {
		t.Error("the same seed gave two takes")
	}
	if slices.Equal(one.Mix, other.Mix) || one.Voices[0] == other.Voices[0] {
		t.Error("another seed gave the same take, or the same user")
	}
}

func TestSeedsGoThroughAllPairs(t *testing.T) {
	of := made(t)
	s := scene(t, "D")
	pairs := map[[2]string]bool{}
	for seed := range uint64(6) {
		k := s.Make(of, seed)
		if k.Voices[0] == k.Voices[1] {
			t.Errorf("%s speaks with himself", k.Voices[0])
		}
		pairs[[2]string{k.Voices[0], k.Voices[1]}] = true
	}
	if len(pairs) != 6 {
		t.Errorf("six seeds make %d pairs of three voices", len(pairs))
	}
}

func TestScenesAreAsFarAsTheySay(t *testing.T) {
	of := made(t)
	near, far := map[string]float64{}, map[string]float64{}
	loud := map[string]float64{}
	for _, key := range []string{"A", "C", "D", "turned", "low"} {
		for seed := range uint64(2) {
			k := scene(t, key).Make(of, seed)
			near[key] += k.NearDirect / 2
			far[key] += k.FarDirect / 2
			loud[key] += (k.NearLevel - judge.ActiveLevel(k.Calibration, rate)) / 2
		}
	}
	if !(near["A"] < near["C"] && near["C"] < near["D"]) {
		t.Errorf("the direct sound of the user is not the nearer the louder: %v", near)
	}
	for key, v := range far {
		if v > near[key]-5 && key != "turned" {
			t.Errorf("scene %s: the user has %.0f dB, the bystander %.0f dB", key, near[key], v)
		}
	}
	if near["turned"] > near["A"]-2 {
		t.Errorf("turned away, the direct sound is at %.0f dB, else at %.0f dB", near["turned"], near["A"])
	}
	if d := loud["low"] - loud["A"]; d > -7 || d < -13 {
		t.Errorf("the low user is %.1f dB louder", d)
	}
}

// What could not be better meets everything; silence, and nothing done, do not.
func TestTheFiguresTellGoodFromBad(t *testing.T) {
	of := made(t)
	for _, key := range []string{"A", "E", "keys", "fan"} {
		k := scene(t, key).Make(of, 2)
		best, none, mute := judge.Measure(k, k.Near), judge.Measure(k, k.Mix), judge.Measure(k, make([]float32, len(k.Mix)))
		if best.Loss > 0 || best.Cut > 0 || best.Kept < best.Words || math.Abs(best.Gain) > .01 || best.Audible > .02 || best.BothSTOI < 0 || best.BothSDR < 5 || best.Noise < 10 {
			t.Errorf("scene %s: the user alone has %+v", key, best)
		}
		if len(k.FarOnly) > 0 && best.Lowered < 15 || len(k.Keys) > 0 && best.Keys < 15 {
			t.Errorf("scene %s: the user alone has %+v", key, best)
		}
		if none.Loss != 0 || none.Lowered > 0 || none.BothSDR > 0 || none.Noise != 0 || none.Kept < none.Words {
			t.Errorf("scene %s: nothing done has %+v", key, none)
		}
		if mute.Loss < .5 || mute.Cut < 1 || mute.Kept > 0 || mute.Lowered < judge.Lowest || mute.Audible > 0 {
			t.Errorf("scene %s: silence has %+v", key, mute)
		}
	}
}
