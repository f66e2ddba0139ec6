package say_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"paravent/media/call"
	"paravent/media/capture"
	"paravent/media/sfu"
	"paravent/privacy/egress"
	"paravent/privacy/filter"
	"paravent/privacy/policy"
	"paravent/privacy/policy/written"
	"paravent/ui/command"
	"paravent/ui/say"
)

func TestEveryFailureThatIsKnownHasItsOwnWordsAndHint(t *testing.T) {
	var errs []error
	for _, f := range []egress.Failing{
		egress.UnknownHost, egress.Refusing, egress.Silent, egress.NoRoute, egress.Certificate, egress.BadTLS, egress.Unencrypted, egress.CutOff, egress.Inward,
	} {
		errs = append(errs, &egress.ReachError{Host: "h", Why: f})
	}
	for _, p := range []sfu.JoinProblem{
		sfu.PassMissing, sfu.PassRefused, sfu.PassExpired, sfu.NoSuchRoom, sfu.RoomFull, sfu.NotAServer, sfu.ServerFault, sfu.NoMedia, sfu.BadProtocol,
		sfu.Busy, sfu.OfferRefused,
	} {
		errs = append(errs, &sfu.JoinError{Why: p})
	}
	for _, e := range []error{capture.ErrNoDevice, capture.ErrBusy, capture.ErrForbidden, capture.ErrUnplugged, capture.ErrStalled, capture.ErrFormat} {
		errs = append(errs, &capture.DeviceError{Kind: capture.CameraKind, ID: "Cam", Err: e})
	}
	errs = append(errs, &filter.HeldError{Filter: "blur", Err: filter.ErrLate}, &egress.DeniedError{Host: "h"}, &egress.PortsError{}, policy.ErrRaw, policy.ErrIssuer,
		&policy.BackgroundError{Path: "wall.png", Err: capture.ErrFormat},
		&capture.FileError{Path: "p", Err: capture.ErrFormat}, &command.UsageError{Line: "x"}, &sfu.LinkError{Kind: "livekit", Why: "no host"},
		&capture.DeviceError{Kind: capture.ScreenKind, Err: capture.ErrNoDevice}, sfu.ErrNoAnswer, sfu.ErrOnePicture, policy.ErrNotListed,
		&sfu.UnknownPageError{Server: "h"}, &sfu.NotYetError{Server: "h"}, &sfu.NotYetError{Server: "h", Closed: true}, &sfu.SentElsewhereError{Page: "h", Server: "i"},
		&call.MemberError{Name: "Bob"}, call.ErrNoPush, call.ErrNoRehearsal, call.ErrNoMicrophone, call.ErrNoSpeaker, call.ErrTaking, call.ErrNoReveal, call.ErrWaiting,
		&call.DiaryError{Err: fs.ErrPermission},
		&written.BrokenError{}, &policy.WeakerError{}, &policy.OffError{Use: policy.Chat})
	codes := make(map[string]error)
	for _, err := range errs {
		p := say.Of(fmt.Errorf("somewhere: %w", err))
		if p.Code == "" || p.Code == "unexpected" || p.Text == "" || p.Hint == "" {
			t.Errorf("%v: %+v", err, p)
		}
		if other, ok := codes[p.Code]; ok {
			t.Errorf("%v and %v share the code %q", err, other, p.Code)
		}
		codes[p.Code] = err
	}
}

func TestAClockThatIsWrongIsBadInBothDirections(t *testing.T) {
	for ahead, want := range map[time.Duration]string{
		0: "clock", 29 * time.Second: "clock", -29 * time.Second: "clock", time.Minute: "clock-ahead", -time.Hour: "clock-behind",
	} {
		if f := say.DoctorClock(ahead); f.Code != want || (f.Grade == say.Bad) != (want != "clock") {
			t.Errorf("%v: %+v", ahead, f)
		}
	}
}

func TestAProcessorIsAsGoodAsThePicturesItLeavesRoomFor(t *testing.T) {
	for took, want := range map[time.Duration]say.Grade{2 * time.Millisecond: say.Fine, 20 * time.Millisecond: say.Odd, 40 * time.Millisecond: say.Bad} {
		if f := say.DoctorPictures(640, 360, 30, took, took); f.Grade != want {
			t.Errorf("%v: %+v", took, f)
		}
	}
}

func TestEveryEndHasItsOwnWords(t *testing.T) {
	texts := make(map[string]sfu.EndReason)
	for _, why := range []sfu.EndReason{
		sfu.Left, sfu.Removed, sfu.Closed, sfu.Replaced, sfu.ServerDown, sfu.LinkLost, sfu.Expired, sfu.Moved, sfu.Refused, sfu.Broken,
	} {
		p := say.Ended(sfu.Ended{Why: why})
		if p.Code == "" || p.Code == "ended" || p.Text == string(why) {
			t.Errorf("%s: %+v", why, p)
		}
		if other, ok := texts[p.Text]; ok {
			t.Errorf("%s and %s share %q", why, other, p.Text)
		}
		texts[p.Text] = why
	}
}

func TestEveryAnnouncementHasWordsOfItsOwn(t *testing.T) {
	seen := make(map[string]bool)
	for _, what := range []sfu.Announcement{sfu.RoomLocked, sfu.RoomOpened, sfu.RoomSays, sfu.RoomWarns, sfu.RoomFails, sfu.FileOffered} {
		text := say.English().Notice(string(what), "plan")
		if text == string(what) || seen[text] {
			t.Errorf("%s is said as %q", what, text)
		}
		seen[text] = true
	}
}

func TestNothingOfTheNetworkIsSaidUncleaned(t *testing.T) {
	bad := "a\x1b[2Jb"
	for _, p := range []say.Problem{
		say.Of(&sfu.JoinError{Why: sfu.ServerFault, Detail: sfu.Foreign(bad)}),
		say.Of(&egress.ReachError{Host: bad, Why: egress.Refusing}),
		say.Of(&capture.DeviceError{Kind: capture.CameraKind, ID: bad, Err: capture.ErrBusy}),
		say.Of(&egress.DeniedError{Host: bad}),
		say.Of(errors.New(bad)),
		say.Ended(sfu.Ended{Why: sfu.Refused, Detail: sfu.Foreign(bad)}),
		{Text: say.Device(capture.Device{Label: bad})},
		say.Of(&sfu.UnknownPageError{Server: bad, Elsewhere: []string{bad}}),
		say.Of(&sfu.NotYetError{Server: bad}),
		say.Of(&sfu.SentElsewhereError{Page: "h", Server: bad}),
		{Text: say.Leads(bad, bad+"x", sfu.Found{Version: sfu.Foreign(bad), EndToEnd: sfu.EndToEndRequired})},
		say.Of(&written.BrokenError{Problems: []written.Problem{{Text: bad}}}),
		{Text: say.Mistake(written.Problem{Text: bad})},
		{Text: say.PutAside(policy.Overruled{Wanted: bad, Said: policy.Place{Line: 1}}, "")},
		{Text: say.RuleLine(policy.Rule{Value: bad, At: policy.Place{Path: bad}})},
		{Text: strings.Join(hostileCard(bad).Lines(time.Now()), "\n")},
	} {
		for _, r := range p.Text {
			if r == 0x1b {
				t.Errorf("%q has a control code", p.Text)
			}
		}
	}
}
