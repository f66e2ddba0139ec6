package whip_test

import (
	"log/slog"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/sfutest"
	"paravent/media/sfu/whip"
	"paravent/privacy/egress"
	"paravent/privacy/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func kit(t *testing.T) sfu.Kit {
	g := egress.NewGuard()
	g.Allow(egress.Signalling, "127.0.0.1")
	level := slog.LevelError
	if os.Getenv("RTC_LOG") != "" {
		level = slog.LevelDebug
	}
	client := g.Lane(egress.Signalling).HTTPClient()
	t.Cleanup(client.CloseIdleConnections)
	return sfu.Kit{
		Signalling: client, Media: g.Lane(egress.Media),
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	}
}

// guest is somebody who goes to a path of d, with d's token.
func (d *double) guest(t *testing.T, path string) sfutest.Guest {
	t.Helper()
	kind, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	c := whip.Connector{Watch: kind == "whep"}
	r, ok, err := c.Room(c.Kind() + "+" + d.http.URL + path)
	if err != nil || !ok {
		t.Fatalf("Room = %v, %v", ok, err)
	}
	return sfutest.Guest{Connector: c, Room: r, Pass: sfu.Pass{DisplayName: "Ada", Token: secret.New(d.Token)}, Kit: kit(t)}
}

func (d *double) enterAs(t *testing.T, path string) *sfutest.Member {
	t.Helper()
	g := d.guest(t, path)
	return sfutest.Enter(t, g.Connector, g)
}

func offer(src sfu.Source, name codec.Name) sfu.TrackOffer {
	o := sfu.TrackOffer{Source: src, Codec: name}
	if !src.IsSound() {
		o.Layers = []sfu.Layer{{Width: 320, Height: 180, FPS: 30, Bitrate: 400_000}}
	}
	return o
}

func TestWhatIsSentIsWatched(t *testing.T) {
	d := open(t, func(d *double) { d.Token = "key-of-the-stream" })
	ada := d.enterAs(t, "/whip/atelier")
	bo := d.enterAs(t, "/whep/atelier")
	out, err := ada.Publish(t.Context(), offer(sfu.Camera, codec.VP8))
	if err != nil {
		t.Fatal(err)
	}
	sfutest.Send(t, out, codec.VP8)
	in, err := bo.Subscribe(t.Context(), bo.AwaitTrack(sfu.Camera, "").ID)
	if err != nil {
		t.Fatal(err)
	}
	if p := sfutest.Receive(t, in); string(p.Data) != string(sfutest.Frame(codec.VP8)) {
		t.Error("another picture came")
	}
}
