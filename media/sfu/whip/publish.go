package whip

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"paravent/media/codec"
	"paravent/media/rtc"
	"paravent/media/sfu"
)

// A slot is one of the two places for a track of ours. Its session's lock guards
// what changes.
type slot struct {
	asks *rtc.Asks
	gate sync.Mutex // held while a packet is sent; before the session's lock

	owner *outlet     // nil while nobody publishes here
	media *rtc.Outlet // nil while there is no way
	used  bool        // something may have been sent on this way
	base  sfu.Sent    // what the way had sent when the owner came
	past  sfu.Sent    // what the owner sent on ways that are no more
	began time.Time
}

func newSlot() *slot { return &slot{asks: rtc.NewAsks(), began: time.Now()} }

// wait returns when no packet is being sent that was let in before.
func (l *slot) wait() {
	l.gate.Lock()
	defer l.gate.Unlock()
}

func (l *slot) sending() bool { return l.owner != nil && !l.owner.muted }

// move gives the slot another way, or none.
func (l *slot) move(m *rtc.Outlet) {
	l.mute()
	if l.media != nil && l.owner != nil {
		l.past = l.sent()
	}
	l.media, l.used, l.base = m, false, sfu.Sent{}
	if m != nil && l.owner != nil {
		l.apply()
	}
}

func (l *slot) mute() {
	if l.media != nil {
		l.media.Mute(true)
	}
}

// apply makes the way as its owner wants it.
func (l *slot) apply() {
	var most []int
	if n := len(l.owner.offer.Layers); n > 0 {
		most = []int{l.owner.offer.Layers[n-1].Bitrate}
	}
	l.media.Limit(most)
	l.media.Mute(l.owner.muted)
	if !l.owner.muted {
		l.used = true
		l.asks.Put(sfu.Ask{Keyframe: true})
	}
}

// sent counts what the owner sent.
func (l *slot) sent() sfu.Sent {
	if l.media == nil {
		return l.past
	}
	now := l.media.Sent()
	return l.past.Plus(sfu.Sent{Packets: now.Packets - l.base.Packets, Bytes: now.Bytes - l.base.Bytes, Frames: now.Frames - l.base.Frames})
}

// An outlet is a track of ours.
type outlet struct {
	s     *session
	slot  *slot
	offer sfu.TrackOffer
	size  int           // the layer that is sent
	shift time.Duration // what came before in this slot: to those who watch it is one track

	// The session's lock guards these.
	muted  bool
	coming bool // a way is being made for it
	shut   bool
}

var _ sfu.Outlet = (*outlet)(nil)

// Publish announces a track. Of several sizes only the largest is sent.
func (s *session) Publish(ctx context.Context, t sfu.TrackOffer) (sfu.Outlet, error) {
	o := &outlet{s: s, slot: s.picture, offer: t, size: max(len(t.Layers)-1, 0)}
	if t.Source.IsSound() {
		o.slot = s.voice
	}
	o.shift = time.Since(o.slot.began)
	if err := s.carry(ctx, o); err != nil {
		_ = o.Close() // it never came about
		return nil, fmt.Errorf("publish %s: %w", t.Source, err)
	}
	return o, nil
}

// claim gives o its slot. Whoever holds it and is muted makes room, and gets it
// back when it is free again.
func (s *session) claim(o *outlet) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := o.slot.owner
	switch {
	case s.ended || o.shut:
		return sfu.ErrEnded
	case !s.caps.Publish[o.offer.Source], o.offer.Source.IsSound() != (o.offer.Codec == codec.Opus):
		return sfu.ErrUnsupported
	case !o.offer.Source.IsSound() && s.caps.Pictures[0] != o.offer.Codec:
		return fmt.Errorf("the server takes no %s: %w", o.offer.Codec, sfu.ErrUnsupported)
	case held == o:
		return nil
	case held != nil && (!held.muted || held.coming) && o.slot == s.picture:
		return sfu.ErrOnePicture
	case held != nil && (!held.muted || held.coming):
		return fmt.Errorf("there is a microphone already: %w", sfu.ErrUnsupported)
	}
	s.leave(o.slot)
	o.muted, o.coming = true, true
	o.slot.owner = o
	if o.slot.media != nil {
		o.slot.base = o.slot.media.Sent()
	}
	return nil
}

// leave frees a slot, and keeps what was sent there. It must be called with mu
// held.
func (s *session) leave(l *slot) {
	if l.owner == nil {
		return
	}
	l.mute()
	s.past[l.owner.offer.Source] = s.past[l.owner.offer.Source].Plus(l.sent())
	l.owner, l.past, l.base = nil, sfu.Sent{}, sfu.Sent{}
}

// carry opens o, on a way that can carry it.
func (s *session) carry(ctx context.Context, o *outlet) error {
	if err := s.claim(o); err != nil {
		return err
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		o.coming = false
	}()
	s.mu.Lock()
	fits := s.fits(o.slot)
	s.mu.Unlock()
	if !fits {
		if err := s.renew(ctx, o); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended || o.shut:
		return sfu.ErrEnded
	case s.way != nil && !s.takes(o):
		return sfu.ErrUnsupported
	}
	o.muted = false
	if o.slot.media != nil {
		o.slot.apply()
	}
	return nil
}

// fits reports whether the way there is can carry a slot. It must be called with
// mu held.
func (s *session) fits(l *slot) bool { return s.way != nil && (l.used || !s.way.late()) }

// takes reports whether the server takes o's codec, on this way too. It must be
// called with mu held.
func (s *session) takes(o *outlet) bool {
	name, ok := s.way.taken(o.slot.media)
	return ok && name == o.offer.Codec
}

// renew makes a way that can carry o, unless somebody has meanwhile.
func (s *session) renew(ctx context.Context, o *outlet) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.mu.Lock()
	fits, over := s.fits(o.slot), s.ended
	s.mu.Unlock()
	switch {
	case over:
		return sfu.ErrEnded
	case fits:
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	err := s.replace(ctx)
	s.mu.Lock()
	lost := err != nil && !s.ended && (s.voice.sending() || s.picture.sending())
	s.mu.Unlock()
	if lost { // the other track has lost its way for this one's sake
		again := sfu.Mend(ctx, s.kit.Network, s.replace)
		if again != nil {
			s.end(s.lost(again))
		}
		return errors.Join(err, again)
	}
	return err
}

// Send borrows p until it returns. Real-time.
func (o *outlet) Send(p codec.Packet) error {
	o.slot.gate.Lock()
	defer o.slot.gate.Unlock()
	o.s.mu.Lock()
	m, shut := o.slot.media, o.shut || o.s.ended
	muted := o.muted || o.slot.owner != o
	o.s.mu.Unlock()
	switch {
	case shut:
		return sfu.ErrEnded
	case p.Layer < 0 || p.Layer > o.size:
		return fmt.Errorf("send: no layer %d", p.Layer)
	case m == nil || muted || p.Layer != o.size:
		return nil
	}
	p.Layer, p.At = 0, p.At+o.shift
	if err := m.Send(p); err != nil && !errors.Is(err, sfu.ErrEnded) {
		return err
	}
	return nil // a way that just ended is being replaced
}

// Mute stops the track, or lets it go on. Nobody is told: there is no way to.
func (o *outlet) Mute(ctx context.Context, on bool) error {
	o.s.mu.Lock()
	if o.shut || o.s.ended {
		o.s.mu.Unlock()
		return sfu.ErrEnded
	}
	if on {
		o.muted = true
		if o.slot.owner == o {
			o.slot.mute()
		}
	}
	muted := o.muted
	o.s.mu.Unlock()
	switch {
	case on:
		o.slot.wait()
		return nil
	case !muted:
		return nil
	}
	return o.s.carry(ctx, o)
}

// Asks gives what the server asks of the encoder.
func (o *outlet) Asks() <-chan sfu.Ask { return o.slot.asks.C() }

// Close takes the track back: nothing is sent any more, and the place is free.
func (o *outlet) Close() error {
	o.s.mu.Lock()
	was := o.shut
	o.shut, o.muted = true, true
	o.s.mu.Unlock()
	if was {
		return nil
	}
	o.slot.wait() // nothing of this track may slip into the next one
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	if o.slot.owner == o {
		o.s.leave(o.slot)
	}
	return nil
}
