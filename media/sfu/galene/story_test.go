package galene_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/galene"
	"paravent/media/sfu/sfutest"
	"paravent/privacy/secret"
)

func isEnded(e sfu.Event) bool { _, ok := e.(sfu.Ended); return ok }

func isLink(l sfu.Link) func(sfu.Event) bool {
	return func(e sfu.Event) bool { c, ok := e.(sfu.LinkChanged); return ok && c.Link == l }
}

func removed(id sfu.TrackID) func(sfu.Event) bool {
	return func(e sfu.Event) bool { r, ok := e.(sfu.TrackRemoved); return ok && r.ID == id }
}

func mutedByRoom(src sfu.Source) func(sfu.Event) bool {
	return func(e sfu.Event) bool { m, ok := e.(sfu.MutedByRoom); return ok && m.Source == src }
}

func publish(t *testing.T, m *sfutest.Member, src sfu.Source) sfu.Outlet {
	t.Helper()
	name := codec.VP8
	if src.IsSound() {
		name = codec.Opus
	}
	out, err := m.Publish(t.Context(), offer(src, name))
	if err != nil {
		t.Fatal(err)
	}
	sfutest.Send(t, out, name)
	return out
}

func subscribe(t *testing.T, m *sfutest.Member, id sfu.TrackID) sfu.Inlet {
	t.Helper()
	in, err := m.Subscribe(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func TestWhoIsSentAwayIsToldWhyAndDoesNotComeBack(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		ada, op := s.enter(t, "Ada"), s.operator(t)
		op.act("useraction", "kick", string(ada.Self().ID), "not \x1b[2Jyou")
		end := ada.Await("the end", isEnded).(sfu.Ended)
		if end.Why != sfu.Removed || !strings.Contains(end.Detail.Clean(), "you") || strings.Contains(end.Detail.Clean(), "\x1b") {
			t.Errorf("%+v", end)
		}
	})
}

func TestARecordingIsSaidSoAndItsMemberIsARecorder(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		ada, op := s.enter(t, "Ada"), s.operator(t)
		is := func(on bool) func(sfu.Event) bool {
			return func(e sfu.Event) bool { r, ok := e.(sfu.RecordingChanged); return ok && r.On == on }
		}
		op.act("groupaction", "record", "", nil)
		ada.Await("the recording", is(true))
		recorder := func(e sfu.Event) bool { j, ok := e.(sfu.MemberJoined); return ok && j.Member.Role == sfu.Recorder }
		ada.Await("the recorder", recorder)
		cy := s.enter(t, "Cy")
		before := true
		for _, e := range cy.Events() { // who comes later is told before anything is sent
			if _, ok := e.(sfu.Settled); ok {
				break
			}
			if is(true)(e) {
				before = false
			}
		}
		if before {
			t.Error("who came later was not told of the recording")
		}
		op.act("groupaction", "unrecord", "", nil)
		ada.Await("the end of the recording", is(false))
	})
}

func TestAnOperatorMutesTheMicrophoneAndNobodyElseDoes(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		ada, bo, op := s.enter(t, "Ada"), s.enter(t, "Bo"), s.operator(t)
		out := publish(t, ada, sfu.Microphone)
		in := subscribe(t, bo, bo.AwaitTrack(sfu.Microphone, ada.Self().ID).ID)
		sfutest.Receive(t, in)
		op.act("usermessage", "mute", string(ada.Self().ID), nil)
		ada.Await("the operator's wish", mutedByRoom(sfu.Microphone))
		sent := ada.Stats().Sent[sfu.Microphone].Packets
		quiet, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		<-quiet.Done()
		if now := ada.Stats().Sent[sfu.Microphone].Packets; now != sent {
			t.Errorf("%d packets left while muted", now-sent)
		}
		if err := out.Mute(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		sfutest.Receive(t, in)
	})
}

func TestWhoMayNotSendAnyMoreIsMutedAndMaySendAgainLater(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		ada, bo, op := s.enter(t, "Ada"), s.enter(t, "Bo"), s.operator(t)
		out := publish(t, ada, sfu.Camera)
		track := bo.AwaitTrack(sfu.Camera, ada.Self().ID)
		op.act("useraction", "unpresent", string(ada.Self().ID), nil)
		ada.Await("the word", mutedByRoom(sfu.Camera))
		bo.Await("the track to go", removed(track.ID))
		if ada.Caps().Publish[sfu.Camera] {
			t.Error("the right is still there")
		}
		if err := out.Mute(t.Context(), false); !errors.Is(err, sfu.ErrUnsupported) {
			t.Errorf("sending without the right: %v", err)
		}
		if _, err := ada.Publish(t.Context(), offer(sfu.Screen, codec.VP8)); !errors.Is(err, sfu.ErrUnsupported) {
			t.Errorf("publishing without the right: %v", err)
		}
		ada.Forget()
		op.act("useraction", "present", string(ada.Self().ID), nil)
		ada.Await("the right", func(e sfu.Event) bool {
			c, ok := e.(sfu.MemberChanged)
			return ok && c.Member.ID == ada.Self().ID && strings.Contains(string(c.Member.Attributes["permissions"]), "present")
		})
		bo.Forget()
		if err := out.Mute(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		sfutest.Receive(t, subscribe(t, bo, bo.AwaitTrack(sfu.Camera, ada.Self().ID).ID))
	})
}

func TestALockIsSaidInWordsAndKeepsOthersOut(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		ada, op := s.enter(t, "Ada"), s.operator(t)
		op.act("groupaction", "lock", "", "only for the house")
		ada.Await("the word", announced(sfu.RoomLocked, ""))
		g := s.guest(t, "Bo")
		_, err := galene.Connector{}.Join(t.Context(), g.Room, g.Pass, g.Kit)
		if no := (*sfu.JoinError)(nil); !errors.As(err, &no) || no.Why != sfu.RoomFull || !strings.Contains(err.Error(), "only for the house") {
			t.Errorf("%v", err)
		}
		op.act("groupaction", "unlock", "", nil)
		ada.Await("the word", announced(sfu.RoomOpened, ""))
	})
}

func TestWhatAModeratorSaysToAllIsNoChat(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		ada, op := s.enter(t, "Ada"), s.operator(t)
		op.act("usermessage", "warning", "", "five minutes left\x1b[2J")
		e := ada.Await("the warning", announced(sfu.RoomWarns, "five minutes left")).(sfu.Announced)
		if e.By != sfu.MemberID(op.id) || strings.Contains(e.Text.Clean(), "\x1b") {
			t.Errorf("%+v", e)
		}
		if n := ada.Count(func(e sfu.Event) bool { _, ok := e.(sfu.ChatArrived); return ok }); n > 0 {
			t.Errorf("%d messages", n)
		}
	})
}

func TestWhoMayLookAfterTheRoomDoes(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		g := guest(t, s.host, "test", "Op", "operator")
		op, ada := enter(t, g), s.enter(t, "Ada")
		if c := op.Caps(); !c.Remove || !c.Lock {
			t.Fatalf("an operator may do what everybody may: %+v", c)
		}
		if c := ada.Caps(); c.Remove || c.Lock {
			t.Errorf("a guest may do what an operator may: %+v", c)
		}
		keeper, guest := op.Session.(sfu.Keeper), ada.Session.(sfu.Keeper)
		for what, err := range map[string]error{"remove": guest.Remove(t.Context(), op.Self().ID), "lock": guest.Lock(t.Context(), true)} {
			if !errors.Is(err, sfu.ErrUnsupported) {
				t.Errorf("%s without the right: %v", what, err)
			}
		}
		if err := keeper.Remove(t.Context(), "nobody"); err == nil {
			t.Error("who is not there was removed")
		}
		if err := keeper.Lock(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		ada.Await("the lock", announced(sfu.RoomLocked, ""))
		if err := keeper.Lock(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		ada.Await("the room to be open again", announced(sfu.RoomOpened, ""))
		op.Await("Ada", func(e sfu.Event) bool { j, ok := e.(sfu.MemberJoined); return ok && j.Member.ID == ada.Self().ID })
		if err := keeper.Remove(t.Context(), ada.Self().ID); err != nil {
			t.Fatal(err)
		}
		if e := ada.Await("the end", isEnded).(sfu.Ended); e.Why != sfu.Removed {
			t.Errorf("ended with %q", e.Why)
		}
	})
}

func TestARightThatIsGivenIsTold(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		ada, op := s.enter(t, "Ada"), s.operator(t)
		op.act("useraction", "op", string(ada.Self().ID), nil)
		ada.Await("the right", func(e sfu.Event) bool { c, ok := e.(sfu.CapsChanged); return ok && c.Caps.Remove && c.Caps.Lock })
	})
}

func TestAFileIsAnnouncedAndDeclined(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		ada, op := s.enter(t, "Ada"), s.operator(t)
		op.act("usermessage", "filetransfer", string(ada.Self().ID), object{"type": "invite", "version": []string{"1"}, "id": "f1", "name": "plan\x1b[2J.pdf", "size": 12345, "mimetype": "application/pdf"})
		e := ada.Await("the notice", announced(sfu.FileOffered, "plan")).(sfu.Announced)
		if e.By != sfu.MemberID(op.id) || !strings.Contains(string(e.Text), "12345 bytes") || strings.Contains(e.Text.Clean(), "\x1b") {
			t.Errorf("%+v", e)
		}
		op.await("the answer", func(m object) bool {
			v, _ := m["value"].(map[string]any)
			return m["kind"] == "filetransfer" && str(v, "type") == "cancel" && str(v, "id") == "f1"
		})
	})
}

func TestWhatWasSaidBeforeIsToldOnceWithItsName(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		op := s.operator(t)
		op.say(object{"type": "chat", "source": op.id, "username": "Op", "value": "mind the step"})
		op.await("the echo", func(m object) bool { return m["type"] == "chat" })
		ada := s.enter(t, "Ada")
		e := ada.Await("the history", said("mind the step")).(sfu.ChatArrived)
		if e.Name != "Op" || e.From != sfu.MemberID(op.id) || time.Since(e.At) > time.Hour {
			t.Errorf("%+v", e)
		}
		op.say(object{"type": "chat", "source": op.id, "username": "Op", "dest": string(ada.Self().ID), "value": "to you alone"})
		if e := ada.Await("the message", said("to you alone")).(sfu.ChatArrived); !strings.HasPrefix(string(e.Text), "(private) ") {
			t.Errorf("%+v", e)
		}
	})
}

// A browser sends sound and picture in one stream, and begins another one in its
// place when something about it changes.
func TestOfAStreamOnlyWhatIsWantedComes(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		ada, op := s.enter(t, "Ada"), s.operator(t)
		op.send("one", "camera", "")
		id := sfu.MemberID(op.id)
		voice, face := ada.AwaitTrack(sfu.Microphone, id), ada.AwaitTrack(sfu.Camera, id)
		hear := subscribe(t, ada, voice.ID)
		sfutest.Receive(t, hear)
		see := subscribe(t, ada, face.ID)
		sfutest.Receive(t, see)
		if err := see.Want(sfu.View{}); err != nil {
			t.Fatal(err)
		}
		stops(t, see)
		sfutest.Receive(t, hear)
		if err := see.Want(sfu.View{Width: 640, Height: 360}); err != nil {
			t.Fatal(err)
		}
		sfutest.Receive(t, see)
		if n := ada.Count(func(e sfu.Event) bool { _, ok := e.(sfu.TrackRemoved); return ok }); n > 0 {
			t.Errorf("%d tracks are said to be gone", n)
		}

		ada.Forget()
		stop := op.send("two", "camera", "one")
		hear, voice = goesOn(t, ada, hear, voice)
		see, face = goesOn(t, ada, see, face)
		if n := ada.Count(func(e sfu.Event) bool { _, ok := e.(sfu.TrackRemoved); return ok }); n > 0 && !s.real {
			t.Errorf("%d tracks are said to be gone", n)
		}
		if err := errors.Join(hear.Close(), see.Close()); err != nil {
			t.Error(err)
		}
		see = subscribe(t, ada, face.ID) // all was given up, and is asked for again
		sfutest.Receive(t, see)
		stop()
		ada.Await("the picture to go", removed(face.ID))
		ada.Await("the sound to go", removed(voice.ID))
		for err := error(nil); err == nil; {
			if _, err = see.Receive(t.Context()); err != nil && !errors.Is(err, io.EOF) {
				t.Error(err)
			}
		}
	})
}

// goesOn receives more than can be waiting. A real server that hears of another
// stream before that carries something takes the old one away first: then the track
// comes anew.
func goesOn(t *testing.T, m *sfutest.Member, in sfu.Inlet, of sfu.Track) (sfu.Inlet, sfu.Track) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for n := 0; n < 100; n++ {
		_, err := in.Receive(ctx)
		switch {
		case errors.Is(err, io.EOF):
			of = m.AwaitTrack(of.Source, of.Member)
			in = subscribe(t, m, of.ID)
			n = 0
		case err != nil:
			t.Fatal(err)
		}
	}
	return in, of
}

// stops waits until nothing comes for a while.
func stops(t *testing.T, in sfu.Inlet) {
	t.Helper()
	for range 100 {
		quiet, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		err := error(nil)
		for n := 0; err == nil && n < 50; n++ {
			_, err = in.Receive(quiet)
		}
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			return
		}
	}
	t.Error("what is not wanted goes on coming")
}

func TestOfTwoSizesTheOneThatIsShownComes(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		ada, bo := s.enter(t, "Ada"), s.enter(t, "Bo")
		sizes := []sfu.Layer{{Width: 320, Height: 180, FPS: 30, Bitrate: 100_000}, {Width: 640, Height: 360, FPS: 30, Bitrate: 900_000}}
		out, err := ada.Publish(t.Context(), sfu.TrackOffer{Source: sfu.Camera, Codec: codec.VP8, Layers: sizes})
		if err != nil {
			t.Fatal(err)
		}
		done, quit := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for n := 0; ; n++ {
				for i, l := range sizes { // the small one first, as our encoders do
					b := sfutest.Frame(codec.VP8)
					b[6], b[7], b[8], b[9] = byte(l.Width), byte(l.Width>>8), byte(l.Height), byte(l.Height>>8)
					_ = out.Send(codec.Packet{Data: b, Codec: codec.VP8, At: time.Duration(n) * 20 * time.Millisecond, Keyframe: true, Layer: i})
				}
				select {
				case <-quit:
					return
				case <-tick.C:
				}
			}
		}()
		t.Cleanup(func() { close(quit); <-done })
		in := subscribe(t, bo, bo.AwaitTrack(sfu.Camera, ada.Self().ID).ID)
		for _, v := range []sfu.View{{Width: 300, Height: 170}, {Width: 640, Height: 360}, {Width: 320, Height: 180}} {
			if err := in.Want(v); err != nil {
				t.Fatal(err)
			}
			want := 640
			if v.Width < 640 {
				want = 320
			}
			for {
				p := sfutest.Receive(t, in)
				if size, _ := codec.Dimensions(p.Codec, p.Data); size.X == want {
					break
				}
			}
		}
	})
}

func TestAGroupThatHasMovedOnItsServerIsFollowedAndOneElsewhereIsNot(t *testing.T) {
	d := open(t)
	ada := enter(t, guest(t, d.host(), "moved", "Ada", "screen"))
	if name := ada.RoomName().Clean(); name != "Atelier[2J" {
		t.Errorf("%q", name)
	}
	for group, word := range map[string]string{"away": "elsewhere.example", "portal": "passes.example"} {
		g := guest(t, d.host(), group, "Ada", "nonsense")
		_, err := galene.Connector{}.Join(t.Context(), g.Room, g.Pass, g.Kit)
		if err == nil || !strings.Contains(err.Error(), word) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", group, err)
		}
	}
}

func TestATokenOfTheLinkIsAToken(t *testing.T) {
	d := open(t)
	g := guest(t, d.host(), "test", "Ada", "")
	g.Room.Token = secret.New(tokenOfTheGroup)
	enter(t, g)
	g.Pass.Token = g.Room.Token // as the program gives it
	enter(t, g)
	g.Pass.DisplayName = ""
	_, err := galene.Connector{}.Join(t.Context(), g.Room, g.Pass, g.Kit)
	if no := (*sfu.JoinError)(nil); !errors.As(err, &no) || no.Why != sfu.PassRefused || !strings.Contains(err.Error(), "name") {
		t.Errorf("%v", err)
	}
}

// A server notices only after 45 seconds that somebody is gone whose network fell
// silent. Until then the number is taken.
func TestWhoIsNotMissedYetComesBackUnderAnotherNumber(t *testing.T) {
	d := open(t)
	ada, bo := enter(t, guest(t, d.host(), "test", "Ada", "screen")), enter(t, guest(t, d.host(), "test", "Bo", "screen"))
	self := ada.Self().ID
	ada.Await("Bo", func(e sfu.Event) bool { j, ok := e.(sfu.MemberJoined); return ok && j.Member.Name == "Bo" })
	ada.Forget()
	d.mu.Lock()
	d.linger = true
	d.mu.Unlock()
	d.drop()
	for _, m := range []*sfutest.Member{ada, bo} {
		m.Await("the way to be mended", isLink(sfu.LinkUp))
	}
	if err := ada.Say(t.Context(), "here again"); err != nil {
		t.Fatal(err)
	}
	if e := ada.Await("one's own message", said("here again")).(sfu.ChatArrived); e.From != self || ada.Self().ID != self {
		t.Errorf("%+v, who is %s, was %s", e, ada.Self().ID, self)
	}
	bo.Await("the message", said("here again"))
	if n := ada.Count(func(e sfu.Event) bool { j, ok := e.(sfu.MemberJoined); return ok && j.Member.Name == "Ada" }); n > 0 {
		t.Error("Ada sees herself twice")
	}
}
