package janus_test

import (
	"testing"

	"go.uber.org/goleak"

	"paravent/media/sfu"
	"paravent/media/sfu/janus"
	"paravent/media/sfu/sfutest"
)

func TestConformance(t *testing.T) {
	sfutest.Run(t, func(t *testing.T) sfutest.House {
		h := build(t, options{})
		leaks := goleak.IgnoreCurrent()
		t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
		return sfutest.House{
			Connector: janus.Connector{}, Ada: h.guest("Ada", open), Bo: h.guest("Bo", open),
			Refused: map[sfu.JoinProblem]sfutest.Guest{
				sfu.NoSuchRoom:  h.guest("Eve", "999"),
				sfu.PassMissing: h.guest("Eve", locked),
				sfu.PassRefused: withPass(h.guest("Eve", locked), "not the right one at all"),
			},
		}
	})
}
