package whip

import (
	"context"
	"fmt"

	"paravent/media/codec"
	"paravent/media/rtc"
	"paravent/media/sfu"
)

// A track is a stream that the server sends.
type track struct {
	sfu.Track
	mid    string
	remote *rtc.Remote // nil until it comes
}

// takeTracks takes what the server sends on a way, as far as it differs from what
// was known. It must be called with mu held.
func (s *session) takeTracks(w *way) {
	fresh := make(map[sfu.TrackID]track)
	count := make(map[string]int)
	for _, x := range w.sections {
		src, word := sfu.Camera, "picture"
		if x.kind == "audio" {
			src, word = sfu.Microphone, "sound"
		}
		if x.kind != "audio" && x.kind != "video" || !x.sends() || x.codec == "" {
			continue
		}
		id := sfu.TrackID(word + number(count[word]))
		count[word]++
		fresh[id] = track{Track: sfu.Track{ID: id, Member: broadcast, Source: src, Codec: x.codec}, mid: x.mid}
	}
	for id := range s.tracks {
		if _, ok := fresh[id]; !ok {
			s.events.Put(sfu.TrackRemoved{ID: id})
			if in := s.inlets[id]; in != nil {
				delete(s.inlets, id)
				in.media.End(nil)
			}
		}
	}
	for id, t := range fresh {
		old, known := s.tracks[id]
		switch {
		case !known:
			s.events.Put(sfu.TrackAdded{Track: t.Track})
		case old.Track != t.Track:
			s.events.Put(sfu.TrackChanged{Track: t.Track})
		}
	}
	s.tracks = fresh
	for _, r := range w.waiting() {
		s.attach(r)
	}
}

// remote takes a stream that begins on w, which may not be the session's yet.
func (s *session) remote(w *way, r *rtc.Remote) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.keep(r)
	if s.way == w {
		s.attach(r)
	}
}

// attach must be called with mu held.
func (s *session) attach(r *rtc.Remote) {
	for id, t := range s.tracks {
		if t.mid != r.Mid {
			continue
		}
		t.remote = r
		s.tracks[id] = t
		if in := s.inlets[id]; in != nil {
			in.media.Attach(r)
		}
	}
}

// An inlet is a track that is watched. It outlasts the way that feeds it.
type inlet struct {
	s     *session
	id    sfu.TrackID
	media *rtc.Inlet
}

var _ sfu.Inlet = (*inlet)(nil)

// Subscribe asks for a track that TrackAdded announced. The server sends it in any
// case.
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
	in := &inlet{s: s, id: id, media: rtc.NewInlet(t.Codec)}
	s.inlets[id] = in
	if t.remote != nil && !t.remote.Over() {
		in.media.Attach(t.remote)
		_ = in.media.AskKeyframe() // asked again while none comes
	}
	return in, nil
}

// Receive waits for the next packet.
func (in *inlet) Receive(ctx context.Context) (codec.Packet, error) { return in.media.Receive(ctx) }

// AskKeyframe asks for a keyframe, as often as is polite.
func (in *inlet) AskKeyframe() error { return in.media.AskKeyframe() }

// Want does nothing: the server sends what it sends.
func (in *inlet) Want(sfu.View) error {
	in.s.mu.Lock()
	defer in.s.mu.Unlock()
	if in.s.ended {
		return sfu.ErrEnded
	}
	return nil
}

// Close ends the inlet. What the server sends is forgotten from now on.
func (in *inlet) Close() error {
	in.s.mu.Lock()
	if in.s.inlets[in.id] == in {
		delete(in.s.inlets, in.id)
	}
	in.s.mu.Unlock()
	in.media.End(nil)
	return nil
}
