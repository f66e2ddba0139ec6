// Package sfutest holds the tests that every connector must pass. What a server
// does not have is declared: by the Caps of a session, or by its House. What is
// declared missing is said in the test's output, and must not be faked.
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

	// Two who may join. Bo comes after Ada, and need not be able to send.
	Ada, Bo Guest

	// Refused are those whom the server must not let in, by why. Unknown are the
	// reasons that this kind of server does not have, or that cannot be brought
	// about; every other one must be in Refused.
	Refused map[sfu.JoinProblem]Guest
	Unknown []sfu.JoinProblem

	// Again is what happens when Ada joins once more.
	Again Again

	// Media counts the packets of media that the server got; nil if that cannot be
	// seen.
	Media func() int

	// What can happen to Ada and to the server. What is nil cannot be brought about.
	Remove  func()                 // Ada is sent away, and may not come back
	Removed sfu.EndReason          // which is told so
	Cut     func() (mended func()) // Ada's way to the server is cut until mended is called
	Leaves  bool                   // who was cut off has left for the others, who subscribe anew to what comes back
	Restart func()                 // the server is started anew, and has forgotten everybody
	Stop    func()                 // the server ends for good
	Stopped []sfu.EndReason        // one of which is told
}

// An Again is what a server makes of the same guest who comes a second time.
type Again string

// What a server may do.
const (
	Both     Again = "both stay"
	Replaced Again = "the first goes"
	Turned   Again = "the second is turned away"
)

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
		{"what is missing is not faked", missing},
		{"the others are told who comes and goes", roster},
		{"text may hold anything and is shown clean", text},
		{"nothing is sent before somebody sends", silence},
		{"who tells no address of theirs is seen all the same", hidden},
		{"every source reaches the others", sources},
		{"a muted track is silent and the others know", mute},
		{"of several sizes the one that is shown comes", layers},
		{"a chat message reaches everybody once", chat},
		{"a raised hand is seen", hand},
		{"data reaches those whom it is for, and only them", data},
		{"the same guest coming again is met as the house says", again},
		{"a closed outlet is a track removed", unpublish},
		{"a closed inlet can be opened again", resubscribe},
		{"who must not come in is told why", refused},
		{"who is sent away is told and does not come back", removed},
		{"a way that was cut is mended", cut},
		{"a server that is started anew is entered anew", restart},
		{"a server that ends is said to have", stopped},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) { c.test(t, setup(t)) })
	}
}

// Enter joins, and leaves with the test.
func Enter(t *testing.T, c sfu.Connector, g Guest) *Member {
	t.Helper()
	s, err := join(t, c, g)
	if err != nil {
		t.Fatalf("join: %v", err)
	}
	m := Follow(t, s)
	t.Cleanup(func() { m.leave() })
	m.Await("settled", func(e sfu.Event) bool { _, ok := e.(sfu.Settled); return ok })
	return m
}

func join(t *testing.T, c sfu.Connector, g Guest) (sfu.Session, error) {
	if g.Connector != nil {
		c = g.Connector
	}
	return c.Join(t.Context(), g.Room, g.Pass, g.Kit)
}

// enter lets both in.
func (h House) enter(t *testing.T) (ada, bo *Member) {
	t.Helper()
	ada = Enter(t, h.Connector, h.Ada)
	return ada, Enter(t, h.Connector, h.Bo)
}

// sees is how a member is told of a source of another's: where the server names
// nobody, there is only one picture and one sound.
func (m *Member) sees(src sfu.Source, of *Member) sfu.Track {
	m.t.Helper()
	switch {
	case m.Caps().Roster:
		return m.AwaitTrack(src, of.Self().ID)
	case src.IsSound():
		return m.AwaitTrack(sfu.Microphone, "")
	}
	return m.AwaitTrack(sfu.Camera, "")
}

// picture is a codec that the server takes.
func (m *Member) picture() codec.Name {
	if c := m.Caps().Pictures; len(c) > 0 {
		return c[0]
	}
	return codec.VP8
}

func stay(t *testing.T, h House) {
	ada, bo := h.enter(t)
	for _, m := range []*Member{bo, ada} {
		stayed(t, m)
	}
}

func stayed(t *testing.T, m *Member) {
	t.Helper()
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

// silence: devices are opened only when the person has agreed. Until then, and
// while an outlet is muted, no packet of media may leave.
func silence(t *testing.T, h House) {
	ada, bo := h.enter(t)
	outs := make(map[sfu.Source]sfu.Outlet)
	nothing := func(when string) {
		t.Helper()
		for src, sent := range ada.Stats().Sent {
			if sent.Packets > 0 {
				t.Errorf("%s: %d packets of %s left", when, sent.Packets, src)
			}
		}
		if h.Media != nil && h.Media() > 0 {
			t.Errorf("%s: the server got %d packets", when, h.Media())
		}
	}
	nothing("joined")
	for _, src := range []sfu.Source{sfu.Microphone, sfu.Camera} {
		name := ada.picture()
		if src.IsSound() {
			name = codec.Opus
		}
		out, err := ada.Publish(t.Context(), offer(src, name))
		if err != nil {
			t.Fatal(err)
		}
		outs[src] = out
		nothing("published")
		if err := out.Mute(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		if err := out.Send(codec.Packet{Data: Frame(name), Codec: name, Keyframe: true}); err != nil {
			t.Errorf("send while muted: %v", err)
		}
	}
	quiet, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	<-quiet.Done()
	nothing("muted")
	mic := outs[sfu.Microphone]
	if err := mic.Mute(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	defer Send(t, mic, codec.Opus).Stop()
	in, err := bo.Subscribe(t.Context(), bo.sees(sfu.Microphone, ada).ID)
	if err != nil {
		t.Fatal(err)
	}
	Receive(t, in)
	if ada.Stats().Sent[sfu.Microphone].Packets == 0 || h.Media != nil && h.Media() == 0 {
		t.Error("what is sent is not counted, so this test can find nothing")
	}
	if n := ada.Stats().Sent[sfu.Camera].Packets; n != 0 {
		t.Errorf("%d packets of the muted camera left", n)
	}
}

func sources(t *testing.T, h House) {
	ada, bo := h.enter(t)
	for _, src := range []sfu.Source{sfu.Microphone, sfu.Camera, sfu.Screen} {
		if !ada.Caps().Publish[src] {
			continue
		}
		name := ada.picture()
		if src.IsSound() {
			name = codec.Opus
		}
		out, err := ada.Publish(t.Context(), offer(src, name))
		if err != nil {
			t.Fatalf("publish %s: %v", src, err)
		}
		flow := Send(t, out, name) // some servers tell of a track when its media comes
		track := bo.sees(src, ada)
		in, err := bo.Subscribe(t.Context(), track.ID)
		if err != nil {
			t.Fatalf("subscribe to %s: %v", src, err)
		}

		p := Receive(t, in)
		if p.Codec != name || len(p.Data) == 0 || !p.Keyframe {
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
		if err := errors.Join(in.Close(), out.Close()); err != nil {
			t.Errorf("close %s: %v", src, err)
		}
	}
}

func mute(t *testing.T, h House) {
	ada, bo := h.enter(t)
	out, err := ada.Publish(t.Context(), offer(sfu.Microphone, codec.Opus))
	if err != nil {
		t.Fatal(err)
	}
	defer Send(t, out, codec.Opus).Stop()
	track := bo.sees(sfu.Microphone, ada)
	in, err := bo.Subscribe(t.Context(), track.ID)
	if err != nil {
		t.Fatal(err)
	}
	Receive(t, in)

	if err := out.Mute(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	sent := ada.Stats().Sent[sfu.Microphone].Packets
	if bo.Caps().Mute {
		bo.Await("the track to be muted", muted(track.ID, true))
	}
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
	if bo.Caps().Mute {
		bo.Await("the track to be open again", muted(track.ID, false))
	}
	Receive(t, in)
}

func muted(id sfu.TrackID, on bool) func(sfu.Event) bool {
	return func(e sfu.Event) bool {
		c, ok := e.(sfu.TrackChanged)
		return ok && c.Track.ID == id && c.Track.Muted == on
	}
}

// layers sends a picture in two sizes, which tell their width.
func layers(t *testing.T, h House) {
	ada, bo := h.enter(t)
	if ada.picture() != codec.VP8 {
		t.Skip("the sizes are told apart in VP8")
	}
	sizes := []sfu.Layer{{Width: 320, Height: 180, FPS: 30, Bitrate: 300_000}, {Width: 640, Height: 360, FPS: 30, Bitrate: 900_000}}
	out, err := ada.Publish(t.Context(), sfu.TrackOffer{Source: sfu.Camera, Codec: codec.VP8, Layers: sizes})
	if err != nil {
		t.Fatal(err)
	}
	defer send(t, out, func(i int, at time.Duration) codec.Packet {
		l := sizes[i]
		b := Frame(codec.VP8)
		b[6], b[7], b[8], b[9] = byte(l.Width), byte(l.Width>>8), byte(l.Height), byte(l.Height>>8)
		return codec.Packet{Data: b, Codec: codec.VP8, At: at, Keyframe: true, Layer: i}
	}, len(sizes)).Stop()
	in, err := bo.Subscribe(t.Context(), bo.sees(sfu.Camera, ada).ID)
	if err != nil {
		t.Fatal(err)
	}
	await := func(v sfu.View, width int) {
		t.Helper()
		if err := in.Want(v); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		for {
			p, err := in.Receive(ctx)
			if err != nil {
				t.Fatalf("no picture of width %d: %v", width, err)
			}
			if size, _ := codec.Dimensions(p.Codec, p.Data); size.X == width {
				return
			}
		}
	}
	if ada.Caps().Layers {
		await(sfu.View{Width: 300, Height: 170}, 320)
		await(sfu.View{Width: 640, Height: 360}, 640)
		return
	}
	await(sfu.View{Width: 300, Height: 170}, 640)
	for range 20 { // there is no choice: only the largest is sent
		p := Receive(t, in)
		if size, _ := codec.Dimensions(p.Codec, p.Data); size.X != 640 {
			t.Errorf("a picture of width %d came", size.X)
		}
	}
}

func unpublish(t *testing.T, h House) {
	ada, bo := h.enter(t)
	if !bo.Caps().Tracks {
		unheard(t, ada, bo)
		return
	}
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

// unheard: where nobody is told that a track is gone, nothing of it comes any more.
func unheard(t *testing.T, ada, bo *Member) {
	out, err := ada.Publish(t.Context(), offer(sfu.Microphone, codec.Opus))
	if err != nil {
		t.Fatal(err)
	}
	flow := Send(t, out, codec.Opus)
	in, err := bo.Subscribe(t.Context(), bo.sees(sfu.Microphone, ada).ID)
	if err != nil {
		t.Fatal(err)
	}
	Receive(t, in)
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	sent := ada.Stats().Sent[sfu.Microphone].Packets
	for range 2 { // first, what was on its way
		quiet, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		n := 0
		for err = nil; err == nil; n++ {
			_, err = in.Receive(quiet)
		}
		cancel()
		if now := ada.Stats().Sent[sfu.Microphone].Packets; now != sent {
			t.Errorf("%d packets left after the track was taken back", now-sent)
		}
	}
	flow.Stop()
	if err := out.Send(Sound(0)); !errors.Is(err, sfu.ErrEnded) {
		t.Errorf("Send after Close: %v, want sfu.ErrEnded", err)
	}
}

func resubscribe(t *testing.T, h House) {
	ada, bo := h.enter(t)
	out, err := ada.Publish(t.Context(), offer(sfu.Camera, ada.picture()))
	if err != nil {
		t.Fatal(err)
	}
	defer Send(t, out, ada.picture()).Stop()
	track := bo.sees(sfu.Camera, ada)
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

func offer(src sfu.Source, name codec.Name) sfu.TrackOffer {
	o := sfu.TrackOffer{Source: src, Codec: name}
	if !src.IsSound() {
		o.Layers = []sfu.Layer{{Width: 320, Height: 180, FPS: 30, Bitrate: 400_000}}
	}
	return o
}
