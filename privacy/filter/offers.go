package filter

import "time"

// A Noter is a PictureFilter that has something to tell. The chain asks it after
// each Apply, on the goroutine of Apply.
type Noter interface {
	// Notes says what held of the last picture. Real-time: it must not block or
	// allocate.
	Notes() Notes
}

// A Paced filter can save work.
type Paced interface {
	// Pace asks for a new mask only every n-th picture, of 1 and more; the
	// pictures between use the last one. The chain calls it between two Applies,
	// on their goroutine.
	Pace(every int)
}

// A Revealer can be asked to show what the person holds in their hands.
type Revealer interface {
	// Reveal shows it for d from now on; 0 ends it. It may be called by several
	// goroutines at any time, also while Apply runs and after Close, and must not block.
	Reveal(d time.Duration)
}

// A Gauged filter measures how much of what it hides can be made out all the same.
type Gauged interface {
	// Revealed is the share of the room's detail that a receiver could have put
	// together since the camera was opened, 0 to 1; ok is false while that is not
	// known, or not measured. It may be called by several goroutines at any time.
	Revealed() (share float64, ok bool)
}

// A Staged filter knows where its time goes.
type Staged interface {
	// Stages says what the last Apply took, in the order of the work. The list
	// is good until the next Apply.
	Stages() []StageTime
}

// A StageTime is what one part of a filter took for one picture.
type StageTime struct {
	Name string // stable, such as "segment"
	Took time.Duration
}

// Work is what the filters did for one picture.
type Work struct {
	Wall   time.Duration // the whole chain
	CPU    time.Duration // of the filters' goroutine; 0 where the system does not say
	Stages []StageTime   // of all filters that are Staged; good until the next Clear
}

// Measured runs do, and says what that took. CPU is that of this thread, so the
// caller keeps to it (runtime.LockOSThread). It does not allocate.
func Measured(do func()) Work {
	began, cpu := time.Now(), threadTime()
	do()
	return Work{Wall: time.Since(began), CPU: threadTime() - cpu}
}
