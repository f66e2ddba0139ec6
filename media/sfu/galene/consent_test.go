package galene_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"paravent/media/call"
	"paravent/media/capture"
	"paravent/media/capture/source"
	"paravent/media/codec"
	"paravent/media/codec/vpx"
	"paravent/media/frame"
	"paravent/media/present"
	"paravent/media/sealed"
	"paravent/media/sfu"
	"paravent/media/sfu/galene"
	"paravent/media/sfu/sfutest"
	"paravent/privacy/filter"
	"paravent/privacy/picture"
	"paravent/privacy/policy"
)

// changes waits until the state of a call is as it should be.
func changes(t *testing.T, c *call.Call, what string, is func(call.State) bool) {
	t.Helper()
	late := time.NewTimer(20 * time.Second)
	defer late.Stop()
	for !is(c.State()) {
		select {
		case <-c.Changed():
		case <-late.C:
			t.Fatalf("waited for %s", what)
		}
	}
}

// A whole call is in the room, with the test picture for a camera.
func TestNothingIsSentOfARecordedGroupUntilThePersonAgrees(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		bo, op := s.enter(t, "Bo"), s.operator(t)
		g := s.guest(t, "Ada")
		raw, err := galene.Connector{}.Join(t.Context(), g.Room, g.Pass, g.Kit)
		if err != nil {
			t.Fatal(err)
		}
		grey := frame.RGB(0x33, 0x44, 0x55)
		c := call.New(sealed.Plain(raw), call.Settings{
			Camera: "pattern", Wish: capture.VideoWish{Width: 320, Height: 180, FPS: 30}, Codec: codec.VP8, Policy: policy.Default(), Began: time.Now(),
		}, call.Equipment{
			Cameras: source.New(), Codecs: codec.Set{Video: []codec.VideoCodec{vpx.VP8()}},
			Play: func(present.AudioSource, *present.Volume) func() { return func() {} },
			CameraChain: func() (*filter.VideoChain, error) {
				return filter.NewVideoChain(filter.VideoOptions{Cover: grey}, picture.Cover{Colour: grey})
			},
			Log: slog.New(slog.DiscardHandler),
		})
		ctx, leave := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- c.Run(ctx) }()
		t.Cleanup(func() {
			leave()
			if err := <-ended; err != nil && !errors.Is(err, io.EOF) {
				t.Error(err)
			}
		})
		changes(t, c, "the room", func(s call.State) bool { return s.Settled })
		if err := c.SetCamera(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		in := subscribe(t, bo, bo.AwaitTrack(sfu.Camera, raw.Self().ID).ID)
		for range 10 {
			if _, err := in.Receive(t.Context()); err != nil {
				t.Fatal(err)
			}
		}

		op.act("groupaction", "record", "", nil)
		changes(t, c, "the question", func(s call.State) bool { return s.Question != nil })
		<-time.After(200 * time.Millisecond)
		sent := raw.Stats().Sent[sfu.Camera].Packets
		for quiet := false; !quiet; { // what was on its way
			soon, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err := in.Receive(soon)
			cancel()
			quiet = err != nil
		}
		if now := raw.Stats().Sent[sfu.Camera].Packets; now != sent {
			t.Errorf("%d packets left more than 200 ms after the recording began", now-sent)
		}
		c.Answer(true)
		sfutest.Receive(t, in)
	})
}
