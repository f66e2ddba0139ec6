package livekit_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/livekit"
	"paravent/media/sfu/sfutest"
)

func enter(t *testing.T, r *room, name string) *sfutest.Member {
	t.Helper()
	return sfutest.Enter(t, livekit.Connector{}, sfutest.Guest{Room: target(t, r.links[name]), Kit: kit(t)})
}

func isEnded(e sfu.Event) bool { _, ok := e.(sfu.Ended); return ok }

func TestEveryEndHasItsReason(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
	for command, want := range map[string]sfu.EndReason{"kick ada": sfu.Removed, "close": sfu.Closed, "": sfu.ServerDown, "kill": sfu.LinkLost} {
		t.Run(string(want), func(t *testing.T) {
			t.Parallel()
			r := openRoom(t, "--name", "ada")
			ada := enter(t, r, "ada")
			start := time.Now()
			switch command {
			case "":
				r.stop()
			case "kill":
				r.kill()
			default:
				r.tell(command)
			}
			if e := ada.Await("the end", isEnded).(sfu.Ended); e.Why != want {
				t.Errorf("ended with %q (%s), want %q", e.Why, e.Detail, want)
			}
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	}
}

func TestAModeratorMutesAndAsksToUnmute(t *testing.T) {
	r := openRoom(t, "--name", "ada", "--name", "bo")
	ada, bo := enter(t, r, "ada"), enter(t, r, "bo")
	out, err := ada.Publish(t.Context(), sfu.TrackOffer{Source: sfu.Microphone, Codec: codec.Opus})
	if err != nil {
		t.Fatal(err)
	}
	sfutest.Send(t, out, codec.Opus)
	track := bo.AwaitTrack(sfu.Microphone, ada.Self().ID)
	r.tell("mute ada microphone")
	m := ada.Await("being muted", func(e sfu.Event) bool { _, ok := e.(sfu.MutedByRoom); return ok })
	sent := ada.Stats().Sent[sfu.Microphone].Packets
	if m.(sfu.MutedByRoom).Source != sfu.Microphone {
		t.Errorf("%+v", m)
	}
	bo.Await("the others to know", func(e sfu.Event) bool {
		c, ok := e.(sfu.TrackChanged)
		return ok && c.Track.ID == track.ID && c.Track.Muted
	})
	if now := ada.Stats().Sent[sfu.Microphone].Packets; now != sent {
		t.Errorf("%d packets left after being muted", now-sent)
	}
}

func TestARecordingIsToldBeforeAnythingIsSent(t *testing.T) {
	r := openRoom(t, "--name", "ada", "--name", "bo", "--recorder", "scribe")
	ada := enter(t, r, "ada")
	isRecording := func(on bool) func(sfu.Event) bool {
		return func(e sfu.Event) bool { c, ok := e.(sfu.RecordingChanged); return ok && c.On == on }
	}
	r.tell("recording on")
	ada.Await("the recording", isRecording(true))
	bo := enter(t, r, "bo") // comes later: it is among the first events
	if bo.Count(isRecording(true)) != 1 {
		t.Errorf("settled without the recording: %+v", bo.Events())
	}
	r.tell("recording off")
	ada.Await("the end of the recording", isRecording(false))
	if scribe := enter(t, r, "scribe").Self(); scribe.Role != sfu.Recorder || !scribe.Hidden {
		t.Errorf("the recorder is %+v", scribe)
	}
	ada.Await("the recording", isRecording(true))
}

func TestWhatAPassDoesNotAllowIsNotOffered(t *testing.T) {
	r := openRoom(t, "--recorder", "scribe") // may only listen
	scribe := enter(t, r, "scribe")
	if c := scribe.Caps(); c.Publish[sfu.Camera] || c.Publish[sfu.Microphone] {
		t.Errorf("%+v", c)
	}
	if _, err := scribe.Publish(t.Context(), sfu.TrackOffer{Source: sfu.Microphone, Codec: codec.Opus}); err == nil {
		t.Error("published")
	}
}

func TestAServerThatHasForgottenIsEnteredAnew(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("atelier: 0123456789abcdef0123456789abcdef"), 0o600); err != nil {
		t.Fatal(err)
	}
	first := openRoom(t, "--name", "ada", "--name", "bo", "--key", key)
	gada, w1 := overWire(t, first.links["ada"])
	gbo, w2 := overWire(t, first.links["bo"])
	ada, bo := sfutest.Enter(t, livekit.Connector{}, gada), sfutest.Enter(t, livekit.Connector{}, gbo)
	there := cross(t, ada, bo)
	first.kill()
	second := openRoom(t, "--name", "ada", "--name", "bo", "--key", key)
	host := target(t, second.links["ada"]).Server
	w1.lead(host)
	w2.lead(host)
	for _, m := range []*sfutest.Member{ada, bo} {
		m.Await("the cut", isLink(sfu.LinkResuming))
		m.Await("the new way", isLink(sfu.LinkUp))
	}
	if err := ada.Say(t.Context(), "we meet again"); err != nil {
		t.Error(err)
	}
	bo.Await("the message", func(e sfu.Event) bool { c, ok := e.(sfu.ChatArrived); return ok && c.Text == "we meet again" })

	// The old track is gone, and the outlet goes on under a new number.
	old := bo.AwaitTrack(sfu.Camera, ada.Self().ID).ID
	fresh := bo.Await("the track", func(e sfu.Event) bool {
		a, ok := e.(sfu.TrackAdded)
		return ok && a.Track.Source == sfu.Camera && a.Track.ID != old
	}).(sfu.TrackAdded).Track
	for err := error(nil); err == nil; {
		_, err = there.Receive(t.Context())
		if err != nil && !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	}
	in, err := bo.Subscribe(t.Context(), fresh.ID)
	if err != nil {
		t.Fatal(err)
	}
	sfutest.Receive(t, in)
}
