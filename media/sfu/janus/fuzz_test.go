package janus

import (
	"encoding/json"
	"log/slog"
	"testing"

	"paravent/media/codec"
	"paravent/media/rtc"
	"paravent/media/sfu"
	"paravent/privacy/egress"
)

// entered is a session without a server, in a room with Bo, who sends a camera.
func entered(t testing.TB) *session {
	t.Helper()
	g := egress.NewGuard()
	s := newSession(sfu.Kit{Media: g.Lane(egress.Media), Log: slog.New(slog.DiscardHandler)}, dialer{room: sfu.Room{Server: "127.0.0.1:1", Plain: true, Name: "1234"}}, "Ada")
	s.number, s.handle, s.room = 1, 2, "1234"
	s.receiver.handle = 3
	s.line = &line{events: make(chan message, maxUnread), dead: make(chan struct{}), waiting: make(map[string]*waiter)}
	d := message{}
	if err := json.Unmarshal([]byte(`{"plugindata":{"data":{"videoroom":"joined","id":7,"attendees":[],"publishers":[{"id":8,"display":"Bo","streams":[{"type":"video","mid":"0","codec":"vp8"}]}]}}}`), &d); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.enter(d.Plugin.Data)
	s.mu.Unlock()
	return s
}

// dispose ends a session whose goroutines were never started.
func (s *session) dispose() {
	s.end(sfu.Ended{Why: sfu.Left})
	s.kill()
	s.line = nil
	s.closeAll()
	s.working.Wait()
	for range s.events.Events() {
		continue
	}
}

// FuzzMessages gives a session two messages of a server that may be anything.
func FuzzMessages(f *testing.F) {
	for _, x := range []string{
		`{"janus":"event","sender":2,"plugindata":{"data":{"videoroom":"event","publishers":[{"id":8,"display":"Bo","streams":[{"type":"audio","mid":"1","codec":"opus","description":"microphone, muted"},{"type":"video","mid":"0","disabled":true}]}]}}}`,
		`{"janus":"event","sender":2,"plugindata":{"data":{"videoroom":"event","leaving":8}}}`,
		`{"janus":"event","sender":2,"plugindata":{"data":{"videoroom":"event","leaving":"ok","reason":"kicked"}}}`,
		`{"janus":"event","sender":2,"plugindata":{"data":{"videoroom":"event","kicked":8,"unpublished":8,"joining":{"id":"x","display":"y"}}}}`,
		`{"janus":"event","sender":2,"plugindata":{"data":{"videoroom":"event","id":8,"mid":"0","moderation":"muted"}}}`,
		`{"janus":"event","sender":2,"plugindata":{"data":{"videoroom":"event","id":8,"display":"\u001b[2J"}}}`,
		`{"janus":"event","sender":2,"plugindata":{"data":{"videoroom":"talking","id":8,"audio-level-dBov-avg":25.5}}}`,
		`{"janus":"event","sender":2,"plugindata":{"data":{"videoroom":"destroyed"}}}`,
		`{"janus":"event","sender":3,"plugindata":{"data":{"videoroom":"updated","streams":[{"type":"video","mid":"0","active":true,"feed_id":8,"feed_mid":"0"}]}},"jsep":{"type":"offer","sdp":"v=0"}}`,
		`{"janus":"trickle","sender":3,"candidate":{"candidate":"candidate:1 1 udp 1 198.51.100.7 9 typ host","sdpMid":"0","completed":true}}`,
		`{"janus":"hangup","sender":3,"reason":"ICE failed"}`, `{"janus":"detached","sender":3}`, `{"janus":"hangup","sender":2}`,
		`{"janus":"error","transaction":"x","error":{"code":458,"reason":"no"}}`, `{"janus":"timeout"}`, `{"janus":"ack"}`, `[]`, ``, `{"janus":5}`,
	} {
		f.Add([]byte(x), []byte(`{"janus":"event","sender":2,"plugindata":{"data":{"videoroom":"event","unpublished":8}}}`))
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		s := entered(t)
		defer s.dispose()
		in, err := s.Subscribe(t.Context(), s.places[place{"8", "0"}])
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		s.sender.outlets = append(s.sender.outlets, &outlet{s: s, offer: sfu.TrackOffer{Source: sfu.Camera, Codec: codec.VP8}, asks: rtc.NewAsks(), settled: make(chan error, 1)})
		for _, x := range [][]byte{a, b} {
			m, err := decode(x)
			if err != nil {
				continue
			}
			if !s.line.answer(m) {
				s.handleOne(m)
			}
			s.mu.Lock()
			s.receiver.learn(m.Plugin.Data.Streams)
			s.receiver.connect()
			s.mu.Unlock()
			_ = refusal(faultOf(m), false)
		}
		for id, p := range s.people {
			if id == "" || id == s.self.ID || p.member.ID != id {
				t.Errorf("%q is a member: %+v", id, p.member)
			}
			for tr := range p.tracks {
				if s.tracks[tr] == nil || s.tracks[tr].Member != id {
					t.Errorf("%q is no track of %q", tr, id)
				}
			}
		}
		if len(s.places) != len(s.tracks) {
			t.Errorf("%d tracks at %d places", len(s.tracks), len(s.places))
		}
		for id := range s.inlets {
			if s.tracks[id] == nil {
				t.Errorf("the inlet of %q outlives its track", id)
			}
		}
	})
}

// FuzzIdents reads what a server calls members and rooms; what is taken must be given
// back as it came.
func FuzzIdents(f *testing.F) {
	for _, x := range []string{`5`, `"ok"`, `"a\u0000b"`, `-1`, `1.5`, `18446744073709551615`, `18446744073709551616`, `null`, `{}`, `"\ud800"`} {
		f.Add([]byte(x))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var i ident
		if json.Unmarshal(b, &i) != nil || i == "" {
			return
		}
		out, err := json.Marshal(i)
		if err != nil {
			t.Fatalf("%q cannot be given back: %v", b, err)
		}
		var again ident
		if err := json.Unmarshal(out, &again); err != nil || again != i || again.text() != i.text() {
			t.Errorf("%q became %q, and then %q: %v", b, i, again, err)
		}
	})
}
