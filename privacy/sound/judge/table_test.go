package judge_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"paravent/privacy/sound/gate"
	"paravent/privacy/sound/judge"
)

var (
	takes  = flag.Int("scenes", 0, "print the whole table, with so many takes of every scene")
	folder = flag.String("voices", "testdata", "a folder of voices, .wav or .f32")
	only   = flag.String("only", "", "keys of the scenes of the table, with commas between them")
)

// TestTable prints what every chain shows: go test ./privacy/sound/judge -run TestTable -scenes 20 -v
func TestTable(t *testing.T) {
	if *takes == 0 {
		t.Skip("only when asked to: -scenes 20")
	}
	voices, err := judge.ReadVoices(os.DirFS(*folder))
	if err != nil {
		t.Fatal(err)
	}
	scenes := judge.Scenes()
	if *only != "" {
		keys := strings.Split(*only, ",")
		scenes = slices.DeleteFunc(scenes, func(s judge.Scene) bool { return !slices.Contains(keys, s.Key) })
	}
	reports, err := judge.Table(voices, scenes, *takes, judge.Open(), roomGate(t, "room gate, near", gate.Near), roomGate(t, "room gate, strict", gate.Strict))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reports {
		t.Logf("\n%v", r)
	}
}
