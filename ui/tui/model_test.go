package tui

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"paravent/media/call"
	"paravent/media/sfu"
)

func TestTheScreenShowsEverythingInBothSizes(t *testing.T) {
	for _, c := range []struct{ w, h int }{{80, 24}, {120, 40}} {
		m := newTestModel(newDouble(meeting()), c.w, c.h)
		golden(t, fmt.Sprintf("meeting-%dx%d.txt", c.w, c.h), seen(m))
		press(m, "?")
		golden(t, fmt.Sprintf("help-%dx%d.txt", c.w, c.h), seen(m))
	}
}

func TestANarrowScreenPutsTheChatBelow(t *testing.T) {
	m := newTestModel(newDouble(meeting()), 50, 36)
	golden(t, "narrow-50x36.txt", seen(m))
}

func TestEveryRowIsAsWideAsTheScreen(t *testing.T) {
	s := meeting()
	s = s.After(sfu.ChatArrived{From: "anna", Text: "世界 👩‍👩‍👧 a̐é " + sfu.Foreign(strings.Repeat("w", 300)), At: at()})
	m := newTestModel(newDouble(s), 100, 30)
	for y, row := range strings.Split(ansi.Strip(m.View().Content), "\n") {
		if w := ansi.StringWidth(row); w != 100 {
			t.Errorf("row %d has %d columns: %q", y, w, row)
		}
	}
}

func TestForeignTextNeverReachesTheScreenRaw(t *testing.T) {
	evil := sfu.Foreign("\x1b[2J\x1b]0;owned\x07\x9b31m\u202eevil\x00\r\n\tx\x7f")
	s := call.State{Self: "me"}
	for _, e := range []sfu.Event{
		sfu.MemberJoined{Member: sfu.Member{ID: "me", Name: evil}},
		sfu.MemberJoined{Member: sfu.Member{ID: sfu.MemberID(evil), Name: evil, Role: sfu.Role(evil)}},
		sfu.TrackAdded{Track: sfu.Track{ID: "t", Member: sfu.MemberID(evil), Source: sfu.Camera}},
		sfu.QualityChanged{Member: sfu.MemberID(evil), Quality: sfu.Poor},
		sfu.ChatArrived{From: sfu.MemberID(evil), Text: evil, At: at()},
		sfu.MutedByRoom{Source: sfu.Source(evil)},
		sfu.Announced{What: sfu.RoomWarns, By: sfu.MemberID(evil), Text: evil},
	} {
		s = s.After(e)
	}
	s.Notices[0].At = at().Add(time.Hour)
	s.Own.Background, s.Own.Gate, s.Own.Camera.Held = string(evil), string(evil), string(evil)
	m := newTestModel(newDouble(s), 120, 40)
	m.theme = theme{} // so every escape sequence is foreign
	m.Update(done{fmt.Errorf("server: %s", evil)})
	press(m, ":")
	m.Update(tea.PasteMsg{Content: string(evil)})
	text := m.View().Content
	if !strings.Contains(text, "evil") {
		t.Fatalf("the text is not there at all:\n%s", text)
	}
	for i, r := range text {
		if r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u202e') {
			t.Errorf("a raw %U in %q", r, text[max(i-20, 0):min(i+20, len(text))])
		}
	}
	if n := strings.Count(text, "\n"); n != 39 {
		t.Errorf("%d rows", n+1)
	}
}

func TestKeysDoWhatTheTableOfVerbsSays(t *testing.T) {
	for key, want := range map[string]string{
		"m": "microphone true", "c": "camera true", "s": "screen true", "h": "hand true", "space": "talk true", "r": "record",
		"y": "answer true", "n": "answer false", "!": "panic", "q": "leave", "ctrl+c": "leave",
	} {
		d := newDouble(meeting())
		m := newTestModel(d, 80, 24)
		m.now = func() time.Time { return at().Add(time.Minute) } // the question was read
		press(m, key)
		if d.done() != want {
			t.Errorf("%s: did %q, want %q", key, d.done(), want)
		}
	}
}

func TestYesAndNoNeedAQuestion(t *testing.T) {
	s := meeting()
	s.Question = nil
	d := newDouble(s)
	press(newTestModel(d, 80, 24), "y", "n")
	if d.done() != "" {
		t.Errorf("did %q", d.done())
	}
}

func TestACommandIsCompletedDoneAndRemembered(t *testing.T) {
	d := newDouble(meeting())
	m := newTestModel(d, 80, 24)
	press(m, ":", "c", "a", "tab", "o", "f", "tab", "enter")
	if d.done() != "camera false" {
		t.Errorf("did %q", d.done())
	}
	press(m, ":", "up")
	if !strings.Contains(seen(m), "\n:camera off") {
		t.Errorf("not remembered:\n%s", seen(m))
	}
	press(m, "esc", "m")
	if d.done() != "camera false, microphone true" {
		t.Errorf("after Esc the keys are not verbs again: %q", d.done())
	}
}

func TestACommandThatIsNoneIsAnsweredInWords(t *testing.T) {
	m := newTestModel(newDouble(meeting()), 80, 24)
	press(m, ":")
	typeLine(m, "dance")
	press(m, "enter")
	if !strings.Contains(seen(m), "dance: there is no such command") {
		t.Errorf("no words:\n%s", seen(m))
	}
}

func TestWritingSendsAndStaysOpenUntilEsc(t *testing.T) {
	d := newDouble(meeting())
	m := newTestModel(d, 80, 24)
	press(m, "i")
	typeLine(m, "quite so!  yes")
	if !m.ears.typing.Load() {
		t.Error("the ears would take ! for the key")
	}
	press(m, "enter")
	typeLine(m, "mm")
	press(m, "backspace", "enter", "esc")
	if want := "say quite so!  yes, say m"; d.done() != want {
		t.Errorf("did %q, want %q", d.done(), want)
	}
	if m.ears.typing.Load() {
		t.Error("after Esc the ears would not hear the panic key")
	}
}

func TestAnErrorOfAVerbBecomesANotice(t *testing.T) {
	d := newDouble(meeting())
	d.fails = errTest
	m := newTestModel(d, 80, 24)
	press(m, "c")
	if !strings.Contains(seen(m), "* the camera is on fire") {
		t.Errorf("no notice:\n%s", seen(m))
	}
	m.now = func() time.Time { return at().Add(noticeFor) }
	m.Update(expired{})
	if strings.Contains(seen(m), "on fire") {
		t.Error("the notice stays for ever")
	}
}

func TestTheChatScrollsAndStaysWhereItIsRead(t *testing.T) {
	s := meeting()
	for i := range 60 {
		s = s.After(sfu.ChatArrived{From: "bob", Text: sfu.Foreign("line " + strconv.Itoa(i) + "."), At: at()})
	}
	d := newDouble(s)
	m := newTestModel(d, 80, 24)
	if !strings.Contains(seen(m), "line 59.") {
		t.Fatalf("the newest is not seen:\n%s", seen(m))
	}
	press(m, "pgup")
	before := seen(m)
	if strings.Contains(before, "line 59.") || !strings.Contains(before, "more below") {
		t.Fatalf("not scrolled:\n%s", before)
	}
	s = s.After(sfu.ChatArrived{From: "bob", Text: "new.", At: at()})
	m.Update(changed{s})
	visible := func(text string) string {
		var got []string
		for _, f := range strings.Fields(text) {
			if strings.HasSuffix(f, ".") {
				got = append(got, f)
			}
		}
		return strings.Join(got, " ")
	}
	if visible(seen(m)) != visible(before) {
		t.Errorf("a new message moves what is read:\n%s", seen(m))
	}
	press(m, "pgdown", "pgdown")
	if !strings.Contains(seen(m), "new.") {
		t.Errorf("not back:\n%s", seen(m))
	}
	press(m, "pgup", "pgup", "pgup", "pgup", "pgup", "pgup", "pgup", "pgup", "pgup", "pgup", "pgup", "pgup", "pgup", "pgup", "pgup")
	if !strings.Contains(seen(m), "14:05 Anna: Good") {
		t.Errorf("the first message cannot be reached:\n%s", seen(m))
	}
}

func TestASpeakerDoesNotMakeTilesJump(t *testing.T) {
	s := meeting()
	m := newTestModel(newDouble(s), 120, 40)
	before := append([]seat(nil), m.seats...)
	m.Update(changed{s.After(sfu.Speaking{Members: []sfu.MemberID{"anna"}})})
	if fmt.Sprint(before) != fmt.Sprint(m.seats) {
		t.Errorf("%v became %v", before, m.seats)
	}
	if !strings.Contains(seen(m), "▶ Anna") {
		t.Errorf("the speaker is not marked:\n%s", seen(m))
	}
}

func TestASharedScreenIsLargeAndVMakesAnotherSo(t *testing.T) {
	s := meeting()
	shared := s.After(sfu.TrackAdded{Track: sfu.Track{ID: "a-scr", Member: "anna", Source: sfu.Screen}})
	m := newTestModel(newDouble(shared), 120, 40)
	if m.seats[0].track != "a-scr" || m.stage.places[0].at.Dx() < 2*m.stage.places[1].at.Dx() {
		t.Errorf("the screen is not large: %v", m.stage.places)
	}
	m = newTestModel(newDouble(s), 120, 40)
	press(m, "v")
	if m.seats[0].track != "b-cam" || m.stage.places[0].at.Dx() < 2*m.stage.places[1].at.Dx() {
		t.Errorf("the speaker is not large: %v", m.stage.places)
	}
}

func TestManyPicturesThatDoNotFitCanBeReached(t *testing.T) {
	s := meeting()
	for i := range 60 {
		id := strconv.Itoa(i)
		s = s.After(sfu.MemberJoined{Member: sfu.Member{ID: sfu.MemberID(id), Name: sfu.Foreign("member" + id)}})
		s = s.After(sfu.TrackAdded{Track: sfu.Track{ID: sfu.TrackID(id), Member: sfu.MemberID(id), Source: sfu.Camera}})
	}
	m := newTestModel(newDouble(s), 80, 24)
	if !strings.Contains(seen(m), "not shown") && !strings.Contains(seen(m), "…") {
		t.Errorf("nothing says that there are more:\n%s", seen(m))
	}
	first := m.seats[0]
	press(m, "tab", "pgdown", "pgdown")
	if m.seats[0] == first {
		t.Error("the next page cannot be reached")
	}
	press(m, "pgup", "pgup", "pgup", "pgup", "pgup")
	if m.first != 0 {
		t.Errorf("the first page cannot be reached: %d", m.first)
	}
}

func TestTheHelpHidesPicturesAndAnyKeyClosesIt(t *testing.T) {
	d := newDouble(meeting())
	m := newTestModel(d, 120, 40)
	press(m, "?")
	if !m.stage.hidden {
		t.Error("pictures would be drawn over the help")
	}
	press(m, "q")
	if m.stage.hidden || d.done() != "" {
		t.Errorf("hidden %v, did %q", m.stage.hidden, d.done())
	}
}

func TestAlertsAreMarkedWithoutColoursToo(t *testing.T) {
	m := newTestModel(newDouble(meeting()), 120, 40)
	m.theme = newTheme(false)
	for _, row := range strings.Split(m.View().Content, "\n") {
		if strings.Contains(row, "38;2") || strings.Contains(row, "[31") {
			t.Errorf("a colour: %q", row)
		}
		if strings.Contains(row, "NOTHING IS SENT") && !strings.Contains(row, "\x1b[1;7m") {
			t.Errorf("not bold and reversed: %q", row)
		}
	}
}

func TestTheThemeCanBeRead(t *testing.T) {
	for _, p := range pairs() {
		a, b := luminance(t, p.letters), luminance(t, p.behind)
		if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < 4.5 {
			t.Errorf("%v: a contrast of %.1f", p, ratio)
		}
	}
}

// luminance is the relative luminance of WCAG 2.2.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(hex[1:], 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	channel := func(v uint64) float64 {
		c := float64(v&255) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(n>>16) + 0.7152*channel(n>>8) + 0.0722*channel(n)
}

func FuzzSizes(f *testing.F) {
	for _, s := range [][2]int{{0, 0}, {1, 1}, {2, 5}, {5, 2}, {63, 10}, {64, 3}, {200, 1}, {1, 200}, {240, 67}} {
		f.Add(s[0], s[1], "?:tab")
	}
	f.Fuzz(func(t *testing.T, w, h int, keys string) {
		w, h = w&511, h&255
		m := newTestModel(newDouble(meeting()), w, h)
		check := func() {
			t.Helper()
			v := m.View()
			if w == 0 || h == 0 {
				return
			}
			rows := strings.Split(ansi.Strip(v.Content), "\n")
			if len(rows) != h {
				t.Fatalf("%d rows on %d×%d", len(rows), w, h)
			}
			for _, row := range rows {
				if ansi.StringWidth(row) > w {
					t.Fatalf("a row of %d columns on %d×%d: %q", ansi.StringWidth(row), w, h, row)
				}
			}
			if v.Cursor != nil && (v.Cursor.X >= w || v.Cursor.Y >= h) {
				t.Fatalf("the cursor is outside: %v", v.Cursor.Position)
			}
			for _, p := range m.stage.places {
				if p.at.Min.X < 0 || p.at.Min.Y < 0 || p.at.Max.X > w || p.at.Max.Y > h {
					t.Fatalf("a picture is outside of %d×%d: %v", w, h, p.at)
				}
			}
		}
		check()
		for _, r := range keys[:min(len(keys), 20)] {
			m.key(tea.KeyPressMsg{Code: r, Text: string(r)})
			m.arrange()
			check()
		}
	})
}
