package group_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/privacy/seal/group"
	"paravent/privacy/seal/identity"
	"paravent/privacy/seal/sframe"
)

func TestThreeHearEachOtherAndReadTheSameWords(t *testing.T) {
	s, a, b, c := three(t)
	s.wantWhole()
	ab, ok1 := a.SafetyWith("b")
	ba, ok2 := b.SafetyWith("a")
	ac, ok3 := a.SafetyWith("c")
	if !ok1 || !ok2 || !ok3 || ab != ba || ab == ac {
		t.Errorf("words of two: %v %v %v, %v %v %v", ab, ba, ac, ok1, ok2, ok3)
	}
	if _, ok := a.SafetyWith("nobody"); ok {
		t.Error("words with nobody")
	}
	for _, m := range []*member{a, b, c} {
		if len(m.alarms) > 0 {
			t.Errorf("%s was alarmed: %v", m.seat, m.alarms)
		}
	}
}

func TestOneAloneSealsAndHasNoWords(t *testing.T) {
	s := newServer(t)
	a := s.enter("a")
	s.run(time.Second)
	if _, err := seal(a, "hello?"); err != nil {
		t.Error(err)
	}
	if _, ok := a.Safety(); ok {
		t.Error("words with nobody")
	}
}

func TestNothingIsSaidOnceAllIsSaid(t *testing.T) {
	s, _, _, _ := three(t)
	n := len(s.past)
	s.run(time.Minute)
	if len(s.past) != n {
		t.Errorf("%d messages in a minute in which nothing happened", len(s.past)-n)
	}
}

func TestAChangeCostsEachMemberThreeMessagesToAll(t *testing.T) {
	s := newServer(t)
	for i := range 8 {
		s.enter(group.Seat(fmt.Sprint("seat ", i)))
	}
	s.run(3 * time.Second)
	for what, change := range map[string]func(){
		"one leaves": func() { s.drop("seat 7") },
		"one comes":  func() { s.enter("another") },
	} {
		from := len(s.past)
		change()
		s.run(10 * time.Second)
		s.wantWhole()
		sent := map[byte]map[string]bool{}
		for _, p := range s.past[from:] {
			if p.from == "seat 1" {
				if sent[p.kind()] == nil {
					sent[p.kind()] = map[string]bool{}
				}
				sent[p.kind()][string(p.body)] = true
			}
		}
		if len(sent[group.KindKeys]) != 1 || len(sent[group.KindStatus]) > 3 || len(sent[group.KindPair]) > 1 || len(sent[group.KindAsk]) > 0 {
			t.Errorf("%s: %d keys, %d statuses, %d pairs, %d asks", what, len(sent[group.KindKeys]), len(sent[group.KindStatus]), len(sent[group.KindPair]), len(sent[group.KindAsk]))
		}
	}
}

func TestAJoinerCannotReadBackAndALeaverCannotReadOn(t *testing.T) {
	s, a, b, c := three(t)
	before, err := seal(a, "before")
	if err != nil {
		t.Fatal(err)
	}
	d := s.enter("d")
	s.run(3 * time.Second)
	s.wantWhole()
	if got, err := d.Opening("a").Open("microphone", codec.Opus, nil, before); err == nil {
		t.Errorf("the joiner opens %q from before", got)
	}

	// The leaver works with the server: it gets every message as if it were there.
	stale, _ := a.Sealing()
	s.drop("d")
	if _, err := stale.Seal("microphone", codec.Opus, nil, []byte("secret")); !errors.Is(err, group.ErrHeld) {
		t.Errorf("the old key still seals: %v", err)
	}
	seen := len(s.past)
	s.run(3 * time.Second)
	s.wantWhole()
	for _, p := range s.past[seen:] {
		d.State, _, _ = d.After(s.now, group.Received{From: p.from, Body: p.body})
	}
	for _, m := range []*member{a, b, c} {
		after, err := seal(m, "after")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := d.Opening(m.seat).Open("microphone", codec.Opus, nil, after); !errors.Is(err, sframe.ErrKey) {
			t.Errorf("the leaver opens %q of %s: %v", got, m.seat, err)
		}
	}
}

func TestAJoinIsHeardWithoutAGap(t *testing.T) {
	s, a, b, _ := three(t)
	s.enter("d")
	for range 30 {
		s.deliver()
		if err := hears(b, a); err != nil {
			t.Fatal(err)
		}
		s.now = s.now.Add(100 * time.Millisecond)
		for _, seat := range s.order {
			s.do(s.seats[seat], group.Tick{})
			if err := hears(b, a); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.wantWhole()
}

func TestAMemberThatDoesNotAnswerHoldsAJoinerUpForAWhileOnly(t *testing.T) {
	s, a, _, _ := three(t)
	s.evil = func(p packet) []packet {
		if p.to == "c" && p.kind() == group.KindKeys {
			return nil
		}
		return []packet{p}
	}
	d := s.enter("d")
	s.run(time.Second)
	if err := hears(d, a); err == nil {
		t.Error("a did not wait for c")
	}
	s.run(3 * time.Second)
	if err := hears(d, a); err != nil {
		t.Error(err)
	}
}

func TestTwoDevicesOfOneIdentityAreTwoMembers(t *testing.T) {
	s := newServer(t)
	id := identity.New()
	mine := func(c *group.Config) { c.Identity = id }
	s.enter("a")
	s.enter("b", mine)
	s.enter("c", mine)
	s.run(3 * time.Second)
	s.wantWhole()
	s.drop("c")
	s.run(3 * time.Second)
	s.wantWhole()
}

func TestWhoLeavesSaysByeAndKeepsNothing(t *testing.T) {
	s, a, b, c := three(t)
	stale, _ := c.Sealing()
	opening := c.Opening("a")
	frame, err := seal(a, "before")
	if err != nil {
		t.Fatal(err)
	}
	s.do(c, group.Leave{})
	s.deliver()
	if n := len(a.Members()); n != 1 {
		t.Errorf("a still sees %d others", n)
	}
	if _, err := stale.Seal("microphone", codec.Opus, nil, []byte("x")); !errors.Is(err, group.ErrHeld) {
		t.Errorf("sealed after the bye: %v", err)
	}
	if _, err := opening.Open("microphone", codec.Opus, nil, frame); err == nil {
		t.Error("opened after the bye")
	}
	if _, ok := c.Sealing(); ok || len(c.HeldKeys()) > 0 || len(c.Mine()) > 0 {
		t.Error("keys are left")
	}
	s.do(c, group.Tick{})
	s.drop("c")
	s.run(time.Second)
	s.wantWhole()
	_ = b
}

func TestTracksHaveKeysOfTheirOwn(t *testing.T) {
	_, a, b, _ := three(t)
	sealing, _ := a.Sealing()
	frame, err := sealing.Seal("camera", codec.VP8, nil, []byte{0x11, 1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Opening("a").Open("screen", codec.VP8, nil, frame); !errors.Is(err, sframe.ErrForged) {
		t.Errorf("the camera's frame as the screen's: %v, want ErrForged", err)
	}
	if _, err := b.Opening("c").Open("camera", codec.VP8, nil, frame); err == nil {
		t.Error("a's frame opens as c's")
	}
	if _, err := b.Opening("a").Open("camera", codec.VP8, nil, frame); err != nil {
		t.Error(err)
	}
	if _, err := b.Opening("a").Open("camera", codec.VP8, nil, frame); !errors.Is(err, sframe.ErrReplay) {
		t.Errorf("a frame again: %v, want ErrReplay", err)
	}
	if _, err := sealing.Seal(strings.Repeat("x", 65), codec.Opus, nil, nil); !errors.Is(err, group.ErrTrack) {
		t.Errorf("a long name: %v, want ErrTrack", err)
	}
	for i := range 20 {
		_, err = sealing.Seal(fmt.Sprint("track ", i), codec.Opus, nil, nil)
	}
	if !errors.Is(err, group.ErrTrack) {
		t.Errorf("many tracks: %v, want ErrTrack", err)
	}
}

func TestACameraThatGoesOffAndOnDoesNotCountAnew(t *testing.T) {
	_, a, _, _ := three(t)
	seen := map[string]bool{}
	for range 5 {
		sealing, _ := a.Sealing() // as a new line would ask for it
		frame, err := sealing.Seal("camera", codec.Opus, nil, nil)
		if err != nil || seen[string(frame[:3])] {
			t.Fatalf("%x, %v: this number was used", frame, err)
		}
		seen[string(frame[:3])] = true
	}
}

// TestTheKeyOfATrackIsAsItWas has a vector of our own, so that two versions of the
// program keep understanding each other.
func TestTheKeyOfATrackIsAsItWas(t *testing.T) {
	key, err := group.Track(group.Base{1, 2, 3}, "camera")
	if want := "0d988628d22212b8f3abb5eb894450503aa974202302a02d83987cb240ee746a"; err != nil || hex.EncodeToString(key) != want {
		t.Errorf("%x, %v; want %s", key, err, want)
	}
}

func TestAKnownNameWithAnotherIdentityWaitsForAYes(t *testing.T) {
	s := newServer(t)
	var book identity.Book
	book = book.Verify("the one at b", identity.New().Public(), s.now)
	a := s.enter("a", func(c *group.Config) { c.Book = book })
	b := s.enter("b")
	s.run(3 * time.Second)
	wantHeld(t, a, group.Changed, "b")
	if err := hears(b, a); err == nil {
		t.Error("b hears a")
	}
	s.do(a, group.Accept{Identity: b.id.Public()})
	s.run(3 * time.Second)
	s.wantWhole()
	if v := a.Members()[0].Verdict; v != identity.Changed {
		t.Errorf("verdict %v, want changed", v)
	}
}

func TestWhoIsKnownIsSaidSo(t *testing.T) {
	s := newServer(t)
	id := identity.New()
	a := s.enter("a", func(c *group.Config) { c.Book = c.Book.Verify("the one at b", id.Public(), s.now) })
	s.enter("b", func(c *group.Config) { c.Identity = id })
	s.enter("c")
	s.run(3 * time.Second)
	s.wantWhole()
	m := a.Members()
	if m[0].Verdict != identity.Verified || m[1].Verdict != identity.Unknown || m[0].Identity != id.Public() {
		t.Errorf("%+v", m)
	}
}

func TestMoreThanAHundredAreHeld(t *testing.T) {
	s := newServer(t)
	a := s.enter("a")
	for i := range group.MaxMembers {
		s.do(a, group.Joined{Seat: group.Seat(fmt.Sprint("n", i))})
	}
	wantHeld(t, a, group.Crowded, "")
}

func TestNothingOfAStateCanBePrinted(t *testing.T) {
	_, a, b, _ := three(t)
	sealing, _ := a.Sealing()
	opening := b.Opening("a")
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "state", a.State, "sealing", sealing, "opening", opening)
	type nest struct {
		s group.State
		k group.Sealing
		o group.Opening
	}
	n := nest{a.State, sealing, opening}
	text := log.String()
	for _, v := range []any{a.State, &a.State, sealing, opening, n, &n} {
		text += fmt.Sprintf("%v %+v %#v %s %x %d", v, v, v, v, v, v)
	}
	for base := range a.Mine() {
		for _, form := range []string{hex.EncodeToString(base[:6]), strings.Trim(fmt.Sprintf("%d", base[:4]), "[]"), string(base[:6])} {
			if strings.Contains(text, form) {
				t.Errorf("a key is in %q", text)
			}
		}
	}
	if len(a.Mine()) == 0 {
		t.Error("there was no key to look for")
	}
}

func TestAConfigThatCannotBeUsedIsRefused(t *testing.T) {
	good := group.Config{Call: "call", Seat: "a", Identity: identity.New()}
	for what, f := range map[string]func(*group.Config){
		"no call": func(c *group.Config) { c.Call = "" }, "no seat": func(c *group.Config) { c.Seat = "" },
		"no identity": func(c *group.Config) { c.Identity = identity.Identity{} }, "a long seat": func(c *group.Config) { c.Seat = group.Seat(strings.Repeat("a", 129)) },
	} {
		c := good
		f(&c)
		if _, _, err := group.New(c, time.Now()); !errors.Is(err, group.ErrConfig) {
			t.Errorf("%s: %v, want ErrConfig", what, err)
		}
	}
	good.Name = strings.Repeat("ä", 100)
	if _, out, err := group.New(good, time.Now()); err != nil || len(out) != 1 {
		t.Errorf("a long name: %v", err)
	}
}

func TestNoFrameOfAGroupAllocates(t *testing.T) {
	_, a, b, _ := three(t)
	sealing, _ := a.Sealing()
	opening := b.Opening("a")
	frame := bytes.Repeat([]byte{0x11}, 1000)
	sealed, opened := make([]byte, 0, 2000), make([]byte, 0, 2000)
	if n := testing.AllocsPerRun(100, func() {
		f, err := sealing.Seal("camera", codec.VP8, sealed, frame)
		if err == nil {
			_, err = opening.Open("camera", codec.VP8, opened, f)
		}
		if err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}
