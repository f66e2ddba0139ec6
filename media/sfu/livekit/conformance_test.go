package livekit_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"paravent/media/sfu"
	"paravent/media/sfu/livekit"
	"paravent/media/sfu/sfutest"
	"paravent/privacy/secret"
)

func TestConformance(t *testing.T) {
	for name, mode := range modes() {
		t.Run(name, func(t *testing.T) {
			sfutest.Run(t, func(t *testing.T) sfutest.House { return house(t, mode) })
		})
	}
}

// house is a real server, behind wires that can be cut. Rooms of it are made by
// whoever comes first and have no limit, and it cannot be told not to let somebody
// in again.
func house(t *testing.T, mode livekit.Mode) sfutest.House {
	leaks := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("atelier: "+keyOfTheRoom), 0o600); err != nil {
		t.Fatal(err)
	}
	r := openRoom(t, "--name", "Ada", "--name", "Bo", "--key", key)
	gada, wada := overWire(t, r.links["Ada"])
	gbo, wbo := overWire(t, r.links["Bo"])
	with := func(token string) sfutest.Guest {
		g := gada
		g.Room.Token = secret.New(token)
		return g
	}
	at := func(s *httptest.Server) sfutest.Guest {
		g := gada
		g.Room.Server = strings.TrimPrefix(s.URL, "http://")
		return g
	}
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	garbage := double(t, func(ctx context.Context, c *websocket.Conn) {
		_ = c.Write(ctx, websocket.MessageBinary, []byte("\xff\xff\x1b[2J"))
	})
	return sfutest.House{
		Connector: livekit.Connector{Mode: mode}, Ada: gada, Bo: gbo, Again: sfutest.Replaced,
		Refused: map[sfu.JoinProblem]sfutest.Guest{
			sfu.PassMissing: with(""),
			sfu.PassRefused: with(sign("another key, just as long as that", time.Now().Add(time.Hour))),
			sfu.PassExpired: with(sign(keyOfTheRoom, time.Now().Add(-time.Hour))),
			sfu.NotAServer:  at(web),
			sfu.BadProtocol: at(garbage),
		},
		Unknown: []sfu.JoinProblem{sfu.NoSuchRoom, sfu.RoomFull},
		Remove:  func() { r.tell("kick Ada") }, Removed: sfu.Removed,
		Cut: func() func() { wada.cut(false); return func() {} },
		Restart: func() {
			r.kill()
			second := openRoom(t, "--name", "Ada", "--name", "Bo", "--key", key)
			wada.lead(target(t, second.links["Ada"]).Server)
			wbo.lead(target(t, second.links["Bo"]).Server)
		},
		Stop: r.stop, Stopped: []sfu.EndReason{sfu.ServerDown},
	}
}

const keyOfTheRoom = "0123456789abcdef0123456789abcdef"

// sign makes a pass for Ada.
func sign(key string, until time.Time) string {
	part := base64.RawURLEncoding.EncodeToString
	s := part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." +
		part(fmt.Appendf(nil, `{"iss":"atelier","sub":"Ada","exp":%d,"video":{"room":"atelier","roomJoin":true}}`, until.Unix()))
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(s))
	return s + "." + part(m.Sum(nil))
}
