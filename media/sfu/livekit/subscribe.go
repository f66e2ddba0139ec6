package livekit

import (
	"context"
	"errors"
	"fmt"
	"math"

	"paravent/media/codec"
	"paravent/media/rtc"
	"paravent/media/sfu"
	"paravent/media/sfu/livekit/wire"
)

// An inlet is a subscription. It outlasts the media connection that feeds it.
type inlet struct {
	s     *session
	id    sfu.TrackID
	of    sfu.Track
	media *rtc.Inlet

	view *sfu.View // as wanted last; guarded by the session's lock
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
	in := &inlet{s: s, id: id, of: t.Track, media: rtc.NewInlet(t.Codec)}
	s.inlets[id] = in
	s.queue(s.subscription(in, true))
	if r := s.remotes[id]; r != nil && !r.Over() {
		in.media.Attach(r) // the server may not have stopped yet, and then goes on
	}
	return in, nil
}

// subscription must be called with mu held.
func (s *session) subscription(in *inlet, on bool) *wire.SignalRequest {
	u := &wire.UpdateSubscription{TrackSids: []string{string(in.id)}, Subscribe: on}
	if p := s.people[in.of.Member]; p != nil {
		u.ParticipantTracks = []*wire.ParticipantTracks{{ParticipantSid: p.number, TrackSids: []string{string(in.id)}}}
	}
	return &wire.SignalRequest{Message: &wire.SignalRequest_Subscription{Subscription: u}}
}

// remote takes a stream that the server begins to send.
func (s *session) remote(r *rtc.Remote) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := sfu.TrackID(r.ID)
	if s.tracks[id] == nil {
		return // not a track of the room
	}
	s.remotes[id] = r
	if in := s.inlets[id]; in != nil {
		in.media.Attach(r)
	}
}

// subscriptionFailed ends the inlet of a track that will not come.
func (s *session) subscriptionFailed(m *wire.SubscriptionResponse) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := s.inlets[sfu.TrackID(m.TrackSid)]
	if in == nil {
		return
	}
	err := errors.New("the server does not send this track")
	if m.Err == 1 { // livekit.SE_CODEC_UNSUPPORTED
		err = fmt.Errorf("the track is in a codec that we did not ask for: %w", sfu.ErrUnsupported)
	}
	delete(s.inlets, in.id)
	in.media.End(err)
}

// endInlet ends the inlet of a track that is gone. It must be called with mu
// held.
func (s *session) endInlet(id sfu.TrackID) {
	delete(s.remotes, id)
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
	in.s.queue(in.settings())
	return nil
}

// settings must be called with mu held.
func (in *inlet) settings() *wire.SignalRequest {
	v := in.view
	u := &wire.UpdateTrackSettings{TrackSids: []string{string(in.id)}}
	switch {
	case v.Width <= 0 || v.Height <= 0:
		u.Disabled = true
	case !in.of.Source.IsSound():
		u.Width, u.Height = uint32(min(v.Width, math.MaxUint16)), uint32(min(v.Height, math.MaxUint16))
		u.Fps = uint32(min(max(math.Ceil(v.FPS), 0), 1000))
		u.Quality = 2 // livekit.VideoQuality_HIGH, for servers that know only that
	}
	return &wire.SignalRequest{Message: &wire.SignalRequest_TrackSetting{TrackSetting: u}}
}

// Close ends the subscription.
func (in *inlet) Close() error {
	in.s.mu.Lock()
	if in.s.inlets[in.id] == in {
		delete(in.s.inlets, in.id)
		in.s.queue(in.s.subscription(in, false))
	}
	in.s.mu.Unlock()
	in.media.End(nil)
	return nil
}
