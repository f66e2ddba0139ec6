package livekit_test

import (
	"testing"

	"go.uber.org/goleak"

	"paravent/media/sfu"
	"paravent/media/sfu/livekit"
	"paravent/media/sfu/sfutest"
	"paravent/privacy/secret"
)

func TestConformance(t *testing.T) {
	for name, mode := range map[string]livekit.Mode{"one-peer": livekit.OnePeer, "two-peers": livekit.TwoPeers} {
		t.Run(name, func(t *testing.T) {
			sfutest.Run(t, func(t *testing.T) sfutest.House {
				leaks := goleak.IgnoreCurrent()
				t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
				r := openRoom(t, "--name", "Ada", "--name", "Bo")
				foreign := openRoom(t, "--name", "Ada") // another key
				guest := func(link string) sfutest.Guest { return sfutest.Guest{Room: target(t, link), Kit: kit(t)} }
				h := sfutest.House{
					Connector: livekit.Connector{Mode: mode}, Ada: guest(r.links["Ada"]), Bo: guest(r.links["Bo"]), Replaces: true,
					Refused: map[sfu.JoinProblem]sfutest.Guest{},
				}
				refused := guest(r.links["Ada"])
				refused.Room.Token = target(t, foreign.links["Ada"]).Token
				h.Refused[sfu.PassRefused] = refused
				missing := guest(r.links["Ada"])
				missing.Room.Token = secret.Secret{}
				h.Refused[sfu.PassMissing] = missing
				return h
			})
		})
	}
}
