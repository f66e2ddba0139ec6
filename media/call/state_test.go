package call_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"paravent/media/call"
	"paravent/media/sfu"
)

func joined(id sfu.MemberID, name sfu.Foreign) sfu.MemberJoined {
	return sfu.MemberJoined{Member: sfu.Member{ID: id, Name: name, Role: sfu.Person}}
}

func after(s call.State, events ...sfu.Event) call.State {
	for _, e := range events {
		s = s.After(e)
	}
	return s
}

func TestAMemberThatLeavesTakesItsTracksAlong(t *testing.T) {
	s := after(call.State{Self: "me"}, joined("a", "Ada"), joined("me", "Me"),
		sfu.TrackAdded{Track: sfu.Track{ID: "t", Member: "a", Source: sfu.Camera}},
		sfu.Speaking{Members: []sfu.MemberID{"a"}})
	if len(s.Roster) != 2 || s.Roster[0].ID != "me" {
		t.Errorf("the roster begins with %v", s.Roster)
	}
	s = s.After(sfu.MemberLeft{ID: "a"})
	if len(s.Roster) != 1 || len(s.Tracks) != 0 || len(s.Speaking) != 0 {
		t.Errorf("left behind: %+v", s)
	}
}

func TestAStateThatWasHandedOutNeverChanges(t *testing.T) {
	one := after(call.State{}, joined("a", "Ada"), sfu.TrackAdded{Track: sfu.Track{ID: "t", Member: "a"}})
	after(one, sfu.MemberChanged{Member: sfu.Member{ID: "a", Name: "Eve", Hand: true}},
		sfu.TrackChanged{Track: sfu.Track{ID: "t", Muted: true}}, sfu.QualityChanged{Member: "a", Quality: sfu.Lost},
		sfu.TrackRemoved{ID: "t"}, sfu.MemberLeft{ID: "a"})
	if one.Roster[0].Name != "Ada" || one.Roster[0].Hand || one.Roster[0].Quality != "" || one.Tracks[0].Muted {
		t.Errorf("the earlier state is now %+v", one)
	}
}

func TestAnUnnamedMemberIsStillShown(t *testing.T) {
	s := after(call.State{}, joined("id-7", ""), joined("\x1b", "\x1b\x07"))
	if s.Roster[0].Name != "id-7" || s.Roster[1].Name != "?" {
		t.Errorf("names are %q and %q", s.Roster[0].Name, s.Roster[1].Name)
	}
}

func TestARenamedMemberKeepsItsPlaceAndQuality(t *testing.T) {
	s := after(call.State{}, joined("a", "Ada"), joined("b", "Bob"), sfu.QualityChanged{Member: "a", Quality: sfu.Poor},
		sfu.MemberChanged{Member: sfu.Member{ID: "a", Name: "Ada L."}})
	if s.Roster[0].Name != "Ada L." || s.Roster[0].Quality != sfu.Poor {
		t.Errorf("the roster is %+v", s.Roster)
	}
}

func TestChatIsBoundedAndNumbered(t *testing.T) {
	s := after(call.State{Self: "me"}, joined("a", "Ada"))
	for range 1200 {
		s = s.After(sfu.ChatArrived{From: "a", Text: "x", At: time.Unix(0, 0)})
	}
	if n := len(s.Chat); n != 1000 || s.Chat[n-1].Seq != 1200 {
		t.Errorf("%d lines, the last is number %d", n, s.Chat[n-1].Seq)
	}
}

func TestNoControlCodeOfTheNetworkReachesTheState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := sfu.Foreign(rapid.String().Draw(t, "text") + "\x1b]0;x\x07\u202e")
		s := after(call.State{}, joined(sfu.MemberID(text), text), sfu.ChatArrived{From: "nobody", Text: text},
			sfu.HostNamed{Host: string(text)})
		for _, shown := range []string{s.Roster[0].Name, s.Chat[0].Text, s.Chat[0].From, s.Hosts[0].Name} {
			if strings.ContainsFunc(shown, unicode.IsControl) || strings.Contains(shown, "\u202e") {
				t.Fatalf("%q is shown", shown)
			}
		}
	})
}

func TestACutAndItsEndAreNoticedOnceEach(t *testing.T) {
	s := call.State{Link: sfu.LinkUp}
	for _, l := range []sfu.Link{sfu.LinkUp, sfu.LinkResuming, sfu.LinkResuming, sfu.LinkUp, sfu.LinkUp} {
		s = s.After(sfu.LinkChanged{Link: l})
	}
	if n := s.Notices; len(n) != 2 || n[0].What != call.LinkCut || n[1].What != call.LinkBack {
		t.Errorf("notices %+v", n)
	}
}

func TestWhatTheRoomLetsPeopleKnowIsANoticeWithTheNameOfWhoSaysIt(t *testing.T) {
	s := call.State{Self: "me"}.After(sfu.MemberJoined{Member: sfu.Member{ID: "op", Name: "Op"}})
	s = s.After(sfu.Announced{What: sfu.RoomWarns, By: "op", Text: "five minutes\x1b[2J"})
	s = s.After(sfu.Announced{What: sfu.RoomLocked})
	s = s.After(sfu.Announced{What: sfu.RoomSays, By: "gone", Text: "hello"})
	var got []string
	for _, n := range s.Notices {
		got = append(got, string(n.What)+"|"+n.Arg)
	}
	if want := []string{"room warns|Op: five minutes[2J", "room locked|", "room says|hello"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if s = s.After(sfu.CapsChanged{Caps: sfu.Caps{Lock: true}}); !s.Caps.Lock {
		t.Error("a right that was given is not known")
	}
}
