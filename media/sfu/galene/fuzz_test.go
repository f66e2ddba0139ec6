package galene

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/privacy/egress"
	"paravent/privacy/secret"
)

func FuzzOffers(f *testing.F) {
	f.Add("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\nm=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=rtpmap:96 VP8/90000\r\na=inactive\r\n")
	f.Add("m=video\nm=\nm=audio 0 x y\na=rtpmap:")
	f.Fuzz(func(t *testing.T, sdp string) {
		got := offers(sdp)
		if got[sound] != "" && got[sound] != codec.Opus || got[picture] == codec.Opus {
			t.Errorf("%q", got)
		}
		if (got[sound] != "" || got[picture] != "") && !strings.Contains(sdp, "m=") {
			t.Errorf("%q out of nothing", got)
		}
	})
}

func FuzzLink(f *testing.F) {
	f.Add("galene+https://meet.example/group/a/b?token=x")
	f.Add("galene+http://127.0.0.1:1/group/%2e%2e/")
	f.Fuzz(func(t *testing.T, link string) {
		r, ok, err := Connector{}.Room(link)
		if err != nil || !ok {
			return
		}
		if r.Server == "" || r.Name == "" || r.Plain && !egress.IsLoopback(r.Server) || strings.Contains("/"+r.Name+"/", "/../") {
			t.Errorf("%+v", r)
		}
		if u := (&door{room: r}).url(r.Path.Reveal() + "/.status"); u.Host != r.Server || u.RawQuery != "" {
			t.Errorf("%s leads to %s", link, u)
		}
	})
}

// FuzzHandle lets a server say lines to a session that is up: it must neither fail
// nor remember without bounds, and what is shown must be fit for a screen.
func FuzzHandle(f *testing.F) {
	for _, m := range []any{
		object{"type": "user", "kind": "add", "id": "bo", "username": "B\x1b[2J", "permissions": []string{"system"}, "data": object{"raisehand": true}},
		object{"type": "offer", "id": "1", "label": "camera", "source": "bo", "sdp": "m=video 9 x 96\r\na=rtpmap:96 VP8/90000\r\n"},
		object{"type": "offer", "id": "2", "replace": "1", "source": "bo", "sdp": "m=audio 9 x 111\r\na=rtpmap:111 opus/48000/2\r\n"},
		object{"type": "close", "id": "2"},
		object{"type": "abort", "id": "2"},
		object{"type": "answer", "id": "1", "sdp": "v=0"},
		object{"type": "ice", "id": "1", "candidate": object{"candidate": "x", "sdpMid": "0", "sdpMLineIndex": -1}},
		object{"type": "joined", "kind": "change", "permissions": []string{"op"}, "status": object{"locked": true}, "rtcConfiguration": object{"iceServers": []any{object{"urls": "stun:x"}}}},
		object{"type": "chathistory", "id": "h", "source": "bo", "kind": "me", "time": 12345, "value": "waves"},
		object{"type": "usermessage", "kind": "filetransfer", "source": "bo", "value": object{"type": "invite", "id": "f", "name": "x", "size": 1e300}},
		object{"type": "usermessage", "kind": "mute", "privileged": true},
		object{"type": "ping"},
		object{"type": "pong"},
	} {
		b, _ := json.Marshal(m)
		f.Add(string(b))
	}
	f.Fuzz(func(t *testing.T, lines string) {
		g := egress.NewGuard()
		d := newDoor(sfu.Room{Server: "127.0.0.1:1", Plain: true}, sfu.Pass{DisplayName: "Ada", Token: secret.New("word")}, nil)
		s := newSession(sfu.Kit{Media: g.Lane(egress.Media), Log: slog.New(slog.DiscardHandler)}, d, "ada")
		events := make(chan int)
		go func() {
			n := 0
			for e := range s.Events() {
				n++
				if c, ok := e.(sfu.ChatArrived); ok && strings.Contains(c.Text.Clean()+c.Name.Clean(), "\x1b") {
					t.Errorf("%+v", c)
				}
			}
			events <- n
		}()
		s.arrive(&entry{status: &status{Name: "test"}, joined: &joined{}})
		n := 0
		for line := range strings.Lines(lines) {
			m, err := decode([]byte(line))
			if err != nil {
				continue
			}
			s.handle(m)
			if n++; n > 2000 {
				break
			}
		}
		s.mu.Lock()
		s.dropLate(time.Now().Add(time.Hour))
		if len(s.outbox) > maxOutbox || len(s.people) > maxPeople || len(s.downs) > maxDowns || len(s.tracks) > kinds*maxDowns {
			t.Error("too much is remembered")
		}
		s.mu.Unlock()
		s.end(sfu.Ended{Why: sfu.Left})
		s.closeAll()
		s.working.Wait()
		<-events
	})
}

type object = map[string]any
