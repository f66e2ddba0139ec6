// Package receive carries what others send to a window, a terminal or a
// loudspeaker.
package receive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"paravent/media/codec"
	"paravent/media/present"
	"paravent/media/sfu"
)

// mostAhead bounds how long a picture waits for its sound.
const mostAhead = 300 * time.Millisecond

// A VideoLine is the way of one incoming track to a sink.
type VideoLine struct {
	Inlet      sfu.Inlet
	NewDecoder func(codec.Name) (codec.VideoDecoder, error)
	Sink       present.VideoSink

	// Heard returns which instant of the same member's sound is being heard
	// now, on that member's clock. Pictures wait for their sound, so that lips
	// and words go together; a late picture is shown at once. It may be nil.
	Heard func() (time.Time, bool)

	// First is called once, when a picture has been decoded. It may be nil.
	First func()
}

// Run carries pictures until ctx is done or the track ends.
func (v *VideoLine) Run(ctx context.Context) (err error) {
	var (
		dec  codec.VideoDecoder
		name codec.Name
		wait = time.NewTimer(0)
	)
	defer wait.Stop()
	defer func() {
		if dec != nil {
			err = errors.Join(err, dec.Close())
		}
	}()
	for {
		pkt, err := v.Inlet.Receive(ctx)
		if err != nil {
			return err
		}
		if dec == nil || pkt.Codec != name {
			if dec != nil {
				if err := dec.Close(); err != nil {
					return fmt.Errorf("close decoder: %w", err)
				}
			}
			if dec, err = v.NewDecoder(pkt.Codec); err != nil {
				return fmt.Errorf("make decoder for %q: %w", pkt.Codec, err)
			}
			name = pkt.Codec
		}
		p, err := dec.Decode(pkt)
		if errors.Is(err, codec.ErrNeedKeyframe) {
			if err := v.Inlet.AskKeyframe(); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("decode: %w", err)
		}
		if p == nil {
			continue
		}
		if v.First != nil {
			v.First()
			v.First = nil
		}
		if d := v.ahead(pkt); d > 0 {
			wait.Reset(d)
			select {
			case <-wait.C:
			case <-ctx.Done():
				p.Release()
				return ctx.Err()
			}
		}
		v.Sink.Show(p)
		p.Release()
	}
}

// ahead returns how long pkt's picture must wait for its sound.
func (v *VideoLine) ahead(pkt codec.Packet) time.Duration {
	if v.Heard == nil || pkt.Captured.IsZero() {
		return 0
	}
	heard, ok := v.Heard()
	if !ok {
		return 0
	}
	d := pkt.Captured.Sub(heard)
	if d > mostAhead {
		return 0 // the clocks do not fit; waiting would only add delay
	}
	return d
}
