package call

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"paravent/media/budget"
	"paravent/media/capture"
	"paravent/media/codec"
	"paravent/media/send"
	"paravent/media/sfu"
	"paravent/privacy/filter"
)

// A feed is one own device on its way to the room. Its on and off wait for each
// other; shut waits for nobody.
type feed struct {
	call    *Call
	source  sfu.Source
	sending func(*Own) *Sending // the feed's place in the state
	open    func(ctx context.Context, f *feed) (running, error)

	meter send.Meter

	turn    sync.Mutex // held by on and off while they work
	telling sync.Mutex // held while the room is told

	mu     sync.Mutex // guards everything that follows
	closed bool
	name   string // of the device that the person chose
	stop   context.CancelFunc
	valve  *valve
	fresh  func() // makes the next picture a keyframe
	reveal func(time.Duration) bool
	gauge  gauge
	limit  func(budget.Plan)
	dimmed bool          // the room was told that the link has no room for the pictures
	done   chan struct{} // closed when the line and its device are
	outlet sfu.Outlet    // stays while the device is off, muted
	offer  sfu.TrackOffer
}

// running is an open device and the loop that carries what it gives.
type running struct {
	device capture.Device
	run    func(ctx context.Context) error // closes the device
	fresh  func()
	reveal func(time.Duration) bool // shows what the person holds; false if it cannot
	gauge  gauge
	limit  func(budget.Plan) // keeps to a plan from now on
}

// A gauge says what share of the room can be made out; see filter.Gauged.
type gauge func() (share float64, ok bool)

// noGauge is of a device that is off, or of one without pictures.
func noGauge() (share float64, ok bool) { return 0, false }

// noLimit is of a device that is off.
func noLimit(budget.Plan) {}

// noReveal is of a device that is off, or of one without pictures.
func noReveal(time.Duration) bool { return false }

func (c *Call) newFeed(src sfu.Source, sending func(*Own) *Sending, open func(context.Context, *feed) (running, error)) *feed {
	done := make(chan struct{})
	close(done)
	return &feed{call: c, source: src, sending: sending, open: open, done: done, stop: func() {}, fresh: func() {}, reveal: noReveal, gauge: noGauge, limit: noLimit, valve: &valve{}}
}

func (f *feed) choose(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.name = name
}

func (f *feed) chosen(otherwise string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.name == "" {
		return otherwise
	}
	return f.name
}

func (f *feed) show(s Sending) {
	f.call.change(func(st State) State {
		*f.sending(&st.Own) = s
		st.Meters = st.Meters.of(st.Own)
		return st
	})
}

// on opens the device and begins to send.
func (f *feed) on(ctx context.Context) error {
	f.turn.Lock()
	defer f.turn.Unlock()
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	if !f.begin(stop) {
		stop()
		return nil
	}
	f.show(Sending{Phase: Opening})
	unhook := context.AfterFunc(ctx, stop) // only while opening
	r, err := f.open(life, f)
	if !unhook() && err == nil {
		err = errors.Join(ctx.Err(), r.run(life)) // interrupted: run only closes
	}
	if err != nil {
		f.end()
		return err
	}
	f.mu.Lock()
	f.fresh, f.reveal, f.gauge, f.limit = r.fresh, r.reveal, r.gauge, r.limit
	f.mu.Unlock()
	f.show(Sending{Phase: On, Device: sfu.Foreign(r.device.Label).Clean()})
	if f.source == sfu.Microphone {
		f.call.hintHeadset()
	}
	go func() {
		err := r.run(life)
		f.end()
		if life.Err() == nil {
			f.call.tell(err)
		}
	}()
	return nil
}

// begin prepares a new line. It returns false if one is running, or none may.
func (f *feed) begin(stop context.CancelFunc) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	select {
	case <-f.done:
	default:
		return false
	}
	if f.closed || f.call.State().Waiting { // which was shut when the waiting began
		return false
	}
	f.stop, f.valve, f.done = stop, &valve{paused: &f.call.paused}, make(chan struct{})
	return true
}

// muteTime bounds how long the room is waited for when a device has closed.
const muteTime = 2 * time.Second

// end is called when the line's device is closed: now the room may be told.
func (f *feed) end() {
	f.mu.Lock()
	f.valve.close()
	f.stop()
	f.fresh, f.reveal, f.gauge, f.limit, f.dimmed = func() {}, noReveal, noGauge, noLimit, false
	outlet, done, closed := f.outlet, f.done, f.closed
	if f.source == sfu.Screen {
		f.outlet = nil
	}
	f.mu.Unlock()
	if outlet != nil && !closed {
		if err := f.tellRoom(outlet); err != nil {
			f.call.kit.Log.Debug("tell the room", "source", f.source, "err", err)
		}
	}
	f.show(Sending{Phase: Off})
	close(done)
}

// tellRoom says that nothing comes any more: a shared screen is taken back, a
// camera and a microphone are dark and silent.
func (f *feed) tellRoom(o sfu.Outlet) error {
	f.telling.Lock()
	defer f.telling.Unlock()
	if f.source == sfu.Screen {
		return o.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), muteTime)
	defer cancel()
	return o.Mute(ctx, true)
}

// off stops sending and returns when the device is closed and the room knows.
func (f *feed) off(ctx context.Context) error {
	f.shut()
	f.turn.Lock()
	defer f.turn.Unlock()
	f.shut()
	select {
	case <-f.finished():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// shut stops sending at once, for good, and lets the device close behind it.
func (f *feed) shut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.valve.close()
	f.stop()
}

// close shuts the feed for ever and returns when the device is closed.
func (f *feed) close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.shut()
	f.turn.Lock()
	defer f.turn.Unlock()
	<-f.finished()
}

func (f *feed) finished() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.done
}

// refresh makes the next picture one that can be decoded without those that
// were left out.
func (f *feed) refresh() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fresh()
}

// publish returns the valve to the room for what offer describes. The outlet of
// an earlier line is used again if it fits.
func (f *feed) publish(ctx context.Context, offer sfu.TrackOffer) (*valve, error) {
	f.mu.Lock()
	outlet, fits := f.outlet, sameOffer(f.offer, offer)
	f.mu.Unlock()
	if outlet != nil && fits {
		if err := outlet.Mute(ctx, false); err != nil {
			return nil, err
		}
	} else {
		if outlet != nil {
			if err := outlet.Close(); err != nil {
				f.call.kit.Log.Debug("take back", "source", f.source, "err", err)
			}
		}
		var err error
		if outlet, err = f.call.session.Publish(ctx, offer); err != nil {
			return nil, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.outlet, f.offer = outlet, offer
	f.valve.Outlet = outlet
	return f.valve, nil
}

// revealed is what the device's gauge shows.
func (f *feed) revealed() (share float64, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.gauge()
}

func sameOffer(a, b sfu.TrackOffer) bool {
	return a.Source == b.Source && a.Codec == b.Codec && slices.Equal(a.Layers, b.Layers)
}

// held shows which filter holds everything back; "" is none.
func (f *feed) held(filter string) {
	f.call.change(func(s State) State { f.sending(&s.Own).Held = filter; return s })
}

// noted shows what the person should know of their picture or sound. Real-time:
// what it sets off goes on by itself.
func (f *feed) noted(n filter.Notes) {
	began := false
	f.call.change(func(s State) State {
		own := f.sending(&s.Own)
		began = n.Has(filter.Away) && !own.Notes.Has(filter.Away)
		own.Notes = n
		return s
	})
	if began && f.call.settings.AwayMutes && f.call.On(sfu.Microphone) {
		f.call.microphone.shut()
		f.call.Tell(Notice{What: MutedAway})
	}
}

// A valve is an outlet that can be shut. Once shut it stays shut: the next line
// gets its own.
type valve struct {
	sfu.Outlet
	paused *atomic.Bool // of the whole call
	shut   atomic.Bool
}

func (v *valve) close() { v.shut.Store(true) }

// Send drops p if the valve is shut. Real-time.
func (v *valve) Send(p codec.Packet) error {
	if v.shut.Load() || v.paused.Load() {
		return nil
	}
	return v.Outlet.Send(p)
}

// isOver reports whether a line ended as lines do, without a fault.
func isOver(err error) bool {
	return err == nil || errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) || errors.Is(err, sfu.ErrEnded)
}
