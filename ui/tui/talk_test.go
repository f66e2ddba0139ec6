package tui

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/call"
)

func TestAHeldKeyKeepsTheMicrophoneOpenAndATapDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDouble(meeting())
		k := talker{talk: d.Talk}
		wait := func(d time.Duration) { <-time.After(d); synctest.Wait() }
		if err := k.press(); err != nil {
			t.Fatal(err)
		}
		wait(660 * time.Millisecond) // until the keyboard repeats
		for range 100 {
			if err := k.press(); err != nil {
				t.Fatal(err)
			}
			wait(40 * time.Millisecond)
		}
		if d.done() != "talk true" {
			t.Fatalf("while it is held: %s", d.done())
		}
		wait(talkAgain)
		if d.done() != "talk true, talk false" {
			t.Fatalf("after it was let go: %s", d.done())
		}
		_ = k.press()
		wait(talkFirst + time.Millisecond)
		if d.done() != "talk true, talk false, talk true, talk false" {
			t.Fatalf("after a tap: %s", d.done())
		}
		_ = k.press()
		k.lift()
		k.lift()
		wait(time.Minute)
		if strings.Count(d.done(), "talk false") != 3 {
			t.Errorf("after the end: %s", d.done())
		}
	})
}

func TestTheTalkKeySaysWhyItDoesNothing(t *testing.T) {
	d := newDouble(meeting())
	d.fails = call.ErrNoPush
	m := newTestModel(d, 80, 24)
	press(m, "space")
	if text := seen(m); !strings.Contains(text, "push to talk is not on") || d.done() != "talk true" {
		t.Errorf("did %q:\n%s", d.done(), text)
	}
}

func TestEveryRowOfTheStateLineSaysWhetherThePersonIsHeard(t *testing.T) {
	s := meeting()
	s.Own.PushToTalk, s.Own.Paused, s.Question = true, false, nil
	m := newTestModel(newDouble(s), 80, 24)
	if !strings.Contains(seen(m), "push to talk: you are not heard") || strings.Contains(seen(m), "YOU ARE HEARD") {
		t.Errorf("closed:\n%s", seen(m))
	}
	s.Own.Microphone.Phase = call.On
	m.Update(changed{s})
	if !strings.Contains(seen(m), "YOU ARE HEARD") {
		t.Errorf("open:\n%s", seen(m))
	}
}

func TestMembersAreMadeLouderAndMutedByKeys(t *testing.T) {
	d := newDouble(meeting())
	m := newTestModel(d, 120, 40)
	press(m, "+", "-", "0", "up", "down")
	if d.done() != "" {
		t.Fatalf("without the list of members: %s", d.done())
	}
	press(m, "tab", "tab", "+", "down", "-", "0", "up", "+")
	if want := "volume of anna 110 false, volume of bob 90 false, volume of bob 100 true, volume of anna 110 false"; d.done() != want {
		t.Errorf("did %q, want %q", d.done(), want)
	}
	if !strings.Contains(seen(m), "› Anna") || strings.Contains(seen(m), "› Bob") {
		t.Errorf("who is meant is not seen:\n%s", seen(m))
	}
}

func TestAYesNeedsAQuestionThatWasThereToBeRead(t *testing.T) {
	s := meeting()
	q := s.Question
	s.Question = nil
	d := newDouble(s)
	m := newTestModel(d, 80, 24)
	s.Question = q
	m.Update(changed{s})
	press(m, "y")
	if d.done() != "" {
		t.Errorf("did %q", d.done())
	}
	press(m, "enter", "esc", "space")
	for _, did := range strings.Split(d.done(), ", ") {
		if strings.HasPrefix(did, "answer") {
			t.Errorf("another key answers: %q", d.done())
		}
	}
	m.now = func() time.Time { return at().Add(thinkFor) }
	press(m, "y")
	if !strings.HasSuffix(d.done(), "answer true") {
		t.Errorf("did %q", d.done())
	}
}
