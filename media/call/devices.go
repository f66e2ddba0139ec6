package call

import (
	"context"
	"errors"
	"slices"
	"time"

	"paravent/media/budget"
	"paravent/media/capture"
	"paravent/media/codec"
	"paravent/media/frame"
	"paravent/media/present"
	"paravent/media/send"
	"paravent/media/sfu"
	"paravent/privacy/filter"
)

func (c *Call) openCamera(ctx context.Context, f *feed) (running, error) {
	cam, err := c.kit.Cameras.OpenCamera(ctx, f.chosen(c.settings.Camera), c.settings.Wish)
	if err != nil {
		return running{}, err
	}
	return c.sendPictures(ctx, f, cam, c.kit.CameraChain, c.settings.Wish.FPS)
}

// screenFPS is what text and slides need.
const screenFPS = 10

func (c *Call) openScreen(ctx context.Context, f *feed) (running, error) {
	name := f.chosen(c.settings.Screen)
	if name == "" {
		// What is shown to others is never guessed.
		return running{}, &capture.DeviceError{Kind: capture.ScreenKind, Err: capture.ErrNoDevice}
	}
	cam, err := c.kit.Screens.OpenCamera(ctx, name, capture.VideoWish{FPS: screenFPS})
	var device *capture.DeviceError
	if errors.As(err, &device) && device.Kind == capture.CameraKind {
		// To the opener a screen is a camera; to the person it is not.
		err = &capture.DeviceError{Kind: capture.ScreenKind, ID: device.ID, Err: device.Err}
	}
	if err != nil {
		return running{}, err
	}
	return c.sendPictures(ctx, f, cam, c.kit.ScreenChain, screenFPS)
}

// sendPictures takes ownership of cam.
func (c *Call) sendPictures(ctx context.Context, f *feed, cam capture.Camera, newChain func() (*filter.VideoChain, error), fps float64) (r running, err error) {
	var chain *filter.VideoChain
	defer func() {
		if err != nil {
			err = errors.Join(err, cam.Close())
			if chain != nil {
				chain.Close()
			}
		}
	}()
	// What the camera really gives decides what is published.
	first, err := cam.Next(ctx)
	if err != nil {
		return running{}, err
	}
	size := first.Size()
	first.Release()
	if chain, err = newChain(); err != nil {
		return running{}, err
	}
	screen := f.source == sfu.Screen
	name := c.pictureCodec()
	several := c.session.Caps().Layers && name != codec.VP9
	offer := sfu.TrackOffer{Source: f.source, Codec: name, Layers: send.Layers(size, fps, several, screen)}
	outlet, err := f.publish(ctx, offer)
	if err != nil {
		return running{}, err
	}
	coder, ok := c.kit.Codecs.Find(name)
	if !ok || coder.NewEncoder == nil {
		return running{}, errors.New("pictures cannot be sent as " + string(name))
	}
	line := &send.VideoLine{
		Camera: cam, Chain: chain, NewEncoder: coder.NewEncoder, Layers: offer.Layers, Screen: screen,
		Outlet: outlet, Began: time.Since(c.settings.Began), Self: c.others.self(f.source), Held: f.held, Noted: f.noted, Meter: &f.meter,
	}
	limit := func(p budget.Plan) {
		part := p.Camera
		if screen {
			part = p.Screen
		}
		line.Limit(part)
	}
	c.limitAtOnce(limit)
	run := func(ctx context.Context) error {
		defer chain.Close()
		return line.Run(ctx)
	}
	return running{device: cam.Device(), run: run, fresh: func() { line.Fresh.Store(true) }, reveal: chain.Reveal, gauge: chain.Revealed, limit: limit}, nil
}

// limitAtOnce has a new line keep to the limit from its first packet on.
func (c *Call) limitAtOnce(limit func(budget.Plan)) {
	if !c.settings.Limit.None() {
		limit(budget.Divide(c.need(c.State(), c.session.Stats()), budget.Plan{}))
	}
}

// pictureCodec is the codec that the person chose or, where the server takes
// others, the first of those that can be sent.
func (c *Call) pictureCodec() codec.Name {
	takes := c.session.Caps().Pictures
	if len(takes) == 0 || slices.Contains(takes, c.settings.Codec) {
		return c.settings.Codec
	}
	for _, name := range takes {
		if coder, ok := c.kit.Codecs.Find(name); ok && coder.NewEncoder != nil {
			return name
		}
	}
	return c.settings.Codec
}

func (c *Call) openMicrophone(ctx context.Context, f *feed) (r running, err error) {
	mic, err := c.kit.Microphones.OpenMicrophone(ctx)
	if err != nil {
		return running{}, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, mic.Close())
		}
	}()
	chain, err := c.kit.SoundChain()
	if err != nil {
		return running{}, err
	}
	outlet, err := f.publish(ctx, sfu.TrackOffer{Source: f.source, Codec: codec.Opus})
	if err != nil {
		return running{}, err
	}
	enc, err := c.kit.Codecs.NewSoundEncoder(c.settings.Sound)
	if err != nil {
		return running{}, err
	}
	line := &send.SoundLine{
		Microphone: mic, Chain: chain, Encoder: enc,
		Outlet: outlet, Began: time.Since(c.settings.Began), Held: f.held, Noted: f.noted, Meter: &f.meter, Tap: c.take.add,
	}
	last := budget.Sound{}
	limit := func(p budget.Plan) {
		if p.Sound != last {
			last = p.Sound
			line.Shape.Store(&p.Sound)
		}
	}
	c.limitAtOnce(limit)
	return running{device: mic.Device(), run: line.Run, fresh: func() {}, reveal: noReveal, gauge: noGauge, limit: limit}, nil
}

// Watch decodes a track and shows it in sink, at the size of v, until it is
// called with the zero View.
func (c *Call) Watch(id sfu.TrackID, v sfu.View, sink present.VideoSink) { c.others.watch(id, v, sink) }

// WatchSelf shows in sink what the others get of the person's own camera or
// screen; nil stops it.
func (c *Call) WatchSelf(src sfu.Source, sink present.VideoSink) { c.others.self(src).To(sink) }

// nothing is a sink for pictures that are only counted.
type nothing struct{}

func (nothing) Show(*frame.Picture) {}

// Nothing returns a sink that shows nothing, for a call that is measured.
func Nothing() present.VideoSink { return nothing{} }
