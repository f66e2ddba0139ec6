//go:build !nowindow

package window

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"paravent/media/call"
	"paravent/media/sfu"
	"paravent/privacy/consent"
)

func TestThePersonIsHeardOnlyWhileSpaceIsHeldWhateverHappensMeanwhile(t *testing.T) {
	r := newRig(t, 1280, 720)
	s := meeting("Ann")
	s.Own.PushToTalk = true
	r.face.update(s)
	asked := s
	asked.Question = &consent.Question{Topic: consent.UnmuteMe, About: "microphone"}
	for name, meanwhile := range map[string]func(){
		"let go": func() { r.space(false) },
		"focus on a button": func() {
			r.face.window.Canvas().Focus(r.face.tools[0].button)
			r.space(false)
		},
		"focus on the entry": func() { r.face.window.Canvas().Focus(r.face.side.entry) },
		"help":               func() { r.press("?") },
		"minimised":          func() { r.face.setHidden(true) },
		"a question": func() {
			r.face.update(asked)
			r.space(true) // the keyboard repeats, and the question has the focus now
			r.space(false)
			r.face.update(s)
		},
		"the end": func() { r.face.letGo() },
	} {
		r.space(true)
		meanwhile()
		got := slices.Compact(r.call.took())
		if !slices.Equal(got, []string{"talk true", "talk false"}) {
			t.Errorf("%s: asked of the call: %q", name, got)
		}
		r.face.setHidden(false)
		r.face.hideCard()
		r.face.window.Canvas().Unfocus()
		r.call.took()
	}
}

func TestSpaceIsTextAndPressesButtonsAsEverWithoutPushToTalk(t *testing.T) {
	r := newRig(t, 1280, 720)
	r.face.update(meeting("Ann"))
	r.space(true)
	r.wantAsked()
	r.face.window.Canvas().Focus(r.face.tools[0].button)
	r.space(true)
	r.wantAsked("microphone true")
	s := meeting("Ann")
	s.Own.PushToTalk = true
	r.face.update(s)
	r.key(fyne.KeyReturn)
	r.wantAsked("microphone true") // Enter presses buttons
	r.face.window.Canvas().Focus(r.face.side.entry)
	r.space(true)
	r.space(false)
	r.wantAsked()
}

func TestEnterAndEscapeNeverOpenWhatSomebodyElseWantsOpen(t *testing.T) {
	r := newRig(t, 1280, 720)
	s := meeting("Ann")
	s.Question = &consent.Question{Topic: consent.UnmuteMe, About: "microphone"}
	for name, press := range map[string]func(){
		"Enter":  func() { r.key(fyne.KeyReturn) },
		"Escape": func() { r.key(fyne.KeyEscape) },
		"Space":  func() { r.key(fyne.KeySpace) },
		"n":      func() { r.press("n") },
	} {
		r.face.update(meeting("Ann"))
		r.face.update(s)
		r.now = r.now.Add(time.Minute)
		press()
		for _, did := range r.call.took() {
			if did != "answer false" {
				t.Errorf("%s: %q", name, did)
			}
		}
	}
}

func TestMembersAreMadeLouderAndMutedOnACard(t *testing.T) {
	r := newRig(t, 1280, 720)
	s := meeting("Ann", "Bob")
	r.face.update(s)
	r.press("+")
	if r.face.volumes == nil {
		t.Fatal("there is no card")
	}
	rows := r.face.volumes.rows
	rows["m-Ann"].slider.SetValue(50)
	r.wantAsked("volume of m-Ann 50 false")
	test.Tap(rows["m-Bob"].mute)
	r.wantAsked("volume of m-Bob 100 true")
	s.Volumes = map[sfu.MemberID]call.Volume{"m-Ann": {Percent: 50}, "m-Bob": {Percent: 100, Muted: true}}
	r.face.update(s)
	r.wantAsked() // what the call says is not the person's wish
	all := strings.Join(texts(r.face.card.Content), "\n")
	for _, want := range []string{"volume 50 %", "not heard by you", "hear again"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing:\n%s", want, all)
		}
	}
	left := s.After(sfu.MemberLeft{ID: "m-Ann"})
	r.face.update(left)
	if all := strings.Join(texts(r.face.card.Content), "\n"); strings.Contains(all, "Ann") {
		t.Errorf("who has left is still there:\n%s", all)
	}
	r.press("+")
	if r.face.card != nil || r.face.volumes != nil {
		t.Error("the card stays")
	}
}
