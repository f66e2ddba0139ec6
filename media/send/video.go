// Package send carries what a device captures through the filters and an
// encoder to the room.
//
//	Camera.Next → mailbox (newest wins) → VideoChain.Clear → self view
//	   → an encoder for each layer that somebody wants → Outlet.Send
//
//	Microphone.Next → AudioChain.Clear → encoder → Outlet.Send
package send

import (
	"context"
	"errors"
	"fmt"
	"image"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"paravent/media/capture"
	"paravent/media/codec"
	"paravent/media/frame"
	"paravent/media/present"
	"paravent/media/sfu"
	"paravent/privacy/filter"
)

// A VideoLine is the way of one camera's pictures to the room.
type VideoLine struct {
	Camera     capture.Camera // closed when Run returns
	Chain      *filter.VideoChain
	NewEncoder func(codec.VideoSettings) (codec.VideoEncoder, error)
	Layers     []sfu.Layer // as they were published, smallest first
	Screen     bool        // sharp text matters more than motion
	Outlet     sfu.Outlet
	Began      time.Duration     // of the line on the outlet's clock, which runs on while the camera is off
	Self       present.VideoSink // shows what the others see

	// Held is called when a filter begins to hold pictures back, with its
	// name, and with "" when it works again.
	Held func(filter string)

	// Noted is called when what the person should know of their picture changes.
	// It must not block.
	Noted func(filter.Notes)

	// Meter counts the pictures that were cleared; nil counts nothing.
	Meter *Meter

	// Fresh makes the next picture a keyframe in every layer. Anybody may set
	// it at any time.
	Fresh atomic.Bool

	bound atomic.Int64 // bits per second, and 1 more; 0 is none

	encoders []*layerEncoder
	bounded  int64       // the bound that the encoders keep to
	size     image.Point // of the pictures that the encoders are made for
	holding  string
	notes    steady
}

// A layerEncoder makes one size of the picture.
type layerEncoder struct {
	codec.VideoEncoder
	pool     *frame.Pool // nil if the layer has the camera's own size
	unwanted bool
	barred   bool          // the link has no room for it
	asked    int           // bits per second, by the receiving side; 0 is all
	gap      time.Duration // least time between two pictures
	next     time.Duration
}

// Run carries pictures until ctx is done or the camera or the room fails. What
// the chain gives in place of a picture that a filter holds back is sent as well.
// When Run returns, the camera is closed.
func (v *VideoLine) Run(ctx context.Context) (err error) {
	box := frame.NewMailbox()
	defer box.Close()
	defer func() { err = errors.Join(err, v.closeEncoders()) }()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return v.capture(ctx, box) })
	g.Go(func() error { return v.clearAndSend(ctx, box) })
	return g.Wait()
}

func (v *VideoLine) capture(ctx context.Context, box *frame.Mailbox) (err error) {
	defer func() { err = errors.Join(err, v.Camera.Close()) }()
	for {
		p, err := v.Camera.Next(ctx)
		if err != nil {
			return err
		}
		box.Put(p)
	}
}

func (v *VideoLine) clearAndSend(ctx context.Context, box *frame.Mailbox) error {
	for {
		p, err := box.Take(ctx)
		if err != nil {
			return err
		}
		began := time.Now()
		cleared, err := v.Chain.Clear(p)
		v.Meter.picture(time.Since(began))
		v.tellHeld(err)
		if v.notes.after(cleared.Picture().At, v.Chain.Notes()) {
			v.Noted(v.notes.told)
		}
		err = v.send(cleared)
		cleared.Release()
		if err != nil {
			return err
		}
	}
}

// send is real-time: it does not allocate while the size stays the same.
func (v *VideoLine) send(c filter.ClearedPicture) error {
	if size := c.Picture().Size(); size != v.size {
		if err := v.makeEncoders(size); err != nil {
			return err
		}
	}
	v.heed()
	v.fit()
	if v.Fresh.Swap(false) {
		for _, e := range v.encoders {
			e.ForceKeyframe()
		}
	}
	v.Self.Show(c.Picture())
	for i, e := range v.encoders {
		if e.barred || c.Picture().At < e.next-e.gap/4 {
			continue
		}
		e.next = max(e.next+e.gap, c.Picture().At)
		if err := v.sendLayer(i, e, c); err != nil {
			return err
		}
	}
	return nil
}

func (v *VideoLine) sendLayer(i int, e *layerEncoder, c filter.ClearedPicture) error {
	if e.pool != nil {
		c = c.Shrunk(e.pool)
		defer c.Release()
	}
	pkt, err := e.Encode(c)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	if len(pkt.Data) == 0 {
		return nil
	}
	pkt.Layer = i
	pkt.At += v.Began
	return v.Outlet.Send(pkt)
}

// makeEncoders fits the layers to pictures of the given size: the largest takes
// it as it is, the others keep their share of it.
func (v *VideoLine) makeEncoders(size image.Point) error {
	unwanted := make([]bool, len(v.Layers))
	for i, e := range v.encoders {
		unwanted[i] = e.unwanted
	}
	if err := v.closeEncoders(); err != nil {
		return err
	}
	top := v.Layers[len(v.Layers)-1]
	for i, l := range v.Layers {
		w, h := size.X, size.Y
		if i < len(v.Layers)-1 {
			w, h = even(size.X*l.Width/top.Width), even(size.Y*l.Height/top.Height)
		}
		enc, err := v.NewEncoder(codec.VideoSettings{
			Width: w, Height: h, FPS: l.FPS, Bitrate: l.Bitrate, TemporalLayers: 1, Screen: v.Screen,
		})
		if err != nil {
			return errors.Join(fmt.Errorf("make encoder: %w", err), v.closeEncoders())
		}
		e := &layerEncoder{VideoEncoder: enc, gap: time.Duration(float64(time.Second) / l.FPS), unwanted: unwanted[i]}
		if w != size.X || h != size.Y {
			e.pool = frame.NewPool(w, h)
		}
		v.encoders = append(v.encoders, e)
	}
	v.size, v.bounded = size, -1
	return nil
}

func even(n int) int { return max(2, n&^1) }

func (v *VideoLine) closeEncoders() error {
	var errs []error
	for _, e := range v.encoders {
		errs = append(errs, e.Close())
	}
	v.encoders, v.size = nil, image.Point{}
	return errors.Join(errs...)
}

// heed passes on what the receiving side asks for.
func (v *VideoLine) heed() {
	for {
		select {
		case a := <-v.Outlet.Asks():
			if a.Layer < 0 || a.Layer >= len(v.encoders) {
				continue
			}
			e := v.encoders[a.Layer]
			if a.Wanted != nil && e.unwanted == *a.Wanted {
				e.unwanted = !*a.Wanted
				v.bounded = -1
				a.Keyframe = a.Keyframe || *a.Wanted
			}
			if a.Keyframe {
				e.ForceKeyframe()
			}
			if a.Bitrate > 0 {
				e.asked, v.bounded = a.Bitrate, -1
			}
		default:
			return
		}
	}
}

func (v *VideoLine) tellHeld(err error) {
	name := heldBy(err)
	if name != v.holding {
		v.holding = name
		v.Held(name)
	}
}

func heldBy(err error) string {
	if err == nil {
		return "" // before anything is allocated
	}
	var held *filter.HeldError
	if errors.As(err, &held) {
		return held.Filter
	}
	return ""
}
