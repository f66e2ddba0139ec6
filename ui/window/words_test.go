//go:build !nowindow

package window

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"paravent/media/sfu"
	"paravent/privacy/seal"
	"paravent/ui/command"
)

func TestForeignTextIsShownPlain(t *testing.T) {
	const evil = "\x1b[2J\x07Eve\u202e![x](http://evil.example/x.png)\x00"
	s := meeting(evil, strings.Repeat("W", 20000))
	s = s.After(sfu.ChatArrived{From: "m-" + evil, Text: "# <b>hi</b> " + evil, At: time.Unix(1, 0)})
	for _, size := range []fyne.Size{{Width: 1280, Height: 720}, {Width: 400, Height: 400}} {
		r := newRig(t, size.Width, size.Height)
		r.face.update(s)
		r.key(fyne.KeyReturn) // the chat in front, in a narrow window
		var all []string
		walk(r.face.root, func(o fyne.CanvasObject) {
			switch o.(type) {
			case *widget.Hyperlink, *canvas.Image:
				t.Errorf("foreign text became a %T", o)
			}
		})
		all = append(texts(r.face.root), r.face.window.Title())
		found := false
		for _, text := range all {
			found = found || strings.Contains(text, "# <b>hi</b> [2JEve![x](http://evil.example/x.png)")
			for _, c := range text {
				if unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) {
					t.Errorf("%q holds a control code", text)
				}
			}
		}
		if !found {
			t.Errorf("%v: the message is not shown as it was written: %.200q", size, all)
		}
	}
}

func TestWhatAServerCannotDoIsMissing(t *testing.T) {
	r := newRig(t, 1280, 720)
	s := meeting("Ann")
	s.Caps = sfu.Caps{Publish: map[sfu.Source]bool{sfu.Microphone: true}}
	r.face.update(s)
	for _, tl := range r.face.tools {
		missing := slices.Contains([]string{"camera", "screen", "hand", sayVerb, sendVerb, talkVerb, "record", "mute", "unmute", "kick", "lock", "words", "verified"}, tl.verb.Name)
		if tl.button.Visible() == missing {
			t.Errorf("%s: visible is %v", tl.verb.Name, tl.button.Visible())
		}
	}
	r.press("cshm")
	r.wantAsked("microphone true")
}

func TestHelpListsEveryVerbAndClosesByKey(t *testing.T) {
	r := newRig(t, 1280, 720)
	s := meeting("Ann")
	s.Own.PushToTalk, s.Rehearsal, s.Caps.Remove, s.Caps.Lock, s.Encryption.Grade = true, true, true, true, seal.Unchecked
	r.face.update(s)
	for _, closing := range []func(){func() { r.press("?") }, func() { r.key(fyne.KeyEscape) }, func() { r.key(fyne.KeyReturn) }} {
		r.press("?")
		if r.face.card == nil {
			t.Fatal("no help")
		}
		all := strings.Join(texts(r.face.card.Content), "\n")
		for _, v := range command.Verbs() {
			if !strings.Contains(all, v.Short) {
				t.Errorf("the help leaves %s out", v.Name)
			}
		}
		if closing(); r.face.card != nil || r.face.window.Canvas().Overlays().Top() != nil {
			t.Fatal("the help stays")
		}
	}
}
