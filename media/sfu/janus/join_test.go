package janus_test

import (
	"errors"
	"strings"
	"testing"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/janus"
	"paravent/media/sfu/sfutest"
)

func TestEveryWayNotToGetInHasItsWord(t *testing.T) {
	h := build(t, options{})
	relayed := h.guest("Eve", open)
	relayed.Kit.RelayOnly = true
	for name, c := range map[string]struct {
		guest sfutest.Guest
		want  sfu.JoinProblem
	}{
		"no room":             {h.guest("Eve", "999"), sfu.NoSuchRoom},
		"a word for a number": {h.guest("Eve", "atelier"), sfu.NoSuchRoom},
		"no PIN":              {h.guest("Eve", locked), sfu.PassMissing},
		"a wrong PIN":         {withPass(h.guest("Eve", locked), pin[:len(pin)-1]), sfu.PassRefused},
		"no invitation":       {h.guest("Eve", invited), sfu.PassMissing},
		"another invitation":  {withPass(h.guest("Eve", invited), pin), sfu.PassRefused},
		"only over a relay":   {relayed, sfu.NoMedia},
	} {
		s, err := janus.Connector{}.Join(t.Context(), c.guest.Room, c.guest.Pass, c.guest.Kit)
		if err == nil {
			t.Errorf("%s: joined", name)
			_ = s.Leave(t.Context())
			continue
		}
		if problem(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if strings.Contains(err.Error(), pin[:8]) || strings.Contains(err.Error(), invite[:8]) {
			t.Errorf("%s: the error shows the pass: %v", name, err)
		}
	}
}

func TestAPINAndAnInvitationLetIn(t *testing.T) {
	h := build(t, options{})
	ada := sfutest.Enter(t, janus.Connector{}, withPass(h.guest("Ada", locked), pin))
	inLink := h.guest("Bo", locked)
	inLink.Room = target(t, "janus+ws://"+h.server()+"/"+locked+"?pin="+pin)
	bo := sfutest.Enter(t, janus.Connector{}, inLink)
	reaches(t, ada, bo, sfu.Microphone) // watching takes the PIN as well
	sfutest.Enter(t, janus.Connector{}, withPass(h.guest("Cy", invited), invite))
}

// reaches publishes a track of one and receives from it as the other, and returns
// both ends.
func reaches(t *testing.T, from, to *sfutest.Member, src sfu.Source) (sfu.Outlet, sfu.Inlet) {
	t.Helper()
	offer := sfu.TrackOffer{Source: src, Codec: codec.Opus}
	if !src.IsSound() {
		offer.Codec, offer.Layers = codec.VP8, []sfu.Layer{{Width: 320, Height: 180, FPS: 30, Bitrate: 400_000}}
	}
	out, err := from.Publish(t.Context(), offer)
	if err != nil {
		t.Fatal(err)
	}
	sfutest.Send(t, out, offer.Codec)
	in, err := to.Subscribe(t.Context(), to.AwaitTrack(src, from.Self().ID).ID)
	if err != nil {
		t.Fatal(err)
	}
	sfutest.Receive(t, in)
	return out, in
}

func TestARoomWhoseLastPlaceIsTakenTakesNoTrackAndStaysOpenToWatch(t *testing.T) {
	h := build(t, options{})
	ada, bo := sfutest.Enter(t, janus.Connector{}, h.guest("Ada", small)), sfutest.Enter(t, janus.Connector{}, h.guest("Bo", small))
	_, in := reaches(t, ada, bo, sfu.Microphone)
	_, err := bo.Publish(t.Context(), sfu.TrackOffer{Source: sfu.Microphone, Codec: codec.Opus})
	if problem(err) != sfu.RoomFull {
		t.Errorf("Publish = %v, want %q", err, sfu.RoomFull)
	}
	sfutest.Receive(t, in)
	reaches(t, ada, bo, sfu.Camera) // the other is not held up
}

func TestATrackThatTheRoomTakesInNoCodecIsUnsupported(t *testing.T) {
	h := build(t, options{})
	ada, bo := sfutest.Enter(t, janus.Connector{}, h.guest("Ada", open)), sfutest.Enter(t, janus.Connector{}, h.guest("Bo", open))
	reaches(t, ada, bo, sfu.Microphone)
	_, err := ada.Publish(t.Context(), sfu.TrackOffer{Source: sfu.Camera, Codec: codec.VP9, Layers: []sfu.Layer{{Width: 320, Height: 180, Bitrate: 300_000}}})
	if !errors.Is(err, sfu.ErrUnsupported) {
		t.Errorf("Publish as VP9 = %v, want sfu.ErrUnsupported", err)
	}
	if bo.Count(func(e sfu.Event) bool { a, ok := e.(sfu.TrackAdded); return ok && a.Track.Source == sfu.Camera }) > 0 {
		t.Error("the others were told of a track that did not come about")
	}
	reaches(t, ada, bo, sfu.Camera) // in one that it takes
}

func TestRoomsAndMembersMayBeCalledByTexts(t *testing.T) {
	h := build(t, options{text: true})
	ada := sfutest.Enter(t, janus.Connector{}, h.guest("Ada", "studio-"+open))
	bo := sfutest.Enter(t, janus.Connector{}, h.guest("Bo", "studio-"+open))
	reaches(t, ada, bo, sfu.Camera)
	reaches(t, bo, ada, sfu.Microphone)
	g := h.guest("Eve", "999")
	if _, err := (janus.Connector{}).Join(t.Context(), g.Room, g.Pass, g.Kit); problem(err) != sfu.NoSuchRoom {
		t.Errorf("a number where names are texts: %v, want %q", err, sfu.NoSuchRoom)
	}
}

func TestARoomThatDoesNotTellOfThoseWhoSendNothingSaysSo(t *testing.T) {
	h := build(t, options{})
	ada, bo := sfutest.Enter(t, janus.Connector{}, h.guest("Ada", discreet)), sfutest.Enter(t, janus.Connector{}, h.guest("Bo", discreet))
	if ada.Caps().Roster || bo.Caps().Roster {
		t.Error("the roster is said to be whole")
	}
	reaches(t, ada, bo, sfu.Microphone)
	bo.Await("Ada, who sends", func(e sfu.Event) bool {
		j, ok := e.(sfu.MemberJoined)
		return ok && j.Member.ID == ada.Self().ID && j.Member.Name == "Ada"
	})
	if whole := sfutest.Enter(t, janus.Connector{}, h.guest("Cy", open)); !whole.Caps().Roster {
		t.Error("a room that tells of all has no roster")
	}
}
