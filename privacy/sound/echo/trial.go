package echo

// The figures of a trial.
const (
	tried   = 20      // blocks that a trial is given at least
	tooLong = 150     // and at most
	wins    = .8      // of what the filter leaves, for the trial to take its place
	pauses  = 60      // blocks from one to the next
	closes  = 1. / 16 // share of a block in the means that are compared
)

// A trial is a second filter, which begins anew while the first leaves much, as it
// does when somebody speaks here, and when the path is another. The one that has
// the path leaves less of what neither has heard before: a voice is left by both.
type trial struct {
	filter          *kalman
	echo, out       [block]float32
	mine, its       float32 // mean powers of what the trial leaves, and the filter
	blocks, resting int     // since the trial began; until the next
}

// run goes on with the trial, if there is one, and reports whether its filter has
// taken the place of *f.
func (t *trial) run(f **kalman, doubt bool, far []line, at int, near, out *[block]float32) bool {
	switch {
	case t.resting > 0:
		t.resting--
		return false
	case t.blocks == 0 && !doubt:
		return false
	case t.blocks == 0:
		t.filter.reset()
		t.mine, t.its = 0, 0
	}
	t.filter.cancel(far, at, near, &t.echo, &t.out)
	t.mine += (energy(&t.out) - t.mine) * closes
	t.its += (energy(out) - t.its) * closes
	t.filter.learn(far, at)
	switch t.blocks++; {
	case t.blocks > tried && t.mine < wins*t.its:
		*f, t.filter = t.filter, *f
		t.blocks, t.resting = 0, pauses
		return true
	case t.blocks > tooLong:
		t.blocks, t.resting = 0, pauses
	}
	return false
}

// forget ends the trial.
func (t *trial) forget() { t.blocks, t.resting = 0, 0 }
