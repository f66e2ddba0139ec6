package send

import (
	"math"
	"testing"
	"time"

	"paravent/media/frame"
)

func TestAMeterCountsTimeAndEnergy(t *testing.T) {
	var m Meter
	m.picture(3 * time.Millisecond)
	m.picture(5 * time.Millisecond)
	b := new(frame.Block)
	for i := range b {
		b[i] = 0.5
	}
	m.sound(b)
	m.sound(new(frame.Block))
	c := m.Counts()
	if c.Pictures != 2 || c.Took != 8*time.Millisecond || c.Blocks != 2 || math.Abs(c.Energy-0.25) > 1e-9 {
		t.Errorf("counted %+v", c)
	}
	(*Meter)(nil).picture(1)
	(*Meter)(nil).sound(b)
}
