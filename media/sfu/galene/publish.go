package galene

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"paravent/media/codec"
	"paravent/media/rtc"
	"paravent/media/sfu"
)

const (
	// publishTime bounds the wait for the server's word.
	publishTime = 8 * time.Second
	// smallLater is how much later than the large picture the small one begins: the
	// server takes the first that comes for the large one.
	smallLater = 250 * time.Millisecond
)

// Labels of streams.
const (
	labelCamera = "camera"
	labelScreen = "screenshare"
)

// errAborted is of a stream that the server does not take.
var errAborted = errors.New("the server does not take it")

// errCut is of a stream that ended before the server had taken it.
var errCut = errors.New("the connection was cut")

// An outlet is a track of ours: a stream of its own. It outlasts the ways that it
// goes through.
type outlet struct {
	s     *session
	offer sfu.TrackOffer
	asks  *rtc.Asks

	mu     sync.Mutex // guards everything that follows; after the session's lock
	way    *way       // nil while there is none
	media  *rtc.Outlet
	past   sfu.Sent  // of ways that are no more
	open   bool      // media gets through
	large  time.Time // when the large picture began on this way; zero before
	muted  bool
	turned bool // the server took the track away
	shut   bool
}

var _ sfu.Outlet = (*outlet)(nil)

// Publish announces a track. When it returns, the server has taken it.
func (s *session) Publish(ctx context.Context, t sfu.TrackOffer) (sfu.Outlet, error) {
	o := &outlet{s: s, offer: t, asks: rtc.NewAsks()}
	if err := s.mayPublish(o); err != nil {
		return nil, err
	}
	if err := s.carry(ctx, o); err != nil {
		_ = o.Close() // it never came about
		return nil, fmt.Errorf("publish %s: %w", t.Source, err)
	}
	return o, nil
}

func (s *session) mayPublish(o *outlet) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := o.offer
	switch {
	case s.ended:
		return sfu.ErrEnded
	case !s.caps.Publish[t.Source]:
		return fmt.Errorf("publish %s: the pass does not allow it: %w", t.Source, sfu.ErrUnsupported)
	case t.Source.IsSound() != (t.Codec == codec.Opus):
		return fmt.Errorf("publish %s as %s: %w", t.Source, t.Codec, sfu.ErrUnsupported)
	}
	s.outlets[o] = true
	return nil
}

// carry gives o a way, and waits until the server has taken it.
func (s *session) carry(ctx context.Context, o *outlet) error {
	ctx, cancel := context.WithTimeout(ctx, publishTime)
	defer cancel()
	w, err := s.newWay("p" + rand.Text())
	if err != nil {
		return err
	}
	w.out = o
	what, asks := o.describe(w.id)
	m, err := w.peer.Publish(what, asks)
	if err != nil {
		s.discard(w)
		return err
	}
	if asks != o.asks {
		s.working.Go(func() { o.relay(w, asks) })
	}
	if !o.attach(w, m) {
		s.discard(w)
		return sfu.ErrEnded
	}
	s.desk.put(func() { s.offer(w, false) })
	select {
	case err = <-w.settled:
		if _, ok := m.Codec(); err == nil && !ok {
			err = fmt.Errorf("the server takes no %s: %w", o.offer.Codec, sfu.ErrUnsupported)
		}
	case <-s.done:
		err = sfu.ErrEnded
	case <-ctx.Done():
		if err = ctx.Err(); errors.Is(err, context.DeadlineExceeded) {
			err = sfu.ErrNoAnswer
		}
	}
	if err != nil {
		o.takeBack(w)
	}
	return err
}

// describe is what o offers on a way. Of several pictures the largest and the
// smallest are sent: the server looks at no others.
func (o *outlet) describe(id string) (rtc.Offer, *rtc.Asks) {
	r := rtc.Offer{ID: id, Stream: id, Codec: o.offer.Codec}
	n := len(o.offer.Layers)
	switch {
	case n == 1:
		r.Most = []int{o.offer.Layers[0].Bitrate}
	case n > 1:
		r.RIDs = []string{"h", "l"}
		r.Most = []int{o.offer.Layers[n-1].Bitrate, o.offer.Layers[0].Bitrate}
	}
	if n < 2 {
		return r, o.asks
	}
	return r, rtc.NewAsks()
}

// layer is where on a way a size goes; false if it is not sent.
func (o *outlet) layer(l int) (int, bool) {
	switch n := len(o.offer.Layers); {
	case n < 2:
		return l, true
	case l == n-1:
		return 0, true
	case l == 0:
		return 1, true
	}
	return 0, false
}

// relay passes on what is asked of the sizes on a way, until it ends.
func (o *outlet) relay(w *way, asks *rtc.Asks) {
	no := false
	for l := 1; l < len(o.offer.Layers)-1; l++ {
		o.asks.Put(sfu.Ask{Layer: l, Wanted: &no})
	}
	for {
		select {
		case a := <-asks.C():
			switch a.Layer {
			case 0:
				a.Layer = len(o.offer.Layers) - 1
			default:
				a.Layer = 0
			}
			o.asks.Put(a)
		case <-w.done:
			return
		}
	}
}

// label tells the others what the stream shows.
func (o *outlet) label() string {
	if o.offer.Source == sfu.Screen || o.offer.Source == sfu.ScreenSound {
		return labelScreen
	}
	return labelCamera
}

// attach makes w the outlet's way; false if it is closed, or the session is over.
func (o *outlet) attach(w *way, m *rtc.Outlet) bool {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.shut || o.s.ended {
		return false
	}
	o.s.ways[w.id] = w
	o.way, o.media, o.open, o.large, o.turned = w, m, false, time.Time{}, false
	m.Mute(o.muted)
	return true
}

// takeBack ends w, at the server as well.
func (o *outlet) takeBack(w *way) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	if w == nil || w.shut {
		return
	}
	o.detachFrom(w)
	o.s.shut(w)
	o.s.say(says{"type": "close", "id": w.id})
}

// detach takes the outlet's way from it.
func (o *outlet) detach() { o.detachFrom(nil) }

// detachFrom does so if the way is w; nil is any.
func (o *outlet) detachFrom(w *way) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if w != nil && o.way != w {
		return
	}
	if o.media != nil {
		o.media.Mute(true)
		o.past = o.past.Plus(o.media.Sent())
	}
	o.way, o.media, o.open = nil, nil, false
}

// opened takes that media gets through.
func (o *outlet) opened() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open = true
	for i := range max(len(o.offer.Layers), 1) {
		if !o.offer.Source.IsSound() {
			o.asks.Put(sfu.Ask{Layer: i, Keyframe: true})
		}
	}
}

// offer is the desk's: it describes a stream of ours, now or as soon as the last
// offer was answered.
func (s *session) offer(w *way, restart bool) {
	w.restart = w.restart || restart
	if w.waiting {
		w.again = true
		return
	}
	s.mu.Lock()
	if w.shut || s.ended {
		s.mu.Unlock()
		return
	}
	w.described = false
	s.mu.Unlock()
	sdp, err := w.peer.Offer(w.restart)
	if err != nil {
		s.settle(w, err)
		return
	}
	w.waiting, w.again, w.restart = true, false, false
	// The large picture first, as the protocol has it.
	sdp = strings.Replace(sdp, "a=simulcast:send l;h", "a=simulcast:send h;l", 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !w.shut {
		s.describe(w, says{"type": "offer", "id": w.id, "label": w.out.label(), "source": s.number, "username": s.username, "sdp": sdp})
	}
}

// answered is the desk's.
func (s *session) answered(w *way, sdp string) {
	if !w.waiting {
		return
	}
	w.waiting = false
	if err := w.peer.Accept(sdp); err != nil {
		s.debug("answer", err)
		s.settle(w, &sfu.JoinError{Why: sfu.BadProtocol, Err: err})
		return
	}
	s.settle(w, nil)
	if w.again {
		s.offer(w, w.restart)
	}
}

func (s *session) settle(w *way, err error) {
	select {
	case w.settled <- err:
	default: // it is settled
	}
}

// aborted takes that the server does not want a stream of ours, or not any more.
func (s *session) aborted(w *way) {
	o := w.out
	s.settle(w, fmt.Errorf("%w: %w", errAborted, sfu.ErrUnsupported))
	s.desk.put(func() { // after the answer, if there was one
		o.mu.Lock()
		mine := o.way == w
		was := o.muted
		if mine {
			o.muted, o.turned = true, true
		}
		o.mu.Unlock()
		o.takeBack(w)
		if mine && !was {
			s.put(sfu.MutedByRoom{Source: o.offer.Source})
		}
	})
}

// republish gives an outlet a new way after the group was entered anew.
func (s *session) republish(o *outlet) {
	ctx, cancel := context.WithTimeout(context.Background(), publishTime)
	defer cancel()
	err := s.carry(ctx, o)
	if err == nil || errors.Is(err, sfu.ErrEnded) || errors.Is(err, errCut) {
		return
	}
	s.debug("publish again", err)
	o.mu.Lock()
	was := o.muted
	o.muted, o.turned = true, true
	o.mu.Unlock()
	if !was {
		s.put(sfu.MutedByRoom{Source: o.offer.Source})
	}
}
