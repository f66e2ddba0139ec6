package janus_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"paravent/media/sfu"
	"paravent/media/sfu/janus"
	"paravent/media/sfu/sfutest"
)

func TestConformance(t *testing.T) {
	for name, reclaim := range map[string]int{"sessions end with their connections": 0, "sessions are kept": 20} {
		t.Run(name, func(t *testing.T) {
			sfutest.Run(t, func(t *testing.T) sfutest.House { return houseOf(t, options{reclaim: reclaim}) })
		})
	}
}

// houseOf is a real server, with a wire to it that can be cut. A full room turns
// away tracks, not people, and PINs do not expire.
func houseOf(t *testing.T, o options) sfutest.House {
	leaks := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
	h := build(t, o)
	ada, w := overWire(t, h.guest("Ada", open))
	at := func(s *httptest.Server) sfutest.Guest {
		g := h.guest("Eve", open)
		g.Room.Server = strings.TrimPrefix(s.URL, "http://")
		return g
	}
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	garbage := double(t, func(string, string, string) []string { return []string{"\xff\xff\x1b[2J"} })
	house := sfutest.House{
		Connector: janus.Connector{}, Ada: ada, Bo: h.guest("Bo", open), Again: sfutest.Both,
		Refused: map[sfu.JoinProblem]sfutest.Guest{
			sfu.NoSuchRoom:  h.guest("Eve", "999"),
			sfu.PassMissing: h.guest("Eve", locked),
			sfu.PassRefused: withPass(h.guest("Eve", locked), "not the right one at all"),
			sfu.NotAServer:  at(web),
			sfu.BadProtocol: at(garbage),
		},
		Unknown: []sfu.JoinProblem{sfu.PassExpired, sfu.RoomFull},
		Remove:  func() { h.kickAll(t) }, Removed: sfu.Removed,
		Restart: func() { h.kill(); h.start() },
		Stop:    func() { h.stop(); w.l.Close() }, Stopped: []sfu.EndReason{sfu.ServerDown},
	}
	if o.reclaim > 0 { // else the others see Ada go and come
		house.Cut = func() func() { w.cut(false, true); return func() { w.cut(false, false) } }
	}
	return house
}

// kickAll sends everybody away.
func (h *house) kickAll(t *testing.T) {
	for _, id := range h.boss(t, map[string]any{"request": "listparticipants", "room": 1234}) {
		h.boss(t, map[string]any{"request": "kick", "room": 1234, "secret": master, "id": id})
	}
}
