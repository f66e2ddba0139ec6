package galene_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"paravent/media/sfu"
	"paravent/media/sfu/galene"
	"paravent/media/sfu/sfutest"
	"paravent/privacy/secret"
)

func TestConformance(t *testing.T) {
	sfutest.Run(t, func(t *testing.T) sfutest.House {
		noLeaks(t)
		d := open(t)
		h := house(t, server{d.host(), d.drop, d.shutDown, false}, guest(t, d.host(), "cellar", "Ada", "screen"))
		h.Media = func() int { return int(d.packets.Load()) }
		return h
	})
}

func TestConformanceOfARealServer(t *testing.T) {
	if os.Getenv(envReal) == "" {
		t.Skip(envReal + " names no server")
	}
	sfutest.Run(t, func(t *testing.T) sfutest.House {
		noLeaks(t)
		host, again, stop := realServer(t)
		enter(t, guest(t, host, "full", "Cy", ""))
		return house(t, server{host, again, stop, true}, guest(t, host, "full", "Ada", ""))
	})
}

func noLeaks(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
}

// house is a server that Ada speaks to over a wire, which can be cut. The same name
// may be there twice.
func house(t *testing.T, s server, full sfutest.Guest) sfutest.House {
	with := func(group, password string) sfutest.Guest { return guest(t, s.host, group, "Ada", password) }
	w := newWire(t, s.host)
	ada := with("test", "screen")
	ada.Room.Server = w.l.Addr().String()
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
		Connector: galene.Connector{}, Ada: ada, Bo: guest(t, s.host, "test", "Bo", "screen"), Again: sfutest.Both,
		Refused: map[sfu.JoinProblem]sfutest.Guest{
			sfu.PassMissing: with("test", ""),
			sfu.PassRefused: with("test", strings.Repeat("another", 3)),
			sfu.PassExpired: expired,
			sfu.NoSuchRoom:  with("attic", "screen"),
			sfu.RoomFull:    full,
			sfu.NotAServer:  other,
			sfu.BadProtocol: garbage,
		},
		Remove:  func() { op := s.operator(t); op.act("useraction", "kick", op.number("Ada"), "out") },
		Removed: sfu.Removed,
		Cut:     func() func() { w.set(true); return func() { w.set(false) } }, Leaves: true,
		Restart: s.again,
		Stop:    func() { w.l.Close(); s.stop() }, Stopped: []sfu.EndReason{sfu.ServerDown},
	}
}

// A wire leads to a server and can be cut; media does not run over it.
type wire struct {
	l net.Listener

	mu   sync.Mutex // guards everything that follows
	open []net.Conn
	dead bool // nothing goes over it
}

func newWire(t *testing.T, to string) *wire {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{l: l}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s, err := net.Dial("tcp", to)
			if err != nil {
				c.Close()
				continue
			}
			w.mu.Lock()
			w.open = append(w.open, c, s)
			if w.dead {
				c.Close()
				s.Close()
			}
			w.mu.Unlock()
			done.Go(func() { _, _ = io.Copy(s, c); s.Close(); c.Close() })
			done.Go(func() { _, _ = io.Copy(c, s); s.Close(); c.Close() })
		}
	})
	t.Cleanup(func() { l.Close(); w.set(true); done.Wait() })
	return w
}

// set ends every connection, and if dead, every later one at once.
func (w *wire) set(dead bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = dead
	for _, c := range w.open {
		c.Close()
	}
	w.open = nil
}
