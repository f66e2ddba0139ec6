package call_test

import (
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/call"
)

func TestARehearsalMeasuresEverySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, func(set *call.Settings) { set.Rehearsal = true })
		if err := s.SetCamera(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		if err := s.SetMicrophone(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		pass(3500 * time.Millisecond)
		m := s.State().Meters
		if m.Second != 3 || m.PictureRate < 49 || m.PictureRate > 51 || m.Level != call.Silence {
			t.Errorf("meters %+v, want 50 pictures a second and silence", m)
		}
		if !m.Gauged || m.Revealed != .03 {
			t.Errorf("of the room: %+v", m)
		}
		if !s.State().Rehearsal || s.State().Room != "rehearsal" {
			t.Errorf("the room is %q", s.State().Room)
		}
		if err := s.SetCamera(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Second)
		if m := s.State().Meters; m.PictureRate != 0 || m.PictureFor != 0 || m.Gauged {
			t.Errorf("with the camera off: %+v", m)
		}
		s.end(t)
	})
}

func TestACallIsNotMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, nil)
		pass(3 * time.Second)
		if m := s.State().Meters; m != (call.Meters{}) {
			t.Errorf("meters %+v", m)
		}
		s.end(t)
	})
}
