package sfutest

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode"

	"paravent/media/codec"
	"paravent/media/sfu"
)

func again(t *testing.T, h House) {
	first := Enter(t, h.Connector, h.Ada)
	if h.Again == Turned {
		s, err := join(t, h.Connector, h.Ada)
		if err == nil {
			Follow(t, s).leave()
		}
		var no *sfu.JoinError
		if !errors.As(err, &no) || no.Why != sfu.RoomFull {
			t.Errorf("Ada's second coming: %v, want a JoinError with %q", err, sfu.RoomFull)
		}
	} else {
		Enter(t, h.Connector, h.Ada)
	}
	if h.Again == Replaced {
		end := first.Await("the end", isEnded)
		if why := end.(sfu.Ended).Why; why != sfu.Replaced {
			t.Errorf("the first stay ended with %q, want %q", why, sfu.Replaced)
		}
	} else if n := first.Count(isEnded); n > 0 {
		t.Errorf("the first stay ended though %s", h.Again)
	}
}

func isEnded(e sfu.Event) bool { _, ok := e.(sfu.Ended); return ok }

func isLink(l sfu.Link) func(sfu.Event) bool {
	return func(e sfu.Event) bool { c, ok := e.(sfu.LinkChanged); return ok && c.Link == l }
}

// refusals are the reasons that every house must say something of.
func refusals() []sfu.JoinProblem {
	return []sfu.JoinProblem{sfu.PassMissing, sfu.PassRefused, sfu.PassExpired, sfu.NoSuchRoom, sfu.RoomFull, sfu.NotAServer, sfu.BadProtocol}
}

func refused(t *testing.T, h House) {
	if len(h.Unknown) > 0 {
		t.Logf("not known here, or not to be brought about: %q", h.Unknown)
	}
	for _, why := range refusals() {
		if _, ok := h.Refused[why]; ok == slices.Contains(h.Unknown, why) {
			t.Errorf("the house must either refuse somebody for %q, or say that it does not", why)
		}
	}
	for why, g := range h.Refused {
		s, err := join(t, h.Connector, g)
		if err == nil {
			Follow(t, s).leave()
		}
		var no *sfu.JoinError
		if !errors.As(err, &no) || no.Why != why {
			t.Errorf("Join = %v, want a JoinError with %q", err, why)
			continue
		}
		clean(t, sfu.Foreign(no.Detail.Clean()))
		if strings.ContainsFunc(err.Error(), unicode.IsControl) {
			t.Errorf("%q is not fit for a screen", err)
		}
		for _, token := range []string{g.Room.Token.Reveal(), g.Pass.Token.Reveal(), g.Room.Path.Reveal()} {
			if len(token) > 8 && (strings.Contains(err.Error(), token) || strings.Contains(err.Error(), token[:len(token)/2])) {
				t.Errorf("the error shows the token: %v", err)
			}
		}
	}
}

func removed(t *testing.T, h House) {
	if h.Remove == nil {
		t.Skip("nobody is sent away here")
	}
	ada := Enter(t, h.Connector, h.Ada)
	out, err := ada.Publish(t.Context(), offer(sfu.Microphone, codec.Opus))
	if err != nil {
		t.Fatal(err)
	}
	flow := Send(t, out, codec.Opus)
	h.Remove()
	if e := ada.Await("the end", isEnded).(sfu.Ended); e.Why != h.Removed {
		t.Errorf("ended with %q (%s), want %q", e.Why, e.Detail.Clean(), h.Removed)
	}
	flow.Stop()
	if err := out.Send(Sound(0)); !errors.Is(err, sfu.ErrEnded) {
		t.Errorf("Send after the end: %v, want sfu.ErrEnded", err)
	}
}

// cross sends a picture from Ada to Bo, and returns the inlet from which it comes.
func cross(t *testing.T, ada, bo *Member) sfu.Inlet {
	t.Helper()
	out, err := ada.Publish(t.Context(), offer(sfu.Camera, ada.picture()))
	if err != nil {
		t.Fatal(err)
	}
	Send(t, out, ada.picture())
	in, err := bo.Subscribe(t.Context(), bo.sees(sfu.Camera, ada).ID)
	if err != nil {
		t.Fatal(err)
	}
	Receive(t, in)
	return in
}

// anew waits for the end of what came from Ada, and subscribes to what comes now, of
// which Bo is told after the last Forget.
func anew(t *testing.T, in sfu.Inlet, ada, bo *Member) sfu.Inlet {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for err := error(nil); err == nil; {
		if _, err = in.Receive(ctx); err != nil && !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	}
	in, err := bo.Subscribe(t.Context(), bo.sees(sfu.Camera, ada).ID)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func cut(t *testing.T, h House) {
	if h.Cut == nil {
		t.Skip("there is no way here that could be cut")
	}
	ada, bo := h.enter(t)
	in := cross(t, ada, bo)
	bo.Forget()
	mended := h.Cut()
	ada.Await("the cut", isLink(sfu.LinkResuming))
	mended()
	ada.Await("the way to be mended", isLink(sfu.LinkUp))
	gone := func(e sfu.Event) bool { l, ok := e.(sfu.MemberLeft); return ok && l.ID == ada.Self().ID }
	if h.Leaves {
		bo.Await("Ada to go", gone)
		in = anew(t, in, ada, bo)
	} else if bo.Count(gone) > 0 {
		t.Error("Ada was said to have left, which the house does not say")
	}
	for range 100 { // more than can be waiting
		Receive(t, in)
	}
	if n := ada.Count(isEnded) + bo.Count(isEnded); n > 0 {
		t.Errorf("%d of two have ended", n)
	}
}

func restart(t *testing.T, h House) {
	if h.Restart == nil {
		t.Skip("there is no server here that could be started anew")
	}
	ada, bo := h.enter(t)
	in := cross(t, ada, bo)
	bo.Forget()
	h.Restart()
	for _, m := range []*Member{ada, bo} {
		m.Await("the cut", isLink(sfu.LinkResuming))
		m.Await("the way to be mended", isLink(sfu.LinkUp))
	}
	if bo.Caps().Tracks { // there the same track has another name now
		in = anew(t, in, ada, bo)
	}
	for range 100 {
		Receive(t, in)
	}
}

func stopped(t *testing.T, h House) {
	if h.Stop == nil {
		t.Skip("there is no server here that could end")
	}
	ada, bo := h.enter(t)
	cross(t, ada, bo)
	h.Stop()
	for _, m := range []*Member{ada, bo} {
		if e := m.Await("the end", isEnded).(sfu.Ended); !slices.Contains(h.Stopped, e.Why) {
			t.Errorf("ended with %q (%s), want one of %q", e.Why, e.Detail.Clean(), h.Stopped)
		}
	}
}
