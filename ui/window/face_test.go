//go:build !nowindow

package window

import (
	"errors"
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"paravent/media/call"
	"paravent/media/frame"
	"paravent/media/sfu"
	"paravent/privacy/consent"
	"paravent/privacy/filter"
	"paravent/privacy/seal"
	"paravent/ui/command"
	"paravent/ui/say"
	"paravent/ui/view"
)

func TestTheStateLineSaysWordForWordWhatViewSays(t *testing.T) {
	r := newRig(t, 1280, 720)
	s := meeting("Ann")
	for _, change := range []func(*call.State){
		func(*call.State) {},
		func(s *call.State) { s.Own.Microphone.Phase = call.On },
		func(s *call.State) { s.Own.Camera = call.Sending{Phase: call.On, Held: "segmentation"} },
		func(s *call.State) { s.Own.Background, s.Own.Gate = "off", "off" },
		func(s *call.State) {
			s.Recording, s.Link, s.Own.Paused, s.Own.Hand = true, sfu.LinkResuming, true, true
		},
	} {
		change(&s)
		r.face.update(s)
		badges := view.StateLine(s)
		if len(r.face.line.box.Objects) != len(badges) {
			t.Fatalf("%d badges, want %d", len(r.face.line.box.Objects), len(badges))
		}
		for i, o := range r.face.line.box.Objects {
			want := []string{badges[i].Text}
			if badges[i].Alert {
				want = []string{alertMark, badges[i].Text}
			}
			if got := texts(o); !slices.Equal(got, want) {
				t.Errorf("badge %d says %q, want %q", i, got, want)
			}
			walk(o, func(o fyne.CanvasObject) {
				if x, ok := o.(*canvas.Text); ok && x.TextStyle.Bold != badges[i].Alert {
					t.Errorf("%q: bold is %v, alert is %v", x.Text, x.TextStyle.Bold, badges[i].Alert)
				}
			})
		}
	}
}

func TestTheStateLineIsWhollyInsideTheWindowHoweverSmallItIs(t *testing.T) {
	for _, size := range []fyne.Size{{Width: 360, Height: 300}, {Width: 480, Height: 320}, {Width: 819, Height: 400}, {Width: 1920, Height: 1080}} {
		r := newRig(t, size.Width, size.Height)
		s := meeting("Ann", "Bob")
		s.Own.Camera.Phase, s.Own.Microphone.Phase, s.Own.Background, s.Own.Gate = call.On, call.On, "off", "off"
		s.Own.Paused, s.Recording, s.Own.Screen.Phase = true, true, call.On
		s.Question = &consent.Question{Topic: consent.Recording, About: "the server"}
		r.face.update(s)
		room := r.face.root.Size()
		for _, o := range r.face.line.box.Objects {
			p := r.face.line.box.Position().Add(o.Position())
			if p.X < 0 || p.Y < 0 || p.X+o.Size().Width > room.Width+1 || p.Y+o.Size().Height > room.Height+1 || o.Size().Height < smallSize {
				t.Errorf("%v: %q is at %v with %v, outside of %v", size, texts(o), p, o.Size(), room)
			}
		}
	}
}

func TestThePicturesDoNotJumpWithAWordOfAdvice(t *testing.T) {
	r := newRig(t, 820, 600)
	s := meeting("Ann")
	s.Own.Camera.Phase = call.On
	height := func(n filter.Notes) float32 {
		s.Own.Camera.Notes = n
		r.face.update(s)
		return r.face.stageBox.Size().Height
	}
	bare := height(0)
	one := height(filter.SecondPerson)
	if one >= bare {
		t.Fatalf("a word of advice takes no room: %v, %v", bare, one)
	}
	if after := height(0); after != one {
		t.Errorf("the pictures are %v high, then %v", one, after)
	}
	many := height(filter.SecondPerson | filter.Readable | filter.SlowMask | filter.Backlight)
	if after := height(0); after != bare || many >= one {
		t.Errorf("%v high with much advice, and %v without, want %v", many, after, bare)
	}
}

func TestEveryVerbIsReachedByItsKeyItsButtonAndTheMenu(t *testing.T) {
	want := map[string]string{
		"mic": "microphone true", "camera": "camera true", "screen": "screen true", "hand": "hand true",
		"yes": "answer true", "no": "answer false", "panic": "panic", "leave": "leave", "show": "show", "record": "record", "talk": "talk true", "files": "files",
		"words": "words", "verified": "verified",
	}
	r := newRig(t, 1280, 720)
	s := meeting("Ann")
	s.Question = &consent.Question{Topic: consent.Recording, About: "the server"}
	s.Own.PushToTalk, s.Rehearsal, s.Encryption.Grade = true, true, seal.Unchecked
	r.face.update(s)
	r.now = r.now.Add(time.Minute)
	buttons := map[string]*button{"yes": r.face.yes, "no": r.face.no}
	for _, tl := range r.face.tools {
		buttons[tl.verb.Name] = tl.button
	}
	menu := r.face.window.MainMenu().Items[0].Items
	for i, v := range command.Verbs() {
		if slices.Contains([]string{sayVerb, sendVerb, volumeVerb, "mute", "unmute", "kick", "lock"}, v.Name) {
			continue // they need words, or have a card
		}
		if v.Key == "" && v.Name != "files" {
			t.Errorf("%s has no key", v.Name)
		}
		switch {
		case v.Name == talkVerb:
			r.space(true)
			r.wantAsked("talk true")
			r.space(false)
			r.wantAsked("talk false")
		case v.Key != "":
			r.press(v.Key)
			r.wantAsked(want[v.Name])
		}
		test.Tap(buttons[v.Name])
		r.wantAsked(want[v.Name])
		if !strings.Contains(menu[i].Label, v.Short) {
			t.Errorf("menu item %d is %q, want %q", i, menu[i].Label, v.Short)
		}
		menu[i].Action()
		r.wantAsked(want[v.Name])
	}
}

func TestKeysAreTextWhileSomethingIsWritten(t *testing.T) {
	r := newRig(t, 1280, 720)
	r.face.update(meeting("Ann"))
	r.key(fyne.KeyReturn)
	r.press("my cat!?")
	r.wantAsked()
	r.key(fyne.KeyReturn)
	r.wantAsked("say my cat!?")
	r.key(fyne.KeyEscape)
	r.press("m")
	r.wantAsked("microphone true")
}

func TestAColonCommandsAndASmileIsSaid(t *testing.T) {
	r := newRig(t, 1280, 720)
	r.face.update(meeting("Ann"))
	r.press(":screen on My  Window")
	r.key(fyne.KeyReturn)
	r.wantAsked("screen true My Window")
	r.press(":)  two  spaces")
	r.key(fyne.KeyReturn)
	r.wantAsked("say :)  two  spaces")
	r.press(":mic loud")
	r.key(fyne.KeyReturn)
	r.wantAsked()
	if got := r.face.notice.label.Text; !strings.Contains(got, "mic [on|off]") {
		t.Fatalf("the notice says %q, want how mic is used", got)
	}
}

func TestAVerbThatFailsIsSaidInWordsAndGoesAwayAgain(t *testing.T) {
	r := newRig(t, 1280, 720)
	r.face.update(meeting("Ann"))
	r.call.fails = sfu.ErrUnsupported
	r.press("h")
	want := say.Of(sfu.ErrUnsupported).Text
	if got := texts(r.face.notice.box); !slices.Contains(got, want) || !slices.Contains(got, alertMark) {
		t.Fatalf("the notice is %q, want %q with its mark", got, want)
	}
	if got := texts(r.face.sideBox); !slices.Contains(got, want) {
		t.Fatalf("the chat does not keep the notice: %q", got)
	}
	r.now = r.now.Add(noticeFor + time.Second)
	if r.face.tick(); r.face.notice.box.Visible() {
		t.Fatal("the notice stays for ever")
	}
}

func TestTilesComeAndGoWithTheState(t *testing.T) {
	r := newRig(t, 1280, 720)
	r.face.update(meeting())
	if got := texts(r.face.stageBox); !slices.Contains(got, say.EnglishWindow().NoPictures) {
		t.Fatalf("an empty stage says %q", got)
	}
	s := meeting("Ann", "Bob")
	s.Own.Camera.Phase = call.On
	r.face.update(s)
	all := texts(r.face.root)
	for _, want := range []string{"Ann", "Bob", say.English().OwnPicture} {
		if !slices.Contains(all, want) {
			t.Errorf("no tile says %q", want)
		}
	}
	ann, own := key{track: "t-Ann", src: sfu.Camera}, key{own: true, src: sfu.Camera}
	if len(r.wants) != 3 || r.wants[ann].view.Width < 200 {
		t.Fatalf("wanted: %v, want three tracks in the size of their tiles", r.wants)
	}
	if a, o := r.wants[ann].view, r.wants[own].view; o.Width >= a.Width {
		t.Errorf("the own picture is %d wide, Ann's %d", o.Width, a.Width)
	}
	gone := r.face.tiles[ann]
	s = s.After(sfu.TrackRemoved{ID: "t-Ann"})
	r.face.update(s)
	if _, there := r.wants[ann]; there || r.face.tiles[ann] != nil || slices.Contains(texts(r.face.stageBox), "Ann") {
		t.Error("Ann's tile stays after her camera is off")
	}
	if !gone.sheet.closed {
		t.Error("Ann's last picture stays in memory")
	}
}

func TestAScreenIsLargeAndWhoSpeaksIsMarkedByALineAndAWord(t *testing.T) {
	r := newRig(t, 1280, 720)
	s := meeting("Ann", "Bob").After(sfu.TrackAdded{Track: sfu.Track{ID: "scr", Member: "m-Bob", Source: sfu.Screen, Width: 1920, Height: 1080}})
	s = s.After(sfu.Speaking{Members: []sfu.MemberID{"m-Ann"}})
	r.face.update(s)
	screen, ann := r.face.tiles[key{track: "scr", src: sfu.Screen}], r.face.tiles[key{track: "t-Ann", src: sfu.Camera}]
	if screen.Size().Width < 2*ann.Size().Width {
		t.Errorf("the screen is %v, a camera %v", screen.Size(), ann.Size())
	}
	if ann.border.StrokeWidth < 3 || !slices.Contains(texts(ann), say.English().Speaks) {
		t.Errorf("Ann speaks: line %v, words %q", ann.border.StrokeWidth, texts(ann))
	}
	r.face.update(s.After(sfu.Speaking{}))
	if ann.border.StrokeWidth > 1 || slices.Contains(texts(ann), say.English().Speaks) {
		t.Errorf("Ann is silent: line %v, words %q", ann.border.StrokeWidth, texts(ann))
	}
}

func TestNobodyChangesPlacesByStartingToSpeak(t *testing.T) {
	r := newRig(t, 1280, 720)
	s := meeting("Ann", "Bob", "Cy")
	r.face.update(s)
	bob := r.face.tiles[key{track: "t-Bob", src: sfu.Camera}]
	before := bob.Position()
	r.face.update(s.After(sfu.Speaking{Members: []sfu.MemberID{"m-Cy", "m-Bob"}}))
	if bob.Position() != before {
		t.Fatalf("Bob went from %v to %v", before, bob.Position())
	}
}

func TestOnlyThePageThatIsSeenIsWatched(t *testing.T) {
	r := newRig(t, 640, 480)
	var names []string
	for i := range 30 {
		names = append(names, string(rune('A'+i%26))+string(rune('a'+i/26)))
	}
	r.face.update(meeting(names...))
	first := r.wants
	if len(first) == 0 || len(first) >= 30 {
		t.Fatalf("%d of 30 are watched", len(first))
	}
	r.key(fyne.KeyPageDown)
	for k := range r.wants {
		if _, twice := first[k]; twice {
			t.Fatalf("%v is on both pages", k)
		}
	}
	r.key(fyne.KeyPageUp)
	if len(r.wants) != len(first) {
		t.Fatal("Page Up does not go back")
	}
	r.face.setHidden(true)
	if len(r.wants) != 0 {
		t.Fatalf("minimised, %d tracks are watched", len(r.wants))
	}
	r.face.setHidden(false)
	if len(r.wants) != len(first) {
		t.Fatal("back again, not all are watched")
	}
}

func TestAPictureReachesTheWindow(t *testing.T) {
	r := newRig(t, 1280, 720)
	r.face.update(meeting("Ann"))
	ann := r.face.tiles[key{track: "t-Ann", src: sfu.Camera}]
	p := frame.NewPool(640, 360).Get(0)
	p.Fill(frame.RGB(200, 30, 60))
	r.wants[keyOf(ann.info)].sink.Show(p)
	r.face.repaint()
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(ann).AddXY(ann.Size().Width/2, ann.Size().Height/2)
	got := color.NRGBAModel.Convert(r.face.window.Canvas().Capture().At(int(at.X), int(at.Y))).(color.NRGBA)
	for i, pair := range [][2]byte{{got.R, 200}, {got.G, 30}, {got.B, 60}} {
		if math.Abs(float64(pair[0])-float64(pair[1])) > 6 {
			t.Fatalf("colour %d in the middle of the tile: %v, want 200 30 60", i, got)
		}
	}
	if n := ann.sheet.painted(); n == 0 {
		t.Fatal("no picture counts as painted")
	}
}

func TestAYesIsOnlyWhatWasMeantAsOne(t *testing.T) {
	ask := func(r *rig) {
		s := meeting("Ann")
		s.Question = &consent.Question{Topic: consent.Recording, About: "the server"}
		r.face.update(s)
	}
	t.Run("the focus is on no", func(t *testing.T) {
		r := newRig(t, 1280, 720)
		r.face.update(meeting("Ann"))
		ask(r)
		if got := texts(r.face.question.box); !slices.Contains(got, view.Question(r.face.state)) {
			t.Fatalf("the banner says %q", got)
		}
		r.key(fyne.KeyReturn)
		r.wantAsked("answer false")
		r.press("m") // the other keys go on working
		r.wantAsked("microphone true")
	})
	t.Run("a y that was on its way is none", func(t *testing.T) {
		r := newRig(t, 1280, 720)
		r.face.update(meeting("Ann"))
		ask(r)
		r.press("y")
		r.wantAsked()
		r.now = r.now.Add(time.Second)
		r.press("y")
		r.wantAsked("answer true")
	})
	t.Run("a y in a message is none", func(t *testing.T) {
		r := newRig(t, 1280, 720)
		r.face.update(meeting("Ann"))
		r.key(fyne.KeyReturn)
		ask(r)
		r.now = r.now.Add(time.Second)
		r.press("yesterday")
		r.wantAsked()
	})
	t.Run("without a question there is none", func(t *testing.T) {
		r := newRig(t, 1280, 720)
		r.face.update(meeting("Ann"))
		r.now = r.now.Add(time.Second)
		r.press("yn")
		r.wantAsked()
		if r.face.question.box.Visible() {
			t.Fatal("a banner without a question")
		}
	})
}

func TestTilesNeverOverlapNorLeaveTheStage(t *testing.T) {
	for _, size := range []fyne.Size{{Width: 1280, Height: 600}, {Width: 200, Height: 900}, {Width: 900, Height: 120}, {Width: 333, Height: 333}} {
		for n := 1; n <= capacity(size); n++ {
			boxes := grid(n, area{size: size})
			if len(boxes) != n {
				t.Fatalf("%d boxes for %d", len(boxes), n)
			}
			for i, a := range boxes {
				if a.pos.X < 0 || a.pos.Y < 0 || a.pos.X+a.size.Width > size.Width+1 || a.pos.Y+a.size.Height > size.Height+1 {
					t.Fatalf("%v, %d tiles: tile %d is at %v", size, n, i, a)
				}
				for _, b := range boxes[:i] {
					if a.pos.X < b.pos.X+b.size.Width && b.pos.X < a.pos.X+a.size.Width && a.pos.Y < b.pos.Y+b.size.Height && b.pos.Y < a.pos.Y+a.size.Height {
						t.Fatalf("%v, %d tiles: %v and %v overlap", size, n, a, b)
					}
				}
			}
		}
	}
}

func TestWithoutADisplayRunSaysSo(t *testing.T) {
	nothing := func(string) string { return "" }
	for goos, want := range map[string]bool{"linux": false, "freebsd": false, "windows": true, "darwin": true} {
		if got := mayHaveDisplay(goos, nothing); got != want {
			t.Errorf("%s without DISPLAY: %v", goos, got)
		}
	}
	if !mayHaveDisplay("linux", func(n string) string { return map[string]string{"WAYLAND_DISPLAY": "wayland-0"}[n] }) {
		t.Error("a Wayland display is none")
	}
	if p := say.Of(errors.Join(ErrNoDisplay, errors.New("X11"))); p.Code != "no-display" || p.Hint == "" {
		t.Errorf("in words: %+v", p)
	}
}
