package janus_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/janus"
	"paravent/media/sfu/sfutest"
)

func two(t *testing.T, h *house) (ada, bo *sfutest.Member) {
	return sfutest.Enter(t, janus.Connector{}, h.guest("Ada", open)), sfutest.Enter(t, janus.Connector{}, h.guest("Bo", open))
}

func TestWhoIsSentAwayIsToldAndTheOthersSeeItGo(t *testing.T) {
	h := build(t, options{})
	ada, bo := two(t, h)
	reaches(t, ada, bo, sfu.Camera)
	h.boss(t, map[string]any{"request": "kick", "room": 1234, "secret": master, "id": number(ada.Self().ID)})
	if end := ada.Await("the end", isEnded).(sfu.Ended); end.Why != sfu.Removed {
		t.Errorf("ended with %+v, want %q", end, sfu.Removed)
	}
	bo.Await("Ada to go", func(e sfu.Event) bool { l, ok := e.(sfu.MemberLeft); return ok && l.ID == ada.Self().ID })
}

func TestARoomThatIsClosedEndsForAll(t *testing.T) {
	h := build(t, options{})
	ada, bo := two(t, h)
	reaches(t, ada, bo, sfu.Camera)
	h.boss(t, map[string]any{"request": "destroy", "room": 1234, "secret": master})
	for _, m := range []*sfutest.Member{ada, bo} {
		if end := m.Await("the end", isEnded).(sfu.Ended); end.Why != sfu.Closed {
			t.Errorf("ended with %+v, want %q", end, sfu.Closed)
		}
	}
}

func TestAModeratorMutesAndOnlyAModeratorOpensAgain(t *testing.T) {
	h := build(t, options{})
	ada, bo := two(t, h)
	reaches(t, ada, bo, sfu.Camera)
	out, in := reaches(t, ada, bo, sfu.Microphone)
	track := bo.AwaitTrack(sfu.Microphone, ada.Self().ID)
	mid := strings.Split(string(track.ID), "/")[1]
	moderate := func(on bool) {
		h.boss(t, map[string]any{"request": "moderate", "room": 1234, "secret": master, "id": number(ada.Self().ID), "mid": mid, "mute": on})
	}
	changed := func(on bool) func(sfu.Event) bool {
		return func(e sfu.Event) bool {
			c, ok := e.(sfu.TrackChanged)
			return ok && c.Track.ID == track.ID && c.Track.Muted == on
		}
	}
	moderate(true)
	ada.Await("the word to her", func(e sfu.Event) bool { m, ok := e.(sfu.MutedByRoom); return ok && m.Source == sfu.Microphone })
	bo.Await("the word to the others", changed(true))
	sent := ada.Stats().Sent[sfu.Microphone].Packets
	if err := out.Mute(t.Context(), false); err == nil {
		t.Error("what a moderator has muted was opened, and nobody would have heard")
	}
	if err := out.Send(sfutest.Sound(time.Hour)); err != nil {
		t.Error(err)
	}
	if now := ada.Stats().Sent[sfu.Microphone].Packets; now != sent {
		t.Errorf("%d packets left while muted", now-sent)
	}
	late := sfutest.Enter(t, janus.Connector{}, h.guest("Cy", open))
	if tr := late.AwaitTrack(sfu.Microphone, ada.Self().ID); !tr.Muted {
		t.Error("who comes later is not told that it is muted")
	}
	bo.Forget()
	moderate(false)
	ada.Await("the wish", func(e sfu.Event) bool { m, ok := e.(sfu.UnmuteAsked); return ok && m.Source == sfu.Microphone })
	if now := ada.Stats().Sent[sfu.Microphone].Packets; now != sent {
		t.Error("the server opened the microphone")
	}
	if err := out.Mute(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	bo.Await("the track to be open", changed(false))
	sfutest.Receive(t, in)
}

func TestWhoSpeaksIsSaid(t *testing.T) {
	h := build(t, options{})
	ada, bo := two(t, h)
	reaches(t, ada, bo, sfu.Microphone)
	bo.Await("Ada to speak", func(e sfu.Event) bool {
		sp, ok := e.(sfu.Speaking)
		return ok && slices.Contains(sp.Members, ada.Self().ID)
	})
}

func TestWhatATrackIsIsSaidBesideIt(t *testing.T) {
	h := build(t, options{})
	ada, bo := two(t, h)
	for _, src := range []sfu.Source{sfu.Camera, sfu.Screen, sfu.Microphone, sfu.ScreenSound} {
		reaches(t, ada, bo, src)
	}
	late := sfutest.Enter(t, janus.Connector{}, h.guest("Cy", open))
	for _, src := range []sfu.Source{sfu.Camera, sfu.Screen, sfu.Microphone, sfu.ScreenSound} {
		if tr := late.AwaitTrack(src, ada.Self().ID); tr.Codec != map[bool]codec.Name{true: codec.Opus, false: codec.VP8}[src.IsSound()] {
			t.Errorf("%s is %s", src, tr.Codec)
		}
	}
}

func TestTheSizeThatIsShownIsTheOneThatComes(t *testing.T) {
	h := build(t, options{})
	ada, bo := two(t, h)
	sizes := []sfu.Layer{{Width: 320, Height: 180, FPS: 30, Bitrate: 200_000}, {Width: 640, Height: 360, FPS: 30, Bitrate: 600_000}, {Width: 1280, Height: 720, FPS: 30, Bitrate: 1_500_000}}
	out, err := ada.Publish(t.Context(), sfu.TrackOffer{Source: sfu.Camera, Codec: codec.VP8, Layers: sizes})
	if err != nil {
		t.Fatal(err)
	}
	sized(t, out, sizes)
	in, err := bo.Subscribe(t.Context(), bo.AwaitTrack(sfu.Camera, ada.Self().ID).ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		view sfu.View
		want int
	}{
		{sfu.View{Width: 1280, Height: 720}, 1280},
		{sfu.View{Width: 160, Height: 90}, 320},
		{sfu.View{Width: 600, Height: 340}, 640},
		{sfu.View{Width: 1920, Height: 1080}, 1280},
	} {
		if err := in.Want(c.view); err != nil {
			t.Fatal(err)
		}
		for n := 0; n < 5; { // some in a row: what was on its way is another's
			p := sfutest.Receive(t, in)
			size, ok := codec.Dimensions(p.Codec, p.Data)
			if n++; !ok || size.X != c.want {
				n = 0
			}
		}
	}
	if err := in.Want(sfu.View{}); err != nil {
		t.Fatal(err)
	}
	if n := quiet(t, in); n > 0 {
		t.Errorf("%d pictures came that nobody looks at", n)
	}
	if err := in.Want(sfu.View{Width: 320, Height: 180}); err != nil {
		t.Fatal(err)
	}
	sfutest.Receive(t, in)
}
