// Package sfutest holds the tests that every connector must pass. What a
// server cannot do, by its Caps, is left out.
package sfutest

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/media/sfu"
)

// A House is a server that runs for one test, with a room.
type House struct {
	Connector sfu.Connector
	Ada, Bo   Guest // two who may join

	// Refused are those whom the server must not let in, by why.
	Refused map[sfu.JoinProblem]Guest

	// Replaces is false where the same guest may join twice.
	Replaces bool
}

// A Guest is somebody who may join.
type Guest struct {
	Connector sfu.Connector // nil is the house's
	Room      sfu.Room
	Pass      sfu.Pass
	Kit       sfu.Kit
}

// A Setup opens a house for a test.
type Setup func(t *testing.T) House

// patience bounds every wait; nothing comes near it when all is well.
const patience = 20 * time.Second

// Run runs every test against the connector of setup.
func Run(t *testing.T, setup Setup) {
	for _, c := range []struct {
		name string
		test func(*testing.T, House)
	}{
		{"the events of a stay begin with settled and end with ended", stay},
		{"leaving twice is no error, and nothing works after it", leaveTwice},
		{"the others are told who comes and goes", roster},
		{"every source reaches the others", sources},
		{"a muted track is silent and the others know", mute},
		{"a chat message reaches everybody once", chat},
		{"a raised hand is seen", hand},
		{"the same guest coming again replaces the first", replaced},
		{"a closed outlet is a track removed", unpublish},
		{"a closed inlet can be opened again", resubscribe},
		{"who must not come in is told why", refused},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) { c.test(t, setup(t)) })
	}
}

// Enter joins, and leaves with the test.
func Enter(t *testing.T, c sfu.Connector, g Guest) *Member {
	t.Helper()
	s, err := c.Join(t.Context(), g.Room, g.Pass, g.Kit)
	if err != nil {
		t.Fatalf("join: %v", err)
	}
	m := Follow(t, s)
	t.Cleanup(func() { m.leave() })
	m.Await("settled", func(e sfu.Event) bool { _, ok := e.(sfu.Settled); return ok })
	return m
}

func stay(t *testing.T, h House) {
	m := Enter(t, h.Connector, h.Ada)
	if m.Self().ID == "" {
		t.Error("Self has no ID")
	}
	m.leave()
	events := m.Events()
	if last, ok := events[len(events)-1].(sfu.Ended); !ok || last.Why != sfu.Left {
		t.Errorf("the last event is %#v, want sfu.Ended with %q", events[len(events)-1], sfu.Left)
	}
	settled := slices.IndexFunc(events, func(e sfu.Event) bool { _, ok := e.(sfu.Settled); return ok })
	for _, e := range events[:max(settled, 0)] {
		_, member := e.(sfu.MemberJoined)
		_, track := e.(sfu.TrackAdded)
		_, recording := e.(sfu.RecordingChanged)
		_, host := e.(sfu.HostNamed)
		if !member && !track && !recording && !host {
			t.Errorf("%#v came before sfu.Settled", e)
		}
	}
}

func leaveTwice(t *testing.T, h House) {
	m := Enter(t, h.Connector, h.Ada)
	out, err := m.Publish(t.Context(), offer(sfu.Microphone, codec.Opus))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := m.Leave(t.Context()); err != nil {
			t.Errorf("Leave: %v", err)
		}
	}
	if _, err := m.Publish(t.Context(), offer(sfu.Camera, codec.VP8)); !errors.Is(err, sfu.ErrEnded) {
		t.Errorf("Publish after Leave: %v, want sfu.ErrEnded", err)
	}
	if err := out.Send(Sound(0)); !errors.Is(err, sfu.ErrEnded) {
		t.Errorf("Send after Leave: %v, want sfu.ErrEnded", err)
	}
	if err := m.Say(t.Context(), "hello?"); !errors.Is(err, sfu.ErrEnded) {
		t.Errorf("Say after Leave: %v, want sfu.ErrEnded", err)
	}
	if err := out.Close(); err != nil {
		t.Errorf("Close after Leave: %v", err)
	}
}

func roster(t *testing.T, h House) {
	ada := Enter(t, h.Connector, h.Ada)
	bo := Enter(t, h.Connector, h.Bo)
	ada.Await("Bo to come", joined(bo.Self().ID))
	if !slices.ContainsFunc(bo.Events(), joined(ada.Self().ID)) {
		t.Error("Bo was not told that Ada is there")
	}
	bo.leave()
	ada.Await("Bo to go", func(e sfu.Event) bool {
		l, ok := e.(sfu.MemberLeft)
		return ok && l.ID == bo.Self().ID
	})
}

func joined(id sfu.MemberID) func(sfu.Event) bool {
	return func(e sfu.Event) bool {
		j, ok := e.(sfu.MemberJoined)
		return ok && j.Member.ID == id
	}
}

func sources(t *testing.T, h House) {
	ada, bo := Enter(t, h.Connector, h.Ada), Enter(t, h.Connector, h.Bo)
	for _, src := range []sfu.Source{sfu.Microphone, sfu.Camera, sfu.Screen} {
		if !ada.Caps().Publish[src] {
			continue
		}
		name := codec.VP8
		if src.IsSound() {
			name = codec.Opus
		}
		out, err := ada.Publish(t.Context(), offer(src, name))
		if err != nil {
			t.Fatalf("publish %s: %v", src, err)
		}
		flow := Send(t, out, name) // some servers tell of a track when its media comes
		track := bo.AwaitTrack(src, ada.Self().ID)
		in, err := bo.Subscribe(t.Context(), track.ID)
		if err != nil {
			t.Fatalf("subscribe to %s: %v", src, err)
		}

		p := Receive(t, in)
		if p.Codec != name || len(p.Data) == 0 || name == codec.VP8 && !p.Keyframe {
			t.Errorf("%s: the first packet is %s, %d bytes, keyframe %v", src, p.Codec, len(p.Data), p.Keyframe)
		}
		want := Frame(name)
		if string(p.Data) != string(want) {
			t.Errorf("%s: what came is not what was sent", src)
		}
		before := p
		for range 10 {
			before.Data = nil
			p = Receive(t, in)
			if p.At <= before.At {
				t.Errorf("%s: time goes from %v to %v", src, before.At, p.At)
			}
			before = p
		}
		flow.Stop()
		if sent := ada.Stats().Sent[src]; sent.Packets == 0 {
			t.Errorf("Stats counts no packets of %s sent", src)
		}
		if got := bo.Stats().Got[track.ID]; got.Packets == 0 {
			t.Errorf("Stats counts no packets of %s got", src)
		}
	}
}

func mute(t *testing.T, h House) {
	ada, bo := Enter(t, h.Connector, h.Ada), Enter(t, h.Connector, h.Bo)
	out, err := ada.Publish(t.Context(), offer(sfu.Microphone, codec.Opus))
	if err != nil {
		t.Fatal(err)
	}
	defer Send(t, out, codec.Opus).Stop()
	track := bo.AwaitTrack(sfu.Microphone, ada.Self().ID)
	in, err := bo.Subscribe(t.Context(), track.ID)
	if err != nil {
		t.Fatal(err)
	}
	Receive(t, in)

	if err := out.Mute(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	sent := ada.Stats().Sent[sfu.Microphone].Packets
	bo.Await("the track to be muted", muted(track.ID, true))
	quiet, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	for { // what was on its way may still come
		if _, err := in.Receive(quiet); err != nil {
			break
		}
	}
	if now := ada.Stats().Sent[sfu.Microphone].Packets; now != sent {
		t.Errorf("%d packets left while muted", now-sent)
	}
	if err := out.Mute(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	bo.Await("the track to be open again", muted(track.ID, false))
	Receive(t, in)
}

func muted(id sfu.TrackID, on bool) func(sfu.Event) bool {
	return func(e sfu.Event) bool {
		c, ok := e.(sfu.TrackChanged)
		return ok && c.Track.ID == id && c.Track.Muted == on
	}
}

func chat(t *testing.T, h House) {
	ada, bo := Enter(t, h.Connector, h.Ada), Enter(t, h.Connector, h.Bo)
	if !ada.Caps().Chat {
		t.Skip("this server has no chat")
	}
	long := strings.Repeat("Grüße aus der Kulisse 🎭 ", 1000)
	for _, m := range []struct {
		from, to *Member
		text     string
	}{{ada, bo, "hello\x1b[2J"}, {bo, ada, "hallo zurück"}, {ada, bo, long}} {
		if err := m.from.Say(t.Context(), m.text); err != nil {
			t.Fatalf("say: %v", err)
		}
		said := func(e sfu.Event) bool {
			c, ok := e.(sfu.ChatArrived)
			return ok && c.From == m.from.Self().ID && string(c.Text) == m.text && !c.At.IsZero()
		}
		m.to.Await("the message", said)
		m.from.Await("one's own message", said)
	}
	for _, m := range []*Member{ada, bo} {
		if n := m.Count(func(e sfu.Event) bool { _, ok := e.(sfu.ChatArrived); return ok }); n != 3 {
			t.Errorf("%s got %d messages, want 3", m.Self().ID, n)
		}
	}
	if err := ada.Say(t.Context(), ""); err == nil {
		t.Error("an empty message was sent")
	}
}

func hand(t *testing.T, h House) {
	ada, bo := Enter(t, h.Connector, h.Ada), Enter(t, h.Connector, h.Bo)
	if !ada.Caps().Hand {
		if err := ada.SetHand(t.Context(), true); !errors.Is(err, sfu.ErrUnsupported) {
			t.Errorf("SetHand without Caps.Hand: %v, want sfu.ErrUnsupported", err)
		}
		return
	}
	bo.Await("Ada", joined(ada.Self().ID))
	for _, up := range []bool{true, false} {
		if err := ada.SetHand(t.Context(), up); err != nil {
			t.Fatal(err)
		}
		change := func(e sfu.Event) bool {
			c, ok := e.(sfu.MemberChanged)
			return ok && c.Member.ID == ada.Self().ID && c.Member.Hand == up
		}
		bo.Await("the hand", change)
		ada.Await("one's own hand", change)
	}
}

func replaced(t *testing.T, h House) {
	if !h.Replaces {
		t.Skip("the same guest may come twice")
	}
	first := Enter(t, h.Connector, h.Ada)
	Enter(t, h.Connector, h.Ada)
	end := first.Await("the end", func(e sfu.Event) bool { _, ok := e.(sfu.Ended); return ok })
	if why := end.(sfu.Ended).Why; why != sfu.Replaced {
		t.Errorf("the first stay ended with %q, want %q", why, sfu.Replaced)
	}
}

func unpublish(t *testing.T, h House) {
	ada, bo := Enter(t, h.Connector, h.Ada), Enter(t, h.Connector, h.Bo)
	for round := range 3 {
		out, err := ada.Publish(t.Context(), offer(sfu.Camera, codec.VP8))
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		flow := Send(t, out, codec.VP8)
		track := bo.AwaitTrack(sfu.Camera, ada.Self().ID)
		in, err := bo.Subscribe(t.Context(), track.ID)
		if err != nil {
			t.Fatal(err)
		}
		Receive(t, in)
		flow.Stop()
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		bo.Await("the track to go", func(e sfu.Event) bool {
			r, ok := e.(sfu.TrackRemoved)
			return ok && r.ID == track.ID
		})
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		for err = nil; err == nil; {
			_, err = in.Receive(ctx)
		}
		cancel()
		if !errors.Is(err, io.EOF) {
			t.Errorf("Receive of a track that is gone: %v, want io.EOF", err)
		}
		bo.Forget()
	}
}

func resubscribe(t *testing.T, h House) {
	ada, bo := Enter(t, h.Connector, h.Ada), Enter(t, h.Connector, h.Bo)
	out, err := ada.Publish(t.Context(), offer(sfu.Camera, codec.VP8))
	if err != nil {
		t.Fatal(err)
	}
	defer Send(t, out, codec.VP8).Stop()
	track := bo.AwaitTrack(sfu.Camera, ada.Self().ID)
	for range 3 {
		in, err := bo.Subscribe(t.Context(), track.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := in.Want(sfu.View{Width: 320, Height: 180}); err != nil {
			t.Error(err)
		}
		if p := Receive(t, in); !p.Keyframe {
			t.Error("the first picture is no keyframe")
		}
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := bo.Subscribe(t.Context(), "no such track"); err == nil {
		t.Error("a track that is not there was subscribed to")
	}
}

func refused(t *testing.T, h House) {
	for why, g := range h.Refused {
		s, err := h.Connector.Join(t.Context(), g.Room, g.Pass, g.Kit)
		if err == nil {
			Follow(t, s).leave()
		}
		var no *sfu.JoinError
		if !errors.As(err, &no) || no.Why != why {
			t.Errorf("Join = %v, want a JoinError with %q", err, why)
			continue
		}
		for _, token := range []string{g.Room.Token.Reveal(), g.Pass.Token.Reveal()} {
			if len(token) > 8 && (strings.Contains(err.Error(), token) || strings.Contains(err.Error(), token[:len(token)/2])) {
				t.Errorf("the error shows the token: %v", err)
			}
		}
	}
}

func offer(src sfu.Source, name codec.Name) sfu.TrackOffer {
	o := sfu.TrackOffer{Source: src, Codec: name}
	if !src.IsSound() {
		o.Layers = []sfu.Layer{{Width: 320, Height: 180, FPS: 30, Bitrate: 400_000}}
	}
	return o
}
