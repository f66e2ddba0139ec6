package livekit

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/livekit/wire"
	"paravent/privacy/egress"
	"paravent/privacy/secret"
)

func hello() *wire.JoinResponse {
	return &wire.JoinResponse{
		Room: &wire.Room{Name: "atelier"}, Participant: &wire.ParticipantInfo{Sid: "PA_1", Identity: "ada"},
		OtherParticipants: []*wire.ParticipantInfo{{Sid: "PA_2", Identity: "bo", Tracks: []*wire.TrackInfo{{Sid: "TR_1", Type: 1, Source: 1, MimeType: "video/VP8"}}}},
	}
}

// entered is a session without a server.
func entered(t testing.TB) *session {
	t.Helper()
	g := egress.NewGuard()
	d := dialer{room: sfu.Room{Server: "127.0.0.1:1", Plain: true}}
	s := newSession(sfu.Kit{Media: g.Lane(egress.Media), Log: slog.New(slog.DiscardHandler)}, d, secret.New(""))
	s.mode = TwoPeers
	if err := s.enter(hello()); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *session) dispose() {
	s.end(sfu.Ended{Why: sfu.Left})
	s.closeAll()
	s.drain()
}

// atOnce does what the desk would do.
func (s *session) atOnce() {
	for {
		select {
		case f := <-s.tasks:
			f()
		default:
			return
		}
	}
}

func responses() []*wire.SignalResponse {
	bo := hello().OtherParticipants[0]
	return []*wire.SignalResponse{
		{Message: &wire.SignalResponse_Join{Join: hello()}},
		{Message: &wire.SignalResponse_Update{Update: &wire.ParticipantUpdate{Participants: []*wire.ParticipantInfo{bo, {Sid: "PA_2", Identity: "bo", State: 3}}}}},
		{Message: &wire.SignalResponse_Offer{Offer: &wire.SessionDescription{Type: "offer", Sdp: "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", Id: 1}}},
		{Message: &wire.SignalResponse_Answer{Answer: &wire.SessionDescription{Type: "answer", Sdp: "v=0"}}},
		{Message: &wire.SignalResponse_Trickle{Trickle: &wire.TrickleRequest{CandidateInit: `{"candidate":"candidate:1 1 udp 1 198.51.100.7 9 typ host","sdpMid":"0"}`, Target: 1}}},
		{Message: &wire.SignalResponse_Trickle{Trickle: &wire.TrickleRequest{CandidateInit: `{"candidate":"x"}`, Target: -5}}},
		{Message: &wire.SignalResponse_TrackPublished{TrackPublished: &wire.TrackPublishedResponse{Cid: "camera", Track: &wire.TrackInfo{Sid: "TR_9"}}}},
		{Message: &wire.SignalResponse_TrackPublished{TrackPublished: &wire.TrackPublishedResponse{Cid: "camera"}}},
		{Message: &wire.SignalResponse_SpeakersChanged{SpeakersChanged: &wire.SpeakersChanged{Speakers: []*wire.SpeakerInfo{{Sid: "PA_2", Level: 1, Active: true}, {Sid: "?", Active: true}}}}},
		{Message: &wire.SignalResponse_RoomUpdate{RoomUpdate: &wire.RoomUpdate{}}},
		{Message: &wire.SignalResponse_ConnectionQuality{ConnectionQuality: &wire.ConnectionQualityUpdate{Updates: []*wire.ConnectionQualityInfo{{ParticipantSid: "PA_2", Quality: 77}}}}},
		{Message: &wire.SignalResponse_SubscribedQualityUpdate{SubscribedQualityUpdate: &wire.SubscribedQualityUpdate{TrackSid: "TR_9", SubscribedQualities: []*wire.SubscribedQuality{{Quality: -3}}}}},
		{Message: &wire.SignalResponse_RefreshToken{RefreshToken: "a.b.c"}},
		{Message: &wire.SignalResponse_Mute{Mute: &wire.MuteTrackRequest{Sid: "TR_9", Muted: true}}},
		{Message: &wire.SignalResponse_TrackUnpublished{TrackUnpublished: &wire.TrackUnpublishedResponse{TrackSid: "TR_9"}}},
		{Message: &wire.SignalResponse_SubscriptionResponse{SubscriptionResponse: &wire.SubscriptionResponse{TrackSid: "TR_1", Err: 1}}},
		{Message: &wire.SignalResponse_MediaSectionsRequirement{MediaSectionsRequirement: &wire.MediaSectionsRequirement{NumAudios: 1, NumVideos: 1}}},
		{Message: &wire.SignalResponse_RequestResponse{RequestResponse: &wire.RequestResponse{RequestId: 1}}},
		{Message: &wire.SignalResponse_PongResp{PongResp: &wire.Pong{LastPingTimestamp: -1}}},
		{Message: &wire.SignalResponse_Reconnect{Reconnect: &wire.ReconnectResponse{}}},
		{Message: &wire.SignalResponse_RoomMoved{RoomMoved: &wire.RoomMovedResponse{}}},
		{Message: &wire.SignalResponse_Leave{Leave: &wire.LeaveRequest{Reason: 99, Action: 99}}},
		{},
	}
}

// FuzzSignal gives a session two messages of a server that may be anything.
func FuzzSignal(f *testing.F) {
	var last []byte
	for _, m := range responses() {
		b, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, last)
		last = b
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		s := entered(t)
		defer s.dispose()
		in, err := s.Subscribe(t.Context(), "TR_1")
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		s.outlets["camera"] = &outlet{s: s, name: "camera", sid: "TR_9", number: make(chan string, 1), offer: sfu.TrackOffer{Source: sfu.Camera, Codec: codec.VP8}}
		for _, x := range [][]byte{a, b} {
			if m, err := decode(x); err == nil {
				s.handle(m)
				s.atOnce()
			}
		}
	})
}

// FuzzData gives the chat what a member may send.
func FuzzData(f *testing.F) {
	size := uint64(5)
	for _, p := range []*wire.DataPacket{
		{ParticipantIdentity: "bo", Value: &wire.DataPacket_ChatMessage{ChatMessage: &wire.ChatMessage{Id: "1", Message: "hello", Timestamp: 1}}},
		{Value: &wire.DataPacket_StreamHeader{StreamHeader: &wire.StreamHeader{StreamId: "s", Topic: chatTopic, MimeType: "text/plain", TotalLength: &size}}},
		{Value: &wire.DataPacket_StreamChunk{StreamChunk: &wire.StreamChunk{StreamId: "s", Content: []byte("hello")}}},
		{Value: &wire.DataPacket_StreamTrailer{StreamTrailer: &wire.StreamTrailer{StreamId: "s"}}},
		{Value: &wire.DataPacket_StreamHeader{StreamHeader: &wire.StreamHeader{Topic: chatTopic, MimeType: "text/plain", InlineContent: []byte("x")}}},
		{Value: &wire.DataPacket_User{User: &wire.UserPacket{Payload: []byte("x")}}},
		{Value: &wire.DataPacket_EncryptedPacket{EncryptedPacket: &wire.EncryptedPacket{}}},
		{},
	} {
		b, err := proto.Marshal(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p := new(wire.DataPacket)
		if proto.Unmarshal(b, p) != nil {
			return
		}
		n := newNotes()
		for range 3 {
			if m, ok := n.take(p, false, time.Now()); ok && (m.Text == "" || len(m.Text) > maxText || m.At.IsZero()) {
				t.Errorf("a message of %d bytes at %v", len(m.Text), m.At)
			}
		}
	})
}

// FuzzBrought gives a session what the program of a member may send it.
func FuzzBrought(f *testing.F) {
	f.Add("bo", "PA_2", dataTopic, []byte("x"))
	f.Add("bo", "PA_1", dataTopic, []byte("x"))
	f.Add("bo", "", dataTopic, []byte{})
	f.Add("eve", "", "other", []byte("x"))
	f.Fuzz(func(t *testing.T, identity, number, topic string, b []byte) {
		s := newSession(sfu.Kit{Log: slog.New(slog.DiscardHandler)}, dialer{}, secret.New(""))
		s.people["bo"] = &person{member: sfu.Member{ID: "bo"}, number: "PA_2"}
		s.brought(&wire.DataPacket{ParticipantIdentity: identity, ParticipantSid: number}, &wire.UserPacket{Payload: b, Topic: &topic})
		s.events.Put(sfu.Ended{Why: sfu.Left})
		came := false
		for e := range s.events.Events() {
			d, ok := e.(sfu.Data)
			came = came || ok
			if ok && (d.From != "bo" || !bytes.Equal(d.Bytes, b)) {
				t.Errorf("%+v", d)
			}
		}
		fits := len(b) > 0 && len(b) <= sfu.MaxData
		if want := identity == "bo" && (number == "" || number == "PA_2") && topic == dataTopic && fits; came != want {
			t.Errorf("%q %q %q, %d bytes: came %v", identity, number, topic, len(b), came)
		}
	})
}

func TestWhatOthersWriteIsBounded(t *testing.T) {
	n, now := newNotes(), time.Now()
	take := func(from string, v any) (sfu.ChatArrived, bool) {
		p := &wire.DataPacket{ParticipantIdentity: from}
		switch v := v.(type) {
		case *wire.StreamHeader:
			v.Topic, v.MimeType = chatTopic, "text/plain"
			p.Value = &wire.DataPacket_StreamHeader{StreamHeader: v}
		case *wire.StreamChunk:
			p.Value = &wire.DataPacket_StreamChunk{StreamChunk: v}
		case *wire.StreamTrailer:
			p.Value = &wire.DataPacket_StreamTrailer{StreamTrailer: v}
		}
		return n.take(p, false, now)
	}
	for i := range 10 * maxStreams {
		take("bo", &wire.StreamHeader{StreamId: strings.Repeat("s", i)})
	}
	if len(n.streams) > maxStreams {
		t.Errorf("%d messages are arriving", len(n.streams))
	}
	now = now.Add(streamTime + time.Second)
	take("bo", &wire.StreamHeader{StreamId: "late"})
	if len(n.streams) != 1 {
		t.Errorf("%d messages are arriving after the time is over", len(n.streams))
	}
	for i := range uint64(10) { // 80,000 bytes
		take("bo", &wire.StreamChunk{StreamId: "late", ChunkIndex: i, Content: make([]byte, 8000)})
	}
	if _, ok := take("bo", &wire.StreamTrailer{StreamId: "late"}); ok {
		t.Error("a message came that is too long")
	}
	take("bo", &wire.StreamHeader{StreamId: "x"})
	take("eve", &wire.StreamChunk{StreamId: "x", Content: []byte("forged")})
	take("bo", &wire.StreamChunk{StreamId: "x", Content: []byte("true")})
	if m, ok := take("bo", &wire.StreamTrailer{StreamId: "x"}); !ok || m.Text != "true" || m.From != "bo" {
		t.Errorf("%+v, %v", m, ok)
	}
	for i := range 10 * mostSeen {
		n.fresh(strings.Repeat("k", i))
	}
	if len(n.seen) > mostSeen {
		t.Errorf("%d messages are remembered", len(n.seen))
	}
}

func TestTextIsCutBetweenCharacters(t *testing.T) {
	for rest := strings.Repeat("🎭ü", 9000); rest != ""; {
		n := cut(rest)
		if n > chunkLen || !utf8.ValidString(rest[:n]) {
			t.Fatalf("cut after %d bytes", n)
		}
		rest = rest[n:]
	}
}

func FuzzRoomLink(f *testing.F) {
	pass := "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"video":{"room":"atelier"}}`)) + ".sig"
	for _, s := range []string{
		"livekit+wss://meet.example/?token=" + pass, "livekit+ws://127.0.0.1:7880/?token=" + pass, "livekit+ws://meet.example/?token=" + pass,
		"LiveKit+WSS://[::1]:443", "livekit+wss://u:p@meet.example/", "livekit+wss://meet.example/path", "livekit+wss://meet.example/#x",
		"livekit:", "livekit+http://x", "whip+https://x", "livekit+ws://localhost.evil.example/", "livekit+wss://meet.example:99999/", "livekit+wss://?token=" + pass,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, link string) {
		r, ours, err := Connector{}.Room(link)
		if err != nil {
			var l *sfu.LinkError
			if !ours || !errors.As(err, &l) || len(err.Error()) > 200 {
				t.Errorf("%v, %v", ours, err)
			}
			return
		}
		if !ours {
			return
		}
		if r.Server == "" || r.Plain && !egress.IsLoopback(r.Server) || strings.ContainsAny(r.Server, "@/?# ") {
			t.Errorf("%q leads to %+v", link, r)
		}
		if _, err := (dialer{room: r}).address(OnePeer, visit{}); err != nil {
			t.Error(err)
		}
	})
}

func TestLinks(t *testing.T) {
	pass := "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"exp":1,"video":{"room":"atelier"}}`)) + ".sig"
	r, ok, err := Connector{}.Room("livekit+wss://Meet.example:444/?token=" + pass)
	if err != nil || !ok || r.Server != "Meet.example:444" || r.Plain || r.Name != "atelier" || r.Token.Reveal() != pass || r.Kind != "livekit" {
		t.Errorf("%+v, %v, %v", r, ok, err)
	}
	if !sfu.HasExpired(r.Token, time.Now()) || sfu.HasExpired(r.Token, time.Unix(0, 0)) {
		t.Error("the time of the token is misread")
	}
	if r, ok, err := (Connector{}).Room("livekit+wss://meet.example"); err != nil || !ok || !r.Token.Empty() {
		t.Errorf("without a token: %+v, %v, %v", r, ok, err)
	}
	for _, link := range []string{
		"livekit+ws://meet.example/?token=" + pass, "livekit+wss://meet.example/x?token=" + pass, "livekit+wss://a:b@meet.example/", "livekit+https://meet.example",
		"livekit+wss://meet.example/?token=abc", "livekit+wss://meet.example/?token=a.b.c", "livekit+wss://meet.example/?token=" + pass[:len(pass)-4],
		"livekit+wss://meet.example:0/", "livekit://meet.example", "livekit+wss:meet.example", "livekit+wss://meet.example/#" + pass, "livekit+wss://" + strings.Repeat("x", 16<<10),
	} {
		_, ok, err := Connector{}.Room(link)
		var l *sfu.LinkError
		if !ok || !errors.As(err, &l) || strings.Contains(err.Error(), pass) {
			t.Errorf("%.60s: %v, %v", link, ok, err)
		}
	}
	for _, link := range []string{"", "livekitx+wss://a", "https://meet.example", "whip+https://a"} {
		if _, ok, err := (Connector{}).Room(link); ok || err != nil {
			t.Errorf("%q: %v, %v", link, ok, err)
		}
	}
}

func TestRoles(t *testing.T) {
	perm := func(p *wire.ParticipantPermission) *wire.ParticipantInfo { return &wire.ParticipantInfo{Permission: p} }
	for want, infos := range map[sfu.Role][]*wire.ParticipantInfo{
		sfu.Person:   {{}, {Kind: 99}},
		sfu.Recorder: {{Kind: 2}, perm(&wire.ParticipantPermission{Recorder: true})},
		sfu.Bot:      {{Kind: 1}, {Kind: 4}, perm(&wire.ParticipantPermission{Agent: true})},
		sfu.Phone:    {{Kind: 3}},
	} {
		for _, i := range infos {
			if got := roleOf(i); got != want {
				t.Errorf("%v is %s, want %s", i, got, want)
			}
		}
	}
}

func TestEveryReasonToLeaveHasItsWord(t *testing.T) {
	for reason, want := range map[int32]sfu.EndReason{
		reasonClient: sfu.Left, reasonDuplicate: sfu.Replaced, reasonShutdown: sfu.ServerDown, reasonRemoved: sfu.Removed,
		reasonRoomDeleted: sfu.Closed, reasonRoomClosed: sfu.Closed, reasonMismatch: sfu.LinkLost, reasonJoinFailure: sfu.LinkLost,
		reasonMigration: sfu.LinkLost, reasonSignalClose: sfu.LinkLost, reasonTimeout: sfu.LinkLost, reasonMediaFailure: sfu.LinkLost,
		reasonUnknown: sfu.Refused, reasonUnavailable: sfu.Refused, reasonRejected: sfu.Refused, reasonTrunkFailure: sfu.Refused,
		reasonAgentError: sfu.Refused, 99: sfu.Refused,
	} {
		e := endOf(reason)
		if e.Why != want || e.Why == sfu.Refused && reason != 99 && e.Detail == "" {
			t.Errorf("reason %d: %+v, want %q", reason, e, want)
		}
	}
}

func TestANewPassIsKeptForComingBack(t *testing.T) {
	s := entered(t)
	defer s.dispose()
	pass := "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{}`)) + ".sig"
	s.handle(&wire.SignalResponse{Message: &wire.SignalResponse_RefreshToken{RefreshToken: pass}})
	s.handle(&wire.SignalResponse{Message: &wire.SignalResponse_RefreshToken{RefreshToken: "nonsense"}})
	if s.token.Reveal() != pass {
		t.Error("the new pass was not kept")
	}
}

func TestLeavingANewSessionIsQuick(t *testing.T) {
	s := entered(t)
	start := time.Now()
	s.dispose()
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("it took %v", d)
	}
	if err := s.Say(context.Background(), "x"); !errors.Is(err, sfu.ErrEnded) {
		t.Error(err)
	}
}
