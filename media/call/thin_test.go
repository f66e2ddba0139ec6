package call_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/budget"
	"paravent/media/call"
	"paravent/media/sfu"
)

// limited is a call with a limit.
func limited(up, down int) func(*call.Settings) {
	return func(s *call.Settings) { s.Limit = budget.Limit{Up: up, Down: down} }
}

// saidOff is how often it was said that pictures are off.
func (s *stay) saidOff() (n int) {
	for _, x := range s.State().Notices {
		if x.What == call.PicturesOff {
			n++
		}
	}
	return n
}

func TestPicturesGoOffByThemselvesOnAThinLinkAndSpeechGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, limited(24_000, 24_000))
		for _, err := range []error{s.SetCamera(t.Context(), true), s.SetMicrophone(t.Context(), true)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		pass(2 * time.Second)
		if n, m := s.count("packet camera"), s.count("packet microphone"); n != 0 || m == 0 {
			t.Errorf("%d packets of pictures, %d of sound", n, m)
		}
		if s.count("mute camera") != 1 || s.count("close camera") != 0 {
			t.Errorf("the room is told %d times that the camera is dark", s.count("mute camera"))
		}
		if st := s.State(); !st.Thin.Own || st.Thin.Short || s.saidOff() != 1 || st.Own.Camera.Phase != call.On {
			t.Errorf("%+v, and it is said %d times", st.Thin, s.saidOff())
		}
		if s.count("shape 60ms true") != 1 || s.count("bitrate 8500") != 1 {
			t.Error("speech is not coded as the plan has it")
		}
		if err := s.SetCamera(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Second)
		if s.State().Thin.Own || s.count("unmute camera") != 0 {
			t.Error("a camera that is off is held off by the link, or the room was told that it is on")
		}
		s.end(t)
	})
}

func TestAScreenThatTheLinkHasNoRoomForIsDarkBesideACameraThatIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, limited(24_000, 24_000))
		for _, err := range []error{s.SetCamera(t.Context(), true), s.SetScreen(t.Context(), true, "window")} {
			if err != nil {
				t.Fatal(err)
			}
		}
		pass(2 * time.Second)
		if s.count("mute camera") != 1 || s.count("mute screen") != 1 || s.count("packet screen") != 0 {
			t.Error("the room is not told that both are dark")
		}
		s.end(t)
	})
}

func TestWithRoomThePicturesAreSent(t *testing.T) {
	for _, up := range []int{0, 64_000, 1_000_000} {
		synctest.Test(t, func(t *testing.T) {
			s := enter(t, limited(up, 0))
			if err := s.SetCamera(t.Context(), true); err != nil {
				t.Fatal(err)
			}
			pass(2 * time.Second)
			if st := s.State(); st.Thin.Own || s.count("packet camera") == 0 || s.count("mute camera") != 0 || s.saidOff() != 0 {
				t.Errorf("%d: %+v, %d packets", up, st.Thin, s.count("packet camera"))
			}
			s.end(t)
		})
	}
}

// show lets two others show themselves, and one a screen as well, and watches all.
func (s *stay) show() {
	for _, id := range []sfu.TrackID{"a", "b", "screen"} {
		src := sfu.Camera
		if id == "screen" {
			src = sfu.Screen
		}
		s.session.queue.Put(sfu.MemberJoined{Member: sfu.Member{ID: "m-" + sfu.MemberID(id), Name: "M"}})
		s.session.queue.Put(sfu.TrackAdded{Track: sfu.Track{ID: id, Member: "m-" + sfu.MemberID(id), Source: src, Width: 640, Height: 360}})
		s.Watch(id, sfu.View{Width: 640, Height: 360}, call.Nothing())
	}
	pass(2 * time.Second)
}

func TestOnlyThePicturesThatTheLinkHasRoomForAreAskedForScreensFirst(t *testing.T) {
	for _, c := range []struct {
		down int
		want map[string]bool // is asked for in the end
	}{
		{0, map[string]bool{"a": true, "b": true, "screen": true}},
		{10_000_000, map[string]bool{"a": true, "b": true, "screen": true}},
		{128_000, map[string]bool{"a": true, "b": false, "screen": true}},
		{64_000, map[string]bool{"a": false, "b": false, "screen": true}},
		{24_000, map[string]bool{"a": false, "b": false, "screen": false}},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := enter(t, limited(0, c.down))
			s.show()
			all := true
			for id, want := range c.want {
				all = all && want
				if on := s.count("subscribe "+id) > s.count("unsubscribe "+id); on != want {
					t.Errorf("%d down: %s is asked for: %t", c.down, id, on)
				}
			}
			if s.State().Thin.Others == all || (s.saidOff() == 1) == all {
				t.Errorf("%d down: %+v", c.down, s.State().Thin)
			}
			s.end(t)
		})
	}
}

func TestPicturesAreAskedForInASizeThatTheLinkHasRoomFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, limited(0, 64_000))
		s.show()
		if v := s.view("screen"); v.Width >= 320 || v.Width < 100 {
			t.Errorf("asked for %+v", v)
		}
		s.end(t)
		s = enter(t, limited(0, 10_000_000))
		s.show()
		if v := s.view("screen"); v != (sfu.View{Width: 640, Height: 360}) {
			t.Errorf("asked for %+v", v)
		}
		s.end(t)
	})
}

// view is what a track was asked for last.
func (s *stay) view(id string) (v sfu.View) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lines {
		var w, h int
		if n, _ := fmt.Sscanf(l, "view "+id+" %dx%d", &w, &h); n == 2 {
			v = sfu.View{Width: w, Height: h}
		}
	}
	return v
}

func TestWhereMoreComesThanMayPicturesStayAwayForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, limited(0, 128_000))
		s.show()
		on := func(id string) bool { return s.count("subscribe "+id) > s.count("unsubscribe "+id) }
		if !on("screen") {
			t.Fatal("no picture at all")
		}
		s.session.came.Add(20_000) // 160 kbit within a second
		pass(3 * time.Second)
		if on("screen") || !s.State().Thin.Others {
			t.Error("pictures come although the link is full")
		}
		pass(20 * time.Second)
		if !on("screen") {
			t.Error("they do not come back")
		}
		s.end(t)
	})
}

func TestPicturesGoOffWhereTheLinkCarriesLessThanTheLimitAndAreTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, limited(1_000_000, 0))
		s.session.carries.Store(800_000)
		if err := s.SetCamera(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Second)
		if s.State().Thin.Own {
			t.Fatal("they are off from the beginning")
		}
		s.session.carries.Store(30_000)
		pass(2 * time.Second)
		if !s.State().Thin.Own {
			t.Error("they go on")
		}
		s.session.carries.Store(24_000) // that is all that speech alone shows
		pass(20 * time.Second)
		if s.saidOff() != 2 {
			t.Errorf("they were tried again %d times within 20 s", s.saidOff()-1)
		}
		s.session.carries.Store(800_000)
		pass(40 * time.Second)
		if s.State().Thin.Own {
			t.Error("they do not come back")
		}
		s.end(t)
	})
}
