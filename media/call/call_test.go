package call_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/call"
	"paravent/media/capture"
	"paravent/media/codec"
	"paravent/media/frame"
	"paravent/media/sfu"
	"paravent/privacy/consent"
	"paravent/privacy/filter"
)

// pass lets time go by in a bubble.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestNoDeviceIsOpenedBeforeThePersonSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, nil)
		s.session.queue.Put(sfu.Settled{})
		pass(10 * time.Second)
		if n := s.count("open camera") + s.count("open microphone"); n != 0 {
			t.Errorf("%d devices were opened", n)
		}
		s.end(t)
	})
}

func TestNoDeviceIsOpenedForAServerThatTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, nil)
		s.session.caps.Publish = map[sfu.Source]bool{sfu.Microphone: true}
		if err := s.SetCamera(t.Context(), true); !errors.Is(err, sfu.ErrUnsupported) {
			t.Errorf("the camera: %v, want sfu.ErrUnsupported", err)
		}
		if err := s.SetMicrophone(t.Context(), true); err != nil {
			t.Error(err)
		}
		if s.count("open camera") != 0 || s.count("open microphone") != 1 {
			t.Errorf("%d cameras and %d microphones were opened", s.count("open camera"), s.count("open microphone"))
		}
		s.end(t)
	})
}

func TestThePictureIsInACodecThatTheServerTakes(t *testing.T) {
	for _, c := range []struct {
		chosen codec.Name
		takes  []codec.Name
		want   string
	}{
		{codec.VP8, nil, "vp8"},
		{codec.H264, []codec.Name{codec.AV1, codec.VP8}, "vp8"}, // AV1 cannot be sent
		{codec.VP8, []codec.Name{codec.H264, codec.VP8}, "vp8"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := enter(t, func(set *call.Settings) { set.Codec = c.chosen })
			s.session.caps.Pictures = c.takes
			if err := s.SetCamera(t.Context(), true); err != nil {
				t.Error(err)
			}
			if s.count("publish as "+c.want) != 1 {
				t.Errorf("%s chosen, %s taken: not published as %s", c.chosen, c.takes, c.want)
			}
			s.end(t)
		})
	}
}

func TestWhatTheStartAsksForWaitsUntilTheRoomIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, func(set *call.Settings) { set.StartCamera, set.StartMicrophone = true, true })
		pass(time.Second)
		if s.count("open camera") != 0 {
			t.Error("the camera was opened before the room was known")
		}
		s.session.queue.Put(sfu.Settled{})
		pass(time.Second)
		if s.count("packet camera") < 20 || s.count("packet microphone") < 50 {
			t.Errorf("sent %d pictures and %d sounds in a second", s.count("packet camera"), s.count("packet microphone"))
		}
		s.end(t)
	})
}

func TestCameraOffClosesTheDeviceBeforeTheRoomIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, nil)
		if err := s.SetCamera(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if got := s.State().Own.Camera; got.Phase != call.On || got.Device != "camera" {
			t.Errorf("the state says %+v", got)
		}
		if err := s.SetCamera(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		if c, m := s.index("close camera"), s.index("mute camera"); c < 0 || m < 0 || c > m {
			t.Errorf("closed at %d, told at %d", c, m)
		}
		n := s.count("packet camera")
		pass(time.Second)
		if s.count("packet camera") != n || s.State().Own.Camera.Phase != call.Off {
			t.Error("packets after off")
		}
		if err := s.SetCamera(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if s.count("publish camera") != 1 || s.count("unmute camera") != 1 || s.count("packet camera") <= n {
			t.Error("on again did not use the outlet again")
		}
		s.end(t)
	})
}

func TestPanicStopsEveryPacketAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, nil)
		for _, err := range []error{s.SetCamera(t.Context(), true), s.SetMicrophone(t.Context(), true), s.SetScreen(t.Context(), true, "window")} {
			if err != nil {
				t.Fatal(err)
			}
		}
		pass(time.Second)
		s.Panic()
		before := s.count("packet camera") + s.count("packet microphone") + s.count("packet screen")
		pass(time.Second)
		if n := s.count("packet camera") + s.count("packet microphone") + s.count("packet screen"); n != before {
			t.Errorf("%d packets after panic", n-before)
		}
		for _, device := range []string{"camera", "microphone", "window"} {
			if s.count("close "+device) != 1 {
				t.Errorf("%s is still open", device)
			}
		}
		if s.count("take back screen") != 1 {
			t.Error("the room still shows the screen")
		}
		s.end(t)
	})
}

func TestPanicWhileADeviceOpensLeavesItClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, nil)
		s.session.publish = make(chan struct{})
		failed := make(chan error, 1)
		go func() { failed <- s.SetCamera(t.Context(), true) }()
		pass(time.Second)
		if got := s.State().Own.Camera.Phase; got != call.Opening {
			t.Fatalf("the camera is %s, want opening", got)
		}
		s.Panic()
		if err := <-failed; !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v", err)
		}
		synctest.Wait()
		if s.count("close camera") != 1 || s.count("packet camera") != 0 || s.State().Own.Camera.Phase != call.Off {
			t.Errorf("after panic the camera is %+v", s.State().Own.Camera)
		}
		s.end(t)
	})
}

func TestARecordingStopsSendingUntilThePersonAgrees(t *testing.T) {
	for name, begin := range map[string]sfu.Event{
		"flag":     sfu.RecordingChanged{On: true},
		"recorder": sfu.MemberJoined{Member: sfu.Member{ID: "r", Name: "Tape", Role: sfu.Recorder}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := enter(t, nil)
				if err := s.SetMicrophone(t.Context(), true); err != nil {
					t.Fatal(err)
				}
				pass(time.Second)
				s.session.queue.Put(begin)
				synctest.Wait()
				n := s.count("packet microphone")
				pass(time.Minute)
				if got := s.count("packet microphone"); got != n {
					t.Errorf("%d packets without consent", got-n)
				}
				if q := s.State().Question; q == nil || q.Topic != consent.Recording || !s.State().Own.Paused {
					t.Errorf("question %+v, paused %v", q, s.State().Own.Paused)
				}
				s.Answer(true)
				pass(time.Second)
				if s.count("packet microphone") == n || s.State().Question != nil {
					t.Error("the yes did not resume the call")
				}
				s.end(t)
			})
		})
	}
}

func TestANoToARecordingClosesTheDevicesAndOpeningOneAsksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, nil)
		if err := s.SetCamera(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		s.session.queue.Put(sfu.RecordingChanged{On: true})
		synctest.Wait()
		s.Answer(false)
		synctest.Wait()
		if s.count("close camera") != 1 || !s.State().Own.Paused {
			t.Error("the no left the camera open")
		}
		n := s.count("packet camera")
		go s.SetCamera(t.Context(), true)
		pass(time.Second)
		if s.State().Question == nil || s.count("packet camera") != n {
			t.Error("the camera was opened without asking again")
		}
		s.session.queue.Put(sfu.RecordingChanged{On: false})
		pass(time.Second)
		if s.State().Question != nil || s.State().Own.Paused {
			t.Error("the recording ended, and the question stays")
		}
		s.end(t)
	})
}

func TestNothingIsSentWhenTheRoomIsRecordedFromTheBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, func(set *call.Settings) { set.StartCamera, set.StartMicrophone = true, true })
		s.session.queue.Put(sfu.RecordingChanged{On: true})
		s.session.queue.Put(sfu.Settled{})
		pass(time.Minute)
		if n := s.count("packet camera") + s.count("packet microphone"); n != 0 {
			t.Errorf("%d packets without consent", n)
		}
		s.end(t)
	})
}

func TestOnlyThePersonOpensADevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, nil)
		s.session.queue.Put(sfu.UnmuteAsked{Source: sfu.Microphone})
		pass(50 * time.Second)
		if s.count("open microphone") != 0 || s.State().Question == nil {
			t.Error("a moderator opened the microphone")
		}
		s.Answer(false)
		pass(time.Second)
		if s.count("open microphone") != 0 {
			t.Error("a no opened the microphone")
		}
		s.end(t)
	})
}

func TestAModeratorsMuteClosesTheDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, nil)
		if err := s.SetMicrophone(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		s.session.queue.Put(sfu.MutedByRoom{Source: sfu.Microphone})
		pass(time.Second)
		if s.count("close microphone") != 1 || s.State().Own.Microphone.Phase != call.Off {
			t.Error("the microphone stayed open")
		}
		s.end(t)
	})
}

func TestADeviceThatCannotBeOpenedIsAnErrorAndOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, nil)
		s.opener.fail = &capture.DeviceError{Kind: capture.CameraKind, Err: capture.ErrBusy}
		if err := s.SetCamera(t.Context(), true); !errors.Is(err, capture.ErrBusy) {
			t.Errorf("error = %v", err)
		}
		if s.State().Own.Camera.Phase != call.Off || s.On(sfu.Camera) {
			t.Error("the camera is said to be on")
		}
		s.end(t)
	})
}

func TestWhatTheFiltersNoteIsInTheStateUntilTheCameraIsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, nil)
		if err := s.SetCamera(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		s.notes.Store(uint32(filter.SecondPerson | filter.OffCentre))
		pass(time.Second)
		if n := s.State().Own.Camera.Notes; n != filter.SecondPerson|filter.OffCentre {
			t.Errorf("notes %v", n)
		}
		if err := s.SetCamera(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		if n := s.State().Own.Camera.Notes; n != 0 {
			t.Errorf("with the camera off: %v", n)
		}
		s.end(t)
	})
}

func TestAnEmptyChairClosesTheMicrophoneOnlyIfThePersonSaidSo(t *testing.T) {
	for _, mutes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := enter(t, func(set *call.Settings) { set.AwayMutes = mutes })
			if err := errors.Join(s.SetCamera(t.Context(), true), s.SetMicrophone(t.Context(), true)); err != nil {
				t.Fatal(err)
			}
			pass(time.Second)
			s.notes.Store(uint32(filter.Away))
			pass(time.Second)
			told := len(s.State().Notices) == 1 && s.State().Notices[0].What == call.MutedAway
			if s.On(sfu.Microphone) == mutes || s.count("close microphone") == 1 != mutes || told != mutes {
				t.Errorf("mutes %v: microphone %+v, notices %v", mutes, s.State().Own.Microphone, s.State().Notices)
			}
			s.notes.Store(0)
			pass(time.Minute)
			if mutes && s.On(sfu.Microphone) {
				t.Error("the microphone was opened again")
			}
			if err := s.SetMicrophone(t.Context(), true); err != nil {
				t.Fatal(err)
			}
			pass(time.Second)
			if !s.On(sfu.Microphone) {
				t.Error("the person could not open the microphone again")
			}
			s.end(t)
		})
	}
}

func TestWhatThePersonHoldsIsShownWhileTheCameraIsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, nil)
		if err := s.ShowHeld(t.Context()); !errors.Is(err, call.ErrNoReveal) {
			t.Errorf("with the camera off: %v", err)
		}
		if err := s.SetCamera(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		if err := s.ShowHeld(t.Context()); err != nil || s.count("reveal 10s") != 1 {
			t.Errorf("%v, revealed %d times", err, s.count("reveal 10s"))
		}
		if n := s.State().Notices; len(n) != 1 || n[0].What != call.Showing {
			t.Errorf("notices %v", n)
		}
		if err := s.SetCamera(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		if err := s.ShowHeld(t.Context()); !errors.Is(err, call.ErrNoReveal) {
			t.Errorf("with the camera off again: %v", err)
		}
		s.end(t)
	})
}

type noSink struct{}

func (noSink) Show(*frame.Picture) {}

func TestPicturesAreSubscribedOnlyWhileSomebodyWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, nil)
		s.session.queue.Put(sfu.TrackAdded{Track: sfu.Track{ID: "v", Member: "b", Source: sfu.Camera}})
		synctest.Wait()
		if s.count("subscribe v") != 0 {
			t.Error("a picture was subscribed that nobody watches")
		}
		s.Watch("v", sfu.View{Width: 320, Height: 180}, noSink{})
		synctest.Wait()
		s.Watch("v", sfu.View{Width: 640, Height: 360}, noSink{})
		synctest.Wait()
		if s.count("subscribe v") != 1 || s.count("want v") != 2 {
			t.Errorf("subscribed %d times, asked for %d sizes", s.count("subscribe v"), s.count("want v"))
		}
		s.Watch("v", sfu.View{}, nil)
		synctest.Wait()
		if s.count("unsubscribe v") != 1 {
			t.Error("still subscribed")
		}
		s.end(t)
	})
}

func TestAnEncryptedTrackIsNotDecodedWithoutItsKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, nil)
		s.session.queue.Put(sfu.TrackAdded{Track: sfu.Track{ID: "a", Member: "b", Source: sfu.Microphone, Encrypted: true}})
		synctest.Wait()
		if s.count("subscribe a") != 0 {
			t.Error("subscribed to what cannot be read")
		}
		s.end(t)
	})
}

func TestTheEndOfTheCallClosesEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, nil)
		if err := s.SetCamera(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		s.session.queue.Put(sfu.Ended{Why: sfu.Removed})
		<-s.done
		if s.count("close camera") != 1 || s.State().Ended.Why != sfu.Removed {
			t.Errorf("ended %+v", s.State().Ended)
		}
		if err := s.SetCamera(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		if s.count("open camera") != 1 {
			t.Error("a device was opened after the end")
		}
		s.cancel()
	})
}
