package call_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/call"
	"paravent/media/sfu"
)

// The session is a double of a server with a waiting room.
func TestWhileThePersonWaitsNothingIsOpenAndNothingIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, func(set *call.Settings) { set.StartCamera, set.StartMicrophone = true, true })
		s.session.queue.Put(sfu.Waiting{On: true})
		pass(time.Minute)
		for _, open := range []error{s.SetCamera(t.Context(), true), s.SetMicrophone(t.Context(), true), s.SetScreen(t.Context(), true, "")} {
			if !errors.Is(open, call.ErrWaiting) {
				t.Errorf("before the door: %v, want %v", open, call.ErrWaiting)
			}
		}
		pass(time.Minute)
		if n := s.count("open camera") + s.count("open microphone") + s.count("open window"); n != 0 || !s.State().Waiting {
			t.Errorf("%d devices were opened before the door", n)
		}
		s.session.queue.Put(sfu.Waiting{On: false})
		s.session.queue.Put(sfu.Settled{})
		pass(time.Second)
		if s.count("packet camera") == 0 || s.count("packet microphone") == 0 || s.State().Waiting {
			t.Error("what was to be open from the beginning is not sent after the door was opened")
		}
		s.end(t)
	})
}

func TestWhoIsPutOutBeforeTheDoorSendsNothingMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, nil)
		if err := errors.Join(s.SetCamera(t.Context(), true), s.SetMicrophone(t.Context(), true)); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		s.session.queue.Put(sfu.Waiting{On: true})
		synctest.Wait()
		n := s.count("packet camera") + s.count("packet microphone")
		pass(time.Minute)
		if got := s.count("packet camera") + s.count("packet microphone"); got != n {
			t.Errorf("%d packets were sent from before the door", got-n)
		}
		if s.count("close camera") != 1 || s.count("close microphone") != 1 {
			t.Error("a device is open before the door")
		}
		s.session.queue.Put(sfu.Waiting{On: false})
		pass(time.Minute)
		if s.count("open camera") != 1 || s.count("open microphone") != 1 {
			t.Error("a device was opened again by itself")
		}
		s.end(t)
	})
}
