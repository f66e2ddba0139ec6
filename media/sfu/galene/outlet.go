package galene

import (
	"context"
	"errors"
	"fmt"
	"time"

	"paravent/media/codec"
	"paravent/media/sfu"
)

// Send borrows p until it returns. Real-time.
func (o *outlet) Send(p codec.Packet) error {
	o.mu.Lock()
	m, shut, open := o.media, o.shut, o.open
	layer, ok := o.layer(p.Layer)
	small := layer > 0
	if open && !o.muted && !small && o.large.IsZero() {
		o.large = time.Now()
	}
	early := small && (o.large.IsZero() || time.Since(o.large) < smallLater)
	o.mu.Unlock()
	switch {
	case shut || o.s.over():
		return sfu.ErrEnded
	case p.Layer < 0 || p.Layer >= max(len(o.offer.Layers), 1):
		return fmt.Errorf("send: no layer %d", p.Layer)
	case m == nil || !ok || early:
		return nil
	}
	p.Layer = layer
	if err := m.Send(p); err != nil && !errors.Is(err, sfu.ErrEnded) {
		return err
	}
	return nil // a way that just ended is being replaced
}

// Mute stops the track, or lets it go on. Nobody is told: there is no way to. A
// track that the server took away is announced anew.
func (o *outlet) Mute(ctx context.Context, on bool) error {
	o.hush(on)
	o.mu.Lock()
	shut, again := o.shut, !on && o.turned && o.way == nil
	o.turned = o.turned && !again
	o.mu.Unlock()
	switch {
	case shut || o.s.over():
		return sfu.ErrEnded
	case !again:
		return nil
	}
	err := o.s.carry(ctx, o)
	if err != nil {
		o.mu.Lock()
		o.muted, o.turned = true, true
		o.mu.Unlock()
		return fmt.Errorf("publish %s: %w", o.offer.Source, err)
	}
	return nil
}

// hush shuts or opens the way, and returns how it was.
func (o *outlet) hush(on bool) (was bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	was, o.muted = o.muted, on
	if o.media != nil {
		o.media.Mute(on)
	}
	return was
}

// Asks gives what the server asks of the encoder.
func (o *outlet) Asks() <-chan sfu.Ask { return o.asks.C() }

// Close takes the track back.
func (o *outlet) Close() error {
	o.mu.Lock()
	w, was := o.way, o.shut
	o.shut = true
	if o.media != nil {
		o.media.Mute(true)
	}
	o.mu.Unlock()
	if was {
		return nil
	}
	o.takeBack(w)
	sent := o.sent()
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	delete(o.s.outlets, o)
	o.s.past[o.offer.Source] = o.s.past[o.offer.Source].Plus(sent)
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
