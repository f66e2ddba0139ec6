package whip_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"paravent/media/sfu"
	"paravent/media/sfu/sfutest"
	"paravent/privacy/secret"
)

// Ada sends by WHIP what Bo watches by WHEP.
func TestConformance(t *testing.T) {
	sfutest.Run(t, func(t *testing.T) sfutest.House {
		leaks := goleak.IgnoreCurrent()
		t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
		away := false
		d := open(t, func(d *double) {
			d.Token = "key-of-the-stream"
			d.Edit = func(a *answer) {
				if away {
					*a = *refuse(http.StatusForbidden, "you were sent away\x1b[2J")
				}
			}
		})
		pass := func(path, token string) sfutest.Guest {
			g := d.guest(t, path)
			g.Pass.Token = secret.New(token)
			return g
		}
		at := func(h http.HandlerFunc) sfutest.Guest {
			s := httptest.NewServer(h)
			t.Cleanup(s.Close)
			g := d.guest(t, "/whip/atelier")
			g.Room.Server = strings.TrimPrefix(s.URL, "http://")
			return g
		}
		taken := d.guest(t, "/whip/cellar")
		sfutest.Enter(t, taken.Connector, taken)
		return sfutest.House{
			Ada: d.guest(t, "/whip/atelier"), Bo: d.guest(t, "/whep/atelier"), Again: sfutest.Turned,
			Refused: map[sfu.JoinProblem]sfutest.Guest{
				sfu.PassMissing: pass("/whip/atelier", ""),
				sfu.PassRefused: pass("/whip/atelier", "another-key-of-the-stream"),
				sfu.PassExpired: pass("/whep/atelier", expiredToken()),
				sfu.NoSuchRoom:  d.guest(t, "/whep/attic"),
				sfu.RoomFull:    taken,
				sfu.NotAServer:  at(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusMethodNotAllowed) }),
				sfu.BadProtocol: at(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "application/sdp")
					w.Header().Set("Location", "/session/1")
					w.WriteHeader(http.StatusCreated)
					_, _ = w.Write([]byte("v=0\r\n\xff\xff\x1b[2J\r\nm=audio"))
				}),
			},
			Media:  func() int { return int(d.packets.Load()) },
			Remove: func() { away = true; d.drop(d.publisher("atelier")) }, Removed: sfu.Refused,
			Cut:     func() func() { d.path.cut.Store(true); return func() { d.path.cut.Store(false) } },
			Restart: func() { d.forget(false) },
			Stop:    func() { d.http.Close(); d.forget(true) }, Stopped: []sfu.EndReason{sfu.ServerDown},
		}
	})
}
