package loopback

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"paravent/media/codec"
	"paravent/media/sfu"
)

func now() time.Time { return time.Now() }

// An outlet is a track of a member. The house's lock guards what changes.
type outlet struct {
	s       *session
	track   sfu.Track
	largest int // the layer that is passed on
	asks    chan sfu.Ask
	shut    bool
	seq     uint64
	sent    sfu.Sent
}

// Send passes a copy of p to everybody who has subscribed.
func (o *outlet) Send(p codec.Packet) error {
	o.s.house.mu.Lock()
	defer o.s.house.mu.Unlock()
	switch {
	case o.s.over || o.shut:
		return sfu.ErrEnded
	case o.track.Muted || len(p.Data) == 0:
		return nil
	case p.Layer < 0 || p.Layer > o.largest:
		return fmt.Errorf("send: no layer %d", p.Layer)
	}
	o.sent.Packets++
	o.sent.Frames++
	o.sent.Bytes += uint64(len(p.Data))
	o.seq++
	if p.Layer != o.largest {
		return nil
	}
	p.Codec, p.Arrived, p.Seq, p.Layer = o.track.Codec, now(), o.seq, 0
	for _, w := range o.s.watchers() {
		if in := w.inlets[o.track.ID]; in != nil {
			in.push(p)
		}
	}
	return nil
}

// Mute tells the room that the track is silent, or dark.
func (o *outlet) Mute(_ context.Context, on bool) error {
	o.s.house.mu.Lock()
	defer o.s.house.mu.Unlock()
	if o.s.over || o.shut {
		return sfu.ErrEnded
	}
	if o.track.Muted == on {
		return nil
	}
	o.track.Muted = on
	for _, w := range o.s.watchers() {
		w.events.Put(sfu.TrackChanged{Track: o.track})
	}
	if !on {
		o.ask()
	}
	return nil
}

// Asks gives what a viewer asks of the encoder.
func (o *outlet) Asks() <-chan sfu.Ask { return o.asks }

// ask asks for a keyframe.
func (o *outlet) ask() {
	select {
	case o.asks <- sfu.Ask{Layer: o.largest, Keyframe: true}:
	default: // enough of them wait
	}
}

// Close takes the track back.
func (o *outlet) Close() error {
	o.s.house.mu.Lock()
	defer o.s.house.mu.Unlock()
	o.close()
	return nil
}

// close must be called with the house's lock held.
func (o *outlet) close() {
	if o.shut || o.s.over {
		return
	}
	o.shut = true
	delete(o.s.outlets, o.track.ID)
	for _, w := range o.s.watchers() {
		if in := w.inlets[o.track.ID]; in != nil {
			in.close()
		}
		w.events.Put(sfu.TrackRemoved{ID: o.track.ID})
	}
}

// An inlet is a subscription. The house's lock guards what changes.
type inlet struct {
	s       *session
	from    *outlet
	packets chan codec.Packet
	gone    chan struct{}
	shut    bool
	viewed  bool
	started bool // a keyframe has come
	got     sfu.Got
}

// push must be called with the house's lock held. A slow reader loses packets,
// and of pictures all up to the next keyframe.
func (in *inlet) push(p codec.Packet) {
	sound := in.from.track.Source.IsSound()
	if !in.viewed || !sound && !in.started && !p.Keyframe {
		return
	}
	p.Data = bytes.Clone(p.Data)
	select {
	case in.packets <- p:
		in.started = true
		in.got.Codec = p.Codec
		in.got.Packets++
		in.got.Frames++
		in.got.Bytes += uint64(len(p.Data))
	default:
		in.started = false
		in.got.Lost++
		in.from.ask()
	}
}

// Receive waits for the next packet.
func (in *inlet) Receive(ctx context.Context) (codec.Packet, error) {
	select {
	case p := <-in.packets:
		return p, nil
	default:
	}
	select {
	case p := <-in.packets:
		return p, nil
	case <-in.gone:
		return codec.Packet{}, io.EOF
	case <-ctx.Done():
		return codec.Packet{}, ctx.Err()
	}
}

// AskKeyframe asks for a keyframe.
func (in *inlet) AskKeyframe() error {
	in.s.house.mu.Lock()
	defer in.s.house.mu.Unlock()
	in.from.ask()
	return nil
}

// Want stops the track, or lets it go on.
func (in *inlet) Want(v sfu.View) error {
	in.s.house.mu.Lock()
	defer in.s.house.mu.Unlock()
	if in.s.over {
		return sfu.ErrEnded
	}
	was := in.viewed
	in.viewed = v.Width > 0 && v.Height > 0
	if in.viewed && !was {
		in.started = false
		in.from.ask()
	}
	return nil
}

// Close ends the subscription.
func (in *inlet) Close() error {
	in.s.house.mu.Lock()
	defer in.s.house.mu.Unlock()
	in.close()
	return nil
}

// close must be called with the house's lock held.
func (in *inlet) close() {
	if in.shut {
		return
	}
	in.shut = true
	delete(in.s.inlets, in.from.track.ID)
	close(in.gone)
}
