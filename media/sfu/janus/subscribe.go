package janus

import (
	"context"
	"fmt"

	"paravent/media/codec"
	"paravent/media/rtc"
	"paravent/media/sfu"
)

// An inlet is a subscription. It outlasts the media connection that feeds it.
type inlet struct {
	s     *session
	id    sfu.TrackID
	feed  ident
	mid   string // of the track, at the one who sends it
	sound bool
	media *rtc.Inlet

	view *sfu.View   // as wanted last; guarded by the session's lock
	from *rtc.Remote // the stream that feeds it; guarded by the session's lock
}

var _ sfu.Inlet = (*inlet)(nil)

// Subscribe asks for a track that TrackAdded announced.
func (s *session) Subscribe(_ context.Context, id sfu.TrackID) (sfu.Inlet, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tracks[id]
	switch {
	case s.ended:
		return nil, sfu.ErrEnded
	case !ok:
		return nil, fmt.Errorf("subscribe: there is no such track")
	case s.inlets[id] != nil:
		return nil, fmt.Errorf("subscribe: there is an inlet already")
	}
	name := t.Codec
	if name == "" {
		name = codec.VP8 // what comes decides
	}
	in := &inlet{s: s, id: id, feed: t.feed, mid: t.mid, sound: t.Source.IsSound(), media: rtc.NewInlet(name)}
	s.inlets[id] = in
	s.receiver.connect() // the server may not have stopped yet, and then goes on
	ring(s.receiver.bell)
	return in, nil
}

// endInlet ends the inlet of a track that is gone. It must be called with mu held.
func (s *session) endInlet(id sfu.TrackID) {
	if in := s.inlets[id]; in != nil {
		delete(s.inlets, id)
		in.media.End(nil)
	}
}

// Receive waits for the next packet.
func (in *inlet) Receive(ctx context.Context) (codec.Packet, error) {
	return in.media.Receive(ctx)
}

// AskKeyframe asks for a keyframe, as often as is polite.
func (in *inlet) AskKeyframe() error { return in.media.AskKeyframe() }

// Want says how large the picture is shown.
func (in *inlet) Want(v sfu.View) error {
	in.s.mu.Lock()
	defer in.s.mu.Unlock()
	if in.s.ended {
		return sfu.ErrEnded
	}
	in.view = &v
	ring(in.s.receiver.bell)
	return nil
}

// Close ends the subscription.
func (in *inlet) Close() error {
	in.s.mu.Lock()
	if in.s.inlets[in.id] == in {
		delete(in.s.inlets, in.id)
		ring(in.s.receiver.bell)
	}
	in.s.mu.Unlock()
	in.media.End(nil)
	return nil
}

// A rate is what the server shall send of a stream: whether at all, which of up to
// three sizes, and which of up to three rates of pictures; 2 is the most.
type rate struct {
	send           bool
	size, temporal int
}

// most is what the server sends when nothing was said.
func most() rate { return rate{send: true, size: 2, temporal: 2} }

// rateFor chooses by the view. The server does not say how large its sizes are. By
// custom they are a quarter, a half and the whole of 1280 × 720; a smaller picture is
// sent in its larger sizes only.
func rateFor(v *sfu.View, sound bool) rate {
	r := most()
	if v == nil {
		return r
	}
	r.send = v.Width > 0 && v.Height > 0
	if sound || !r.send {
		return r
	}
	const quarter, half = 320 * 180, 640 * 360
	switch area := min(v.Width, 1<<14) * min(v.Height, 1<<14); {
	case area <= quarter:
		r.size = 0
	case area <= half:
		r.size = 1
	}
	switch {
	case v.FPS <= 0:
	case v.FPS <= 8:
		r.temporal = 0
	case v.FPS <= 15:
		r.temporal = 1
	}
	return r
}
