package galene_test

import (
	"log/slog"
	"os"
	"testing"

	"go.uber.org/goleak"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/galene"
	"paravent/media/sfu/sfutest"
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

// guest is somebody who goes to a group of the server at host, which is this
// machine.
func guest(t *testing.T, host, group, name, password string) sfutest.Guest {
	t.Helper()
	r, ok, err := galene.Connector{}.Room("galene+http://" + host + "/group/" + group)
	if err != nil || !ok {
		t.Fatalf("Room = %v, %v", ok, err)
	}
	return sfutest.Guest{Room: r, Pass: sfu.Pass{DisplayName: name, Token: secret.New(password)}, Kit: kit(t)}
}

func enter(t *testing.T, g sfutest.Guest) *sfutest.Member {
	t.Helper()
	return sfutest.Enter(t, galene.Connector{}, g)
}

func offer(src sfu.Source, name codec.Name) sfu.TrackOffer {
	o := sfu.TrackOffer{Source: src, Codec: name}
	if !src.IsSound() {
		o.Layers = []sfu.Layer{{Width: 320, Height: 180, FPS: 30, Bitrate: 400_000}}
	}
	return o
}
