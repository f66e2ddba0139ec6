package faults

import (
	"math/rand/v2"
	"slices"
)

// microphone is the stage of what gives the sound.
const microphone stage = "microphone"

// The kinds that only sound has.
const (
	noFilter kind = "gate is missing"

	shortFile kind = "file is short, and begins again"
	nearNaN   kind = "near end is no numbers"
	nearHalf  kind = "half the near end is no numbers"
	nearInf   kind = "near end is endless"
	nearHuge  kind = "near end is beyond all scale"
	farNaN    kind = "far end is no numbers"
	farInf    kind = "far end is endless"
	farJump   kind = "far end jumps"
	skips     kind = "time jumps ahead"
	goesBack  kind = "time goes back"
	stands    kind = "time stands still"

	slowFor  kind = "takes 15 ms, 60 times"
	leavesNo kind = "leaves no numbers"
	endless  kind = "leaves endless ones"
)

// soundPlan is the faults in the order in which they strike, the same in each run.
func soundPlan() []fault {
	var all []fault
	add := func(n int, at stage, kinds ...kind) {
		for _, k := range kinds {
			all = append(all, slices.Repeat([]fault{{at, k}}, n)...)
		}
	}
	// Those that close the microphone, or take long, are fewer, for the time they take.
	add(4, start, noModel, cutModel, otherModel, noFilter)
	add(6, microphone, unplugged, shortFile)
	add(30, microphone, nearNaN, nearHalf, nearInf, nearHuge, farNaN, farInf, farJump, skips, goesBack, stands)
	add(50, resetting, failure, panics)
	var quick []fault
	for _, s := range soundStages() {
		add(10, s, late)
		add(1, s, slowFor)
		quick = append(quick, fault{s, failure}, fault{s, panics}, fault{s, leavesNo}, fault{s, endless})
	}
	for i := 0; len(all) < total; i++ {
		all = append(all, quick[i%len(quick)])
	}
	r := rand.New(rand.NewPCG(4, 1000))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}
