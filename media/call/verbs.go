package call

import (
	"context"
	"errors"
	"sync"
	"time"

	"paravent/media/sfu"
	"paravent/privacy/consent"
	"paravent/privacy/policy"
	"paravent/privacy/seal"
)

// SetCamera opens or closes the camera. Closed means that the device is closed.
func (c *Call) SetCamera(ctx context.Context, on bool) error { return c.set(ctx, c.camera, on) }

// SetMicrophone opens or closes the microphone.
func (c *Call) SetMicrophone(ctx context.Context, on bool) error {
	return c.set(ctx, c.microphone, on)
}

// SetScreen shares the screen or window of the given name, "" for the one that
// was chosen at the start, or stops sharing.
func (c *Call) SetScreen(ctx context.Context, on bool, name string) error {
	if on && name != "" {
		c.screen.choose(name)
	}
	return c.set(ctx, c.screen, on)
}

// ErrWaiting means that the room has not let the person in: until it does, no device
// is opened.
var ErrWaiting = errors.New("you wait to be let in")

func (c *Call) set(ctx context.Context, f *feed, on bool) error {
	if !on {
		return f.off(ctx)
	}
	if c.State().Waiting {
		return ErrWaiting
	}
	if may := c.session.Caps().Publish; may != nil && !may[f.source] {
		return sfu.ErrUnsupported // no device is opened for nothing
	}
	if !c.mayOpen(ctx) {
		return nil
	}
	return f.on(ctx)
}

// mayOpen reports whether a device may be opened. If the person has said no to a
// recording before, it asks once more.
func (c *Call) mayOpen(ctx context.Context) bool {
	return !c.paused.Load() || c.State().Question != nil || c.askRecording(ctx)
}

// SetHand raises or lowers this person's hand.
func (c *Call) SetHand(ctx context.Context, up bool) error {
	if err := c.session.SetHand(ctx, up); err != nil {
		return err
	}
	c.change(func(s State) State { s.Own.Hand = up; return s })
	return nil
}

// ErrNoReveal means that what the person holds cannot be shown: the camera is off,
// or its filter hides nothing, or everything.
var ErrNoReveal = errors.New("what you hold cannot be shown")

// showFor is how long what the person holds is shown.
const showFor = 10 * time.Second

// ShowHeld shows the others for a while what the person holds before the camera.
func (c *Call) ShowHeld(context.Context) error {
	c.camera.mu.Lock()
	reveal := c.camera.reveal
	c.camera.mu.Unlock()
	if !reveal(showFor) {
		return ErrNoReveal
	}
	c.Tell(Notice{What: Showing})
	return nil
}

// HandUp reports whether this person's hand is raised.
func (c *Call) HandUp() bool { return c.State().Own.Hand }

// Say sends a chat message.
func (c *Call) Say(ctx context.Context, text string) error {
	if err := c.settings.Policy.MayUse(policy.Chat); err != nil {
		return err
	}
	err := c.session.Say(ctx, text)
	if c.gathering != nil && errors.Is(err, seal.ErrNoKey) {
		return ErrHeld
	}
	return err
}

// Remove sends a member away, where the server lets this person.
func (c *Call) Remove(ctx context.Context, id sfu.MemberID) error {
	return c.session.Remove(ctx, id)
}

// Lock lets nobody else into the room, or people in again, where the server lets
// this person.
func (c *Call) Lock(ctx context.Context, on bool) error {
	return c.session.Lock(ctx, on)
}

// Leave ends the call.
func (c *Call) Leave(ctx context.Context) error {
	c.shut()
	c.bye(ctx)
	return c.session.Leave(ctx)
}

// On reports whether the source is being sent, or is about to be.
func (c *Call) On(src sfu.Source) bool {
	s := c.State()
	p := c.feed(src).sending(&s.Own).Phase
	return p == On || p == Opening
}

// Answer answers the open question.
func (c *Call) Answer(yes bool) { c.box.Answer(yes) }

// Panic stops everything that leaves this machine: nothing is sent any more when
// it returns, and the devices are closing.
func (c *Call) Panic() {
	c.shut()
	c.Tell(Notice{What: PanicDone})
}

// shut shuts the valves at once and closes the devices behind them.
func (c *Call) shut() {
	c.talk.say(false)
	c.take.drop()
	for _, f := range c.feeds() {
		f.shut()
	}
}

func (c *Call) feeds() []*feed { return []*feed{c.camera, c.microphone, c.screen} }

func (c *Call) feed(src sfu.Source) *feed {
	for _, f := range c.feeds() {
		if f.source == src {
			return f
		}
	}
	return c.screen
}

// closeFeeds returns when every device is closed.
func (c *Call) closeFeeds() {
	c.shut()
	for _, f := range c.feeds() {
		f.close()
	}
}

// mindRecording pauses the call when a recording begins, and asks; when it ends
// the call goes on by itself.
func (c *Call) mindRecording(ctx context.Context, own *sync.WaitGroup) {
	if !c.settings.Policy.AskRecording {
		return
	}
	s := c.State()
	recorded := s.Recording || s.RecorderPresent()
	c.mu.Lock()
	if !recorded {
		c.agreed = false
		c.unask()
	}
	agreed := c.agreed
	c.mu.Unlock()
	switch {
	case !recorded:
		c.pause(false)
	case !agreed && !c.paused.Load():
		c.pause(true)
		own.Go(func() { c.askRecording(ctx) })
	}
}

// askRecording asks whether to go on although the call is recorded. On a no the
// devices are closed and the call stays paused.
func (c *Call) askRecording(ctx context.Context) bool {
	ctx, unask := context.WithCancel(ctx)
	defer unask()
	s := c.State()
	who := "the server"
	for _, m := range s.Roster {
		if m.Role == sfu.Recorder && !s.Recording {
			who = m.Name
		}
	}
	c.mu.Lock()
	c.unask = unask
	c.mu.Unlock()
	yes, err := c.box.Ask(ctx, consent.Question{Topic: consent.Recording, Room: s.Room, About: who})
	if err != nil {
		return !c.paused.Load() // the recording or the call ended first
	}
	c.writing.consent(consent.Recording, yes)
	if !yes {
		c.shut()
		return false
	}
	c.mu.Lock()
	c.agreed = true
	c.mu.Unlock()
	c.pause(false)
	return true
}

func (c *Call) pause(on bool) {
	if c.paused.Swap(on) == on {
		return
	}
	if !on {
		for _, f := range c.feeds() {
			f.refresh()
		}
	}
	c.change(func(s State) State { s.Own.Paused = on; return s })
}

// askFor is how long somebody's wish to open a device stands: who does not answer
// has said no.
const askFor = time.Minute

// askUnmute asks whether to open a device that a moderator wants open: once at a
// time, and never for one that is open.
func (c *Call) askUnmute(ctx context.Context, src sfu.Source) {
	c.mu.Lock()
	again := c.asking[src]
	c.asking[src] = true
	c.mu.Unlock()
	if again {
		return
	}
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.asking, src)
	}()
	if c.On(src) {
		return
	}
	asked, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	yes, err := c.box.Ask(asked, consent.Question{Topic: consent.UnmuteMe, Room: c.State().Room, About: string(src)})
	if err != nil {
		return
	}
	c.writing.consent(consent.UnmuteMe, yes)
	if yes {
		c.tell(c.set(ctx, c.feed(src), true))
	}
}
