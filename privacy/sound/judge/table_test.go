package judge_test

import (
	"encoding/binary"
	"flag"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/sound/gate"
	"paravent/privacy/sound/judge"
)

var (
	takes  = flag.Int("scenes", 0, "print the table of all scenes, with so many takes of each")
	folder = flag.String("voices", "testdata", "a folder of sounds, .wav or .f32, one file a speaker")
	only   = flag.String("only", "", "keys of the scenes of the table, with commas between them")
)

// systems are all chains that are compared.
func systems(t *testing.T) []judge.System {
	t.Helper()
	return []judge.System{judge.Open(), roomGate(t, "room gate, near", gate.Near), roomGate(t, "room gate, strict", gate.Strict)}
}

// The whole table: go test ./privacy/sound/judge -run TestTable -v -scenes 20
func TestTable(t *testing.T) {
	n, scenes := *takes, judge.Scenes()
	if n == 0 {
		n, scenes = 1, []judge.Scene{scene(t, "D")}
	}
	of, err := judge.Read(os.DirFS(*folder))
	if err != nil {
		t.Fatal(err)
	}
	if *only != "" {
		keys := strings.Split(*only, ",")
		scenes = slices.DeleteFunc(scenes, func(s judge.Scene) bool { return !slices.Contains(keys, s.Key) })
	}
	reports, err := judge.Table(of, scenes, n, systems(t)...)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reports {
		t.Logf("\n%v", r)
	}
	if reports[0].Met() {
		t.Error("no filter at all meets everything that is wanted")
	}
}

// cheat returns a system that knows how a scene was made, and what of it is wanted.
func cheat(s judge.Scene, of judge.Material) judge.System {
	seed := uint64(0)
	return judge.System{Name: "cheat", Run: func(mix, _ []float32) ([]float32, error) {
		k := s.Make(of, seed)
		seed++
		for i, v := range k.Near {
			if v < 1e-5 && v > -1e-5 {
				v = 0 // the last of the room's ringing
			}
			mix[i] = v
		}
		return mix, nil
	}}
}

func TestTheBestThereCouldBeMeetsWhatIsWanted(t *testing.T) {
	of := made(t)
	for _, key := range []string{"A", "fan"} {
		s := scene(t, key)
		reports, err := judge.Table(of, []judge.Scene{s}, 1, cheat(s, of), judge.Open())
		if err != nil {
			t.Fatal(err)
		}
		if best := reports[0]; !best.Met() {
			t.Errorf("the user alone does not meet:\n%v", best)
		}
		if none := reports[1]; none.Met() || !strings.Contains(none.String(), "not met: ") {
			t.Errorf("no filter meets everything:\n%v", none)
		}
	}
}

func TestAChainThatLevelsIsJudgedWithoutItsGain(t *testing.T) {
	of, s := made(t), []judge.Scene{scene(t, "D")}
	half := judge.System{Name: "half", Levels: true, Run: func(mix, _ []float32) ([]float32, error) {
		for i := range mix {
			mix[i] /= 2
		}
		return mix, nil
	}}
	reports, err := judge.Table(of, s, 1, half)
	if err != nil {
		t.Fatal(err)
	}
	f := reports[0].Rows[0].Takes[0]
	if math.Abs(f.Gain) > .3 || math.Abs(f.Lowered) > .3 || f.Kept < f.Words {
		t.Errorf("half of everything, with the gain taken away, has %+v", f)
	}
}

func TestWhatDoesNotComeBackWholeIsSaid(t *testing.T) {
	short := judge.System{Name: "short", Run: func(mix, _ []float32) ([]float32, error) { return mix[:10], nil }}
	_, err := judge.Table(made(t), []judge.Scene{scene(t, "D")}, 1, short)
	if err == nil || !strings.Contains(err.Error(), "short, scene D, seed 0: 10 samples") {
		t.Errorf("ten samples came back, and the error is %v", err)
	}
}

// late gives back what it took 20 ms ago.
type late struct{ blocks [2]frame.Block }

func (*late) Name() string         { return "late" }
func (*late) Delay() time.Duration { return 2 * frame.BlockFor }
func (l *late) Apply(s *frame.Sound) error {
	l.blocks[0], l.blocks[1], s.Near = l.blocks[1], s.Near, l.blocks[0]
	return nil
}

func TestTheDelayOfFiltersIsTakenAway(t *testing.T) {
	mix := make([]float32, 5*frame.BlockLen+17)
	for i := range mix {
		mix[i] = float32(i)
	}
	given := []float32{1, 2, 3}
	y := judge.Filters("late", func(calibration []float32) ([]filter.SoundFilter, error) {
		if !slices.Equal(calibration, given) {
			t.Errorf("the calibration is %v", calibration)
		}
		return []filter.SoundFilter{&late{}, &late{}}, nil
	})
	out, err := y.Run(mix, given)
	if err != nil || !slices.Equal(out, mix) {
		t.Errorf("%d samples came back other than they went, or with an error: %v", len(out), err)
	}
}

// raw returns samples as they are in a .f32 file.
func raw(x []float32) []byte {
	var b []byte
	for _, v := range x {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

func TestSoundsAreReadFromAFolder(t *testing.T) {
	one, two := speaker(t, "", 110), speaker(t, "", 200)
	dir := fstest.MapFS{
		"voice/one.f32":   {Data: raw(one.X)},
		"voice/two.f32":   {Data: raw(two.X)},
		"voice/README.md": {Data: []byte("what is in here")},
		"cs_child.f32":    {Data: raw(two.X)},
		"music/tune.f32":  {Data: raw(one.X)},
		"keys.f32":        {Data: raw(one.X)},
	}
	m, err := judge.Read(dir)
	if err != nil || len(m.Voices) != 2 || len(m.Children) != 1 || len(m.Music) != 1 || len(m.Keys) != 1 {
		t.Fatalf("%d voices, %d children, %d tunes, %d keyboards, %v", len(m.Voices), len(m.Children), len(m.Music), len(m.Keys), err)
	}
	if m.Voices[0].Name != "voice/one" || !slices.Equal(m.Voices[1].X, two.X) {
		t.Errorf("the first voice is %s", m.Voices[0].Name)
	}
	bad := slices.Clone(one.X)
	bad[7] = float32(math.NaN())
	for name, data := range map[string][]byte{
		"a.wav": []byte("RIFFnothing"), "b.f32": raw(one.X[:100]), "c.f32": raw(make([]float32, 32000)), "d.f32": raw(bad),
	} {
		_, err := judge.Read(fstest.MapFS{"one.f32": dir["voice/one.f32"], name: {Data: data}})
		if err == nil || !strings.Contains(err.Error(), "sound "+name[:1]) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	if _, err := judge.Read(fstest.MapFS{"one.f32": dir["voice/one.f32"]}); err == nil {
		t.Error("one voice is enough for a conversation")
	}
}

func FuzzRead(f *testing.F) {
	f.Add("a.wav", []byte("RIFF\x24\x00\x00\x00WAVEfmt "))
	f.Add("keys/a.f32", raw([]float32{0, 1, -1, float32(math.Inf(1))}))
	f.Fuzz(func(_ *testing.T, name string, data []byte) {
		_, _ = judge.Read(fstest.MapFS{name: {Data: data}}) // must not panic
	})
}

func BenchmarkTake(b *testing.B) {
	of := recorded(b)
	s := scene(b, "A")
	seed := uint64(0)
	for b.Loop() {
		k := s.Make(of, seed)
		judge.Measure(k, k.Mix)
		seed++
	}
}
