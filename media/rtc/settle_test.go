package rtc

import (
	"testing"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"

	"paravent/media/codec"
	"paravent/media/sfu/sfutest"
)

// server is a double that knows nothing but H.264, and no sound.
func (l *lab) server(t *testing.T) *webrtc.PeerConnection {
	t.Helper()
	engine := &webrtc.MediaEngine{}
	for _, c := range offers(codec.H264) {
		if err := engine.RegisterCodec(c, webrtc.RTPCodecTypeVideo); err != nil {
			t.Fatal(err)
		}
	}
	s := webrtc.SettingEngine{}
	s.SetNet(l.nets[1])
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithSettingEngine(s)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.Close() })
	return pc
}

func TestTheOtherSideTakesOneOfSeveralCodecs(t *testing.T) {
	l := newLab(t)
	a, server := l.newEnd(t, 0, Settings{}), l.server(t)
	tracks := make(chan *webrtc.TrackRemote, 2)
	server.OnTrack(func(r *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { tracks <- r })
	sound, asks := NewAsks(), NewAsks()
	voice, err := a.Publish(Offer{ID: "voice", Stream: "a", Codec: codec.Opus, Maybe: true}, sound)
	if err != nil {
		t.Fatal(err)
	}
	out, err := a.Publish(Offer{ID: "picture", Stream: "a", Codec: codec.VP8, Or: []codec.Name{codec.H264}, Maybe: true}, asks)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := out.Codec(); ok {
		t.Error("settled before anything was said")
	}
	draft, err := a.Draft()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.UseRelays([]Relay{{URLs: []string{"turn:relay.example"}, User: "u", Password: "p"}}); err != nil {
		t.Fatal(err)
	}
	if err := a.Keep(draft); err != nil {
		t.Fatal(err)
	}
	if _, ok := a.asked.Load("relay.example"); !ok {
		t.Error("the guard was not asked about the relay")
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
	if name, ok := out.Codec(); !ok || name != codec.H264 {
		t.Errorf("settled on %q, %v", name, ok)
	}
	if name, ok := voice.Codec(); ok {
		t.Errorf("sound that nobody takes is sent as %s", name)
	}
	sfutest.Send(t, outlet{voice, sound}, codec.Opus)
	sfutest.Send(t, outlet{out, asks}, codec.H264)
	if r := get(t, tracks); r.Codec().MimeType != webrtc.MimeTypeH264 {
		t.Errorf("%s came", r.Codec().MimeType)
	}
	if n := voice.Sent().Packets; n != 0 {
		t.Errorf("%d packets of sound were sent", n)
	}
}
