package janus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"paravent/media/codec"
	"paravent/media/rtc"
	"paravent/media/sfu"
)

// An outlet is a track of ours. It outlasts the media connection that it goes
// through.
type outlet struct {
	s       *session
	offer   sfu.TrackOffer
	asks    *rtc.Asks
	settled chan error // what became of it; has room for that

	mu        sync.Mutex  // guards everything that follows; never held while the session's is taken
	media     *rtc.Outlet // nil while there is no way
	past      sfu.Sent    // of ways that are no more
	muted     bool
	moderated bool // a moderator has muted it
	known     bool // the server has had it
	shut      bool
}

var _ sfu.Outlet = (*outlet)(nil)

// Publish announces a track. When it returns, the server has taken it.
func (s *session) Publish(ctx context.Context, t sfu.TrackOffer) (sfu.Outlet, error) {
	switch {
	case s.over():
		return nil, sfu.ErrEnded
	case !s.Caps().Publish[t.Source], t.Source.IsSound() != (t.Codec == codec.Opus), len(t.Layers) > len(rids()):
		return nil, fmt.Errorf("publish %s as %s in %d sizes: %w", t.Source, t.Codec, len(t.Layers), sfu.ErrUnsupported)
	}
	o := &outlet{s: s, offer: t, asks: rtc.NewAsks(), settled: make(chan error, 1)}
	s.mu.Lock()
	s.sender.outlets = append(s.sender.outlets, o)
	s.mu.Unlock()
	ring(s.sender.bell)
	ctx, cancel := context.WithTimeout(ctx, 2*answerTime)
	defer cancel()
	var err error
	select {
	case err = <-o.settled:
	case <-s.done:
		err = sfu.ErrEnded
	case <-ctx.Done():
		err = ctx.Err()
		if errors.Is(err, context.DeadlineExceeded) {
			err = sfu.ErrNoAnswer
		}
	}
	if err != nil {
		_ = o.Close() // the track never came about
		return nil, fmt.Errorf("publish %s: %w", t.Source, err)
	}
	return o, nil
}

// rids are the names of sizes, the smallest first.
func rids() []string { return []string{"l", "m", "h"} }

// layers are the sizes of the outlet, with the names they have on the way.
func (o *outlet) layers() (names []string, most []int) {
	for i, l := range o.offer.Layers {
		names, most = append(names, rids()[i]), append(most, l.Bitrate)
	}
	if len(names) < 2 {
		names = nil
	}
	return names, most
}

func (o *outlet) settle(err error) {
	o.mu.Lock()
	o.known = o.known || err == nil
	o.mu.Unlock()
	select {
	case o.settled <- err:
	default: // long ago
	}
}

// taken reports whether the server has had the track, on this connection or before.
func (o *outlet) taken() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.known
}

// attach gives the outlet its way, or takes it away. It returns false if the outlet
// is closed.
func (o *outlet) attach(m *rtc.Outlet) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.media != nil {
		o.past = o.past.Plus(o.media.Sent())
	}
	if m != nil {
		m.Mute(o.muted || o.shut)
	}
	if o.media = m; o.shut {
		o.media = nil
	}
	return !o.shut
}

func (o *outlet) way() *rtc.Outlet {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.media
}

// words are what people read beside the track.
func (o *outlet) words() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.muted {
		return string(o.offer.Source) + mutedWord
	}
	return string(o.offer.Source)
}

// Send borrows p until it returns. Real-time.
func (o *outlet) Send(p codec.Packet) error {
	o.mu.Lock()
	m, shut := o.media, o.shut
	o.mu.Unlock()
	switch {
	case shut || o.s.over():
		return sfu.ErrEnded
	case m == nil:
		return nil
	}
	if err := m.Send(p); err != nil && !errors.Is(err, sfu.ErrEnded) {
		return err
	}
	return nil // a way that just ended is being replaced
}

// errModerated is of a track that a moderator has muted: the server lets nothing of
// it through, whatever we send.
var errModerated = errors.New("a moderator has muted this, and only a moderator can open it again")

// Mute stops the track, or lets it go on, and tells the room in the words beside it.
func (o *outlet) Mute(_ context.Context, on bool) error {
	if o.s.over() {
		return sfu.ErrEnded
	}
	o.mu.Lock()
	shut, moderated := o.shut, o.moderated
	o.mu.Unlock()
	switch {
	case shut:
		return sfu.ErrEnded
	case moderated && !on:
		return errModerated
	}
	o.hush(on)
	ring(o.s.sender.bell)
	return nil
}

// hush shuts or opens the way.
func (o *outlet) hush(on bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.muted = on
	if o.media != nil {
		o.media.Mute(on)
	}
}

// Asks gives what the server or a viewer asks of the encoder.
func (o *outlet) Asks() <-chan sfu.Ask { return o.asks.C() }

// Close takes the track back.
func (o *outlet) Close() error {
	o.mu.Lock()
	m, was := o.media, o.shut
	o.shut, o.media = true, nil
	if m != nil {
		m.Mute(true)
		o.past = o.past.Plus(m.Sent())
	}
	o.mu.Unlock()
	if was {
		return nil
	}
	o.s.mu.Lock()
	d := o.s.sender
	d.outlets = slices.DeleteFunc(d.outlets, func(x *outlet) bool { return x == o })
	o.s.past[o.offer.Source] = o.s.past[o.offer.Source].Plus(o.past)
	if m != nil {
		d.closing = append(d.closing, m)
	}
	o.s.mu.Unlock()
	ring(d.bell)
	return nil
}

func (o *outlet) sent() sfu.Sent {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.media == nil {
		return o.past
	}
	return o.past.Plus(o.media.Sent())
}
