package grouped_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/privacy/seal"
	"paravent/privacy/seal/group"
	"paravent/privacy/seal/grouped"
	"paravent/privacy/seal/identity"
)

type room struct {
	t     *testing.T
	now   time.Time
	seats []group.Seat
	keys  map[group.Seat]*grouped.Keys
}

// enter lets members into a room whose server passes on all messages at once.
func enter(t *testing.T, book identity.Book, ids map[group.Seat]identity.Identity) *room {
	t.Helper()
	return enterWith(t, group.Config{Call: "call", Book: book, Required: true}, ids)
}

func enterWith(t *testing.T, c group.Config, ids map[group.Seat]identity.Identity) *room {
	t.Helper()
	r := &room{t: t, now: time.Unix(1e9, 0), keys: map[group.Seat]*grouped.Keys{}}
	for _, seat := range []group.Seat{"a", "b", "c"} {
		k := grouped.New()
		c.Seat, c.Name, c.Identity = seat, string(seat), ids[seat]
		_, err := k.Begin(c, r.now)
		if err != nil {
			t.Fatal(err)
		}
		r.seats, r.keys[seat] = append(r.seats, seat), k
	}
	for _, x := range r.seats {
		for _, y := range r.seats {
			r.do(x, group.Joined{Seat: y})
		}
	}
	for range 20 {
		r.now = r.now.Add(100 * time.Millisecond)
		for _, x := range r.seats {
			r.do(x, group.Tick{})
		}
	}
	return r
}

func (r *room) do(seat group.Seat, e group.Event) {
	out, alarms := r.keys[seat].Do(r.now, e)
	if slices.ContainsFunc(alarms, func(a group.Alarm) bool { return a.Kind != group.Unverified && a.Kind != group.Changed }) {
		r.t.Fatalf("%s: %v", seat, alarms)
	}
	for _, m := range out {
		for _, to := range r.seats {
			if to != seat && (m.To == "" || m.To == to) {
				r.do(to, group.Received{From: seat, Body: m.Body})
			}
		}
	}
}

func people() map[group.Seat]identity.Identity {
	return map[group.Seat]identity.Identity{"a": identity.New(), "b": identity.New(), "c": identity.New()}
}

func TestAGroupSealsFramesAndMessagesAsKeysDo(t *testing.T) {
	r := enter(t, identity.Book{}, people())
	for _, name := range []codec.Name{codec.Opus, codec.VP8, codec.VP9, codec.H264} {
		frame := []byte{0, 0, 0, 1, 0x41, 1, 2, 3, 4, 5, 6, 7, 8, 9}
		s, err := r.keys["a"].Sealer("camera", name)
		if err != nil {
			t.Fatal(err)
		}
		o, err := r.keys["b"].Opener("a", "camera", name)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			sealed, err := s.Seal([]byte("x"), codec.Packet{Data: frame})
			if err != nil {
				t.Fatal(err)
			}
			sealed = sealed[1:]
			got, err := o.Open([]byte("x"), codec.Packet{Data: sealed})
			if err != nil || !bytes.Equal(got[1:], frame) {
				t.Errorf("%s: %x, %v; want %x", name, got, err, frame)
			}
			if _, err := o.Open(nil, codec.Packet{Data: sealed}); !errors.Is(err, seal.ErrReplayed) {
				t.Errorf("%s again: %v", name, err)
			}
		}
		if _, err := o.Open(nil, codec.Packet{Data: frame}); err == nil {
			t.Errorf("%s: a plain frame opens", name)
		}
	}
	m, err := r.keys["c"].SealMessage([]byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.keys["a"].OpenMessage("c", m); err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := r.keys["a"].OpenMessage("b", m); err == nil {
		t.Errorf("c's message as b's: %q", got)
	}
	if _, err := r.keys["a"].OpenMessage("nobody", m); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("nobody's message: %v", err)
	}
}

func TestTheGradeIsVerifiedWhenAllWereCompared(t *testing.T) {
	ids := people()
	var book identity.Book
	if g := enter(t, book, ids).keys["a"].Grade(); g != seal.Unchecked {
		t.Errorf("grade %q", g)
	}
	book = book.Verify("a", ids["a"].Public(), time.Now()).Verify("b", ids["b"].Public(), time.Now())
	if g := enter(t, book, ids).keys["a"].Grade(); g != seal.Unchecked {
		t.Errorf("grade %q with one who was not compared", g)
	}
	if g := enter(t, book, ids).keys["c"].Grade(); g != seal.Verified {
		t.Errorf("grade %q", g)
	}
}

func TestWhileMediaIsHeldNothingIsSealedAndTheGradeIsHeld(t *testing.T) {
	r := enter(t, identity.Book{}, people())
	k := r.keys["a"]
	s, err := k.Sealer("camera", codec.Opus)
	if err != nil {
		t.Fatal(err)
	}
	k.Do(r.now, group.Joined{Seat: "spy"})
	k.Do(r.now.Add(time.Minute), group.Tick{})
	if out, err := s.Seal([]byte("x"), codec.Packet{Data: []byte("secret")}); !errors.Is(err, seal.ErrNoKey) || string(out) != "x" {
		t.Errorf("%x, %v; want ErrNoKey", out, err)
	}
	if m, err := k.SealMessage([]byte("secret")); !errors.Is(err, seal.ErrNoKey) || len(m.Data) > 0 {
		t.Errorf("%x, %v; want ErrNoKey", m.Data, err)
	}
	if k.Grade() != seal.Held || len(troubles(k)) != 1 {
		t.Errorf("grade %q, troubles %v", k.Grade(), troubles(k))
	}
	k.Close()
	if _, err := s.Seal(nil, codec.Packet{Data: []byte("secret")}); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("closed: %v, want ErrNoKey", err)
	}
}

func TestAV1IsABadCodec(t *testing.T) {
	k := enter(t, identity.Book{}, people()).keys["a"]
	if _, err := k.Sealer("camera", codec.AV1); !errors.Is(err, seal.ErrBadCodec) {
		t.Error(err)
	}
	if _, err := k.Opener("b", "camera", codec.AV1); !errors.Is(err, seal.ErrBadCodec) {
		t.Error(err)
	}
}

func TestNoFrameOfTheKeysAllocates(t *testing.T) {
	r := enter(t, identity.Book{}, people())
	s, err := r.keys["a"].Sealer("camera", codec.VP8)
	if err != nil {
		t.Fatal(err)
	}
	o, err := r.keys["b"].Opener("a", "camera", codec.VP8)
	if err != nil {
		t.Fatal(err)
	}
	frame := bytes.Repeat([]byte{0x11}, 1000)
	sealed, opened := make([]byte, 0, 2000), make([]byte, 0, 2000)
	if n := testing.AllocsPerRun(100, func() {
		f, err := s.Seal(sealed, codec.Packet{Data: frame})
		if err == nil {
			_, err = o.Open(opened, codec.Packet{Data: f})
		}
		if err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

func TestKeysAreNotPrinted(t *testing.T) {
	k := enter(t, identity.Book{}, people()).keys["a"]
	if text := fmt.Sprint(k.State()); text != "[hidden] true" {
		t.Error(text)
	}
}

func troubles(k *grouped.Keys) []group.Trouble {
	s, _ := k.State()
	return s.Troubles()
}

func TestKeysThatHaveNotBegunSealAndOpenNothing(t *testing.T) {
	k := grouped.New()
	s, err := k.Sealer("camera", codec.VP8)
	if err != nil {
		t.Fatal(err)
	}
	k.Do(time.Now(), group.Joined{Seat: "b"})
	if out, err := s.Seal(nil, codec.Packet{Data: []byte("secret")}); !errors.Is(err, seal.ErrNoKey) || len(out) > 0 {
		t.Errorf("%x, %v", out, err)
	}
	if _, ok := k.State(); ok || k.Grade() != seal.Held {
		t.Errorf("grade %q", k.Grade())
	}
	k.Close()
	if _, err := k.Begin(group.Config{Call: "call", Seat: "a", Identity: identity.New()}, time.Now()); !errors.Is(err, grouped.ErrBegun) {
		t.Errorf("closed, and begun: %v", err)
	}
}

func TestKeysAreForOneCall(t *testing.T) {
	k := enter(t, identity.Book{}, people()).keys["a"]
	if _, err := k.Begin(group.Config{Call: "other", Seat: "a", Identity: identity.New()}, time.Now()); !errors.Is(err, grouped.ErrBegun) {
		t.Error(err)
	}
}

func TestAScreenDoesNotOpenAsACamera(t *testing.T) {
	r := enter(t, identity.Book{}, people())
	s, err := r.keys["a"].Sealer("screen", codec.VP8)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := s.Seal(nil, codec.Packet{Data: bytes.Repeat([]byte{0x11}, 100)})
	if err != nil {
		t.Fatal(err)
	}
	for source, want := range map[string]error{"camera": seal.ErrWrongKey, "screen": nil} {
		o, err := r.keys["b"].Opener("a", source, codec.VP8)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.Open(nil, codec.Packet{Data: sealed}); !errors.Is(err, want) {
			t.Errorf("as %s: %v", source, err)
		}
	}
}

func TestAloneNobodyIsVerified(t *testing.T) {
	k := grouped.New()
	if _, err := k.Begin(group.Config{Call: "call", Seat: "a", Identity: identity.New()}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if k.Grade() != seal.Unchecked {
		t.Errorf("alone: %q", k.Grade())
	}
}

func TestWhatIsLearntInTheCallRaisesTheGrade(t *testing.T) {
	ids := people()
	r := enter(t, identity.Book{}, ids)
	book := identity.Book{}.Verify("b", ids["b"].Public(), r.now).Verify("c", ids["c"].Public(), r.now)
	r.do("a", group.Knows{Book: book})
	if g := r.keys["a"].Grade(); g != seal.Verified {
		t.Errorf("grade %q", g)
	}
	r.do("a", group.Joined{Seat: "d"})
	if g := r.keys["a"].Grade(); g != seal.Unchecked {
		t.Errorf("with somebody who has not said who they are: %q", g)
	}
}

func TestWhereOnlyTheVerifiedMayBeThereNothingIsSealedUntilAllAre(t *testing.T) {
	ids := people()
	r := enterWith(t, group.Config{Call: "call", Verified: true}, ids)
	k := r.keys["a"]
	s, err := k.Sealer("camera", codec.VP8)
	if err != nil {
		t.Fatal(err)
	}
	want := []group.Trouble{{Kind: group.Unverified, Seat: "b"}, {Kind: group.Unverified, Seat: "c"}}
	if got := troubles(k); k.Grade() != seal.Held || !slices.Equal(got, want) {
		t.Errorf("grade %q, troubles %v", k.Grade(), got)
	}
	state, _ := k.State()
	if _, ok := state.Safety(); !ok {
		t.Error("there are no words to compare")
	}
	book := identity.Book{}.Verify("b", ids["b"].Public(), r.now)
	r.do("a", group.Knows{Book: book})
	if out, err := s.Seal(nil, codec.Packet{Data: []byte("secret")}); !errors.Is(err, seal.ErrNoKey) || len(out) > 0 {
		t.Errorf("with one who was not compared: %x, %v", out, err)
	}
	r.do("a", group.Knows{Book: book.Verify("c", ids["c"].Public(), r.now)})
	if _, err := s.Seal(nil, codec.Packet{Data: bytes.Repeat([]byte{1}, 50)}); err != nil || k.Grade() != seal.Verified {
		t.Errorf("grade %q, %v", k.Grade(), err)
	}
}

func TestWhoIsTakenForAnotherIsToldOfAndLetInByAYes(t *testing.T) {
	ids := people()
	book := identity.Book{}.Remember("b", identity.New().Public(), time.Now())
	r := enterWith(t, group.Config{Call: "call", Book: book}, map[group.Seat]identity.Identity{"a": ids["a"], "b": ids["b"], "c": ids["c"]})
	state, _ := r.keys["a"].State()
	m, ok := state.Announced("b")
	if !ok || m.Verdict != identity.Changed || m.Identity != ids["b"].Public() || r.keys["a"].Grade() != seal.Held {
		t.Fatalf("%+v, %v, grade %q", m, ok, r.keys["a"].Grade())
	}
	if _, ok := state.Announced("c"); ok {
		t.Error("a member is told of as one who is none")
	}
	r.do("a", group.Knows{Book: book.Remember("b", m.Identity, r.now)})
	if state, _ = r.keys["a"].State(); len(state.Members()) != 2 {
		t.Errorf("members %v", state.Members())
	}
}
