package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// A stage is where a fault strikes: one of the filters' own, or one of these.
type stage string

const (
	start  stage = "start"  // making the filters
	camera stage = "camera" // what gives the pictures
)

// A kind is what goes wrong.
type kind string

// The kinds.
const (
	noModel    kind = "model is missing"
	cutModel   kind = "model is cut off"
	otherModel kind = "model has another bit"

	unplugged  kind = "unplugged, and plugged in again"
	ended      kind = "ends, and is opened again"
	otherSize  kind = "picture of another size"
	oddSize    kind = "picture of an odd size"
	onePixel   kind = "picture of one pixel"
	shortLuma  kind = "luma is too short"
	shortBlue  kind = "chroma is too short"
	noStride   kind = "rows have no distance"
	shifted    kind = "picture does not begin at 0, 0"
	fullChroma kind = "chroma of another layout"

	failure    kind = "error"
	panics     kind = "panic"
	late       kind = "takes 400 ms"
	maskFull   kind = "mask says person everywhere"
	maskEmpty  kind = "mask says person nowhere"
	maskRandom kind = "mask is noise"
	maskBits   kind = "mask has the bytes of numbers that are none"
)

// A fault is one row of the table, one time.
type fault struct {
	at   stage
	what kind
}

// total is what requirement V3 asks for.
const total = 1000

// plan is the faults in the order in which they strike, the same in each run.
func plan() []fault {
	var all []fault
	add := func(n int, at stage, kinds ...kind) {
		for _, k := range kinds {
			all = append(all, slices.Repeat([]fault{{at, k}}, n)...)
		}
	}
	// Those that close the camera, or take long, are fewer, for the time they take.
	add(8, start, noModel, cutModel, otherModel)
	add(15, camera, unplugged, ended, onePixel)
	add(50, camera, otherSize, oddSize)
	add(40, camera, shortLuma, shortBlue, noStride, shifted, fullChroma)
	for _, s := range stages() {
		add(40/len(stages()), s, late)
	}
	var quick []fault
	for _, s := range stages() {
		quick = append(quick, fault{s, failure}, fault{s, panics})
		if masked(s) {
			quick = append(quick, fault{s, maskFull}, fault{s, maskEmpty}, fault{s, maskRandom}, fault{s, maskBits})
		}
	}
	for i := 0; len(all) < total; i++ {
		all = append(all, quick[i%len(quick)])
	}
	r := rand.New(rand.NewPCG(3, 1000))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// A tally is what became of one row's faults.
type tally struct {
	injected int
	held     int // pictures held back until they flowed again
	raw      int // pictures with raw room that the receiver decoded
	cleared  int // the same among those that the filters let out
}

// table puts the tallies into words.
func table(of map[fault]tally) string {
	rows := make([]fault, 0, len(of))
	for f := range of {
		rows = append(rows, f)
	}
	slices.SortFunc(rows, func(a, b fault) int { return strings.Compare(string(a.at)+string(a.what), string(b.at)+string(b.what)) })
	var b strings.Builder
	line := "%-20s %-45s %9v %9v %9v %9v\n"
	fmt.Fprintf(&b, line, "stage", "fault", "injected", "held", "raw", "raw sent")
	sum := tally{}
	for _, f := range rows {
		t := of[f]
		fmt.Fprintf(&b, line, f.at, f.what, t.injected, t.held, t.raw, t.cleared)
		sum.injected += t.injected
		sum.held += t.held
		sum.raw += t.raw
		sum.cleared += t.cleared
	}
	fmt.Fprintf(&b, line, "", "all", sum.injected, sum.held, sum.raw, sum.cleared)
	return b.String()
}
