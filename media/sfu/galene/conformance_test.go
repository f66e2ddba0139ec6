package galene_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"paravent/media/sfu"
	"paravent/media/sfu/galene"
	"paravent/media/sfu/sfutest"
	"paravent/privacy/secret"
)

// The suite against a double. real_test.go has it against a real server.
func TestConformance(t *testing.T) {
	sfutest.Run(t, func(t *testing.T) sfutest.House {
		leaks := goleak.IgnoreCurrent()
		t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
		d := open(t)
		with := func(group, password string) sfutest.Guest { return guest(t, d.host(), group, "Ada", password) }
		expired := with("test", "")
		expired.Pass.Token = secret.New(jwt(time.Now().Add(-time.Hour)))
		web := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(web.Close)
		other := with("test", "screen")
		other.Room.Server = strings.TrimPrefix(web.URL, "http://")
		garbage := with("test", "screen")
		garbage.Room.Server = strings.TrimPrefix(talk(t, func(ctx context.Context, c *websocket.Conn) {
			_ = c.Write(ctx, websocket.MessageText, []byte("{\xff\x1b[2J"))
		}).URL, "http://")
		return sfutest.House{
			Connector: galene.Connector{}, Ada: with("test", "screen"), Bo: guest(t, d.host(), "test", "Bo", "screen"),
			Refused: map[sfu.JoinProblem]sfutest.Guest{
				sfu.PassMissing: with("test", ""),
				sfu.PassRefused: with("test", "another-word-than-that"),
				sfu.PassExpired: expired,
				sfu.NoSuchRoom:  with("attic", "screen"),
				sfu.RoomFull:    with("cellar", "screen"),
				sfu.NotAServer:  other,
				sfu.BadProtocol: garbage,
			},
		}
	})
}
