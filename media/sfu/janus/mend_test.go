package janus_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/janus"
	"paravent/media/sfu/sfutest"
)

// sized sends a picture in several sizes, which tell their width.
func sized(t *testing.T, out sfu.Outlet, sizes []sfu.Layer) {
	stop := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			for n, l := range sizes {
				b := sfutest.Frame(codec.VP8)
				b[6], b[7], b[8], b[9] = byte(l.Width), byte(l.Width>>8), byte(l.Height), byte(l.Height>>8)
				p := codec.Packet{Data: b, Codec: codec.VP8, At: time.Duration(i) * 20 * time.Millisecond, Keyframe: true, Layer: n}
				if err := out.Send(p); err != nil && !errors.Is(err, sfu.ErrEnded) {
					t.Errorf("send: %v", err)
				}
			}
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	})
	t.Cleanup(func() { close(stop); done.Wait() })
}

// quiet returns how many packets come after a while in which what was on its way may
// still come.
func quiet(t *testing.T, in sfu.Inlet) (n int) {
	for range 2 {
		n = 0
		ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
		for {
			if _, err := in.Receive(ctx); err != nil {
				break
			}
			n++
		}
		cancel()
	}
	return n
}

// gap receives for a while and returns how many packets came, and the longest time
// without one.
func gap(t *testing.T, in sfu.Inlet, during time.Duration) (n int, longest time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), during)
	defer cancel()
	last := time.Now()
	for {
		_, err := in.Receive(ctx)
		now := time.Now()
		longest, last = max(longest, now.Sub(last)), now
		if err != nil {
			return n, longest
		}
		n++
	}
}

// lastTrack is the track of a source that was told of last.
func lastTrack(m *sfutest.Member, src sfu.Source) (id sfu.TrackID) {
	for _, e := range m.Events() {
		if a, ok := e.(sfu.TrackAdded); ok && a.Track.Source == src {
			id = a.Track.ID
		}
	}
	return id
}

func left(id sfu.MemberID) func(sfu.Event) bool {
	return func(e sfu.Event) bool { l, ok := e.(sfu.MemberLeft); return ok && l.ID == id }
}

func TestACutConnectionIsClaimedBackAndNobodyNotices(t *testing.T) {
	for name, half := range map[string]bool{"seen by the server, which waits": false, "not seen by the server": true} {
		t.Run(name, func(t *testing.T) {
			o := options{reclaim: 20}
			if half {
				o.reclaim = 0
			}
			h := build(t, o)
			guest, w := overWire(t, h.guest("Ada", open))
			ada, bo := sfutest.Enter(t, janus.Connector{}, guest), sfutest.Enter(t, janus.Connector{}, h.guest("Bo", open))
			_, there := reaches(t, ada, bo, sfu.Camera)
			_, back := reaches(t, bo, ada, sfu.Camera)
			id := ada.Self().ID
			w.cut(half, false)
			ada.Await("the cut", isLink(sfu.LinkResuming))
			ada.Await("the end of the cut", isLink(sfu.LinkUp))
			var both sync.WaitGroup
			for what, in := range map[string]sfu.Inlet{"there": there, "back": back} {
				both.Go(func() {
					n, longest := gap(t, in, 2*time.Second)
					t.Logf("%s: %d pictures in two seconds, the longest gap was %v", what, n, longest)
					if n == 0 {
						t.Errorf("%s: nothing came any more", what)
					}
				})
			}
			both.Wait()
			if ada.Self().ID != id || bo.Count(left(id)) > 0 {
				t.Error("the others saw her leave")
			}
			reaches(t, ada, bo, sfu.Microphone) // and new tracks can be published, and watched
			reaches(t, bo, ada, sfu.Screen)
		})
	}
}

func TestWhatHappensDuringACutIsSeenAfterIt(t *testing.T) {
	h := build(t, options{reclaim: 20})
	guest, w := overWire(t, h.guest("Ada", open))
	ada, bo := sfutest.Enter(t, janus.Connector{}, guest), sfutest.Enter(t, janus.Connector{}, h.guest("Bo", open))
	cy := sfutest.Enter(t, janus.Connector{}, h.guest("Cy", open))
	_, gone := reaches(t, cy, ada, sfu.Camera)
	ada.Await("Bo", func(e sfu.Event) bool { j, ok := e.(sfu.MemberJoined); return ok && j.Member.ID == bo.Self().ID })
	w.cut(false, true)
	ada.Await("the cut", isLink(sfu.LinkResuming))
	if err := cy.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	out, err := bo.Publish(t.Context(), sfu.TrackOffer{Source: sfu.Screen, Codec: codec.VP8, Layers: []sfu.Layer{{Width: 320, Height: 180, Bitrate: 300_000}}})
	if err != nil {
		t.Fatal(err)
	}
	sfutest.Send(t, out, codec.VP8)
	dee := sfutest.Enter(t, janus.Connector{}, h.guest("Dee", open))
	dee.AwaitTrack(sfu.Screen, bo.Self().ID)
	w.cut(false, false)
	ada.Await("the end of the cut", isLink(sfu.LinkUp))
	ada.Await("Cy to be gone", left(cy.Self().ID))
	ada.Await("Dee", func(e sfu.Event) bool {
		j, ok := e.(sfu.MemberJoined)
		return ok && j.Member.ID == dee.Self().ID && j.Member.Name == "Dee"
	})
	in, err := ada.Subscribe(t.Context(), ada.AwaitTrack(sfu.Screen, bo.Self().ID).ID)
	if err != nil {
		t.Fatal(err)
	}
	sfutest.Receive(t, in)
	if n := quiet(t, gone); n > 0 {
		t.Error("somebody who is gone still sends")
	}
	if ada.Count(left(bo.Self().ID)) > 0 {
		t.Error("who stayed is said to have left")
	}
}

func TestASessionThatEndedWithItsConnectionIsJoinedAnewUnderTheSameNumber(t *testing.T) {
	h := build(t, options{})
	guest, w := overWire(t, h.guest("Ada", open))
	ada, bo := sfutest.Enter(t, janus.Connector{}, guest), sfutest.Enter(t, janus.Connector{}, h.guest("Bo", open))
	muted, _ := reaches(t, ada, bo, sfu.Microphone)
	_, there := reaches(t, ada, bo, sfu.Camera)
	_, back := reaches(t, bo, ada, sfu.Camera)
	if err := muted.Mute(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	bo.Await("the mute", func(e sfu.Event) bool { c, ok := e.(sfu.TrackChanged); return ok && c.Track.Muted })
	before := ada.Stats()
	bo.Forget()
	w.cut(false, false)
	ada.Await("the cut", isLink(sfu.LinkResuming))
	ada.Await("the end of the cut", isLink(sfu.LinkUp))
	for err := error(nil); err == nil; { // what comes from now on is a new track
		_, err = back.Receive(t.Context())
	}
	again, err := ada.Subscribe(t.Context(), lastTrack(ada, sfu.Camera))
	if err != nil {
		t.Fatal(err)
	}
	sfutest.Receive(t, again)
	if ada.Count(left(bo.Self().ID)) > 0 {
		t.Error("who stayed is said to have left")
	}
	bo.Await("Ada to go", left(ada.Self().ID))
	if _, err := there.Receive(t.Context()); err == nil {
		for err == nil { // what was on its way
			_, err = there.Receive(t.Context())
		}
	}
	in, err := bo.Subscribe(t.Context(), bo.AwaitTrack(sfu.Camera, ada.Self().ID).ID)
	if err != nil {
		t.Fatal(err)
	}
	sfutest.Receive(t, in)
	if tr := bo.AwaitTrack(sfu.Microphone, ada.Self().ID); !tr.Muted {
		t.Error("what was muted is said to be open")
	}
	after := ada.Stats()
	if after.Sent[sfu.Microphone].Packets != before.Sent[sfu.Microphone].Packets {
		t.Error("what was muted was sent")
	}
	if after.Sent[sfu.Camera].Packets <= before.Sent[sfu.Camera].Packets || after.BytesUp < before.BytesUp {
		t.Error("the counters have begun anew")
	}
}

func TestAServerThatIsStartedAnewIsJoinedAnew(t *testing.T) {
	h := build(t, options{})
	ada, bo := two(t, h)
	_, in := reaches(t, ada, bo, sfu.Camera)
	h.kill()
	ada.Forget()
	bo.Forget()
	h.start()
	ada.Await("the end of the cut", isLink(sfu.LinkUp))
	bo.Await("the end of the cut", isLink(sfu.LinkUp))
	for err := error(nil); err == nil; {
		_, err = in.Receive(t.Context())
	}
	in, err := bo.Subscribe(t.Context(), bo.AwaitTrack(sfu.Camera, ada.Self().ID).ID)
	if err != nil {
		t.Fatal(err)
	}
	sfutest.Receive(t, in)
}

func TestAServerThatStopsEndsTheCallInWords(t *testing.T) {
	h := build(t, options{})
	ada, bo := two(t, h)
	reaches(t, ada, bo, sfu.Camera)
	h.stop()
	for _, m := range []*sfutest.Member{ada, bo} {
		if end := m.Await("the end", isEnded).(sfu.Ended); end.Why != sfu.ServerDown {
			t.Errorf("ended with %+v, want %q", end, sfu.ServerDown)
		}
	}
}

func TestANewWayIsLookedForAndTheCallGoesOn(t *testing.T) {
	h := build(t, options{})
	ada, bo := two(t, h)
	_, there := reaches(t, ada, bo, sfu.Camera)
	_, back := reaches(t, bo, ada, sfu.Camera)
	before := janus.Credentials(ada.Session)
	ada.Forget()
	janus.Restart(ada.Session)
	ada.Await("the trouble", isLink(sfu.LinkResuming))
	ada.Await("the end of it", isLink(sfu.LinkUp))
	sfutest.Receive(t, there)
	sfutest.Receive(t, back)
	for i, user := range janus.Credentials(ada.Session) {
		if user == before[i] || user == "" {
			t.Errorf("credentials %d are %q, as before", i, user)
		}
	}
	if n := bo.Count(func(e sfu.Event) bool { _, ok := e.(sfu.TrackRemoved); return ok }); n > 0 {
		t.Errorf("the others lost %d tracks", n)
	}
}

func TestAMediaConnectionThatIsDeadIsMadeAnew(t *testing.T) {
	h := build(t, options{})
	ada, bo := two(t, h)
	_, there := reaches(t, ada, bo, sfu.Camera)
	_, back := reaches(t, bo, ada, sfu.Camera)
	ada.Forget()
	bo.Forget()
	janus.Renew(ada.Session)
	ada.Await("the trouble", isLink(sfu.LinkResuming))
	for err := error(nil); err == nil; { // the server ends the track, and tells of another
		_, err = there.Receive(t.Context())
	}
	in, err := bo.Subscribe(t.Context(), bo.AwaitTrack(sfu.Camera, ada.Self().ID).ID)
	if err != nil {
		t.Fatal(err)
	}
	sfutest.Receive(t, in)
	ada.Await("the end of it", isLink(sfu.LinkUp))
	if n, longest := gap(t, back, 2*time.Second); n == 0 {
		t.Errorf("what ada watches did not come back in %v", longest)
	}
	if bo.Count(left(ada.Self().ID)) > 0 {
		t.Error("the others saw her leave")
	}
}
