package judge_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"paravent/privacy/sound/judge"
)

// plain returns noise from a generator that is easy to have elsewhere, too.
func plain(n int, s uint32) []float64 {
	x := make([]float64, n)
	for i := range x {
		s = s*1664525 + 1013904223
		x[i] = float64(s)/(1<<31) - 1
	}
	return x
}

// syllables returns three seconds of something like speech, with a pause.
func syllables(rate int) []float64 {
	x := plain(3*rate, 1)
	p := 0.0
	for i, v := range x {
		at := float64(i) / float64(rate)
		p = .9*p + v
		env := max(0, math.Sin(2*math.Pi*3.1*at))
		env *= env * (.3 + .7*math.Abs(math.Sin(2*math.Pi*.7*at)))
		if at > 1.2 && at < 1.7 {
			env = 0
		}
		x[i] = p * env
	}
	return x
}

func energy(x []float64) (e float64) {
	for _, v := range x {
		e += v * v
	}
	return e
}

// noisy adds noise to x, at a ratio in dB.
func noisy(x []float64, snr float64) []float64 {
	z := plain(len(x), 99)
	g := math.Sqrt(energy(x)/energy(z)) * math.Pow(10, -snr/20)
	for i := range z {
		z[i] = x[i] + g*z[i]
	}
	return z
}

// The figures come from an implementation in numpy and scipy, which was written
// apart from this one; at 48 kHz its resampler has another filter.
func TestSTOIAgreesWithAnotherImplementation(t *testing.T) {
	for _, c := range []struct {
		rate           int
		at, gated, off float64
		want           [4]float64
	}{
		{10000, 0, .9150, .0005, [4]float64{.9998, .9829, .8545, .5969}},
		{48000, 0, .9261, .004, [4]float64{1, .9986, .9866, .8742}},
	} {
		x := syllables(c.rate)
		if got := judge.STOI(x, x, c.rate); math.Abs(got-1) > 1e-6 {
			t.Errorf("%d Hz: what is the same has a STOI of %g", c.rate, got)
		}
		for i, snr := range []float64{30, 10, 0, -10} {
			if got := judge.STOI(x, noisy(x, snr), c.rate); math.Abs(got-c.want[i]) > c.off {
				t.Errorf("%d Hz, noise at %g dB: STOI is %.4f, want %.4f", c.rate, snr, got, c.want[i])
			}
		}
		gated := slices.Clone(x)
		tenth := c.rate / 10
		for at := 0; at < len(gated); at += 3 * tenth {
			for i := range gated[at : at+tenth] {
				gated[at+i] *= .01
			}
		}
		if got := judge.STOI(x, gated, c.rate); math.Abs(got-c.gated) > c.off {
			t.Errorf("%d Hz, with holes: STOI is %.4f, want %.4f", c.rate, got, c.gated)
		}
	}
}

func TestSTOIFallsWithEveryDecibelOfNoise(t *testing.T) {
	x := syllables(16000)
	last := 1.01
	for snr := 20.0; snr >= -20; snr -= 5 {
		got := judge.STOI(x, noisy(x, snr), 16000)
		if got >= last {
			t.Errorf("at %g dB STOI is %.4f, with less noise %.4f", snr, got, last)
		}
		last = got
	}
	if last > .55 {
		t.Errorf("under noise STOI is %.2f", last)
	}
}

func TestSTOIDoesNotMindTheLevelAndSilence(t *testing.T) {
	x := syllables(10000)
	y := noisy(x, 5)
	want := judge.STOI(x, y, 10000)
	louder := slices.Clone(y)
	for i := range louder {
		louder[i] *= 3
	}
	if got := judge.STOI(x, louder, 10000); math.Abs(got-want) > 1e-9 {
		t.Errorf("three times as loud, STOI is %.6f, not %.6f", got, want)
	}
	pause := make([]float64, 20096) // whole hops
	noise := noisy(syllables(10000), 5)[:len(pause)]
	if got := judge.STOI(append(slices.Clone(pause), x...), append(slices.Clone(noise), y...), 10000); math.Abs(got-want) > .02 {
		t.Errorf("behind a pause full of noise, STOI is %.4f, not %.4f", got, want)
	}
	if got := judge.STOI(x[:2000], y[:2000], 10000); !math.IsNaN(got) {
		t.Errorf("for a fifth of a second STOI is %g", got)
	}
}

func TestSISDRIsTheRatioOfWhatWasAdded(t *testing.T) {
	x := syllables(16000)
	for _, snr := range []float64{-5, 0, 20} {
		y := noisy(x, snr)
		for i := range y {
			y[i] *= .3 // the scale must not matter
		}
		if got := judge.SISDR(x, y); math.Abs(got-snr) > .3 {
			t.Errorf("noise at %g dB: SI-SDR is %.2f dB", snr, got)
		}
	}
}

func TestLoweredIsInDecibelsAndHasAnEnd(t *testing.T) {
	x := syllables(16000)
	tenth := slices.Clone(x)
	for i := range tenth {
		tenth[i] *= .1
	}
	if got := judge.Lowered(x, tenth); math.Abs(got-20) > 1e-6 {
		t.Errorf("a tenth of the sound is lowered by %g dB", got)
	}
	if got := judge.Lowered(x, make([]float64, len(x))); got != judge.Lowest {
		t.Errorf("silence is lowered by %g dB", got)
	}
}

func TestTheWorstWindowIsFound(t *testing.T) {
	const rate = 16000
	x := syllables(rate)
	y := make([]float64, len(x))
	copy(y[2*rate:], x[2*rate:2*rate+rate/2]) // half a second slips through
	if got := judge.LeastLowered(x, y, rate/2, -40); got > .1 {
		t.Errorf("half a second that slips through is lowered by %g dB", got)
	}
	if got := judge.LeastLowered(x, x, rate/2, 20); !math.IsNaN(got) {
		t.Errorf("without a window that is loud enough: %g dB", got)
	}
	if got := judge.Audible(y, rate/10, -40); math.Abs(got-5.0/30) > .04 {
		t.Errorf("%.2f of the windows are audible, want 0.17", got)
	}
}

func TestFramesThatAreCutAreCounted(t *testing.T) {
	const rate = 16000
	rnd := rand.New(rand.NewPCG(1, 2))
	x := make([]float64, 2*rate)
	for i := range rate { // a second of voice, a second of nothing
		x[i] = rnd.NormFloat64()
	}
	y := slices.Clone(x)
	for i := range rate / 4 {
		y[i] *= .2
	}
	if got := judge.Cut(x, y, rate); math.Abs(got-.25) > .01 {
		t.Errorf("%.3f of the frames are cut, want a quarter", got)
	}
}

func TestWordsBeginAfterSilence(t *testing.T) {
	const rate = 48000
	x := make([]float64, 4*rate)
	rnd := rand.New(rand.NewPCG(1, 2))
	say := func(from, to float64, level float64) {
		for i := int(from * rate); i < int(to*rate); i++ {
			x[i] = level * rnd.NormFloat64()
		}
	}
	say(.5, .9, 1)
	say(1, 1.4, 1)   // after 100 ms: no new word
	say(1.7, 1.9, 1) // after 300 ms: a word
	say(2.2, 2.4, .3)
	say(3, 3.5, .5)
	say(3.8, 3.9, .02) // too low
	got := judge.Words(x, rate)
	want := []int{rate / 2, 17 * rate / 10, 22 * rate / 10, 3 * rate}
	if !slices.Equal(got, want) {
		t.Fatalf("words begin at %v, want %v", got, want)
	}
	y := slices.Clone(x)
	for i := range rate / 50 { // 20 ms of the first word are missing
		y[rate/2+i] = 0
	}
	if !judge.OnsetKept(x, x, want[0], rate) || !judge.OnsetKept(x, y, want[0], rate) {
		t.Error("a beginning that lost 2.2 dB is not kept")
	}
	for i := range rate / 33 {
		y[rate/2+i] = 0
	}
	if judge.OnsetKept(x, y, want[0], rate) {
		t.Error("a beginning without its first 30 ms is kept")
	}
}

func BenchmarkSTOI(b *testing.B) {
	x := syllables(48000)
	y := noisy(x, 10)
	for b.Loop() {
		judge.STOI(x, y, 48000)
	}
}
