package livekit_test

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/livekit"
	"paravent/media/sfu/sfutest"
)

// A wire leads to a server and can be cut; media does not run over it.
type wire struct {
	l  net.Listener
	to string

	mu   sync.Mutex // guards everything that follows
	open []net.Conn
	dead bool // new connections are refused
}

func newWire(t *testing.T, to string) *wire {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{l: l, to: to}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			w.mu.Lock()
			s, err := net.Dial("tcp", w.to)
			if err != nil || w.dead {
				c.Close()
				w.mu.Unlock()
				continue
			}
			w.open = append(w.open, c, s)
			w.mu.Unlock()
			done.Go(func() { io.Copy(s, c); s.Close(); c.Close() })
			done.Go(func() { io.Copy(c, s); s.Close(); c.Close() })
		}
	})
	t.Cleanup(func() { l.Close(); w.cut(true); done.Wait() })
	return w
}

// cut ends every connection, and if dead, every later one.
func (w *wire) cut(dead bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = dead
	for _, c := range w.open {
		c.Close()
	}
	w.open = nil
}

// lead leads the wire elsewhere.
func (w *wire) lead(to string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.to = to
}

// overWire is the guest of link behind a wire.
func overWire(t *testing.T, link string) (sfutest.Guest, *wire) {
	g := sfutest.Guest{Room: target(t, link), Kit: kit(t)}
	w := newWire(t, g.Room.Server)
	g.Room.Server = w.l.Addr().String()
	return g, w
}

func isLink(l sfu.Link) func(sfu.Event) bool {
	return func(e sfu.Event) bool { c, ok := e.(sfu.LinkChanged); return ok && c.Link == l }
}

// count receives for a while and returns how many packets came and the longest
// time without one.
func count(t *testing.T, in sfu.Inlet, during time.Duration) (n int, gap time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), during)
	defer cancel()
	last := time.Now()
	for {
		_, err := in.Receive(ctx)
		now := time.Now()
		gap, last = max(gap, now.Sub(last)), now
		if err != nil {
			if ctx.Err() == nil {
				t.Fatalf("receive: %v", err)
			}
			return n, gap
		}
		n++
	}
}

func TestACutSignallingConnectionLeavesTheCallAlone(t *testing.T) {
	for name, mode := range modes() {
		t.Run(name, func(t *testing.T) {
			r := openRoom(t, "--name", "ada", "--name", "bo")
			guest, w := overWire(t, r.links["ada"])
			ada := sfutest.Enter(t, livekit.Connector{Mode: mode}, guest)
			bo := sfutest.Enter(t, livekit.Connector{Mode: mode}, sfutest.Guest{Room: target(t, r.links["bo"]), Kit: kit(t)})
			there, back := cross(t, ada, bo), cross(t, bo, ada)
			w.cut(false)
			start := time.Now()
			ada.Await("the cut", isLink(sfu.LinkResuming))
			ada.Await("the end of the cut", isLink(sfu.LinkUp))
			if d := time.Since(start); d > time.Second {
				t.Errorf("back after %v, want a second at most", d)
			}
			var both sync.WaitGroup
			for what, in := range map[string]sfu.Inlet{"there": there, "back": back} {
				both.Go(func() {
					n, gap := count(t, in, 2*time.Second)
					t.Logf("%s: %d pictures in two seconds, the longest gap was %v", what, n, gap)
					if n < 20 || gap > time.Second { // half a second would be noticed; a busy machine is not a cut
						t.Errorf("%s: %d pictures in two seconds, the longest gap was %v", what, n, gap)
					}
				})
			}
			both.Wait()
			if err := ada.Say(t.Context(), "still here"); err != nil {
				t.Error(err)
			}
			bo.Await("the message", func(e sfu.Event) bool { c, ok := e.(sfu.ChatArrived); return ok && c.Text == "still here" })
			if bo.Count(func(e sfu.Event) bool { _, ok := e.(sfu.MemberLeft); return ok }) != 0 {
				t.Error("the others saw us leave")
			}
			cross(t, ada, bo) // and new tracks can be published
		})
	}
}

// cross publishes a picture from one to the other and returns the other's
// inlet, from which something has come. The first is the camera, the second
// the screen.
func cross(t *testing.T, from, to *sfutest.Member) sfu.Inlet {
	t.Helper()
	src := sfu.Camera
	if to.Count(func(e sfu.Event) bool {
		a, ok := e.(sfu.TrackAdded)
		return ok && a.Track.Source == src && a.Track.Member == from.Self().ID
	}) > 0 {
		src = sfu.Screen
	}
	out, err := from.Publish(t.Context(), sfu.TrackOffer{Source: src, Codec: codec.VP8, Layers: []sfu.Layer{
		{Width: 320, Height: 180, FPS: 30, Bitrate: 300_000}, {Width: 640, Height: 360, FPS: 30, Bitrate: 900_000},
	}})
	if err != nil {
		t.Fatal(err)
	}
	sfutest.Send(t, out, codec.VP8, 2)
	in, err := to.Subscribe(t.Context(), to.AwaitTrack(src, from.Self().ID).ID)
	if err != nil {
		t.Fatal(err)
	}
	sfutest.Receive(t, in)
	return in
}
