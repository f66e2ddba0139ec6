package resample_test

import (
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"paravent/media/soundcard/resample"
)

const rate = 48000

// samples is a Source of what it holds, in parts of odd lengths.
type samples struct {
	left []float32
	err  error // at the end, instead of io.EOF
}

func (s *samples) Read(out []float32) (int, error) {
	if len(s.left) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		return 0, io.EOF
	}
	n := copy(out[:min(len(out), 997)], s.left)
	s.left = s.left[n:]
	return n, nil
}

func tone(hz float64, from, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(math.Sin(2 * math.Pi * hz * float64(i) / float64(from)))
	}
	return out
}

func turned(t testing.TB, in []float32, from int) []float32 {
	t.Helper()
	r, err := resample.New(&samples{left: in}, from, rate)
	if err != nil {
		t.Fatal(err)
	}
	var all []float32
	for part := make([]float32, 701); ; {
		n, err := r.Read(part)
		all = append(all, part[:n]...)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// db is the level of x without its ends, where the sound begins and stops.
func db(x []float32) float64 {
	cut, sum := len(x)/4, 0.
	for _, v := range x[cut : len(x)-cut] {
		sum += float64(v) * float64(v)
	}
	return 10 * math.Log10(2*sum/float64(len(x)-2*cut)+1e-30)
}

func rates() []int {
	return []int{8000, 11025, 12000, 16000, 22050, 22051, 24000, 32000, 37800, 44100, 47999, 48000, 50001, 64000, 88200, 96000, 176400, 191999, 192000}
}

// What is left after the right tone is taken away is everything that can be wrong
// at once: level, phase, what folds back and what is drawn between phases.
func TestATonePassesAsItIs(t *testing.T) {
	for _, from := range rates() {
		for _, share := range []float64{.013, .37, .9} {
			hz := share * float64(min(from, rate)) / 2
			got, want := turned(t, tone(hz, from, from/5), from), tone(hz, rate, rate)
			for i := range got {
				got[i] -= want[i]
			}
			if left := db(got); !(left < -80) {
				t.Errorf("%d Hz, a tone of %.0f Hz: wrong by %.1f dB", from, hz, left)
			}
		}
	}
}

func TestWhatTheLowerRateHasNoRoomForDoesNotFoldBack(t *testing.T) {
	for _, from := range []int{50001, 64000, 88200, 96000, 176400, 191999, 192000} {
		worst := math.Inf(-1)
		for hz := rate/2 + 1.; hz < float64(from)/2; hz += 2503 {
			worst = max(worst, db(turned(t, tone(hz, from, from/10), from)))
		}
		t.Logf("%d Hz: %.1f dB", from, worst)
		if !(worst < -97) {
			t.Errorf("%d Hz: an alias of %.1f dB", from, worst)
		}
	}
}

func TestNothingAppearsAboveWhatWasThere(t *testing.T) {
	for _, from := range []int{8000, 11025, 16000, 22051, 32000} {
		// A tone at 0.9 of the half of the rate has its image at 1.1 of it.
		hz := .9 * float64(from) / 2
		x := turned(t, tone(hz, from, from/2), from)
		level := at(x, float64(from)-hz) // the tone is at 0 dB
		t.Logf("%d Hz: %.1f dB", from, level)
		if !(level < -95) {
			t.Errorf("%d Hz: an image of %.1f dB", from, level)
		}
	}
}

// at measures x at one frequency, under a window that keeps the others out.
func at(x []float32, hz float64) float64 {
	re, im, sum := 0., 0., 0.
	for i, v := range x {
		p := 2 * math.Pi * float64(i) / float64(len(x))
		w := .35875 - .48829*math.Cos(p) + .14128*math.Cos(2*p) - .01168*math.Cos(3*p) // Blackman–Harris
		a := 2 * math.Pi * hz * float64(i) / rate
		re, im, sum = re+w*float64(v)*math.Cos(a), im+w*float64(v)*math.Sin(a), sum+w
	}
	return 20 * math.Log10(2*math.Hypot(re, im)/sum+1e-30)
}

func TestTheLengthIsThatOfTheSound(t *testing.T) {
	for _, from := range rates() {
		for _, n := range []int{0, 1, 2, 100, 4095, 4096, 4097, 10007} {
			want := (n*rate + from - 1) / from
			if got := len(turned(t, make([]float32, n), from)); got != want {
				t.Errorf("%d samples at %d Hz became %d instead of %d", n, from, got, want)
			}
		}
	}
}

func TestWhatIsSteadyStaysSo(t *testing.T) {
	for _, from := range rates() {
		x := turned(t, slices.Repeat([]float32{.5}, from/5), from)
		for i, v := range x[2000 : len(x)-2000] {
			if !(math.Abs(float64(v)-.5) < 1e-5) {
				t.Errorf("%d Hz, sample %d: %v", from, 2000+i, v)
				break
			}
		}
	}
}

func TestTheWayItIsReadDoesNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	in := make([]float32, 20000)
	for i := range in {
		in[i] = r.Float32()
	}
	want := turned(t, in, 44100)
	d, err := resample.New(&samples{left: in}, 44100, rate)
	if err != nil {
		t.Fatal(err)
	}
	var got []float32
	for {
		part := make([]float32, 1+r.IntN(2000))
		n, err := d.Read(part)
		got = append(got, part[:n]...)
		if err != nil {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Error("other parts, another sound")
	}
}

func TestResetBeginsAnew(t *testing.T) {
	in := tone(440, 44100, 3000)
	src := &samples{left: in}
	d, err := resample.New(src, 44100, rate)
	if err != nil {
		t.Fatal(err)
	}
	first, second := make([]float32, 2000), make([]float32, 2000)
	d.Read(first)
	src.left = in
	d.Reset()
	d.Read(second)
	if !slices.Equal(first, second) {
		t.Error("it still knows what it heard")
	}
}

func TestAnErrorOfTheSourceComesAfterWhatWasWhole(t *testing.T) {
	broken := errors.New("broken")
	d, err := resample.New(&samples{left: make([]float32, 441), err: broken}, 44100, rate)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float32, 1000)
	if n, err := d.Read(out); n != 480 || err != nil {
		t.Error(n, err)
	}
	if n, err := d.Read(out); n != 0 || !errors.Is(err, broken) {
		t.Error(n, err)
	}
}

// stuck gives nothing and does not say why.
type stuck struct{}

func (stuck) Read([]float32) (int, error) { return 0, nil }

func TestASourceThatGivesNothingIsNotAskedForEver(t *testing.T) {
	d, err := resample.New(stuck{}, 44100, rate)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Read(make([]float32, 10)); !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
}

func TestRatesThatNoSoundHasAreRefused(t *testing.T) {
	for _, bad := range []int{-1, 0, 7999, 192001, math.MaxInt} {
		if _, err := resample.New(stuck{}, bad, rate); !errors.Is(err, resample.ErrRate) {
			t.Errorf("from %d: %v", bad, err)
		}
		if _, err := resample.New(stuck{}, rate, bad); !errors.Is(err, resample.ErrRate) {
			t.Errorf("to %d: %v", bad, err)
		}
	}
}

// endless is silence for ever.
type endless struct{}

func (endless) Read(out []float32) (int, error) { return len(out), nil }

func TestReadDoesNotAllocate(t *testing.T) {
	for _, from := range []int{44100, 191999} {
		d, err := resample.New(endless{}, from, rate)
		if err != nil {
			t.Fatal(err)
		}
		out := make([]float32, 480)
		if n := testing.AllocsPerRun(50, func() { d.Read(out) }); n != 0 {
			t.Errorf("%d Hz: %v allocations", from, n)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for _, c := range []struct {
		name string
		from int
	}{{"44100 Hz", 44100}, {"96000 Hz", 96000}, {"191999 Hz", 191999}} {
		b.Run(c.name, func(b *testing.B) {
			d, err := resample.New(endless{}, c.from, rate)
			if err != nil {
				b.Fatal(err)
			}
			out := make([]float32, 480)
			for b.Loop() {
				d.Read(out)
			}
		})
	}
}
