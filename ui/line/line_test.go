package line_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"paravent/media/call"
	"paravent/media/capture"
	"paravent/media/sfu"
	"paravent/privacy/filter"
	"paravent/ui/line"
)

func names(events []line.Event) []string {
	var out []string
	for _, e := range events {
		out = append(out, e.Name)
	}
	return out
}

func texts(events []line.Event) []string {
	var out []string
	for _, e := range events {
		out = append(out, e.Text)
	}
	return out
}

func room() call.State {
	return call.State{Self: "me", Server: "host", Room: "r", Roster: []call.Member{{ID: "me", Name: "Ada", Role: sfu.Person}}}
}

func TestTheFirstEventsSayWhereOneIsAndHowEverythingIs(t *testing.T) {
	if got, want := names(line.Events(call.State{}, room())), []string{"joined", "state"}; !slices.Equal(got, want) {
		t.Errorf("events are %q, want %q", got, want)
	}
}

func TestEveryChangeIsToldOnce(t *testing.T) {
	before := room()
	now := before
	for _, e := range []sfu.Event{
		sfu.MemberJoined{Member: sfu.Member{ID: "b", Name: "Bob", Role: sfu.Person}},
		sfu.MemberJoined{Member: sfu.Member{ID: "t", Name: "Tape", Role: sfu.Recorder, Hidden: true}},
		sfu.TrackAdded{Track: sfu.Track{ID: "c", Member: "b", Source: sfu.Camera, Codec: "vp8"}},
		sfu.HostNamed{Host: "turn.example", Allowed: true},
		sfu.ChatArrived{From: "b", Text: "hello\x1b[2J", At: time.Unix(0, 0)},
	} {
		now = now.After(e)
	}
	want := []string{
		"Bob is here",
		"Tape is here (RECORDER, hidden from others)",
		"Bob: camera on",
		"the server sends pictures and sound through turn.example",
		"RECORDER in the room",
		"Bob: hello[2J",
		"the chat is not encrypted end to end: the operator of the server can read it",
	}
	if got := texts(line.Events(before, now)); !slices.Equal(got, want) {
		t.Errorf("events are\n%q, want\n%q", got, want)
	}
	if again := line.Events(now, now); len(again) != 0 {
		t.Errorf("told twice: %q", texts(again))
	}
}

func TestHandsMutesAndLeavingAreTold(t *testing.T) {
	before := room().After(sfu.MemberJoined{Member: sfu.Member{ID: "b", Name: "Bob", Role: sfu.Person}}).
		After(sfu.TrackAdded{Track: sfu.Track{ID: "c", Member: "b", Source: sfu.Camera}})
	up := before.After(sfu.MemberChanged{Member: sfu.Member{ID: "b", Name: "Bob", Role: sfu.Person, Hand: true}}).
		After(sfu.TrackChanged{Track: sfu.Track{ID: "c", Member: "b", Source: sfu.Camera, Muted: true}})
	if got, want := names(line.Events(before, up)), []string{"hand-up", "track-off"}; !slices.Equal(got, want) {
		t.Errorf("events are %q, want %q", got, want)
	}
	if got, want := names(line.Events(up, up.After(sfu.MemberLeft{ID: "b"}))), []string{"member-left"}; !slices.Equal(got, want) {
		t.Errorf("events are %q, want %q", got, want)
	}
}

func TestAdviceIsToldWhenItComesAndWhenItGoes(t *testing.T) {
	before := room()
	now := room()
	now.Own.Camera.Notes = filter.SecondPerson | filter.Backlight
	events := line.Events(before, now)
	if got, want := names(events), []string{"picture", "picture"}; !slices.Equal(got, want) || events[0].Code != "second-person" ||
		events[0].Text != "somebody else is in the picture and is not shown" {
		t.Fatalf("events are %+v", events)
	}
	less := room()
	less.Own.Camera.Notes = filter.Backlight
	events = line.Events(now, less)
	if got, want := names(events), []string{"picture-over"}; !slices.Equal(got, want) || events[0].Code != "second-person" {
		t.Errorf("events are %+v", events)
	}
	if again := line.Events(less, less); len(again) != 0 {
		t.Errorf("told twice: %q", texts(again))
	}
}

func TestErrorsAndTheEndCarryStableCodes(t *testing.T) {
	before := room()
	now := before.After(sfu.Ended{Why: sfu.Removed, Detail: "spam"})
	now.Notices = []call.Notice{{Seq: 1, Err: &capture.DeviceError{Kind: capture.CameraKind, ID: "Cam", Err: capture.ErrBusy}}}
	events := line.Events(before, now)
	if len(events) != 2 || events[0].Code != "camera-busy" || events[0].Hint == "" || events[1].Code != "removed" ||
		events[1].Text != "you were removed from the call (server: spam)" {
		t.Errorf("events are %+v", events)
	}
}

func TestARehearsalSaysThatNothingLeavesAndWhatWasMeasured(t *testing.T) {
	s := room()
	s.Rehearsal = true
	first := line.Events(call.State{}, s)
	if first[0].Name != "joined" || first[0].Text != "rehearsal: nothing leaves this machine" {
		t.Errorf("events are %+v", first)
	}
	now := s
	now.Own.Camera.Phase = call.On
	was := now
	now.Meters = call.Meters{Second: 3, PictureRate: 29.97, PictureFor: 4100 * time.Microsecond, PictureUp: 512_300, Level: call.Silence}
	events := line.Events(was, now)
	if len(events) != 1 || events[0].Name != "meter" || events[0].Text != "30 pictures a second, 4.1 ms in the filter, 512 kbit/s" ||
		events[0].Meter.Filter != 4.1 || events[0].Meter.Camera != 512_300 || events[0].Meter.Room != nil {
		t.Errorf("events are %+v", events)
	}
	now.Meters.Gauged, now.Meters.Revealed = true, .0312
	events = line.Events(was, now)
	if events[0].Meter.Room == nil || *events[0].Meter.Room != 3.12 || !strings.HasSuffix(events[0].Text, ", 3 % of your room can be made out") {
		t.Errorf("events are %+v", events)
	}
}

func TestTheSoundHasEventsOfItsOwn(t *testing.T) {
	was := room().After(sfu.MemberJoined{Member: sfu.Member{ID: "b", Name: "Bob", Role: sfu.Person}})
	now := was
	now.Own.Microphone.Notes = filter.HeldBack | filter.Echo
	now.Own.Camera.Notes = filter.OffCentre
	now.Volumes = map[sfu.MemberID]call.Volume{"b": {Percent: 50}}
	now.Take = call.Take{Phase: call.Recording, Left: 10}
	events := line.Events(was, now)
	if got, want := names(events), []string{"volume", "picture", "sound", "sound", "take"}; !slices.Equal(got, want) {
		t.Fatalf("events are %q, want %q", got, want)
	}
	if events[2].Code != "held-back" || events[3].Code != "echo" || events[0].Member != "Bob" || events[0].Text != "Bob: volume 50 %" || events[4].Code != "recording" {
		t.Errorf("events are %+v", events)
	}
	later := now
	later.Take.Left = 9
	if again := line.Events(now, later); len(again) != 0 {
		t.Errorf("every second is told: %q", texts(again))
	}
	if got, want := names(line.Events(now, was)), []string{"volume", "picture-over", "sound-over", "sound-over", "take-over"}; !slices.Equal(got, want) {
		t.Errorf("events are %q, want %q", got, want)
	}
}

func TestWhoIsHeardWithPushToTalkIsToldEachTime(t *testing.T) {
	was := room()
	was.Own.PushToTalk = true
	now := was
	now.Own.Microphone.Phase = call.On
	if got := texts(line.Events(was, now)); !slices.Equal(got, []string{"microphone ON, YOU ARE HEARD"}) {
		t.Errorf("events are %q", got)
	}
	if got := texts(line.Events(now, was)); len(got) != 1 || got[0] != "microphone off, push to talk: you are not heard" {
		t.Errorf("events are %q", got)
	}
}
