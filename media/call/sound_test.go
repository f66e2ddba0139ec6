package call_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/call"
	"paravent/media/capture"
	"paravent/media/frame"
	"paravent/media/sfu"
	"paravent/privacy/filter"
)

func TestWhatTheSoundFiltersNoteIsInTheStateUntilTheMicrophoneIsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, nil)
		if err := s.SetMicrophone(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		s.hears.Store(uint32(filter.HeldBack | filter.Clipping))
		pass(200 * time.Millisecond)
		if n := s.State().Own.Microphone.Notes; n != 0 {
			t.Errorf("after 200 ms: %v", n)
		}
		pass(200 * time.Millisecond)
		if n := s.State().Own.Microphone.Notes; n != filter.HeldBack|filter.Clipping {
			t.Errorf("notes %v", n)
		}
		if err := s.SetMicrophone(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		if n := s.State().Own.Microphone.Notes; n != 0 {
			t.Errorf("with the microphone closed: %v", n)
		}
		s.end(t)
	})
}

func TestWhoIsMutedIsNotMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, func(set *call.Settings) { set.Rehearsal = true })
		s.opens.Store(true)
		if err := s.SetMicrophone(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		pass(2500 * time.Millisecond)
		if m := s.State().Meters; m.Level < -18.1 || m.Level > -18 || m.Peak < -18.1 || m.Peak > -18 {
			t.Errorf("meters %+v, want -18 dB", m)
		}
		if err := s.SetMicrophone(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		closed := call.Meters{Level: call.Silence, Peak: call.Silence}
		for range 3 {
			m := s.State().Meters
			m.Second = 0
			if m != closed {
				t.Errorf("with the microphone closed: %+v", m)
			}
			pass(time.Second)
		}
		s.end(t)
	})
}

func talks(set *call.Settings) { set.PushToTalk = true }

func TestTheMicrophoneIsOpenOnlyWhileThePersonTalks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, talks)
		s.session.queue.Put(sfu.Settled{})
		pass(10 * time.Second)
		if s.count("open microphone") != 0 || s.State().Own.Heard() {
			t.Error("the microphone was opened before anybody talked")
		}
		for n := 1; n <= 3; n++ {
			if err := s.Talk(true); err != nil {
				t.Fatal(err)
			}
			pass(time.Second)
			if s.count("open microphone") != n || !s.State().Own.Heard() {
				t.Fatalf("opened %d times, %+v", s.count("open microphone"), s.State().Own)
			}
			if err := s.Talk(false); err != nil {
				t.Fatal(err)
			}
			sent := s.count("packet microphone")
			pass(time.Second)
			if s.count("close microphone") != n || s.count("packet microphone") != sent || s.State().Own.Heard() {
				t.Fatalf("closed %d times, %d packets after", s.count("close microphone"), s.count("packet microphone")-sent)
			}
		}
		if s.count("publish microphone") != 1 {
			t.Error("every press makes a new track")
		}
		s.end(t)
	})
}

func TestTheLastWordOfTalkingHoldsWhileTheDeviceOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, talks)
		s.session.publish = make(chan struct{})
		for _, err := range []error{s.Talk(true), s.Talk(false), s.Talk(true)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		pass(time.Second)
		if got := s.State().Own.Microphone.Phase; got != call.Opening {
			t.Fatalf("the microphone is %s, want opening", got)
		}
		if err := s.Talk(false); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if s.State().Own.Microphone.Phase != call.Off || s.count("packet microphone") != 0 || len(s.State().Notices) != 0 {
			t.Errorf("after the key was let go: %+v, notices %v", s.State().Own.Microphone, s.State().Notices)
		}
		close(s.session.publish)
		pass(time.Second)
		if s.State().Own.Microphone.Phase != call.Off {
			t.Error("it opened by itself")
		}
		s.end(t)
	})
}

func TestPanicAndAModeratorsMuteEndTalking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, talks)
		for i, stop := range []func(){s.Panic, func() { s.session.queue.Put(sfu.MutedByRoom{Source: sfu.Microphone}) }} {
			if err := s.Talk(true); err != nil {
				t.Fatal(err)
			}
			pass(time.Second)
			stop()
			pass(time.Minute)
			if s.count("close microphone") != i+1 || s.On(sfu.Microphone) {
				t.Errorf("%d: the microphone is %+v", i, s.State().Own.Microphone)
			}
		}
		s.end(t)
	})
}

func TestPushToTalkMustBeChosen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, nil)
		if err := s.Talk(true); !errors.Is(err, call.ErrNoPush) {
			t.Error(err)
		}
		pass(time.Second)
		if s.count("open microphone") != 0 {
			t.Error("the microphone was opened")
		}
		s.end(t)
	})
}

func TestNobodyElseOpensADeviceHoweverOftenTheyAsk(t *testing.T) {
	for name, answer := range map[string]func(*stay){
		"no":     func(s *stay) { s.Answer(false) },
		"silent": func(*stay) { pass(2 * time.Minute) },
	} {
		synctest.Test(t, func(t *testing.T) {
			s := enter(t, talks)
			for range 100 {
				s.session.queue.Put(sfu.UnmuteAsked{Source: sfu.Microphone})
			}
			pass(time.Second)
			before := s.State().Own
			if s.State().Question == nil {
				t.Fatalf("%s: nobody was asked", name)
			}
			answer(s)
			synctest.Wait()
			if s.State().Question != nil {
				t.Errorf("%s: the question comes again", name)
			}
			if s.State().Own != before || s.count("open microphone") != 0 {
				t.Errorf("%s: %+v became %+v", name, before, s.State().Own)
			}
			s.session.queue.Put(sfu.UnmuteAsked{Source: sfu.Camera})
			pass(time.Second)
			s.cancel() // the call ends with the question open
			<-s.done
			if s.count("open camera") != 0 {
				t.Errorf("%s: leaving said yes", name)
			}
		})
	}
}

func TestWhoIsHeardAlreadyIsNotAskedToOpenTheMicrophone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, nil)
		if err := s.SetMicrophone(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		s.session.queue.Put(sfu.UnmuteAsked{Source: sfu.Microphone})
		pass(time.Second)
		if s.State().Question != nil {
			t.Error("asked")
		}
		s.end(t)
	})
}

func TestALoudspeakerIsHintedAtOnceWhereNobodyElseMayListen(t *testing.T) {
	secret := sfu.TrackAdded{Track: sfu.Track{ID: "a", Member: "b", Source: sfu.Microphone, Encrypted: true}}
	for _, c := range []struct {
		confidential, encrypted bool
		form                    capture.Form
		want                    int
	}{
		{true, false, capture.Loudspeaker, 1},
		{false, true, capture.Loudspeaker, 1},
		{false, false, capture.Loudspeaker, 0},
		{true, true, capture.Headset, 0},
		{true, true, capture.UnknownForm, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := enter(t, func(set *call.Settings) { set.Confidential = c.confidential })
			s.speaker = capture.Device{ID: "x", Form: c.form}
			if c.encrypted {
				s.session.queue.Put(secret)
			}
			synctest.Wait()
			for range 2 {
				if err := errors.Join(s.SetMicrophone(t.Context(), true), s.SetMicrophone(t.Context(), false)); err != nil {
					t.Fatal(err)
				}
			}
			n := slices.DeleteFunc(s.State().Notices, func(n call.Notice) bool { return n.Err != nil }) // of what has no key
			if len(n) != c.want || c.want > 0 && n[0].What != call.UseHeadset {
				t.Errorf("%+v: notices %v", c, n)
			}
			s.end(t)
		})
	}
}

func TestATakePlaysWhatWasClearedAndNothingOfItStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, func(set *call.Settings) { set.Rehearsal = true })
		if err := s.Record(t.Context()); !errors.Is(err, call.ErrNoMicrophone) {
			t.Error(err)
		}
		if err := s.SetMicrophone(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		if err := s.Record(t.Context()); !errors.Is(err, call.ErrNoSpeaker) {
			t.Error(err)
		}
		s.speaker = capture.Device{ID: "x"}
		s.opens.Store(true)
		if err := s.Record(t.Context()); err != nil {
			t.Fatal(err)
		}
		pass(3500 * time.Millisecond)
		if got := s.State().Take; got != (call.Take{Phase: call.Recording, Left: 7}) || s.count("play") != 0 {
			t.Errorf("take %+v", got)
		}
		if err := s.Record(t.Context()); !errors.Is(err, call.ErrTaking) {
			t.Error(err)
		}
		pass(7 * time.Second)
		if got := s.State().Take; got.Phase != call.Playing || s.count("play") != 1 {
			t.Fatalf("take %+v", got)
		}
		var b frame.Block
		for n := range 1000 {
			if s.voices.Pull(&b); b[0] != 0.125 || b[479] != 0.125 {
				t.Fatalf("block %d is of %v, want what was cleared", n, b[0])
			}
		}
		pass(time.Second)
		if s.voices.Pull(&b); b != (frame.Block{}) || s.count("stop playing") != 1 || s.State().Take != (call.Take{}) {
			t.Errorf("after it: %v, take %+v", b[0], s.State().Take)
		}
		s.end(t)
	})
}

func TestATakeIsDroppedByPanicByAClosedMicrophoneAndByTheEnd(t *testing.T) {
	for name, end := range map[string]func(*stay){
		"panic": func(s *stay) { s.Panic() },
		"mute":  func(s *stay) { _ = s.SetMicrophone(context.Background(), false) },
		"leave": func(s *stay) { _ = s.Leave(context.Background()) },
	} {
		synctest.Test(t, func(t *testing.T) {
			s := enter(t, func(set *call.Settings) { set.Rehearsal = true })
			s.speaker = capture.Device{ID: "x"}
			if err := errors.Join(s.SetMicrophone(t.Context(), true), s.Record(t.Context())); err != nil {
				t.Fatal(err)
			}
			pass(2500 * time.Millisecond)
			end(s)
			pass(2 * time.Second)
			if got := s.State().Take; got != (call.Take{}) || s.count("play") != 0 {
				t.Errorf("%s: take %+v, played %d times", name, got, s.count("play"))
			}
			s.end(t)
		})
	}
}

func TestACallRecordsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, nil)
		s.speaker = capture.Device{ID: "x"}
		if err := errors.Join(s.SetMicrophone(t.Context(), true)); err != nil {
			t.Fatal(err)
		}
		if err := s.Record(t.Context()); !errors.Is(err, call.ErrNoRehearsal) {
			t.Error(err)
		}
		s.end(t)
	})
}
