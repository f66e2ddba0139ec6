// Package call is a stay in a room as a person sees it: who is there, what is
// on, what was said. It joins the connector, the lines and the privacy rules,
// and knows nothing of windows and terminals.
//
//	session's events ─► State.After ─► State ─► faces
//	verbs ─► feeds (camera, microphone, screen) ─► send lines ─► outlets
//	tracks ─► receive lines ─► mixer, and the sinks of faces that watch
//
// Whatever leaves goes through a feed's valve. A valve opens only while the
// device is on, no question is open that forbids it, and panic was not pressed.
package call

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"paravent/media/budget"
	"paravent/media/capture"
	"paravent/media/codec"
	"paravent/media/present"
	"paravent/media/sealed"
	"paravent/media/sfu"
	"paravent/privacy/consent"
	"paravent/privacy/filter"
	"paravent/privacy/policy"
	"paravent/privacy/seal/group"
)

// Equipment is what a call uses of this machine.
type Equipment struct {
	Cameras     capture.Opener
	Screens     capture.Opener
	Microphones capture.MicrophoneOpener
	Codecs      codec.Set

	// Play adds a voice, as loud as the volume says, to what the loudspeaker
	// plays, until the function that it returns is called.
	Play func(present.AudioSource, *present.Volume) (remove func())

	// Speaker returns what is really played on; the zero Device is nothing. It
	// must not block.
	Speaker func() capture.Device

	// The chains are made anew each time a device is opened.
	CameraChain func() (*filter.VideoChain, error)
	ScreenChain func() (*filter.VideoChain, error)
	SoundChain  func() (*filter.AudioChain, error)

	Log *slog.Logger
}

// Settings are what the person chose for a call.
type Settings struct {
	Server           string // for people
	Camera, Screen   string // names of devices; "" is the default
	Wish             capture.VideoWish
	Codec            codec.Name // of pictures
	Sound            codec.SoundSettings
	Policy           policy.Policy
	Background, Gate string // the filters' names, for the state line

	// PushToTalk keeps the microphone closed except while the person says Talk.
	PushToTalk bool

	// Confidential says that nobody beside the person may hear the meeting.
	Confidential bool

	// StartCamera and StartMicrophone open the devices at once: only ever set
	// because the person said so.
	StartCamera, StartMicrophone bool

	// Rehearsal says that the session is an echo on this machine, and shows meters.
	Rehearsal bool

	// AwayMutes closes the microphone when the chair is empty. It is never opened
	// again by itself.
	AwayMutes bool

	// Limit bounds what goes over the wire, headers included.
	Limit budget.Limit

	Diary Diary // of the call; nil keeps none

	Gathering *Gathering // of the session, where its members agree on keys; else nil

	Began time.Time // when the program was started
}

// A Call is a stay in a room. Its methods may be called by several goroutines.
type Call struct {
	session  *sealed.Session
	settings Settings
	kit      Equipment
	changed  chan struct{}
	box      *consent.Box
	paused   atomic.Bool // valves are shut until a question is answered

	camera, microphone, screen *feed
	others                     *receivers
	talk                       talk
	take                       take
	writing                    *writing
	gathering                  *Gathering // nil where there is no group

	first atomic.Int64 // nanoseconds until the first decoded picture

	mu     sync.Mutex // guards everything that follows
	state  State
	agreed bool                // to the recording that goes on
	unask  func()              // takes the question about a recording back
	asking map[sfu.Source]bool // somebody wants it open, and the person has not answered
	hinted bool                // that a loudspeaker is heard by others
}

// New returns a call over an open session, which alone decides what may be plain. Run
// must be called next.
func New(s *sealed.Session, set Settings, e Equipment) *Call {
	c := &Call{session: s, settings: set, kit: e, gathering: set.Gathering, changed: make(chan struct{}, 1), unask: func() {}, asking: make(map[sfu.Source]bool)}
	c.talk.init()
	c.box = consent.NewBox(func() {
		c.change(func(s State) State { s.Question = c.box.Open(); return s })
	})
	self := s.Self()
	c.state = State{
		Server: sfu.Foreign(set.Server).Clean(), Room: s.RoomName().Clean(), Self: self.ID, Caps: s.Caps(), Link: sfu.LinkUp,
		Encryption: Encryption{Grade: s.Grade(), Required: s.Required()},
		Own:        Own{Camera: Sending{Phase: Off}, Microphone: Sending{Phase: Off}, Screen: Sending{Phase: Off}, Background: set.Background, Gate: set.Gate, PushToTalk: set.PushToTalk},
	}
	c.state.Thin.Limit = set.Limit
	if up := set.Limit.Up; up > 0 && up < thinCamera {
		c.settings.Wish.Width, c.settings.Wish.Height, c.settings.Wish.FPS = 320, 180, 15
	}
	if set.Policy.MayUse(policy.Chat) != nil {
		c.state.Caps.Chat = false
	}
	if set.Rehearsal {
		c.state.Rehearsal, c.state.Room = true, "rehearsal"
	}
	c.state = c.state.After(sfu.MemberJoined{Member: self})
	c.camera = c.newFeed(sfu.Camera, func(o *Own) *Sending { return &o.Camera }, c.openCamera)
	c.microphone = c.newFeed(sfu.Microphone, func(o *Own) *Sending { return &o.Microphone }, c.openMicrophone)
	c.screen = c.newFeed(sfu.Screen, func(o *Own) *Sending { return &o.Screen }, c.openScreen)
	c.others = newReceivers(c)
	c.writing = newWriting(set.Diary)
	c.writing.facts(c.state.Facts())
	return c
}

// Run follows the session until it ends or ctx is done, which leaves it. When
// it returns, every device is closed, the diary knows everything, and State().Ended
// says why.
func (c *Call) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var own, diary sync.WaitGroup
	diary.Go(func() { c.keepDiary() })
	defer func() {
		cancel()
		c.closeFeeds()
		c.others.close()
		own.Wait()
		c.writing.end()
		diary.Wait()
	}()
	if c.settings.Rehearsal {
		own.Go(func() { c.measure(ctx) })
	}
	if !c.settings.Limit.None() {
		own.Go(func() { c.divide(ctx) })
	}
	own.Go(func() { c.followTalk(ctx) })
	var tick <-chan time.Time // of the group
	if c.gathering != nil {
		t := time.NewTicker(tickFor)
		defer t.Stop()
		tick = t.C
		own.Go(func() { c.carry(ctx) })
	}
	leave := ctx.Done()
	for {
		select {
		case <-leave:
			leave = nil
			cancel()
			c.shut() // devices first, then good manners
			own.Go(func() { c.leaveNow() })
		case <-tick:
			c.together(group.Tick{})
		case e, ok := <-c.session.Events():
			if !ok {
				return nil
			}
			if _, chat := e.(sfu.ChatArrived); chat && c.settings.Policy.MayUse(policy.Chat) != nil {
				continue
			}
			c.change(func(s State) State { return s.After(e) })
			if g, ok := groupEvent(e); ok {
				c.together(g)
			}
			c.heed(ctx, &own, e)
		}
	}
}

const leaveTime = 3 * time.Second

func (c *Call) leaveNow() {
	ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
	defer cancel()
	c.bye(ctx)
	if err := c.session.Leave(ctx); err != nil {
		c.kit.Log.Debug("leave", "err", err)
	}
}

// heed does what an event asks for beyond the state.
func (c *Call) heed(ctx context.Context, own *sync.WaitGroup, e sfu.Event) {
	switch e := e.(type) {
	case sfu.RecordingChanged, sfu.MemberJoined, sfu.MemberChanged:
		c.mindRecording(ctx, own)
	case sfu.MemberLeft:
		c.mindRecording(ctx, own)
		c.others.follow(c.State().Tracks)
	case sfu.TrackAdded, sfu.TrackChanged, sfu.TrackRemoved:
		c.others.follow(c.State().Tracks)
	case sfu.Waiting:
		if e.On {
			c.shut()
		}
	case sfu.MutedByRoom:
		own.Go(func() { c.tell(c.feed(e.Source).off(ctx)) })
	case sfu.UnmuteAsked:
		own.Go(func() { c.askUnmute(ctx, e.Source) })
	case sfu.Settled:
		own.Go(func() { c.start(ctx) })
	case sfu.Ended:
		c.others.follow(nil)
	case sfu.ChatArrived, sfu.Data, sfu.Withheld, sfu.CapsChanged, sfu.Announced, sfu.FileCame, sfu.HostNamed, sfu.LinkChanged, sfu.QualityChanged, sfu.Speaking:
		// They are only shown.
	}
}

// start opens what the person wanted open from the beginning.
func (c *Call) start(ctx context.Context) {
	var w sync.WaitGroup
	if c.settings.StartMicrophone {
		w.Go(func() { c.tell(c.SetMicrophone(ctx, true)) })
	}
	if c.settings.StartCamera {
		w.Go(func() { c.tell(c.SetCamera(ctx, true)) })
	}
	w.Wait()
}

// change replaces the state by what f makes of it, and rings.
func (c *Call) change(f func(State) State) {
	c.mu.Lock()
	c.state = f(c.state)
	c.writing.facts(c.state.Facts())
	c.mu.Unlock()
	select {
	case c.changed <- struct{}{}:
	default: // a change is already waiting to be seen
	}
}

// Changed rings when State would return something new. Several changes may
// ring once.
func (c *Call) Changed() <-chan struct{} { return c.changed }

// State returns the call as it is now.
func (c *Call) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Tell adds a notice.
func (c *Call) Tell(n Notice) {
	n.At = time.Now()
	c.change(func(s State) State { return s.withNotice(n) })
}

// tell adds a notice about err, unless it is nil or the person's own doing.
func (c *Call) tell(err error) {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, sfu.ErrEnded) {
		return
	}
	c.Tell(Notice{Err: err})
}

// Stats returns the counters of now.
func (c *Call) Stats() Stats {
	s := Stats{Session: c.session.Stats(), FirstPicture: time.Duration(c.first.Load())}
	s.Shown, s.Heard = c.others.stats()
	s.Opened, s.Unsent = c.session.Opened(), c.session.Unsent()
	return s
}
