package loopback_test

import (
	"errors"
	"testing"

	"go.uber.org/goleak"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/loopback"
	"paravent/media/sfu/sfutest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	sfutest.Run(t, func(*testing.T) sfutest.House {
		guest := func(name string) sfutest.Guest {
			return sfutest.Guest{Room: sfu.Room{Name: "atelier"}, Pass: sfu.Pass{DisplayName: name}}
		}
		nowhere := guest("Eve")
		nowhere.Room.Name = ""
		return sfutest.House{
			Connector: loopback.New(), Ada: guest("Ada"), Bo: guest("Bo"), Again: sfutest.Replaced,
			Refused: map[sfu.JoinProblem]sfutest.Guest{sfu.NoSuchRoom: nowhere},
			Unknown: []sfu.JoinProblem{sfu.PassMissing, sfu.PassRefused, sfu.PassExpired, sfu.RoomFull, sfu.NotAServer, sfu.BadProtocol},
		}
	})
}

func TestTheEchoSendsBackWhatItGets(t *testing.T) {
	m := sfutest.Enter(t, loopback.New(), sfutest.Guest{Room: sfu.Room{Name: loopback.Echo}, Pass: sfu.Pass{DisplayName: "Ada"}})
	out, err := m.Publish(t.Context(), sfu.TrackOffer{Source: sfu.Camera, Codec: codec.VP8})
	if err != nil {
		t.Fatal(err)
	}
	in, err := m.Subscribe(t.Context(), m.AwaitTrack(sfu.Camera, loopback.Echo).ID)
	if err != nil {
		t.Fatal(err)
	}
	sfutest.Send(t, out, codec.VP8)
	if p := sfutest.Receive(t, in); string(p.Data) != string(sfutest.Frame(codec.VP8)) {
		t.Error("the echo is another picture")
	}
	if err := m.Say(t.Context(), "hello"); err != nil {
		t.Fatal(err)
	}
	m.Await("the echo", func(e sfu.Event) bool {
		c, ok := e.(sfu.ChatArrived)
		return ok && c.From == loopback.Echo && c.Text == "hello"
	})
}

func TestLinks(t *testing.T) {
	c := loopback.New()
	if r, ok, err := c.Room("loopback:x"); !ok || err != nil || r.Name != "x" || r.Kind != c.Kind() {
		t.Errorf("%+v, %v, %v", r, ok, err)
	}
	var l *sfu.LinkError
	if _, ok, err := c.Room("loopback:"); !ok || !errors.As(err, &l) {
		t.Errorf("%v, %v", ok, err)
	}
	if _, ok, err := c.Room("https://x"); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
}
