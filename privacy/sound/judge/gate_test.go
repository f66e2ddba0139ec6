package judge_test

import (
	"flag"
	"os"
	"testing"

	"paravent/assets"
	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/sound/gate"
	"paravent/privacy/sound/judge"
	"paravent/privacy/sound/net"
)

var model = flag.String("model", "", "a room gate's network, in place of the one in the program")

// roomGate is the room gate alone. A calibration that fails is none.
func roomGate(t *testing.T, name string, mode gate.Mode) judge.System {
	t.Helper()
	raw := assets.RoomGateModel()
	if *model != "" {
		var err error
		if raw, err = os.ReadFile(*model); err != nil {
			t.Fatal(err)
		}
	}
	m, err := net.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return judge.Filters(name, func(calibration []float32) ([]filter.SoundFilter, error) {
		var ref *gate.Reference
		if len(calibration) > 0 {
			meter, a := gate.NewMeter(), gate.NewAnalysis(frame.Rate)
			for ; len(calibration) >= frame.BlockLen; calibration = calibration[frame.BlockLen:] {
				a.Take(calibration[:frame.BlockLen])
				meter.Hear(a.Bins, a.Len())
			}
			if r, err := meter.Reference(); err == nil {
				ref = &r
			}
		}
		g, err := gate.New(mode, m, ref)
		return []filter.SoundFilter{g}, err
	})
}
