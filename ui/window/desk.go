//go:build !nowindow

package window

import (
	"context"
	"strings"
	"sync"

	"paravent/ui/command"
)

// The verbs that the window itself has to know.
const (
	leaveVerb  = "leave"
	sayVerb    = "say"
	sendVerb   = "send"
	talkVerb   = "talk"
	volumeVerb = "volume"
)

// A desk runs verbs off the drawing goroutine: those of one name one after the
// other, those of different names at once, so that panic never waits for a
// camera that opens slowly.
type desk struct {
	call  command.Desk
	fail  func(error) // may be called by several goroutines
	lanes map[string]chan []string
}

// waiting is how many verbs of one name may wait; whoever presses a key more
// often is not obeyed.
const waiting = 4

func newDesk(c command.Desk, fail func(error)) *desk {
	d := &desk{call: c, fail: fail, lanes: map[string]chan []string{}}
	for _, v := range command.Verbs() {
		d.lanes[v.Name] = make(chan []string, waiting)
	}
	return d
}

// run runs a verb soon. It does not block.
func (d *desk) run(name string, args ...string) {
	v, ok := command.Find(name)
	if !ok {
		d.fail(&command.UsageError{Line: name, Why: "there is no such command"})
		return
	}
	select {
	case d.lanes[v.Name] <- args:
	default:
	}
}

// work runs the verbs until ctx is done.
func (d *desk) work(ctx context.Context) {
	var lanes sync.WaitGroup
	for name, lane := range d.lanes {
		lanes.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case args := <-lane:
					if err := d.carryOut(ctx, name, args); err != nil {
						d.fail(err)
					}
				}
			}
		})
	}
	lanes.Wait()
}

func (d *desk) carryOut(ctx context.Context, name string, args []string) error {
	if v, ok := command.Find(sayVerb); ok && name == sayVerb && len(args) > 0 {
		return v.Run(ctx, d.call, args) // as it was written
	}
	return command.Run(ctx, d.call, name+" "+strings.Join(args, " "))
}
