package call_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"paravent/media/call"
	"paravent/media/sfu"
)

func TestAVolumeStaysForTheCallAlsoWhenAMemberComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, nil)
		s.session.queue.Put(joined("b", "Bob"))
		synctest.Wait()
		before := s.State()
		s.SetVolume("b", call.Volume{Percent: 500})
		if v := s.State().Volume("b"); v.Percent != call.MostPercent {
			t.Errorf("volume %+v", v)
		}
		s.SetVolume("b", call.Volume{Percent: 30, Muted: true})
		s.session.queue.Put(sfu.MemberLeft{ID: "b"})
		s.session.queue.Put(joined("b", "Bob"))
		synctest.Wait()
		if v := s.State().Volume("b"); v != (call.Volume{Percent: 30, Muted: true}) {
			t.Errorf("volume %+v", v)
		}
		if before.Volume("b") != (call.Volume{Percent: 100}) {
			t.Error("an earlier state has changed")
		}
		s.SetVolume("b", call.Volume{Percent: 100})
		if len(s.State().Volumes) != 0 {
			t.Errorf("volumes %v", s.State().Volumes)
		}
		s.end(t)
	})
}

func TestAMemberIsFoundByWhatAPersonTypes(t *testing.T) {
	s := after(call.State{Self: "me"}, joined("me", "Anna"), joined("1", "Anna"), joined("2", "Ben"), joined("3", "Benjamin"), joined("4", "Öz"), joined("5", "öz"))
	for name, want := range map[string]sfu.MemberID{"anna": "1", "ANN": "1", "ben": "2", "benj": "3", "4": "4", "be": "", "öz": "", "": "", "me": ""} {
		got, err := s.Find(name)
		var member *call.MemberError
		if got != want || (want == "") != errors.As(err, &member) {
			t.Errorf("%q is %q, %v; want %q", name, got, err, want)
		}
	}
}
