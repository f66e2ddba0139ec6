package rtc

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/transport/v4/vnet"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/sfutest"
	"paravent/privacy/egress"
)

// A lab is a network of two in this process.
type lab struct {
	router *vnet.Router
	nets   [2]*vnet.Net
	lose   atomic.Int32 // of 100 packets of media, once media flows
	sent   atomic.Uint32
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := new(lab)
	var err error
	if l.router, err = vnet.NewRouter(&vnet.RouterConfig{CIDR: "10.0.0.0/24", LoggerFactory: logging.NewDefaultLoggerFactory()}); err != nil {
		t.Fatal(err)
	}
	l.router.AddChunkFilter(func(c vnet.Chunk) bool {
		b := c.UserData()
		if len(b) < 12 || b[0]>>6 != 2 || b[1]&0x7f >= 64 && b[1]&0x7f < 96 { // not RTP (RFC 7983, RFC 5761)
			return true
		}
		return int32(l.sent.Add(1)*37%100) >= l.lose.Load()
	})
	for i, ip := range []string{"10.0.0.1", "10.0.0.2"} {
		if l.nets[i], err = vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{ip}}); err != nil {
			t.Fatal(err)
		}
		if err := l.router.AddNet(l.nets[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.router.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.router.Stop() })
	return l
}

// An end is a peer and what it was told.
type end struct {
	*Peer
	states  chan State
	remotes chan *Remote
	heard   chan string
	open    chan string
	asked   sync.Map // hosts

	mu   sync.Mutex // guards what follows
	said []string   // candidates
}

// trickled are the candidates that were told, a line each.
func (e *end) trickled() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.said, "\n")
}

func (l *lab) newEnd(t *testing.T, i int, s Settings) *end {
	t.Helper()
	s.Log = slog.New(slog.DiscardHandler)
	e := &end{states: make(chan State, 64), remotes: make(chan *Remote, 8), heard: make(chan string, 64), open: make(chan string, 8)}
	p, err := newPeer(s, Handlers{
		Candidate: func(c Candidate) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.said = append(e.said, c.Line)
		},
		State:  func(s State) { e.states <- s },
		Remote: func(r *Remote) { e.remotes <- r },
		Open:   func(label string) { e.open <- label },
		Data:   func(_ string, b []byte) { e.heard <- string(b) },
		Host:   func(_ egress.Purpose, h string, _ egress.Port) bool { e.asked.Store(h, true); return true },
	}, new(wire), l.nets[i])
	if err != nil {
		t.Fatal(err)
	}
	e.Peer = p
	t.Cleanup(func() { shut(t, p) })
	return e
}

func shut(t *testing.T, p *Peer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := p.Close(ctx); err != nil {
		t.Error(err)
	}
}

// settle lets a offer to b. Candidates are in the descriptions.
func settle(t *testing.T, a, b *end, restart bool) {
	t.Helper()
	if _, err := a.Offer(restart); err != nil {
		t.Fatal(err)
	}
	gathered(t, a.Peer)
	if _, err := b.Answer(a.told.description(a.pc.LocalDescription().SDP)); err != nil {
		t.Fatal(err)
	}
	gathered(t, b.Peer)
	if err := a.Accept(b.told.description(b.pc.LocalDescription().SDP)); err != nil {
		t.Fatal(err)
	}
}

func gathered(t *testing.T, p *Peer) {
	t.Helper()
	select {
	case <-webrtc.GatheringCompletePromise(p.pc):
	case <-time.After(10 * time.Second):
		t.Fatal("no candidates")
	}
}

func (e *end) awaitConnected(t *testing.T) {
	t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case s := <-e.states:
			if s == Connected {
				return
			}
		case <-late:
			t.Fatal("not connected in time")
		}
	}
}

func get[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
	}
	return v
}

func TestMediaAndMessagesCrossALossyNetwork(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
	l := newLab(t)
	a, b := l.newEnd(t, 0, Settings{}), l.newEnd(t, 1, Settings{})
	channel, err := a.OpenChannel("_reliable", true)
	if err != nil {
		t.Fatal(err)
	}
	asks := NewAsks()
	out, err := a.Publish(Offer{ID: "camera", Stream: "a", Codec: codec.VP8, Most: []int{1_000_000}}, asks)
	if err != nil {
		t.Fatal(err)
	}
	settle(t, a, b, false)
	a.awaitConnected(t)
	if err := channel.Send(t.Context(), []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if s := get(t, b.heard); s != "hello" {
		t.Errorf("heard %q", s)
	}
	flow := sfutest.Send(t, outlet{out, asks}, codec.VP8)
	defer flow.Stop()
	r := get(t, b.remotes)
	if r.ID != "camera" || r.Stream != "a" || r.Codec() != codec.VP8 {
		t.Errorf("a stream %q of %q in %s", r.ID, r.Stream, r.Codec())
	}
	in := NewInlet(codec.VP8)
	in.Attach(r)
	want := string(sfutest.Frame(codec.VP8))
	if p, err := in.Receive(t.Context()); err != nil || string(p.Data) != want || !p.Keyframe {
		t.Fatalf("%d bytes, keyframe %v, %v", len(p.Data), p.Keyframe, err)
	}

	l.lose.Store(10)
	was := in.Stats()
	for range 150 {
		if _, err := in.Receive(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	// Of some fifty that the network drops nearly all come in time; on a machine
	// that is busy a few do not.
	if lost := in.Stats().Lost - was.Lost; lost > 20 {
		t.Errorf("%d packets stayed lost though they can be sent again", lost)
	}
	l.lose.Store(0)

	if err := r.askKeyframe(); err != nil {
		t.Fatal(err)
	}
	for ask := range asks.C() {
		if ask.Keyframe {
			break
		}
	}
	out.Mute(true)
	sent := out.Sent().Packets
	quiet, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	for err == nil {
		_, err = in.Receive(quiet)
	}
	if now := out.Sent().Packets; now != sent {
		t.Errorf("%d packets left while muted", now-sent)
	}
	if up, _ := a.Bytes(); up != 0 { // the lab's sockets are not counted
		t.Errorf("%d bytes", up)
	}
	in.End(nil)
	if _, err := in.Receive(t.Context()); !errors.Is(err, io.EOF) {
		t.Errorf("Receive after the end: %v", err)
	}
	flow.Stop()
	if err := out.Close(); err != nil {
		t.Error(err)
	}
}

// outlet is an rtc outlet as a connector shows it.
type outlet struct {
	*Outlet
	asks *Asks
}

func (o outlet) Asks() <-chan sfu.Ask                      { return o.asks.C() }
func (o outlet) Mute(_ context.Context, on bool) (_ error) { o.Outlet.Mute(on); return nil }

func TestANewWayIsFound(t *testing.T) {
	l := newLab(t)
	a, b := l.newEnd(t, 0, Settings{}), l.newEnd(t, 1, Settings{})
	c, err := a.OpenChannel("_reliable", true)
	if err != nil {
		t.Fatal(err)
	}
	settle(t, a, b, false)
	a.awaitConnected(t)
	settle(t, a, b, true)
	if err := c.Send(t.Context(), []byte("still here")); err != nil {
		t.Fatal(err)
	}
	if s := get(t, b.heard); s != "still here" {
		t.Errorf("heard %q", s)
	}
}

// A double of a server: it receives every size of a picture.
func TestWhatIsLostOfSeveralSizesIsSentAgain(t *testing.T) {
	l := newLab(t)
	a := l.newEnd(t, 0, Settings{})
	engine := &webrtc.MediaEngine{}
	chain := &interceptor.Registry{}
	if err := errors.Join(engine.RegisterDefaultCodecs(), webrtc.RegisterDefaultInterceptors(engine, chain)); err != nil {
		t.Fatal(err)
	}
	s := webrtc.SettingEngine{}
	s.SetNet(l.nets[1])
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	server, err := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithInterceptorRegistry(chain), webrtc.WithSettingEngine(s)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	tracks := make(chan *webrtc.TrackRemote, 2)
	server.OnTrack(func(r *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { tracks <- r })
	asks := NewAsks()
	out, err := a.Publish(Offer{ID: "camera", Stream: "a", Codec: codec.VP8, RIDs: []string{"q", "h"}, Most: []int{1, 2}}, asks)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Offer(false); err != nil {
		t.Fatal(err)
	}
	gathered(t, a.Peer)
	if err := server.SetRemoteDescription(*a.pc.LocalDescription()); err != nil {
		t.Fatal(err)
	}
	answer, err := server.CreateAnswer(nil)
	if err != nil {
		t.Fatal(err)
	}
	done := webrtc.GatheringCompletePromise(server)
	if err := server.SetLocalDescription(answer); err != nil {
		t.Fatal(err)
	}
	<-done
	if err := a.Accept(server.LocalDescription().SDP); err != nil {
		t.Fatal(err)
	}
	a.awaitConnected(t)
	sfutest.Send(t, outlet{out, asks}, codec.VP8, 2)
	var both sync.WaitGroup
	for range 2 {
		r := get(t, tracks)
		both.Go(func() {
			seen := make(map[uint16]bool)
			var first uint16
			for len(seen) < 400 {
				p, _, err := r.ReadRTP()
				if err != nil {
					t.Error(err)
					return
				}
				if len(seen) == 0 {
					first = p.SequenceNumber
				}
				if len(seen) == 50 {
					l.lose.Store(10)
				}
				seen[p.SequenceNumber-first] = true
			}
			missing := 0
			for i := range uint16(330) { // the last ones may still be on their way
				if !seen[i] {
					missing++
				}
			}
			if missing > 3 {
				t.Errorf("size %s: %d of 330 packets never came", r.RID(), missing)
			}
		})
	}
	both.Wait()
}

// The network of a lab does not count bytes, so the test does.
func TestAWayThatIsDoubtedIsShakyUnlessSomethingComes(t *testing.T) {
	l := newLab(t)
	a, b := l.newEnd(t, 0, Settings{}), l.newEnd(t, 1, Settings{})
	if _, err := a.OpenChannel("_reliable", true); err != nil {
		t.Fatal(err)
	}
	settle(t, a, b, false)
	a.awaitConnected(t)
	nothing := func(what string) {
		t.Helper()
		select {
		case s := <-a.states:
			if s != Connected { // which both the way and the whole connection say
				t.Errorf("%s: %s", what, s)
			}
		default:
		}
	}
	a.Doubt(time.Hour)
	nothing("while it is waited for")
	a.wire.down.Add(1)
	a.Doubt(0)
	for s := Connected; s != Shaky; {
		s = get(t, a.states)
	}
	a.wire.down.Add(1)
	if s := get(t, a.states); s != Connected {
		t.Errorf("something came, and it is %s", s)
	}
	shut(t, a.Peer)
	a.Doubt(0)
	nothing("after the end")
}
