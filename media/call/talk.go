package call

import (
	"context"
	"errors"
	"sync"

	"paravent/media/capture"
)

// ErrNoPush means that push to talk was not chosen for this call.
var ErrNoPush = errors.New("push to talk is not on")

// A talk is what the person last said of talking. Whoever sets it never waits for
// a device, so the newest word is always the one that holds.
type talk struct {
	bell chan struct{}

	mu   sync.Mutex // guards everything that follows
	want bool
	stop context.CancelFunc // of the opening that goes on
}

func (t *talk) init() { t.bell, t.stop = make(chan struct{}, 1), func() {} }

// say takes a new word.
func (t *talk) say(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.want = on
	if !on {
		t.stop()
	}
}

// begin returns whether to open, and a context that ends when the person is done.
func (t *talk) begin(ctx context.Context) (context.Context, context.CancelFunc, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	ctx, t.stop = context.WithCancel(ctx)
	return ctx, t.stop, t.want
}

func (t *talk) ring() {
	select {
	case t.bell <- struct{}{}:
	default:
	}
}

// Talk opens the microphone, or closes it, in a call with push to talk. It does
// not wait for the device: what fails becomes a notice. With off nothing more is
// sent when it returns. Of several calls the last one holds.
func (c *Call) Talk(on bool) error {
	if !c.settings.PushToTalk {
		return ErrNoPush
	}
	c.talk.say(on)
	if !on {
		c.microphone.shut()
	}
	c.talk.ring()
	return nil
}

// followTalk opens and closes the microphone as Talk says, until ctx is done.
func (c *Call) followTalk(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.talk.bell:
		}
		talking, done, want := c.talk.begin(ctx)
		if want && c.mayOpen(ctx) && talking.Err() == nil {
			c.tell(c.microphone.on(talking))
		}
		if talking.Err() != nil || !want {
			c.tell(c.microphone.off(ctx))
		}
		done()
	}
}

// hintHeadset says once that a loudspeaker is heard by more than the person, where
// nobody else may hear the meeting.
func (c *Call) hintHeadset() {
	if c.kit.Speaker == nil {
		return
	}
	s := c.State()
	if !c.settings.Confidential && !s.Encrypted() || c.kit.Speaker().Form != capture.Loudspeaker {
		return
	}
	c.mu.Lock()
	again := c.hinted
	c.hinted = true
	c.mu.Unlock()
	if !again {
		c.Tell(Notice{What: UseHeadset})
	}
}
