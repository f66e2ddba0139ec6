package view_test

import (
	"slices"
	"testing"

	"paravent/media/budget"
	"paravent/media/call"
	"paravent/media/sfu"
	"paravent/privacy/consent"
	"paravent/privacy/filter"
	"paravent/privacy/seal"
	"paravent/privacy/seal/group"
	"paravent/ui/view"
)

func state() call.State {
	return call.State{
		Self: "me",
		Roster: []call.Member{
			{ID: "me", Name: "Ada", Role: sfu.Person},
			{ID: "b", Name: "Bob", Role: sfu.Person, Hand: true},
			{ID: "r", Name: "Tape", Role: sfu.Recorder, Hidden: true},
		},
		Tracks: []call.Track{
			{ID: "bm", Member: "b", Source: sfu.Microphone},
			{ID: "bc", Member: "b", Source: sfu.Camera, Width: 640, Height: 360},
			{ID: "cc", Member: "c", Source: sfu.Camera},
			{ID: "bs", Member: "b", Source: sfu.Screen},
			{ID: "dark", Member: "b", Source: sfu.Camera, Muted: true},
		},
		Speaking: []sfu.MemberID{"c"},
		Own: call.Own{
			Camera: call.Sending{Phase: call.On, Device: "A camera with a very long label indeed"}, Microphone: call.Sending{Phase: call.Off}, Screen: call.Sending{Phase: call.Off},
			Background: "cover", Gate: "near",
		},
	}
}

func texts(s call.State) map[string]view.Badge {
	m := make(map[string]view.Badge)
	for _, b := range view.StateLine(s) {
		m[b.Name] = b
	}
	return m
}

func TestTheStateLineSaysEverythingThatLeavesInWords(t *testing.T) {
	got := texts(state())
	for name, want := range map[string]view.Badge{
		"microphone": {Name: "microphone", Text: "microphone off"},
		"camera":     {Name: "camera", Text: "camera ON: A camera with a very lo…", Alert: true},
		"screen":     {Name: "screen", Text: "screen off"},
		"background": {Name: "background", Text: "background: whole picture covered"},
		"gate":       {Name: "gate", Text: "room gate: near"},
		"recording":  {Name: "recording", Text: "RECORDER in the room", Alert: true},
		"encryption": {Name: "encryption", Text: "encrypted to the server"},
	} {
		if got[name] != want {
			t.Errorf("%s: %+v, want %+v", name, got[name], want)
		}
	}
}

func TestWhatIsRawIsSaidLoudly(t *testing.T) {
	s := state()
	s.Own.Background, s.Own.Gate = "off", "off"
	s.Own.Camera.Held = "blur"
	s.Own.Paused = true
	got := texts(s)
	for _, name := range []string{"background", "gate", "camera", "paused"} {
		if !got[name].Alert {
			t.Errorf("%s is no alert: %q", name, got[name].Text)
		}
	}
	if got["camera"].Text != "camera HELD BACK: blur does not work" {
		t.Errorf("camera: %q", got["camera"].Text)
	}
}

func TestTheRosterShowsHiddenMembersAndRecorders(t *testing.T) {
	rows := view.Roster(state())
	if want := []string{"you", "camera on"}; !slices.Equal(rows[0].Marks, want) {
		t.Errorf("own marks are %q, want %q", rows[0].Marks, want)
	}
	s := state()
	s.Roster[0].Name = "you" // as in a rehearsal
	if want := []string{"camera on"}; !slices.Equal(view.Roster(s)[0].Marks, want) {
		t.Errorf("of one called you the marks are %q, want %q", view.Roster(s)[0].Marks, want)
	}
	if want := []string{"hand up", "microphone open", "camera on", "shares the screen"}; !slices.Equal(rows[1].Marks, want) {
		t.Errorf("marks are %q, want %q", rows[1].Marks, want)
	}
	if want := []string{"RECORDER", "hidden from others"}; !slices.Equal(rows[2].Marks, want) {
		t.Errorf("the recorder's marks are %q, want %q", rows[2].Marks, want)
	}
}

func TestTilesPutScreensFirstAndTheOwnPictureLast(t *testing.T) {
	var order []string
	for _, tile := range view.Tiles(state()) {
		order = append(order, tile.Label)
	}
	if want := []string{"screen of Bob", "?", "Bob", "what the others see of you"}; !slices.Equal(order, want) {
		t.Errorf("tiles are %q, want %q", order, want)
	}
}

func TestAQuestionNamesWhoAsks(t *testing.T) {
	s := state()
	if view.Question(s) != "" {
		t.Error("there is a question that nobody asked")
	}
	s.Question = &consent.Question{Topic: consent.Recording, About: "Tape"}
	if got := view.Question(s); got != "Tape records this call. Nothing is sent until you agree. Go on sending? yes or no" {
		t.Errorf("the question is %q", got)
	}
}

func TestEveryNoteOfTheFiltersIsASentenceInTheStateLine(t *testing.T) {
	s := state()
	before := len(view.StateLine(s))
	s.Own.Camera.Notes = ^filter.Notes(0)
	line := view.StateLine(s)[before:]
	seen := make(map[string]bool)
	for i, b := range line {
		if b.Name != s.Own.Camera.Notes.Codes()[i] || b.Text == "" || seen[b.Text] {
			t.Errorf("badge %+v", b)
		}
		seen[b.Text] = true
	}
	if len(line) != len(s.Own.Camera.Notes.Codes()) {
		t.Errorf("%d badges", len(line))
	}
}

func TestInARehearsalTheDecodedPictureStandsForThePersonsOwn(t *testing.T) {
	s := state()
	s.Rehearsal = true
	s.Own.Camera.Phase, s.Own.Microphone.Phase = call.On, call.On
	for _, tile := range view.Tiles(s) {
		if tile.Own || tile.Label != "what the others see of you" && tile.Label != "what you share" {
			t.Errorf("tile %+v", tile)
		}
	}
	if n := len(view.Meters(s)); n != 0 {
		t.Errorf("%d meters before anything was measured", n)
	}
	s.Meters = call.Meters{Second: 1, Level: -34.4, Peak: -12.6, SoundUp: 32_000}
	if m := view.Meters(s); len(m) != 2 || m[1].Text != "sound -34 dB, peak -13 dB, 32 kbit/s" {
		t.Errorf("meters %+v", m)
	}
	for share, want := range map[float64]view.Badge{
		.004: {Name: "room", Text: "0 % of your room can be made out"},
		.25:  {Name: "room", Text: "25 % of your room can be made out", Alert: true},
	} {
		s.Meters.Gauged, s.Meters.Revealed = true, share
		if got := texts(s)["room"]; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	for _, b := range view.StateLine(s) {
		if b.Name == "encryption" {
			t.Error("there is no server to encrypt to")
		}
	}
}

func TestWhetherThePersonIsHeardIsSaidInWords(t *testing.T) {
	s := state()
	if _, there := texts(s)["talk"]; there {
		t.Error("without push to talk there is nothing to say")
	}
	s.Own.PushToTalk = true
	for _, c := range []struct {
		change func(*call.Own)
		text   string
		alert  bool
	}{
		{func(*call.Own) {}, "push to talk: you are not heard", false},
		{func(o *call.Own) { o.Microphone.Phase = call.Opening }, "push to talk: the microphone opens", false},
		{func(o *call.Own) { o.Microphone.Phase = call.On }, "YOU ARE HEARD", true},
		{func(o *call.Own) { o.Microphone.Held = "gate" }, "push to talk: you are not heard", false},
		{func(o *call.Own) { o.Microphone.Held, o.Paused = "", true }, "push to talk: you are not heard", false},
	} {
		c.change(&s.Own)
		if got := texts(s)["talk"]; got.Text != c.text || got.Alert != c.alert {
			t.Errorf("%+v, want %q", got, c.text)
		}
	}
}

func TestAdviceOnTheSoundStandsBesideThatOnThePicture(t *testing.T) {
	s := state()
	s.Own.Camera.Notes, s.Own.Microphone.Notes = filter.OffCentre, filter.HeldBack|filter.Echo
	got := texts(s)
	if got["off-centre"].Alert || got["held-back"].Text != "somebody else is heard and is held back" || !got["echo"].Alert {
		t.Errorf("%+v", got)
	}
}

func TestTheRosterSaysHowLoudSomebodyIsHeard(t *testing.T) {
	s := state()
	s.Volumes = map[sfu.MemberID]call.Volume{"b": {Percent: 50}, "r": {Percent: 80, Muted: true}}
	rows := view.Roster(s)
	if !slices.Contains(rows[1].Marks, "volume 50 %") || !slices.Contains(rows[2].Marks, "not heard by you") || slices.Contains(rows[2].Nature, "not heard by you") {
		t.Errorf("%+v", rows)
	}
}

func TestTheStateLineTellsWhoCanReadTheCall(t *testing.T) {
	for want, e := range map[string]call.Encryption{
		"encrypted to the server":                                            {},
		"encrypted end to end, by passphrase":                                {Grade: seal.Passphrase, Required: true},
		"encrypted end to end, verified":                                     {Grade: seal.Verified, Required: true},
		"encrypted end to end, members not compared yet":                     {Grade: seal.Unchecked, Required: true},
		"encrypted end to end, by passphrase; NOT what everybody else sends": {Grade: seal.Passphrase},
	} {
		s := state()
		s.Encryption = e
		if got := texts(s)["encryption"]; got.Text != want || got.Alert != (e.On() && !e.Required) {
			t.Errorf("%+v: %+v", e, got)
		}
	}
}

func TestWhatIsHeldBackIsSaidAtTheMemberAndOnThePicture(t *testing.T) {
	s := state()
	s.Encryption = call.Encryption{Grade: seal.Passphrase, Required: true}
	s.Tracks[1].Withheld = seal.ErrWrongKey
	if rows := view.Roster(s); !slices.Contains(rows[1].Marks, "NOT SHOWN") || slices.Contains(rows[0].Marks, "NOT SHOWN") {
		t.Errorf("marks are %q", rows[1].Marks)
	}
	if !slices.ContainsFunc(view.Tiles(s), func(t view.Tile) bool { return t.Label == "Bob: cannot be opened with this passphrase" }) {
		t.Errorf("tiles are %+v", view.Tiles(s))
	}
}

func TestAMessageThatTheOperatorCanReadSaysSoInAnEncryptedCall(t *testing.T) {
	for want, c := range map[string]call.ChatLine{
		"Bob: hello": {From: "Bob", Text: "hello", Sealed: true},
		"Bob: hello (the operator of the server can read this)": {From: "Bob", Text: "hello"},
	} {
		s := state()
		s.Encryption.Grade = seal.Passphrase
		if got := view.ChatText(c, s); got != want || view.ChatNote(s) != "" {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if view.ChatNote(state()) == "" {
		t.Error("a plain chat is not said to be one")
	}
}

func TestTheStateLineSaysWhyAGroupIsHeldBack(t *testing.T) {
	forged, split := call.TroubleError{Kind: group.Forged, Member: "Bob"}, call.TroubleError{Kind: group.Split, Member: "Cem"}
	for want, e := range map[string]call.Encryption{
		"NOTHING IS SENT until all have agreed on keys":                                                     {Grade: seal.Held},
		"NOTHING IS SENT: Cem sees other people in this call than you do":                                   {Grade: seal.Held, Troubles: []call.TroubleError{forged, split}},
		"encrypted end to end, members not compared yet: a message in the name of Bob is forged or damaged": {Grade: seal.Unchecked, Troubles: []call.TroubleError{forged}},
	} {
		e.Required = true
		s := state()
		s.Encryption = e
		if got := texts(s)["encryption"]; got.Text != want || !got.Alert {
			t.Errorf("%+v, want %q", got, want)
		}
	}
}

func TestTheStateLineSaysHowTheLinkIsLimitedAndWhatThatCosts(t *testing.T) {
	s := state()
	if _, ok := texts(s)["budget"]; ok {
		t.Error("a limit is shown where there is none")
	}
	both := budget.Limit{Up: 24_000, Down: 1_500_000}
	for _, c := range []struct {
		thin call.Thin
		want view.Badge
	}{
		{call.Thin{Limit: both}, view.Badge{Name: "budget", Text: "link limited (24k up, 1500k down)"}},
		{call.Thin{Limit: budget.Limit{Down: 2_000_000}}, view.Badge{Name: "budget", Text: "link limited (2M down)"}},
		{call.Thin{Limit: both, Own: true, Others: true}, view.Badge{Name: "budget", Text: "link limited (24k up, 1500k down): sound only", Alert: true}},
		{call.Thin{Limit: both, Own: true}, view.Badge{Name: "budget", Text: "link limited (24k up, 1500k down): your pictures are off", Alert: true}},
		{call.Thin{Limit: both, Others: true}, view.Badge{Name: "budget", Text: "link limited (24k up, 1500k down): some pictures of the others are off", Alert: true}},
		{call.Thin{Limit: both, Short: true, Own: true}, view.Badge{Name: "budget", Text: "link limited (24k up, 1500k down): TOO LITTLE even for speech", Alert: true}},
	} {
		s.Thin = c.thin
		if got := texts(s)["budget"]; got != c.want {
			t.Errorf("%+v: %+v", c.thin, got)
		}
	}
}
