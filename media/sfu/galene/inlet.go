package galene

import (
	"context"
	"errors"
	"fmt"

	"paravent/media/codec"
	"paravent/media/rtc"
	"paravent/media/sfu"
)

// An inlet is a subscription. It outlasts the way that feeds it.
type inlet struct {
	s     *session
	track *track
	media *rtc.Inlet

	view *sfu.View // as wanted last; guarded by the session's lock
}

var _ sfu.Inlet = (*inlet)(nil)

func (in *inlet) wants() bool { return in.view == nil || in.view.Width > 0 && in.view.Height > 0 }

// Subscribe asks for a track that TrackAdded announced.
func (s *session) Subscribe(_ context.Context, id sfu.TrackID) (sfu.Inlet, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tracks[id]
	switch {
	case s.ended:
		return nil, sfu.ErrEnded
	case !ok:
		return nil, errors.New("subscribe: there is no such track")
	case t.inlet != nil:
		return nil, fmt.Errorf("subscribe: there is an inlet already")
	}
	in := &inlet{s: s, track: t, media: rtc.NewInlet(t.Codec)}
	t.inlet = in
	if r := t.remote; r != nil && !r.Over() {
		in.media.Attach(r)
	}
	s.tend(t.down)
	return in, nil
}

// Receive waits for the next packet.
func (in *inlet) Receive(ctx context.Context) (codec.Packet, error) { return in.media.Receive(ctx) }

// AskKeyframe asks for a keyframe, as often as is polite.
func (in *inlet) AskKeyframe() error { return in.media.AskKeyframe() }

// Want says how large the picture is shown. Servers know two sizes.
func (in *inlet) Want(v sfu.View) error {
	in.s.mu.Lock()
	defer in.s.mu.Unlock()
	if in.s.ended {
		return sfu.ErrEnded
	}
	in.view = &v
	if in.track.inlet == in {
		in.s.tend(in.track.down)
	}
	return nil
}

// Close ends the subscription.
func (in *inlet) Close() error {
	in.s.mu.Lock()
	if in.track.inlet == in {
		in.track.inlet = nil
		if !in.s.ended {
			in.s.tend(in.track.down)
		}
	}
	in.s.mu.Unlock()
	in.media.End(nil)
	return nil
}
