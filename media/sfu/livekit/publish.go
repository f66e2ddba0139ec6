package livekit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"paravent/media/codec"
	"paravent/media/rtc"
	"paravent/media/sfu"
	"paravent/media/sfu/livekit/wire"
)

// publishTime bounds the wait for the server's word.
const publishTime = 8 * time.Second

// An outlet is a track of ours. It outlasts the media connection that it goes
// through.
type outlet struct {
	s      *session
	name   string // what we call it in signalling ("cid")
	offer  sfu.TrackOffer
	asks   *rtc.Asks
	number chan string // its SID, when the server has given one

	mu    sync.Mutex // guards everything that follows
	sid   string
	media *rtc.Outlet // nil while there is no way
	past  sfu.Sent    // of ways that are no more
	muted bool
	shut  bool
}

var _ sfu.Outlet = (*outlet)(nil)

// enabled reads the codecs that the server takes; nil is all.
func enabled(cs []*wire.Codec) map[codec.Name]bool {
	if len(cs) == 0 {
		return nil
	}
	m := make(map[codec.Name]bool)
	for _, c := range cs {
		_, name, _ := strings.Cut(strings.ToLower(c.Mime), "/")
		m[codec.Name(name)] = true
	}
	return m
}

// Publish announces a track. When it returns, the server knows the track and
// the way for it is being negotiated.
func (s *session) Publish(ctx context.Context, t sfu.TrackOffer) (sfu.Outlet, error) {
	if err := s.mayPublish(t); err != nil {
		return nil, err
	}
	o := &outlet{s: s, name: "TR_" + rand.Text(), offer: t, asks: rtc.NewAsks(), number: make(chan string, 1)}
	if err := s.announce(ctx, o); err != nil {
		return nil, err
	}
	failed := make(chan error, 1)
	s.atDesk(func() { failed <- s.openWay(o) })
	select {
	case err := <-failed:
		if err != nil {
			_ = o.Close() // the track never came about
			return nil, err
		}
		return o, nil
	case <-s.done:
		return nil, sfu.ErrEnded
	}
}

func (s *session) mayPublish(t sfu.TrackOffer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended:
		return sfu.ErrEnded
	case !s.caps.Publish[t.Source]:
		return fmt.Errorf("publish %s: the pass does not allow it: %w", t.Source, sfu.ErrUnsupported)
	case t.Source.IsSound() != (t.Codec == codec.Opus):
		return fmt.Errorf("publish %s as %s: %w", t.Source, t.Codec, sfu.ErrUnsupported)
	case s.codecs != nil && !s.codecs[t.Codec]:
		return fmt.Errorf("publish %s: the server takes no %s: %w", t.Source, t.Codec, sfu.ErrUnsupported)
	case len(t.Layers) > len(rids()):
		return fmt.Errorf("publish %s in %d sizes: %w", t.Source, len(t.Layers), sfu.ErrUnsupported)
	}
	return nil
}

// announce tells the server of the track and waits for its number.
func (s *session) announce(ctx context.Context, o *outlet) error {
	s.mu.Lock()
	s.outlets[o.name] = o
	s.queue(o.request())
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, publishTime)
	defer cancel()
	var err error
	select {
	case sid := <-o.number:
		o.mu.Lock()
		o.sid = sid
		o.mu.Unlock()
		return nil
	case <-s.done:
		err = sfu.ErrEnded
	case <-ctx.Done():
		err = ctx.Err()
		if errors.Is(err, context.DeadlineExceeded) {
			err = sfu.ErrNoAnswer
		}
	}
	s.mu.Lock()
	delete(s.outlets, o.name)
	s.mu.Unlock()
	return fmt.Errorf("publish %s: %w", o.offer.Source, err)
}

// rids are the names of sizes that LiveKit knows: quarter, half, full.
func rids() []string { return []string{"q", "h", "f"} }

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

// request is what announces the outlet.
func (o *outlet) request() *wire.SignalRequest {
	const onePerStream = 1 // livekit.VideoLayer.ONE_SPATIAL_LAYER_PER_STREAM
	o.mu.Lock()
	defer o.mu.Unlock()
	a := &wire.AddTrackRequest{Cid: o.name, Source: sourceNumber(o.offer.Source), Muted: o.muted, DisableRed: true}
	if o.offer.Sealed {
		a.Encryption = encryptionGCM
	}
	c := &wire.SimulcastCodec{Codec: string(o.offer.Codec), Cid: o.name}
	if !o.offer.Source.IsSound() {
		a.Type = 1 // livekit.TrackType_VIDEO
		c.VideoLayerMode = onePerStream
		names, _ := o.layers()
		for i, l := range o.offer.Layers {
			v := &wire.VideoLayer{Quality: 2, Width: uint32(l.Width), Height: uint32(l.Height), Bitrate: uint32(l.Bitrate)}
			if names != nil {
				v.Quality, v.SpatialLayer, v.Rid = int32(i), int32(i), names[i]
			}
			a.Layers = append(a.Layers, v)
			a.Width, a.Height = v.Width, v.Height
		}
		c.Layers = a.Layers
	}
	a.SimulcastCodecs = []*wire.SimulcastCodec{c}
	return &wire.SignalRequest{Message: &wire.SignalRequest_AddTrack{AddTrack: a}}
}

// openWay is the desk's: it gives the outlet its way and offers it.
func (s *session) openWay(o *outlet) error {
	names, most := o.layers()
	m, err := s.pub().Publish(rtc.Offer{ID: o.name, Stream: "paravent", Codec: o.offer.Codec, RIDs: names, Most: most}, o.asks)
	if err != nil {
		return err
	}
	o.mu.Lock()
	o.media = m
	m.Mute(o.muted)
	o.mu.Unlock()
	s.offer(false)
	return nil
}

// published takes the number that the server gave to a track of ours.
func (s *session) published(m *wire.TrackPublishedResponse) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.outlets[m.Cid]; o != nil && m.GetTrack().GetSid() != "" {
		select {
		case o.number <- m.Track.Sid:
		default: // once is enough
		}
	}
}

// ownTrack finds an outlet by its number. It must be called with mu held.
func (s *session) ownTrack(sid string) *outlet {
	for _, o := range s.outlets {
		o.mu.Lock()
		found := o.sid == sid && sid != ""
		o.mu.Unlock()
		if found {
			return o
		}
	}
	return nil
}

// mutedByServer takes a moderator's wish. Muting is done at once; opening is
// for the person to do.
func (s *session) mutedByServer(m *wire.MuteTrackRequest) {
	s.mu.Lock()
	o := s.ownTrack(m.Sid)
	s.mu.Unlock()
	switch {
	case o == nil:
	case m.Muted:
		if !o.hush(true) {
			s.put(sfu.MutedByRoom{Source: o.offer.Source})
		}
	default:
		s.put(sfu.UnmuteAsked{Source: o.offer.Source})
	}
}

// unpublishedByServer must be called with mu held.
func (s *session) unpublishedByServer(sid string) {
	if o := s.ownTrack(sid); o != nil && !o.hush(true) {
		s.put(sfu.MutedByRoom{Source: o.offer.Source})
	}
}

// wanted tells the encoder which sizes somebody looks at.
func (s *session) wanted(m *wire.SubscribedQualityUpdate) {
	s.mu.Lock()
	o := s.ownTrack(m.TrackSid)
	s.mu.Unlock()
	if o == nil {
		return
	}
	qs := m.SubscribedQualities
	for _, c := range m.SubscribedCodecs {
		if strings.EqualFold(c.Codec, string(o.offer.Codec)) {
			qs = c.Qualities
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.media == nil {
		return
	}
	n := len(o.offer.Layers)
	if n < 2 { // one size: wanted if any is
		if len(qs) > 0 {
			o.media.Want(0, slices.ContainsFunc(qs, func(q *wire.SubscribedQuality) bool { return q.Enabled }))
		}
		return
	}
	for _, q := range qs {
		o.media.Want(int(q.Quality), q.Enabled)
	}
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

// Mute tells the room that the track is silent, or dark.
func (o *outlet) Mute(_ context.Context, on bool) error {
	o.hush(on)
	o.mu.Lock()
	sid, shut := o.sid, o.shut
	o.mu.Unlock()
	if shut || o.s.over() {
		return sfu.ErrEnded
	}
	o.s.send(&wire.SignalRequest{Message: &wire.SignalRequest_Mute{Mute: &wire.MuteTrackRequest{Sid: sid, Muted: on}}})
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
	delete(o.s.outlets, o.name)
	o.s.past[o.offer.Source] = o.s.past[o.offer.Source].Plus(o.past)
	o.s.mu.Unlock()
	if m != nil {
		o.s.atDesk(func() {
			if m.Close() == nil {
				o.s.offer(false)
			}
		})
	}
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
