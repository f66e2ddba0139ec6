package main

import (
	"encoding/json"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"paravent/cmd/internal/calibration"
	"paravent/media/frame"
	"paravent/privacy/filter"
)

// late is a filter that gives back what it took some time ago, plus the far end.
type late struct {
	by   time.Duration
	kept []float32
	fail bool
}

func (*late) Name() string           { return "late" }
func (l *late) Delay() time.Duration { return l.by }
func (*late) Notes() filter.Notes    { return filter.Echo }
func (l *late) Apply(s *frame.Sound) error {
	if l.fail {
		return errors.New("broken")
	}
	for i, v := range s.Near {
		l.kept = append(l.kept, v+s.Far[i])
		s.Near[i] = 0
		if n := int(l.by * frame.Rate / time.Second); len(l.kept) > n {
			s.Near[i] = l.kept[len(l.kept)-1-n]
		}
	}
	return nil
}

func chainOf(f filter.SoundFilter) soundChain {
	return soundChain{"near", func(*calibration.Reference, bool) (*filter.AudioChain, error) { return filter.NewAudioChain(nil, f) }}
}

func TestWhatTheChainKeepsBackIsMadeUpFor(t *testing.T) {
	dir := t.TempDir()
	in, far, out := filepath.Join(dir, "in.wav"), filepath.Join(dir, "far.wav"), filepath.Join(dir, "out.wav")
	for _, n := range []int{1, 479, 480, 481, 4800, 10001} {
		x, y := make([]float32, n), make([]float32, n/2)
		for i := range x {
			x[i] = float32(i%1000) / 2048
		}
		for i := range y {
			y[i] = float32(i%7) / 64
		}
		if err := errors.Join(writeWAV(in, frame.Rate, x), writeWAV(far, frame.Rate, y)); err != nil {
			t.Fatal(err)
		}
		for _, by := range []time.Duration{0, time.Second / 48000 * 48, 20 * time.Millisecond, 25 * time.Millisecond, 100 * time.Millisecond} {
			f := soundFiltering{files{in: in, out: out}, chainOf(&late{by: by}), far, ""}
			figures, err := f.run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := readWAV(t, out)
			if len(got) != n || figures.out != n || figures.Delay != by {
				t.Fatalf("%d samples, %v later: %d came out, %+v", n, by, len(got), figures)
			}
			for i, v := range got {
				want := x[i]
				if i < len(y) {
					want += y[i]
				}
				if math.Abs(float64(v-want)) > 1./32768 {
					t.Fatalf("%d samples, %v later, sample %d: %v instead of %v", n, by, i, v, want)
				}
			}
			if figures.Notes["echo"] != figures.Wall.count {
				t.Errorf("%v of %d blocks", figures.Notes, figures.Wall.count)
			}
		}
	}
}

func TestAFilterThatFailsGivesSilenceAndIsCounted(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.wav"), filepath.Join(dir, "out.wav")
	if err := writeWAV(in, frame.Rate, humming(.1, .5)); err != nil {
		t.Fatal(err)
	}
	figures, err := soundFiltering{files{in: in, out: out}, chainOf(&late{fail: true}), "", ""}.run(t.Context())
	if err != nil || figures.Held != 10 {
		t.Fatal(figures, err)
	}
	for i, v := range readWAV(t, out) {
		if v != 0 {
			t.Fatalf("sample %d is %v", i, v)
		}
	}
	if s := figures.String(); !strings.Contains(s, "10 blocks held back") || !strings.Contains(s, "-9.0 dB before, silence after") {
		t.Error(s)
	}
}

func TestTheGatesLineHasASignForEach100ms(t *testing.T) {
	var f soundFigures
	x := make([]float32, 2*frame.Rate+4*frame.BlockLen+7) // two seconds, 40 ms and a little more
	for i := range x {
		switch {
		case i < 4800: // closed
		case i < 9600:
			x[i] = .1
		case i == 9600+479: // one sample of 10 ms
			x[i] = .1
		case i >= 2*frame.Rate:
			x[i] = .1
		}
	}
	f.hear(x)
	for len(x) > 0 {
		n := min(333, len(x))
		f.give(x[:n])
		x = x[n:]
	}
	f.end()
	if len(f.each) != 3 || string(f.each[0].gate) != ".#+......." || string(f.each[1].gate) != ".........." || string(f.each[2].gate) != "#" {
		t.Errorf("%+v", f.each)
	}
	if open, part, closed := f.shares(); open != 2./21 || part != 1./21 || closed != 18./21 {
		t.Error(open, part, closed)
	}
}

func TestFiguresOfSoundSayWhatWasTakenAway(t *testing.T) {
	var f soundFigures
	x := humming(1.5, .5)
	f.hear(x)
	for i := range x {
		x[i] /= 10
		if i >= frame.Rate {
			x[i] = 0
		}
	}
	f.give(x)
	f.end()
	f.add(filter.Work{Wall: 2 * time.Millisecond, CPU: time.Millisecond}, filter.TooLive, nil)
	b, err := json.Marshal(&f)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Seconds  float64
		In       float64 `json:"in_db"`
		Removed  float64 `json:"removed_db"`
		Ms       map[string]float64
		CPU      map[string]float64 `json:"cpu_ms"`
		Notes    map[string]int
		Timeline []map[string]any
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if got.Seconds != 1.5 || got.In != -9 || got.Removed != 21.8 || got.Ms["mean"] != 2 || got.CPU["p99"] != 1 || got.Notes["too-live"] != 1 || len(got.Timeline) != 2 {
		t.Errorf("%s", b)
	}
	if s := got.Timeline[0]; s["in_db"] != -9. || s["out_db"] != -29. || s["gate"] != "##########" {
		t.Error(s)
	}
	if _, there := got.Timeline[1]["out_db"]; there || got.Timeline[1]["gate"] != "....." {
		t.Error(got.Timeline[1])
	}
}
