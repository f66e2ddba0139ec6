package filter

import (
	"time"

	"paravent/media/frame"
)

// A pace watches whether the filters of sound keep up with the microphone, so that
// sound is rather missing than later and later. It is a value: after and rested
// return the next one.
//
//	runs ─► mean above 10 ms for more than 20 blocks ─► rests half a second
//	  ▲                                                     │        ▲
//	  └── mean is 8 ms or less ◄── 20 blocks for trial ◄────┘        │
//	                                       └── too slow still: twice as long, 16 s at most
//
// While it rests the filters are not called. In a trial they are, and what they
// give is not sent.
type pace struct {
	mean  time.Duration // that a block takes
	over  int           // blocks in a row that left it too high
	rest  int           // blocks left of a rest
	trial int           // blocks left of a trial
	last  int           // length of the last rest; 0 is none yet
	calm  int           // blocks since the last hold
}

// The bounds of a pace. A block is 10 ms.
const (
	budget      = frame.BlockFor
	quickAgain  = budget * 4 / 5
	meanBlocks  = 16         // time constant of the mean
	mostTook    = 5 * budget // of what one block counts: one hiccup is no overload
	overBlocks  = 20
	firstRest   = 50
	longestRest = 1600
	trialBlocks = 20
	calmBlocks  = 3000 // after so many the next rest is short again
)

func (p pace) resting() bool { return p.rest > 0 }

// holds reports whether silence is to be sent.
func (p pace) holds() bool { return p.rest > 0 || p.trial > 0 }

// rested returns the pace after a block for which the filters were not called.
func (p pace) rested() pace {
	if p.rest--; p.rest == 0 {
		p.trial, p.mean = trialBlocks, quickAgain
	}
	return p
}

// after returns the pace after a block for which the filters took so long.
func (p pace) after(took time.Duration) pace {
	p.mean += (min(took, mostTook) - p.mean) / meanBlocks
	if p.trial > 0 {
		if p.trial--; p.trial == 0 && p.mean > quickAgain {
			return p.hold()
		}
		return p
	}
	p.calm++
	if p.mean <= budget {
		p.over = 0
		return p
	}
	if p.over++; p.over > overBlocks {
		return p.hold()
	}
	return p
}

func (p pace) hold() pace {
	rest := firstRest
	if p.last > 0 && p.calm < calmBlocks {
		rest = min(2*p.last, longestRest)
	}
	return pace{rest: rest, last: rest}
}
