package livekit_test

import (
	"testing"

	"paravent/media/sfu"
	"paravent/media/sfu/livekit"
)

func TestJoin(t *testing.T) {
	for name, mode := range map[string]livekit.Mode{"one": livekit.OnePeer, "two": livekit.TwoPeers} {
		t.Run(name, func(t *testing.T) {
			r := openRoom(t, "--name", "ada", "--name", "bo")
			s, err := livekit.Connector{Mode: mode}.Join(t.Context(), target(t, r.links["ada"]), sfu.Pass{}, kit(t))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Leave(t.Context()); err != nil {
				t.Fatal(err)
			}
			for e := range s.Events() {
				t.Logf("%T %+v", e, e)
			}
		})
	}
}
