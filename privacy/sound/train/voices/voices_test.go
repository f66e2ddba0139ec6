package main

import (
	"archive/zip"
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tone returns seconds of a sine.
func tone(seconds, hz, amplitude float64) []float32 {
	x := make([]float32, int(seconds*rate))
	for i := range x {
		x[i] = float32(amplitude * math.Sin(2*math.Pi*hz*float64(i)/rate))
	}
	return x
}

func loudness(x []float32) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return 10 * math.Log10(sum/float64(len(x)))
}

func TestSilenceBetweenWordsIsTakenOut(t *testing.T) {
	x := slices.Concat(make([]float32, rate), tone(0.5, 400, 0.3), make([]float32, 2*rate), tone(0.5, 400, 0.3), make([]float32, rate))
	c, ok := dress(x, false)
	if got := float64(len(c.sound)) / rate; !ok || got < 1.2 || got > 1.5 {
		t.Errorf("1 s of sound in 5 s became %.2f s, want it and 80 ms on either side", got)
	}
	c, ok = dress(x, true)
	if got := float64(len(c.sound)) / rate; !ok || got < 3.1 || got > 3.4 {
		t.Errorf("with the ends trimmed alone, it became %.2f s, want 3.16 s", got)
	}
}

func TestWhatSoundsComesToOneLevel(t *testing.T) {
	for _, amplitude := range []float64{0.01, 0.1, 0.9} {
		c, ok := dress(slices.Concat(tone(1, 300, amplitude), make([]float32, rate/2)), false)
		if !ok {
			t.Fatalf("a tone of %.2f holds nothing", amplitude)
		}
		if got := loudness(c.sound[rate/10 : rate*9/10]); math.Abs(got-level) > 0.3 {
			t.Errorf("a tone of %.2f came to %.1f dBFS, want %d", amplitude, got, level)
		}
	}
}

func TestNothingIsMadeOfNothing(t *testing.T) {
	for name, x := range map[string][]float32{"none": nil, "silence": make([]float32, rate), "a whisper of noise": tone(1, 300, 0.0001), "a click": tone(0.05, 300, 0.5)} {
		if _, ok := dress(x, false); ok {
			t.Errorf("%s is taken for a recording", name)
		}
	}
}

func TestTheBandIsSeventyToSevenThousandHertz(t *testing.T) {
	for hz, least := range map[float64]float64{200: -0.5, 1000: -0.5, 5000: -0.5} {
		if got := gainAt(hz); got < least {
			t.Errorf("%.0f Hz lose %.1f dB", hz, -got)
		}
	}
	for _, hz := range []float64{20, 7900} {
		if got := gainAt(hz); got > -30 {
			t.Errorf("%.0f Hz lose only %.1f dB", hz, -got)
		}
	}
}

// gainAt returns what the band makes of a tone, in dB.
func gainAt(hz float64) float64 {
	x := tone(1, hz, 0.5)
	y := band(x)
	return quantile(levels(y)[20:80], 0.5) - loudness(x)
}

func TestClipsEndInAGapAndStayBelowTheMost(t *testing.T) {
	c := clip{sound: tone(1, 300, 0.1)}
	x := join([]clip{c, c, c}, 5*rate/2)
	if len(x) != 2*(rate+gap) {
		t.Fatalf("%d samples, want two clips with a gap after each", len(x))
	}
	for _, v := range x[len(x)-gap:] {
		if v != 0 {
			t.Fatal("the gap sounds")
		}
	}
	if got := len(some(x, 1)); got < rate || got > rate+2*gap {
		t.Errorf("the first sound is %d samples long", got)
	}
}

func TestPitchAndBandwidthAreMeasured(t *testing.T) {
	x := make([]float32, 2*rate)
	for h := 1; h <= 20; h++ {
		for i, v := range tone(2, 200*float64(h), 0.05) {
			x[i] += v
		}
	}
	if got := pitch(x); math.Abs(got-200) > 5 {
		t.Errorf("a voice of 200 Hz has a pitch of %.0f Hz", got)
	}
	if got := bandwidth(x); got < 3900 || got > 4300 {
		t.Errorf("harmonics to 4000 Hz reach to %.0f Hz", got)
	}
}

func TestNobodySpeaksInTwoSplits(t *testing.T) {
	all := catalogue()
	if err := check(all); err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]Source{
		{{Name: "a", Split: "train", Kind: "voice", Person: "Ann"}, {Name: "b", Split: "test", Kind: "voice", Person: "Ann"}},
		{{Name: "a", Split: "train", Kind: "voice"}, {Name: "a", Split: "train", Kind: "voice"}},
		{{Name: "a", Split: "tain", Kind: "voice"}},
	} {
		if check(bad) == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}

func TestVolunteersOfOneLanguageLieInOneSplit(t *testing.T) {
	splits := map[string]string{}
	for _, s := range letters() {
		if was, ok := splits[s.Lang]; ok && was != s.Split {
			t.Errorf("%s lies in %s and in %s", s.Lang, was, s.Split)
		}
		splits[s.Lang] = s.Split
	}
}

func TestEverySplitHasEnoughSpeakers(t *testing.T) {
	people := map[string]map[string]bool{}
	for _, s := range catalogue() {
		if s.speaks() && s.Raise == 0 {
			if people[s.Split] == nil {
				people[s.Split] = map[string]bool{}
			}
			people[s.Split][s.person()] = true
		}
	}
	for split, least := range map[string]int{"train": 50, "val": 8, "test": 10} {
		if got := len(people[split]); got < least {
			t.Errorf("%s has %d speakers, want %d", split, got, least)
		}
	}
}

func TestEverySourceNamesItsLicence(t *testing.T) {
	named := licences()
	for _, s := range catalogue() {
		if named[s.Package] == "" {
			t.Errorf("%s: the licence of %s is not known", s.Name, s.Package)
		}
	}
}

func TestAnyBeginningOfSpreadFilesIsSpread(t *testing.T) {
	files := strings.Split("abcdefghijk", "")
	got := spread(files)
	if s := slices.Sorted(slices.Values(got)); !slices.Equal(s, files) {
		t.Fatalf("%v is not all of %v", got, files)
	}
	if !slices.Contains(got[:3], "a") || slices.Max(got[:3]) < "f" {
		t.Errorf("the first three are %v", got[:3])
	}
}

func TestAWaveHasTheLengthItNames(t *testing.T) {
	b := wave([]float32{0, 0.5, -1, 2})
	if got := binary.LittleEndian.Uint32(b[40:]); int(got) != len(b)-44 || got != 8 {
		t.Errorf("%d bytes of sound in %d", got, len(b))
	}
	if got := int16(binary.LittleEndian.Uint16(b[50:])); got != 32767 {
		t.Errorf("what is too loud became %d", got)
	}
}

func TestArchivesAreExpandedAndNeverOutside(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "a.pk3"))
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for _, name := range []string{"sound/a.ogg", "text"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte("x"))
	}
	z.Close()
	f.Close()
	if err := archives(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "a.pk3.d/sound/a.ogg")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "a.pk3.d/text")); err == nil {
		t.Error("what is no sound is unpacked")
	}
	f, err = os.Create(filepath.Join(dir, "b.pk3"))
	if err != nil {
		t.Fatal(err)
	}
	z = zip.NewWriter(f)
	if _, err := z.Create("../../b.ogg"); err != nil {
		t.Fatal(err)
	}
	z.Close()
	f.Close()
	if err := archives(dir); err == nil {
		t.Error("a file outside the folder is written")
	}
}

func FuzzResources(f *testing.F) {
	f.Add([]byte("qres\x00\x00\x00\x01\x00\x00\x00\x14\x00\x00\x00\x14\x00\x00\x00\x14"))
	f.Add([]byte("QTBLCEM10\x00\x00\x00\x01\x00\x01a.SB        \x00\x00\x00\x00\x00\x00\x00\x00\x01"))
	path := filepath.Join(f.TempDir(), "x")
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		nothing := func(string, []byte) error { return nil }
		_ = readResources(path, nothing)
		_ = readQueen(path, nothing)
	})
}

func TestACloneIsTakenAtItsCommitAlone(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "clone")
	git := func(args ...string) string {
		c := exec.Command("git", append([]string{"-C", from, "-c", "user.name=a", "-c", "user.email=a@b"}, args...)...)
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "-q")
	for _, name := range []string{"speech/a.wav", "other/b.wav"} {
		if err := os.MkdirAll(filepath.Join(from, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(from, name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	git("add", ".")
	git("commit", "-q", "-m", "one")
	c := clone{from: from, commit: git("rev-parse", "HEAD"), path: "speech"}
	for range 2 { // the second time it is there
		p, err := c.take(t.Context(), to)
		if err != nil || p.dir != to || p.version != c.commit {
			t.Fatalf("the clone is %+v, error %v", p, err)
		}
	}
	if got, err := os.ReadFile(filepath.Join(to, "speech", "a.wav")); err != nil || string(got) != "speech/a.wav" {
		t.Errorf("the file of the path holds %q, error %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(to, "other")); err == nil {
		t.Error("what lies beside the path came as well")
	}
	c.commit = strings.Repeat("0", 40)
	if _, err := c.take(t.Context(), to+"2"); err == nil || !strings.Contains(err.Error(), "clone "+from) {
		t.Errorf("a commit that is not there is taken: %v", err)
	}
}

func TestNobodyOfTheCrowdStandsOnTwoLines(t *testing.T) {
	all := volunteers()
	seen := map[string]bool{}
	for _, f := range strings.Fields(crowd) {
		if len(f) != 8 || seen[f] {
			t.Errorf("recording %q stands twice, or is no beginning of a name", f)
		}
		seen[f] = true
	}
	if len(all) < 50 || len(seen) < 500 {
		t.Errorf("%d voices, %d recordings", len(all), len(seen))
	}
	if got := clones()[all[0].Package].path; !strings.HasPrefix(all[0].Files, "^"+got+"/") {
		t.Errorf("files %s lie outside of what is cloned, %s", all[0].Files, got)
	}
}
