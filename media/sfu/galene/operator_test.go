package galene_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	"paravent/media/codec"
	"paravent/media/sfu/sfutest"
)

// A server is what the stories below are told of: the double, and the real one
// where there is one.
type server struct {
	host  string
	again func() // starts it anew: everybody is forgotten without a word
	stop  func() // ends it for good, and says so
	real  bool
}

func servers(t *testing.T, story func(*testing.T, server)) {
	t.Run("double", func(t *testing.T) {
		d := open(t)
		story(t, server{d.host(), d.drop, d.shutDown, false})
	})
	if os.Getenv(envReal) != "" {
		t.Run("real", func(t *testing.T) {
			host, again, stop := realServer(t)
			story(t, server{host, again, stop, true})
		})
	}
}

func (s server) guest(t *testing.T, name string) sfutest.Guest {
	return guest(t, s.host, "test", name, "screen")
}

func (s server) enter(t *testing.T, name string) *sfutest.Member { return enter(t, s.guest(t, name)) }

// An operator is a client that says what a test wants. It sends as a browser does:
// sound and picture in one stream.
type operator struct {
	t  *testing.T
	c  *websocket.Conn
	id string

	mu    sync.Mutex // guards everything that follows
	heard []object
	bell  chan struct{}
	ways  map[string]*webrtc.PeerConnection
}

func (s server) operator(t *testing.T) *operator {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c, _, err := websocket.Dial(ctx, "ws://"+s.host+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	c.SetReadLimit(1 << 20)
	o := &operator{t: t, c: c, id: rand.Text(), bell: make(chan struct{}), ways: make(map[string]*webrtc.PeerConnection)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		o.read(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		_ = c.CloseNow()
		<-done
		for _, w := range o.ways {
			_ = w.GracefulClose()
		}
	})
	o.say(object{"type": "handshake", "version": []string{"2"}, "id": o.id})
	o.say(object{"type": "join", "kind": "join", "group": "test", "username": "Op", "password": "operator"})
	o.await("a welcome", func(m object) bool { return m["type"] == "joined" && m["kind"] == "join" })
	return o
}

func (o *operator) say(m object) {
	b, err := json.Marshal(m)
	if err == nil {
		err = o.c.Write(context.Background(), websocket.MessageText, b)
	}
	if err != nil {
		o.t.Log(err)
	}
}

func (o *operator) read(ctx context.Context) {
	for {
		_, b, err := o.c.Read(ctx)
		if err != nil {
			return
		}
		var m object
		if json.Unmarshal(b, &m) != nil {
			return
		}
		o.mu.Lock()
		o.heard = append(o.heard, m)
		close(o.bell)
		o.bell = make(chan struct{})
		w := o.ways[str(m, "id")]
		o.mu.Unlock()
		switch {
		case m["type"] == "ping":
			o.say(object{"type": "pong"})
		case w != nil && m["type"] == "answer":
			if err := w.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: str(m, "sdp")}); err != nil {
				o.t.Error(err)
			}
		case w != nil && m["type"] == "ice":
			var c webrtc.ICECandidateInit
			b, _ := json.Marshal(m["candidate"])
			if json.Unmarshal(b, &c) == nil {
				_ = w.AddICECandidate(c)
			}
		}
	}
}

// await waits for something that was said to the operator.
func (o *operator) await(what string, is func(object) bool) {
	o.t.Helper()
	late := time.NewTimer(20 * time.Second)
	defer late.Stop()
	for {
		o.mu.Lock()
		i := slices.IndexFunc(o.heard, is)
		bell := o.bell
		if i >= 0 {
			o.mu.Unlock()
			return
		}
		o.mu.Unlock()
		select {
		case <-bell:
		case <-late.C:
			o.t.Fatalf("waited for %s in vain", what)
		}
	}
}

// number is that of somebody in the group.
func (o *operator) number(name string) (id string) {
	o.t.Helper()
	o.await(name, func(m object) bool {
		id = str(m, "id")
		return m["type"] == "user" && m["kind"] == "add" && m["username"] == name
	})
	return id
}

// act does something to a member, or to the group.
func (o *operator) act(typ, kind, dest string, value any) {
	m := object{"type": typ, "kind": kind, "source": o.id, "username": "Op"}
	if dest != "" {
		m["dest"] = dest
	}
	if value != nil {
		m["value"] = value
	}
	o.say(m)
}

// send sends sound and picture in one stream, in place of another if there is one.
// stop takes it back.
func (o *operator) send(id, label, replace string) (stop func()) {
	o.t.Helper()
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	engine := &webrtc.MediaEngine{}
	if err := engine.RegisterDefaultCodecs(); err != nil {
		o.t.Fatal(err)
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(s), webrtc.WithMediaEngine(engine)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		o.t.Fatal(err)
	}
	var tracks []*webrtc.TrackLocalStaticSample
	for kind, mime := range map[string]string{"sound": webrtc.MimeTypeOpus, "picture": webrtc.MimeTypeVP8} {
		t, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime}, kind, id)
		if err != nil {
			o.t.Fatal(err)
		}
		if _, err := pc.AddTransceiverFromTrack(t, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
			o.t.Fatal(err)
		}
		tracks = append(tracks, t)
	}
	d, err := pc.CreateOffer(nil)
	if err != nil {
		o.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(d); err != nil {
		o.t.Fatal(err)
	}
	<-gathered
	o.mu.Lock()
	o.ways[id] = pc
	o.mu.Unlock()
	m := object{"type": "offer", "id": id, "label": label, "source": o.id, "username": "Op", "sdp": pc.LocalDescription().SDP}
	if replace != "" {
		m["replace"] = replace
	}
	o.say(m)
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			for _, t := range tracks {
				name := codec.Opus
				if t.Kind() == webrtc.RTPCodecTypeVideo {
					name = codec.VP8
				}
				_ = t.WriteSample(media.Sample{Data: sfutest.Frame(name), Duration: 20 * time.Millisecond})
			}
			select {
			case <-quit:
				return
			case <-tick.C:
			}
		}
	}()
	var once sync.Once
	stop = func() {
		once.Do(func() { close(quit) })
		<-ended
		o.say(object{"type": "close", "id": id})
	}
	o.t.Cleanup(func() { once.Do(func() { close(quit) }); <-ended })
	return stop
}
