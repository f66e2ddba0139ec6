package livekit_test

import (
	"testing"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/livekit"
	"paravent/media/sfu/sfutest"
)

func TestJoin(t *testing.T) {
	for name, mode := range map[string]livekit.Mode{"one": livekit.OnePeer, "two": livekit.TwoPeers} {
		t.Run(name, func(t *testing.T) {
			r := openRoom(t, "--name", "ada", "--name", "bo")
			s, err := livekit.Connector{Mode: mode}.Join(t.Context(), target(t, r.links["ada"]), sfu.Pass{}, kit(t))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Leave(t.Context()); err != nil {
				t.Fatal(err)
			}
			for e := range s.Events() {
				t.Logf("%T %+v", e, e)
			}
		})
	}
}

// A connection that first sent one codec must still take all the others.
func TestATrackInAnotherCodecThanOursIsReceived(t *testing.T) {
	for name, mode := range modes() {
		t.Run(name, func(t *testing.T) {
			r := openRoom(t, "--name", "ada", "--name", "bo")
			ada := sfutest.Enter(t, livekit.Connector{Mode: mode}, sfutest.Guest{Room: target(t, r.links["ada"]), Kit: kit(t)})
			bo := sfutest.Enter(t, livekit.Connector{Mode: mode}, sfutest.Guest{Room: target(t, r.links["bo"]), Kit: kit(t)})
			for _, c := range []struct {
				from, to *sfutest.Member
				codec    codec.Name
			}{{ada, bo, codec.VP8}, {bo, ada, codec.VP9}, {ada, bo, codec.H264}} {
				src := sfu.Camera
				if c.codec == codec.H264 {
					src = sfu.Screen
				}
				out, err := c.from.Publish(t.Context(), sfu.TrackOffer{Source: src, Codec: c.codec, Layers: []sfu.Layer{{Width: 320, Height: 180, FPS: 30, Bitrate: 300_000}}})
				if err != nil {
					t.Fatal(err)
				}
				sfutest.Send(t, out, c.codec)
				in, err := c.to.Subscribe(t.Context(), c.to.AwaitTrack(src, c.from.Self().ID).ID)
				if err != nil {
					t.Fatal(err)
				}
				if p := sfutest.Receive(t, in); p.Codec != c.codec || string(p.Data) != string(sfutest.Frame(c.codec)) {
					t.Errorf("%s: %d bytes of %s came", c.codec, len(p.Data), p.Codec)
				}
			}
		})
	}
}

func modes() map[string]livekit.Mode {
	return map[string]livekit.Mode{"one-peer": livekit.OnePeer, "two-peers": livekit.TwoPeers}
}
